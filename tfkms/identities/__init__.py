"""Joins identity documents to the principals that hold them, by known names and by the configuration's references."""

from tfkms.identities.holding import Attachment, Guard, Identities, Identity, IdentityKind
from tfkms.identities.joins import identities
from tfkms.identities.resource_types import RESOURCE_TYPES

__all__ = ["RESOURCE_TYPES", "Attachment", "Guard", "Identities", "Identity", "IdentityKind", "identities"]
