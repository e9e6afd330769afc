"""What is on one principal, and the identity that it makes."""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.finding import UnseenPolicy
from tfkms.identities.holding import Attachment, Identity, IdentityKind
from tfkms.identities.principals_in_view import Principal
from tfkms.identities.relevance import concerns_kms
from tfkms.model import Account
from tfkms.values import Template, Text, Unknown, Value, text, text_parts


class Held(Struct):
    """What is on one principal."""

    principal: Principal
    policies: list[Attachment] = field(default_factory=list)
    boundaries: list[Attachment] = field(default_factory=list)
    bounded: bool = False
    unseen: list[UnseenPolicy] = field(default_factory=list)


_KINDS = {"role": IdentityKind.ROLE, "user": IdentityKind.USER, "permission set": IdentityKind.PERMISSION_SET}


def identity(held: Held) -> Iterator[Identity]:
    """The identity, if anything on it concerns KMS."""
    principal = held.principal
    policies = tuple(
        {
            (attachment.address, id(attachment.document)): attachment
            for attachment in held.policies
            if concerns_kms(attachment.document.policy)
        }.values()
    )
    if not policies and not held.bounded:
        return
    yield Identity(
        kind=_KINDS[principal.word],
        address=principal.address,
        account=principal.account,
        name=principal.name,
        path=principal.path,
        arn=principal.arn,
        arn_pattern=None,
        policies=policies,
        boundaries=tuple(held.boundaries),
        bounded=held.bounded,
        unseen=tuple(dict.fromkeys(policy.arn for policy in held.unseen if not policy.boundary)),
        tags=_tags(principal.values),
        to_come=False,
    )


def _tags(values: Mapping[str, Value]) -> Mapping[str, Text] | None:
    tags = values.get("tags_all", values.get("tags"))
    if isinstance(tags, Mapping):
        return {name: _held_text(value) for name, value in tags.items() if value is not None}
    return {} if tags is None and "tags" in values else None


def _held_text(value: Value) -> Text:
    match value:
        case str() | Template():
            return value
        case Unknown(hole):
            return text(hole)
        case _:
            return str(value)


def of_permission_set(held: Held, account: Account) -> Iterator[Identity]:
    """The role that IAM Identity Center makes of the permission set in an account; AWS makes up the end of its name."""
    pattern = text(
        f"arn:{account.partition}:iam::",
        *text_parts(account.id),
        ":role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_",
        *text_parts(held.principal.name),
        "_*",
    )
    for found in identity(held):
        yield replace(found, kind=IdentityKind.PERMISSION_SET, account=account, arn=pattern, arn_pattern=pattern)
