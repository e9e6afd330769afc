"""The data source `aws_iam_policy_document`: from its arguments to the document that the AWS provider makes of them.

Source: hashicorp/terraform-provider-aws, internal/service/iam/policy_document_data_source.go and policy_model.go, and
the data source's documentation. Arguments may hold what is not known; the document has holes where it depends on that.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic, Level
from tfkms.frontends.policy_json import ProviderError, Read, decoded, encoded, read
from tfkms.frontends.policy_statement import (
    DEFAULT_VERSION,
    OLD_VERSION,
    chosen,
    may_be_equal,
    optional_text,
    own_statement,
)
from tfkms.values import Hole, Template, Text, Unknown, Value, is_known, text, text_parts

_INDENT = 2


class Came(Struct, frozen=True):
    """Where a statement of the document came from.

    `path` is a JSON pointer into the arguments, below a document in a list of them also into that document. `over` are
    the statements of the same Sid whose place it took, the last one last.
    """

    path: str
    over: tuple[str, ...] = ()


class Rendered(Struct, frozen=True):
    """What the provider makes of the arguments.

    `document` is the document with its holes, `Unknown` where the provider would stop. A member of its `Statement` that
    is `Unknown` stands for a statement, or any number of them, that may say anything. `came` tells of each member where
    it is from.
    """

    document: Value
    came: tuple[Came, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def json(self) -> str | None:
        """The attribute `json`, byte for byte; None where the document has holes."""
        return encoded(self.document, _INDENT) if is_known(self.document) else None

    @property
    def minified_json(self) -> str | None:
        """The attribute `minified_json`, byte for byte; None where the document has holes."""
        return encoded(self.document) if is_known(self.document) else None


def render(arguments: Mapping[str, Value], address: str) -> Rendered:
    """The document of the data source at `address`.

    An argument that is missing or null has its default. A member of `source_policy_documents` and its like is a JSON
    text, or the decoded document where parts of it are not known, or `Unknown`. Where the provider would stop there is
    an error among the diagnostics; where it silently widens a statement or puts one in a Deny's place, a warning.
    """
    rendering = _Rendering(address)
    try:
        rendering.arguments(arguments)
    except ProviderError as error:
        message = f"the AWS provider will refuse this policy document: {error}"
        diagnostic = Diagnostic(Level.ERROR, "policy-document-refused", message, address)
        refused = Unknown(Hole(address, "/json", f"the AWS provider will refuse it: {error}"))
        return Rendered(refused, (), (*rendering.diagnostics, diagnostic))
    return rendering.rendered()


class _Entry(Struct, frozen=True):
    """A statement on its way. `sid` is empty for none; `statement` is `Unknown` where it may be another one instead."""

    sid: Text
    statement: Value
    came: Came


class _Rendering(Struct):
    address: str
    version: Text = ""
    id: Text = ""
    entries: list[_Entry] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def arguments(self, arguments: Mapping[str, Value]) -> None:
        """The sources in order, each Sid once among them; the own statements over them; then what overrides."""
        base = arguments.get("source_json")
        if base not in (None, ""):
            found = self.document(base, "/source_json")
            self.version, self.id = found.version, found.id
            self.entries = list(_entries(found, "/source_json"))
        sids = {entry.sid for entry in self.entries if entry.sid}
        for place, source in self.listed(arguments, "source_policy_documents"):
            found = self.document(source, place)
            for entry in _entries(found, place):
                if isinstance(entry.sid, str) and entry.sid in sids:
                    raise ProviderError(f"two statements of its source documents have the Sid `{entry.sid}`")
                sids |= {entry.sid} - {""}
            self.label(found)
            self.entries += _entries(found, place)
        self.own(arguments)
        for place, override in self.listed(arguments, "override_policy_documents"):
            self.merge(self.document(override, place), place)
        last = arguments.get("override_json")
        if last not in (None, ""):
            self.merge(self.document(last, "/override_json"), "/override_json")

    def listed(self, arguments: Mapping[str, Value], name: str) -> Iterator[tuple[str, Value]]:
        """The members of a list of documents that are not null, with their places; a list that is not known is one."""
        match arguments.get(name):
            case None:
                return
            case Unknown() as unknown:
                yield f"/{name}", unknown
            case tuple() as items:
                yield from ((f"/{name}/{n}", item) for n, item in enumerate(items) if item is not None)
            case _:
                raise ProviderError(f"`{name}` is no list")

    def document(self, value: Value, place: str) -> Read:
        """A source or override document. A text of which parts are not known may hold anything."""

        def dropped(where: str) -> None:
            message = (
                f"the AWS provider drops the condition at {place}{where}, which is neither a string, a boolean nor a "
                "list: the statement is wider than it reads"
            )
            hint = "write its value in quotes"
            self.diagnostics.append(Diagnostic(Level.WARNING, "condition-dropped", message, self.address, hint=hint))

        try:
            match value:
                case str():
                    return read(decoded(value), dropped)
                case Template(parts):
                    return read(Unknown(next(part for part in parts if isinstance(part, Hole))), dropped)
                case _:
                    return read(value, dropped)
        except ProviderError as error:
            raise ProviderError(f"{error} (at {place})") from None

    def label(self, new: Read) -> None:
        """Takes over the Id, and a greater version. A version that is not known may be the greater one."""
        self.id = new.id or self.id
        if isinstance(self.version, str) and isinstance(new.version, str):
            self.version = max(self.version, new.version)
        elif DEFAULT_VERSION in (self.version, new.version):
            self.version = DEFAULT_VERSION  # AWS knows none that is greater
        elif isinstance(self.version, str):
            self.version = new.version

    def own(self, arguments: Mapping[str, Value]) -> None:
        """The document of the `statement` blocks."""
        version = chosen(arguments.get("version"), DEFAULT_VERSION, (OLD_VERSION, DEFAULT_VERSION), "version")
        policy_id = optional_text(arguments.get("policy_id"), "policy_id")
        match arguments.get("statement"):
            case None:
                statements: tuple[Value, ...] = ()
            case Unknown() as unknown:
                statements = (unknown,)
            case tuple() as blocks:
                statements = tuple(own_statement(block, version) for block in blocks)
            case _:
                raise ProviderError("`statement` is no list of blocks")
        own = Read(version, policy_id, statements)
        seen: set[Text] = set()
        for entry in _entries(own, ""):
            if isinstance(entry.sid, str) and entry.sid and not (entry.sid.isascii() and entry.sid.isalnum()):
                message = f"the Sid `{entry.sid}` is refused by newer versions of the AWS provider"
                hint = "write it with letters and digits only"
                self.diagnostics.append(Diagnostic(Level.WARNING, "sid-refused", message, self.address, hint=hint))
            if isinstance(entry.sid, str) and entry.sid in seen:
                raise ProviderError(f"two of its statements have the Sid `{entry.sid}`")
            seen |= {entry.sid} - {""}
        self.merge(own, "", unique=True)

    def merge(self, new: Read, place: str, unique: bool = False) -> None:
        """Puts the statements over those present: one takes the place of the first with its Sid, or comes last.

        With `unique` the new ones have different Sids.
        """
        self.label(new)
        before = len(self.entries)
        for entry in _entries(new, place):
            reach = before if unique else len(self.entries)
            same = [n for n, present in enumerate(self.entries[:reach]) if entry.sid and present.sid == entry.sid]
            if not any(isinstance(self.entries[n].statement, Mapping) for n in same):
                self.entries[:reach] = [_unsettled(present, entry) for present in self.entries[:reach]]
            if same and isinstance(entry.statement, Mapping):
                self.put_over(same[0], entry)
            else:
                self.entries.append(entry)

    def put_over(self, place: int, new: _Entry) -> None:
        """Puts a statement in the place of the one with its Sid. Where a Deny goes, that is worth saying."""
        present = self.entries[place]
        came = Came(new.came.path, (*present.came.over, present.came.path))
        self.entries[place] = replace(new, came=came)
        if _effect(present) == "Deny" != _effect(new):
            message = (
                f"the statement at {came.path} takes the place of the Deny at {present.came.path}, "
                f"which has the same Sid `{new.sid}`"
            )
            hint = "give it another Sid if the Deny is to stay"
            self.diagnostics.append(Diagnostic(Level.WARNING, "deny-replaced", message, self.address, hint=hint))

    def rendered(self) -> Rendered:
        document: dict[str, Value] = {}
        document |= {"Version": self.version} if self.version != "" else {}
        document |= {"Id": self.id} if self.id != "" else {}
        if self.entries:
            document["Statement"] = tuple(entry.statement for entry in self.entries)
        return Rendered(document, tuple(entry.came for entry in self.entries), tuple(self.diagnostics))


_ANY_SID = Hole("", "/Sid", "any Sid")


def _entries(document: Read, place: str) -> Iterator[_Entry]:
    """The statements; one that may be anything may have any Sid."""
    word = "Statement" if place else "statement"
    for n, statement in enumerate(document.statements):
        came = Came(f"{place}/{word}/{n}")
        match statement:
            case Mapping():
                sid = statement.get("Sid", "")
                assert isinstance(sid, str | Template)
                yield _Entry(sid, statement, came)
            case _:
                yield _Entry(text(_ANY_SID), statement, came)


def _unsettled(present: _Entry, new: _Entry) -> _Entry:
    """The present statement; anything at all where it is not known whether the new one takes its place."""
    if not isinstance(present.statement, Mapping) or not present.sid or not may_be_equal(present.sid, new.sid):
        return present
    if isinstance(new.statement, Unknown):
        hole = new.statement.hole
    else:
        parts = (part for sid in (new.sid, present.sid) for part in text_parts(sid) if isinstance(part, Hole))
        hole = next(parts)
    doubt = replace(hole, reason=f"{hole.reason}, and may replace this statement")
    return replace(present, statement=Unknown(doubt))


def _effect(entry: _Entry) -> Value:
    return entry.statement.get("Effect") if isinstance(entry.statement, Mapping) else None
