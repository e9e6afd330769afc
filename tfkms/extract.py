"""From a scan to its estate: every key with the policies that it may have, and every other policy document."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic, Level
from tfkms.documents import (
    Document,
    DocumentsFound,
    Kind,
    Moment,
    Site,
    State,
    attributes,
    default_policy,
    find_documents,
    is_key,
)
from tfkms.iam.document import AnyStatement, Statement
from tfkms.iam.doubt import doubted_statement
from tfkms.iam.parse import parse_policy
from tfkms.location import Origin
from tfkms.model import Account, Action, Given, Resource, Scan
from tfkms.predicted import AFTER_APPLY, KEY_ID, REPLICAS, WITH_SOURCE, key_arn
from tfkms.values import Hole, Text, Unknown


class Key(Struct, frozen=True):
    """A KMS key, or a key policy whose key is not in view.

    `documents` are the policies it may have, mostly one; where there are more, each is judged and the worst stands.
    Those that come last may be policies of another key: they are held as far as they are sure, and `possible` has each
    as it is, with what would tell. `arn` holds a hole for the id of a key that is still to be made.
    """

    resource: Resource
    arn: Text
    documents: tuple[Document, ...]
    possible: tuple[tuple[Document, Hole], ...] = ()

    @property
    def address(self) -> str:
        """The address that reports use."""
        return self.resource.address


class Estate(Struct, frozen=True):
    """All that a scan holds of keys and policies, on one side of the plan."""

    moment: Moment
    keys: tuple[Key, ...]
    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]


def extract(scan: Scan, sites: Sequence[Site], moment: Moment) -> Estate:
    """Every policy document and every key of the scan. What cannot be read becomes a diagnostic and an opaque policy.

    A destroyed key is left out on the side where it no longer exists.
    """
    found = find_documents(scan.resources, sites, moment)
    keys = tuple(_keys(scan, found))
    documents = [item for resource in scan.resources for item in found.documents.get(resource.address, ())]
    return Estate(moment, keys, tuple(documents), tuple(found.diagnostics) if moment is Moment.AFTER else ())


class _Attachment(Struct, frozen=True):
    """A resource that sets the policy of a key from outside; `document` is None where it is destroyed.

    `doubt` is why it may be for another key instead, or not be there at all; None where it surely is for this one.
    """

    resource: Resource
    document: Document | None
    doubt: Hole | None


def _keys(scan: Scan, found: DocumentsFound) -> Iterator[Key]:
    """The keys with the policies that they may have, and the key policies whose key is not in view.

    A key policy that may be for one of several keys counts for each of them as far as it is sure, and stands for a key
    itself: what it says is wrong or right whichever key it is for.
    """
    holders = [
        resource
        for resource in scan.resources
        if any(is_key(site) for site in found.sites.get(resource.block_type, ()))
        and attributes(resource, found.moment) is not None
    ]
    attached: dict[str, list[_Attachment]] = {}
    by_themselves: list[Key] = []
    for resource in scan.resources:
        for site in found.sites.get(resource.block_type, ()):
            if site.kind is not Kind.KEY_POLICY or site.key is None:
                continue
            documents = found.documents.get(resource.address, [])
            targets = _targets(resource, site.key, holders)
            doubt = resource.presence if len(targets) == 1 else _which_key(resource, site.key)
            for target in targets:
                attachment = _Attachment(resource, documents[0] if documents else None, doubt)
                attached.setdefault(target.address, []).append(attachment)
            if documents and len(targets) != 1:
                named = (attributes(resource, found.moment) or {}).get(site.key)
                by_themselves.append(Key(resource, key_arn(resource, named), tuple(documents)))
    for holder in holders:
        yield _key(holder, attached.get(holder.address, []), found)
    yield from by_themselves


def _which_key(policy: Resource, argument: str) -> Hole:
    """That it is not known which key the policy is for, and what would tell."""
    value = (policy.after or policy.before or {}).get(argument)
    references = value.hole.references if isinstance(value, Unknown) else ()
    reason = f"{AFTER_APPLY}{WITH_SOURCE}"
    return Hole(policy.address, f"/{argument}", reason, references)


def _targets(policy: Resource, argument: str, holders: list[Resource]) -> list[Resource]:
    """The keys that a key policy may be for: by the id or ARN that it names, known or of a key that is still to be
    made, else by where its reference leads. A key is in the account and the Region that its policy is set in."""
    values = [side.get(argument) for side in (policy.after, policy.before) if side is not None]
    named = {value for value in values if isinstance(value, str) and value}
    made = {value.hole.address for value in values if isinstance(value, Unknown) and value.hole.path == KEY_ID}
    if any(holder.type in REPLICAS for holder in holders):
        made = set()  # a replica has the id of its primary key
    holders = [holder for holder in holders if _may_be_in_one_place(holder.account, policy.account)]
    by_value = [holder for holder in holders if named & _names(holder) or holder.address in made]
    if by_value:
        return by_value
    links = policy.links.get(argument)
    if links is None or named:
        return []
    reached = {link.address for link in links.links}
    if links.complete:
        return [holder for holder in holders if holder.address in reached]
    # The reference leads through what the plan does not show (a local value): it may be any key.
    return holders


def _may_be_in_one_place(one: Account, other: Account) -> bool:
    pairs = ((one.id, other.id), (one.region, other.region))
    return all(own == its or not (isinstance(own, str) and isinstance(its, str)) for own, its in pairs)


def _names(key: Resource) -> set[str]:
    values = (side.get(name) for side in (key.before, key.after) if side for name in ("key_id", "id", "arn"))
    return {value for value in values if isinstance(value, str) and value}


def _key(holder: Resource, attachments: list[_Attachment], found: DocumentsFound) -> Key:
    """The key with its policies: what an attached policy sets, else its own.

    Both count where the configuration gives both. (The state does not tell: a refresh fills in the key's own attribute
    with whatever policy is in force.)
    """
    own = found.documents.get(holder.address, [])
    configured = isinstance(holder.argument("policy"), Given)
    sure = [item.document for item in attachments if item.doubt is None and item.document is not None]
    possible = [(item.document, item.doubt) for item in attachments if item.doubt is not None and item.document]
    destroyed = any(item.document is None and Action.DELETE in item.resource.actions for item in attachments)
    if sure and configured:
        message = f"`policy` and `{sure[0].address}` both set this key's policy; each is judged and the worse stands"
        found.diagnostics.append(Diagnostic(Level.WARNING, "policy-set-twice", message, holder.address))
    if sure:
        own = own if configured else []
    elif destroyed and found.moment is Moment.AFTER and not configured:
        own = list(map(_restored, own))
    documents = [*own, *sure]
    elsewhere = any(item.doubt != item.resource.presence for item in attachments if item.document is not None)
    if elsewhere and not (configured or sure):
        possible = [*((document, possible[0][1]) for document in own), *possible]
        documents = []
    return Key(
        holder,
        _known_arn(holder, found.moment) or key_arn(holder),
        (*documents, *_as_far_as_sure(possible)),
        tuple(possible),
    )


def _as_far_as_sure(possible: Sequence[tuple[Document, Hole]]) -> Iterator[Document]:
    """The policies of a key that has one of them: what all of them say is sure."""
    said = [{_said(statement) for statement in document.policy} for document, _ in possible]
    common = set.intersection(*said) - {""} if said else set()
    for document, doubt in possible:
        statements = tuple(
            statement if _said(statement) in common else doubted_statement(statement, doubt)
            for statement in document.policy
        )
        yield replace(document, policy=replace(document.policy, statements=statements))


def _said(statement: AnyStatement) -> str:
    """What a statement says whatever it is called, to compare it by; empty where it cannot be read."""
    if not isinstance(statement, Statement) or not isinstance(statement.source, Mapping):
        return ""
    return repr((statement.variables, {name: value for name, value in statement.source.items() if name != "Sid"}))


def _known_arn(holder: Resource, moment: Moment) -> str | None:
    """The ARN that the plan shows; what replaces a key has another one."""
    replaced = Action.CREATE in holder.actions and moment is Moment.AFTER
    sides = (attributes(holder, moment), None if replaced else holder.before)
    arns = (side.get("arn") for side in sides if side)
    return next((arn for arn in arns if isinstance(arn, str) and arn.startswith("arn:")), None)


def _restored(own: Document) -> Document:
    """The default policy, which KMS puts back when a key's `aws_kms_key_policy` is destroyed."""
    content = default_policy(own.resource.account)
    policy, _ = parse_policy(content, Origin(own.address, own.attribute))
    return replace(own, state=State.DEFAULT, policy=policy, content=content, sensitive=False)


def unnamed_key(document: Document) -> Key:
    """A key that is not in the plan and of whose policy the document is a part."""
    return Key(document.resource, key_arn(document.resource), (document,))
