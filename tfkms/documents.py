"""Finds every policy document of a scan by the sites, and parses it once."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, StrEnum
from functools import lru_cache
from typing import assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic, Level
from tfkms.finding import Evidence
from tfkms.iam.document import AnyStatement, Policy
from tfkms.iam.doubt import doubted
from tfkms.iam.parse import NotJsonError, parse_policy, read_policy_text
from tfkms.location import Origin
from tfkms.model import Account, Mode, Omitted, Resource, Source, Unseen, masked
from tfkms.predicted import AFTER_APPLY, WITH_SOURCE
from tfkms.selectors import Path, Selector
from tfkms.values import Hole, Unknown, Value, is_known, pointer_step, text, text_parts


class Kind(StrEnum):
    """What a policy document is for."""

    KEY_POLICY = "key_policy"
    IDENTITY = "identity"
    DOCUMENT = "document"
    GUARD = "guard"


class State(StrEnum):
    """How much of a document is known."""

    KNOWN = "known"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    DEFAULT = "default"
    INVALID = "invalid"


class Moment(Enum):
    """Which side of the plan is looked at."""

    BEFORE = "before"
    AFTER = "after"


class Site(Struct, frozen=True):
    """Where resources of a type hold a policy document; `data.` stands before the type of a data source.

    `key` is the argument that names the key which the document is the policy of, None where the resource is the key
    itself or the document is no key policy. `when` restricts the site to resources of which each path has one of the
    values (a null counts as the first).
    """

    type: str
    path: Selector
    kind: Kind
    key: str | None = None
    when: tuple[tuple[Selector, tuple[str, ...]], ...] = ()


class Document(Struct, frozen=True):
    """A policy document of a resource.

    `attribute` is a JSON pointer into the resource; `content` the decoded document, None for an invalid one;
    `aws_managed` the name of the AWS managed policy whose document it is.
    """

    resource: Resource
    attribute: str
    kind: Kind
    state: State
    policy: Policy
    content: Value
    sensitive: bool
    moment: Moment
    aws_managed: str | None = None

    @property
    def is_assembled(self) -> bool:
        """Whether the document was put together from references, as the plan does not show it."""
        return self.moment is Moment.AFTER and self.attribute in self.resource.assembled

    def assumed(self, statement: AnyStatement) -> tuple[str, ...]:
        """The references that were taken for the values of the document, or of parts of the statement."""
        found = self.resource.assembled.get(self.attribute) if self.moment is Moment.AFTER else None
        place = statement.origin.path.removeprefix(f"{self.attribute}/Statement/").partition("/")[0]
        return found.of(int(place) if place.isdecimal() else len(found.statements)) if found else ()

    @property
    def address(self) -> str:
        """The address of the resource that holds the document."""
        return self.resource.address

    def evidence(self, statement: AnyStatement) -> Evidence:
        """The statement as evidence; of a sensitive document only its place."""
        origin = self.origin(statement)
        if self.sensitive:
            return Evidence(origin, None, None, self.assumed(statement))
        return Evidence(origin, statement.sid, statement.source, self.assumed(statement))

    def origin(self, statement: AnyStatement) -> Origin:
        """Where the statement was written: its place in the document, and the lines where a source tells."""
        if statement.origin.address != self.address or self.moment is Moment.BEFORE:
            return statement.origin
        return self.resource.origin(statement.origin.path)

    def label(self, statement: AnyStatement) -> str:
        """How a message calls the statement: by its Sid, else by its place, or by the AWS managed policy it is of."""
        if self.aws_managed is not None:
            return f"the AWS managed policy `{self.aws_managed}`"
        if statement.sid is not None and not self.sensitive:
            return f"`{statement.sid}`"
        place = statement.origin.path.rpartition("/")[2]
        return f"statement {int(place) + 1}" if place.isdecimal() else "the policy"


def is_key(site: Site) -> bool:
    """Whether resources of the site are keys themselves."""
    return site.kind is Kind.KEY_POLICY and site.key is None


def attributes(resource: Resource, moment: Moment) -> Mapping[str, Value] | None:
    """The resource's attributes on one side of the plan, None where it does not exist there."""
    match moment:
        case Moment.BEFORE:
            return resource.before
        case Moment.AFTER:
            return resource.after
    assert_never(moment)


def find_documents(resources: Iterable[Resource], sites: Sequence[Site], moment: Moment) -> "DocumentsFound":
    """Every policy document of the resources. What cannot be read becomes a diagnostic and an opaque policy."""
    by_type: dict[str, list[Site]] = {}
    for site in sites:
        by_type.setdefault(site.type, []).append(site)
    found = DocumentsFound(moment, by_type)
    for resource in resources:
        found.read(resource)
    return found


