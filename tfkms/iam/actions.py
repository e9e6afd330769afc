"""The KMS permissions and what is known of each."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class ActionClass(StrEnum):
    """What a permission is about; the classes of `rules/data/kms-actions.yaml`."""

    ADMIN = "admin"
    CRYPTO = "crypto"
    GRANT = "grant"
    READ = "read"
    ACCOUNT = "account"
    KEYSTORE = "keystore"
    INTERNAL = "internal"


class KmsAction(Struct, frozen=True):
    """A permission, `kms:Name`.

    `cross_account`: the operation works on a key of another account. `grantable`: a grant may carry it. `keys` are the
    beginnings, in lower case, of the kms: condition keys that its requests may carry besides those of every operation.
    """

    name: str
    action_class: ActionClass
    cross_account: bool
    grantable: bool
    keys: tuple[str, ...]


Actions = Mapping[str, KmsAction]
"""All permissions by their name."""
