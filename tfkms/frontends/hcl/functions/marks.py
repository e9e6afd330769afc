"""Conversion functions, and those about sensitive values."""

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.functions.signature import Group, Parameter
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.hcl.types import BOOL, DYNAMIC, NUMBER, STRING, ListType, MapType, SetType, Type

GROUP = Group(shares=True)
_ANYTHING = Parameter("v", null=True, unknown=True, holed=True, marked=True)


def _define(name: str, kind: Type) -> None:
    def work(value: Term) -> Term:
        try:
            return convert(value, kind)
        except CannotConvert as reason:
            raise Fault(f"`{name}`: the value does not convert: {reason}") from None

    GROUP.define(name, _ANYTHING, result=kind)(work)


_define("tostring", STRING)
_define("tonumber", NUMBER)
_define("tobool", BOOL)
_define("tolist", ListType(DYNAMIC))
_define("toset", SetType(DYNAMIC))
_define("tomap", MapType(DYNAMIC))


@GROUP.define("sensitive", _ANYTHING)
def sensitive(value: Term) -> Term:
    return terms.with_sensitive(value)


@GROUP.define("nonsensitive", _ANYTHING)
def nonsensitive(value: Term) -> Term:
    return terms.bare(value)


@GROUP.define("issensitive", _ANYTHING, result=BOOL)
def issensitive(value: Term) -> Term:
    return terms.Bool(value.sensitive)


@GROUP.define("ephemeralasnull", _ANYTHING)
def ephemeralasnull(value: Term) -> Term:
    return value
