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
    set_algebra,
    strings,
)
from tfkms.frontends.hcl.functions.signature import Function
from tfkms.frontends.hcl.types import BOOL, DYNAMIC, STRING, Type

_GROUPS = (
    aws, dates, encoding, formatting, hashes, mappings, marks, network, numeric, paths, patterns, sequences,
    set_algebra, strings,
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
# Functions of OpenTofu and of newer versions of Terraform.
ELSEWHERE: Mapping[str, Type] = {
    "base64gunzip": STRING,
    "cidrcontains": BOOL,
    "convert": DYNAMIC,
    "urldecode": STRING,
}
# These cannot fail because of what unknowns in their arguments turn out to be, types being known.
SURE = frozenset({
    "jsonencode", "merge", "concat", "length", "keys", "values", "reverse", "tolist", "toset", "tomap", "flatten",
    "distinct", "contains", "setunion", "sensitive", "nonsensitive", "issensitive", "ephemeralasnull",
})  # fmt: skip
# Nor can these, unless it is null.
SURE_OF_TEXTS = frozenset({
    "lower", "upper", "title", "strrev", "chomp", "trim", "trimspace", "trimprefix", "trimsuffix", "replace",
    "join", "split", "startswith", "endswith", "strcontains", "base64encode", "urlencode", "md5", "sha1", "sha256",
    "sha512", "base64sha256", "base64sha512", "tostring", "sort", "compact", "basename", "dirname",
})  # fmt: skip
# Of collections that are known in parts, these are in Terraform the value, or the error, that they are here.
IN_STEP = frozenset({
    "chunklist", "coalesce", "coalescelist", "concat", "element", "flatten", "formatlist", "keys", "length", "lookup",
    "merge", "nonsensitive", "one", "reverse", "sensitive", "setproduct", "slice", "sort", "tobool", "tolist", "tomap",
    "tonumber", "toset", "tostring", "values", "zipmap",
})  # fmt: skip
