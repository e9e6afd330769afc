"""Functions that digest texts and files."""

import base64
import hashlib
import uuid
from collections.abc import Callable

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.functions.signature import Group, Parameter, Site
from tfkms.frontends.hcl.functions.strings import value_of
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.hcl.types import STRING

GROUP = Group()
_NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}


def _hexadecimal(algorithm: str) -> Callable[[bytes], str]:
    return lambda content: hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()


def _base64(algorithm: str) -> Callable[[bytes], str]:
    return lambda content: base64.b64encode(hashlib.new(algorithm, content).digest()).decode("ascii")


def _define(name: str, digest: Callable[[bytes], str]) -> None:
    def of_text(value: Term) -> Term:
        return terms.Text(digest(value_of(value).encode()))

    def of_file(site: Site, path: Term) -> Term:
        return terms.Text(digest(site.files.read(value_of(path))))

    GROUP.define(name, Parameter("str", STRING), result=STRING, plain=True)(of_text)
    file_name = f"filebase64{name.removeprefix('base64')}" if name.startswith("base64") else f"file{name}"
    GROUP.define(file_name, Parameter("path", STRING), result=STRING, plain=True, sited=True)(of_file)


for _algorithm in ("md5", "sha1", "sha256", "sha512"):
    _define(_algorithm, _hexadecimal(_algorithm))
for _algorithm in ("sha256", "sha512"):
    _define(f"base64{_algorithm}", _base64(_algorithm))


@GROUP.define("uuidv5", Parameter("namespace", STRING), Parameter("name", STRING), result=STRING, plain=True)
def uuidv5(namespace: Term, name: Term) -> Term:
    given = value_of(namespace)
    try:
        space = _NAMESPACES.get(given) or uuid.UUID(given)
    except ValueError:
        raise Fault(f"`uuidv5`: `{given}` is no UUID, and none of dns, url, oid and x500") from None
    return terms.Text(str(uuid.uuid5(space, value_of(name))))
