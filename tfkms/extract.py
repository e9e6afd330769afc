"""From a scan to its estate: every key with the policies that it may have, and every other policy document."""

from collections.abc import Iterator, Sequence

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
from tfkms.iam.parse import parse_policy
from tfkms.location import Origin
from tfkms.model import Action, Given, Resource, Scan
from tfkms.predicted import KEY_ID, REPLICAS, key_arn
from tfkms.values import Text, Unknown


class Key(Struct, frozen=True):
    """A KMS key, or a key policy whose key is not in view.

    `documents` are the policies it may have, mostly one; where there are more, each is judged and the worst stands.
    `arn` holds a hole for the id of a key that is still to be made.
    """

    resource: Resource
    arn: Text
    documents: tuple[Document, ...]

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

    `sure` is False where it may be for another key instead.
    """

    resource: Resource
    document: Document | None
    sure: bool


def _keys(scan: Scan, found: DocumentsFound) -> Iterator[Key]:
    """The keys with the policies that they may have, and the key policies whose key is not in view."""
    holders = [
        resource
        for resource in scan.resources
        if any(is_key(site) for site in found.sites.get(resource.block_type, ()))
        and attributes(resource, found.moment) is not None
    ]
    attached: dict[str, list[_Attachment]] = {}
    homeless: list[Key] = []
    for resource in scan.resources:
        for site in found.sites.get(resource.block_type, ()):
            if site.kind is not Kind.KEY_POLICY or site.key is None:
                continue
            documents = found.documents.get(resource.address, [])
            targets = _targets(resource, site.key, holders)
            for target in targets:
                sure = len(targets) == 1 and resource.presence is None
                attachment = _Attachment(resource, documents[0] if documents else None, sure)
                attached.setdefault(target.address, []).append(attachment)
            if documents and not targets:
                named = (attributes(resource, found.moment) or {}).get(site.key)
                homeless.append(Key(resource, key_arn(resource, named), tuple(documents)))
    for holder in holders:
        yield _key(holder, attached.get(holder.address, []), found)
    yield from homeless


def _targets(policy: Resource, argument: str, holders: list[Resource]) -> list[Resource]:
    """The keys that a key policy is for: by the id or ARN that it names, known or of a key that is still to be made,
    else by where its reference leads."""
    values = [side.get(argument) for side in (policy.after, policy.before) if side is not None]
    named = {value for value in values if isinstance(value, str) and value}
    made = {value.hole.address for value in values if isinstance(value, Unknown) and value.hole.path == KEY_ID}
    if any(holder.type in REPLICAS for holder in holders):
        made = set()  # a replica has the id of its primary key
    by_value = [holder for holder in holders if named & _names(holder) or holder.address in made]
    if by_value:
        return by_value
    links = policy.links.get(argument)
    if links is None or named:
        return []
    reached = {link.address for link in links.links}
    found = [holder for holder in holders if holder.address in reached]
    if found or links.complete:
        return found
    # The reference leads through what the plan does not show (a local value): any key without a policy of its own.
    return [holder for holder in holders if not isinstance(holder.argument("policy"), Given)]


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
    sure = [item.document for item in attachments if item.sure and item.document is not None]
    possible = [item.document for item in attachments if not item.sure and item.document is not None]
    destroyed = any(item.document is None and Action.DELETE in item.resource.actions for item in attachments)
    if sure and configured:
        message = f"`policy` and `{sure[0].address}` both set this key's policy; each is judged and the worse stands"
        found.diagnostics.append(Diagnostic(Level.WARNING, "policy-set-twice", message, holder.address))
    if sure:
        own = own if configured else []
    elif destroyed and found.moment is Moment.AFTER and not configured:
        own = list(map(_restored, own))
    return Key(holder, _known_arn(holder, found.moment) or key_arn(holder), (*own, *sure, *possible))


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
