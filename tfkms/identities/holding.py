"""What joining yields: principals with the documents that bear on them."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from tfkms.documents import Document
from tfkms.finding import UnseenPolicy
from tfkms.iam.document import Statement
from tfkms.model import Account
from tfkms.values import Text


class IdentityKind(Enum):
    """What holds identity documents; `ANYONE` stands for whoever a document will be attached to."""

    ROLE = "role"
    USER = "user"
    PERMISSION_SET = "permission set"
    ANYONE = "anyone"


class Attachment(Struct, frozen=True):
    """A policy on a principal.

    `address` is the resource that a finding is reported at: the one whose document it is, or for an AWS managed policy
    the one that attaches it.
    """

    address: str
    document: Document


class Identity(Struct, frozen=True):
    """A principal with the identity documents that the plan shows of it.

    `address` is its own resource, None where it is known by name only or stands for nobody in view; `path` is None
    where it is not known. `arn` may hold holes; `arn_pattern` is set for a permission set, whose roles AWS names.
    `boundaries` are the documents of its permissions boundary; `bounded` is set too where that is not in view. `unseen`
    are attached policies whose documents are not in view. `tags` are None where they are not known. `to_come` marks a
    principal that is not in the plan yet: a member of a group without members, or whoever a document will be attached
    to.
    """

    kind: IdentityKind
    address: str | None
    account: Account
    name: Text
    path: Text | None
    arn: Text
    arn_pattern: Text | None
    policies: tuple[Attachment, ...]
    boundaries: tuple[Attachment, ...]
    bounded: bool
    unseen: tuple[str, ...]
    tags: Mapping[str, Text] | None
    to_come: bool


class Guard(Struct, frozen=True):
    """A service (`scp`) or resource (`rcp`) control policy, and the accounts, units or roots it is attached to."""

    document: Document
    kind: str
    targets: tuple[Text, ...]


class KmsGrant(Struct, frozen=True):
    """A grant on a key, as the Allow that it amounts to. `keys` are what names its key: ids, ARNs and addresses."""

    address: str
    keys: frozenset[str]
    statement: Statement


class Identities(Struct, frozen=True):
    """All that a scan shows of principals and of what binds them, and the attached policies that it does not show."""

    identities: tuple[Identity, ...]
    guards: tuple[Guard, ...]
    grants: tuple[KmsGrant, ...]
    loose_key_policies: tuple[Document, ...]
    unseen: tuple[UnseenPolicy, ...]