class DocumentsFound(Struct):
    """The documents of one side of the plan, by the address of their resource, as they are found."""

    moment: Moment
    sites: Mapping[str, Sequence[Site]]
    documents: dict[str, list[Document]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def read(self, resource: Resource) -> None:
        """Takes in the documents of a resource."""
        values = attributes(resource, self.moment)
        if values is None:
            return
        for site in self.sites.get(resource.block_type, ()):
            if not _applies(site, values):
                continue
            places = list(site.path.find(values))
            if not places and is_key(site):
                places = [(tuple(site.path.text.removeprefix("$.").split(".")), None)]
            for path, value in places:
                document = self.document(resource, site, path, value)
                if document is not None:
                    self.documents.setdefault(resource.address, []).append(document)

    def document(self, resource: Resource, site: Site, path: Path, value: Value) -> Document | None:
        """The document at one place of a resource; None where there is none."""
        origin = Origin(resource.address, "".join(f"/{pointer_step(step)}" for step in path))
        mask = resource.before_sensitive if self.moment is Moment.BEFORE else resource.after_sensitive
        sensitive = masked(mask, path)
        try:
            found = _content(resource, site, path, value, origin, hidden=sensitive)
        except NotJsonError as error:
            hole = Hole(resource.address, origin.path, "the policy is not JSON")
            message = f"the policy in {origin.path} is not JSON: {error}"
            hint = "it is judged as one that may allow anything"
            self.diagnostics.append(Diagnostic(Level.ERROR, "policy-not-json", message, resource.address, hint=hint))
            found = State.INVALID, Unknown(hole), ()
        if found is None:
            return None
        state, content, read_diagnostics = found
        policy, parse_diagnostics = parse_policy(content, origin, hidden=sensitive)
        if resource.presence is not None and not is_key(site) and resource.mode is Mode.MANAGED:
            policy = doubted(policy, resource.presence)
        self.tell([*read_diagnostics, *parse_diagnostics], sensitive, origin)
        if state is State.KNOWN and not is_known(content):
            state = State.PARTIAL
        arn = (attributes(resource, self.moment) or {}).get("arn")
        managed = aws_managed(arn) if resource.mode is Mode.DATA else None
        return Document(
            resource, origin.path, site.kind, state, policy, content, sensitive, self.moment, aws_managed=managed
        )

    def tell(self, diagnostics: Sequence[Diagnostic], sensitive: bool, origin: Origin) -> None:
        """Keeps the diagnostics of a document; of a sensitive one only that there are some."""
        if sensitive and diagnostics:
            message = f"parts of the sensitive policy in {origin.path} cannot be read: taken to allow anything"
            self.diagnostics.append(Diagnostic(Level.WARNING, "policy-unreadable", message, origin.address))
        else:
            self.diagnostics += diagnostics


def aws_managed(arn: Value) -> str | None:
    """The name of the AWS managed policy of that ARN; None for any other."""
    owner, _, name = arn.partition(":policy/") if isinstance(arn, str) else ("", "", "")
    return name.rpartition("/")[2] if owner.endswith(":iam::aws") else None


def _applies(site: Site, values: Mapping[str, Value]) -> bool:
    for path, allowed in site.when:
        found = [value for _, value in path.find(values)] or [None]
        if not any(value in allowed or value is None or isinstance(value, Unknown) for value in found):
            return False
    return True


def _content(
    resource: Resource, site: Site, path: Path, value: Value, origin: Origin, *, hidden: bool
) -> tuple[State, Value, tuple[Diagnostic, ...]] | None:
    """What a document holds and how much of it is known; None where there is no document. Raises NotJsonError.

    A mapping with holes is a text of which parts are not known, decoded.
    """
    argument = resource.argument(str(path[0])) if path else Unseen()
    match value:
        case str() if value:
            content, diagnostics = read_policy_text(value, origin, hidden=hidden)
            return State.KNOWN, content, diagnostics
        case Mapping() if not is_known(value):
            return State.PARTIAL, value, ()
        case Unknown() if is_key(site) and isinstance(argument, Omitted) and resource.is_made:
            return State.DEFAULT, default_policy(resource.account), ()
        case Unknown() if isinstance(argument, Omitted) and _is_filled_in(resource, site, path):
            return None  # a block that the configuration does not give; AWS fills it in empty
        case Unknown(hole):
            return State.UNKNOWN, Unknown(hinted(resource, hole)), ()
        case None if is_key(site) and isinstance(argument, Unseen) and resource.source is Source.PLAN:
            return State.UNKNOWN, Unknown(Hole(origin.address, origin.path, "the plan does not show the policy")), ()
        case None | "":
            return (State.DEFAULT, default_policy(resource.account), ()) if is_key(site) else None
        case _:
            raise NotJsonError("it is not a text")


def hinted(resource: Resource, hole: Hole) -> Hole:
    """The hole that is a whole argument; where a plan alone hides it, with what would tell more of it."""
    alone = resource.source in (Source.PLAN, Source.DEFERRED) and not resource.origins
    return replace(hole, reason=f"{AFTER_APPLY}{WITH_SOURCE}") if alone and hole.reason == AFTER_APPLY else hole


def _is_filled_in(resource: Resource, site: Site, path: Path) -> bool:
    """Whether AWS fills in, empty, an argument that the configuration leaves out; a data source reads it instead.

    Of an argument that is known in part a `dynamic` block tells, which the configuration in a plan leaves out too.
    """
    whole = isinstance((resource.after or {}).get(str(path[0])), Unknown)
    return whole and site.kind is Kind.IDENTITY and resource.mode is Mode.MANAGED and resource.is_made


@lru_cache(maxsize=256)
def default_key_policy(account: Account) -> Policy:
    """The policy that KMS gives a key of the account that is created without one."""
    return parse_policy(default_policy(account), Origin("", "/policy"))[0]


def default_policy(account: Account) -> Value:
    """The document that KMS gives a key created without one (AWS KMS Developer Guide, key-policy-default)."""
    statement: Mapping[str, Value] = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": text(f"arn:{account.partition}:iam::", *text_parts(account.id), ":root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Id": "key-default-1", "Statement": (statement,)}
