"""Functions over addresses and networks."""

import ipaddress
from collections.abc import Callable
from typing import TypeAlias

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.faults import Fault, Withheld
from tfkms.frontends.hcl.floats import short
from tfkms.frontends.hcl.functions.sequences import whole_number
from tfkms.frontends.hcl.functions.signature import Group, Parameter
from tfkms.frontends.hcl.functions.strings import value_of
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.hcl.types import NUMBER, STRING, ListType

GROUP = Group()
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_PREFIX = Parameter("prefix", STRING)
_NETWORK_LIMIT = 10_000
_NUMBER_BITS = 512
_MACHINE_WORD = 64


def _network(name: str, prefix: Term) -> _Network:
    text = value_of(prefix)
    address, slash, length = text.partition("/")
    if not slash or not length.isdecimal() or not length.isascii() or "%" in address:
        raise Fault(f"`{name}`: `{text}` is no network in CIDR notation")
    if ":" not in address:  # leading zeros are decimal, for the sake of old configurations
        address = ".".join([part.lstrip("0") or "0" if part.isdecimal() else part for part in address.split(".")])
    if address.lower().startswith("::ffff:"):
        raise Withheld("what Terraform makes of an IPv4 network in IPv6 notation is not known")
    try:
        return ipaddress.ip_network(f"{address}/{length}", strict=False)
    except ValueError:
        raise Fault(f"`{name}`: `{text}` is no network in CIDR notation") from None


def _shown(network: _Network) -> Term:
    return terms.Text(str(network))


@GROUP.define("cidrhost", _PREFIX, Parameter("hostnum", NUMBER), result=STRING, plain=True)
def cidrhost(prefix: Term, hostnum: Term) -> Term:
    network = _network("cidrhost", prefix)
    assert isinstance(hostnum, terms.Number)
    number = hostnum.value
    if not isinstance(number, int):
        raise Fault("`cidrhost`: the argument `hostnum` must be a whole number")
    if not -network.num_addresses <= number < network.num_addresses:
        raise Fault(f"`cidrhost`: {network} has no host {short(number)}")
    offset = number if number >= 0 else network.num_addresses + number
    return terms.Text(str(network.network_address + offset))


@GROUP.define("cidrnetmask", _PREFIX, result=STRING, plain=True)
def cidrnetmask(prefix: Term) -> Term:
    network = _network("cidrnetmask", prefix)
    if isinstance(network, ipaddress.IPv6Network):
        raise Fault("`cidrnetmask`: IPv6 networks have no netmask")
    return terms.Text(str(network.netmask))


def _subnet(name: str, network: _Network, added: int, number: int) -> _Network:
    length = network.prefixlen + added
    if added < 0:
        raise Withheld("what Terraform makes of a network larger than the one it is part of is not known")
    if length > network.max_prefixlen:
        raise Fault(f"`{name}`: {network} cannot be extended by {added} bits")
    # a number is measured without its sign, by its last 64 bits, and put in place whatever bits are there (go-cidr)
    start = abs(int(network.network_address) | (number << (network.max_prefixlen - length)))
    if abs(number) % (1 << _MACHINE_WORD) >> added or start >> network.max_prefixlen:
        raise Fault(f"`{name}`: {added} more bits do not hold the number {number}")
    return ipaddress.ip_network((start, length)) if network.version == 4 else ipaddress.IPv6Network((start, length))


@GROUP.define(
    "cidrsubnet", _PREFIX, Parameter("newbits", NUMBER), Parameter("netnum", NUMBER), result=STRING, plain=True
)
def cidrsubnet(prefix: Term, newbits: Term, netnum: Term) -> Term:
    network = _network("cidrsubnet", prefix)
    added = whole_number("cidrsubnet", "newbits", newbits)
    number = whole_number("cidrsubnet", "netnum", netnum, bits=_NUMBER_BITS)
    return _shown(_subnet("cidrsubnet", network, added, number))


@GROUP.define("cidrsubnets", _PREFIX, rest=Parameter("newbits", NUMBER), result=ListType(STRING))
def cidrsubnets(prefix: Term, *newbits: Term) -> Term:
    network = _network("cidrsubnets", prefix)
    if len(newbits) > _NETWORK_LIMIT:
        raise Withheld(f"`cidrsubnets` gives at most {_NETWORK_LIMIT:,} networks")
    made: list[Term] = []
    following = int(network.network_address)
    end = following + network.num_addresses
    for bits in newbits:
        added = whole_number("cidrsubnets", "newbits", bits)
        length = network.prefixlen + added
        if not 1 <= added <= 32 or length > network.max_prefixlen:
            raise Fault(f"`cidrsubnets`: {network} cannot be extended by {added} bits")
        size = 1 << (network.max_prefixlen - length)
        start = -(-following // size) * size
        following = start + size
        if following > end:
            raise Fault(f"`cidrsubnets`: {network} has no room for all of the networks")
        build: Callable[[tuple[int, int]], _Network] = (
            ipaddress.IPv4Network if network.version == 4 else ipaddress.IPv6Network
        )
        made.append(_shown(build((start, length))))
    return terms.List(STRING, tuple(made))
