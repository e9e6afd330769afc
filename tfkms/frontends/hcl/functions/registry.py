"""All functions by name."""

from collections.abc import Mapping

from tfkms.frontends.hcl.functions import (
    aws,
    dates,
    encoding,
    formatting,
    hashes,
    mappings,
    marks,
    network,
    numeric,
    paths,
    patterns,
    sequences,
    strings,
)
from tfkms.frontends.hcl.functions.signature import Function
from tfkms.frontends.hcl.types import STRING, Type

_GROUPS = (
    aws, dates, encoding, formatting, hashes, mappings, marks, network, numeric, paths, patterns, sequences, strings
)  # fmt: skip
FUNCTIONS: Mapping[str, Function] = {
    name: function for group in _GROUPS for name, function in group.GROUP.functions.items()
}
NEVER_KNOWN: Mapping[str, tuple[Type, str]] = {
    "timestamp": (STRING, "the time of apply"),
    "plantimestamp": (STRING, "the time of plan"),
    "uuid": (STRING, "made up on apply"),
    "bcrypt": (STRING, "made up on apply"),
    "rsadecrypt": (STRING, "decrypted with a private key"),
}


def find(name: str) -> Function | None:
    """The function called `name`, without `core::`."""
    return FUNCTIONS.get(name)
