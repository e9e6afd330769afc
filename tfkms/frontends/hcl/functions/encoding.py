"""Functions that encode and decode: base64, JSON, YAML, CSV, URLs."""

import base64
import binascii
import codecs
import re
from urllib.parse import quote_plus

from tfkms.frontends.hcl import json_text, terms
from tfkms.frontends.hcl.faults import Fault, Withheld, check_size
from tfkms.frontends.hcl.functions.signature import Group, Parameter
from tfkms.frontends.hcl.functions.strings import value_of
from tfkms.frontends.hcl.terms import Term, Text
from tfkms.frontends.hcl.types import DYNAMIC, STRING, ListType, ObjectType
from tfkms.frontends.hcl.unknowns import derived

GROUP = Group()
_STRING = Parameter("str", STRING)
_ANYTHING = Parameter("value", null=True, unknown=True, holed=True, marked=True)
_IANA = {"utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "utf-8": "utf-8", "iso-8859-1": "latin-1"}


@GROUP.define("jsonencode", _ANYTHING, result=STRING)
def jsonencode(value: Term) -> Term:
    return json_text.encode(value)


@GROUP.define("jsondecode", Parameter("str", STRING, unknown=True, holed=True), waits=True)
def jsondecode(value: Term) -> Term:
    return json_text.decode(value)


@GROUP.define("yamlencode", Parameter("value", null=True, unknown=True, holed=True), result=STRING)
def yamlencode(value: Term) -> Term:
    from tfkms.frontends.hcl import yaml_text  # few configurations have YAML, and to import its reader takes 25 ms

    return yaml_text.encode(value) if value.whole else derived("yamlencode", (value,), STRING)


@GROUP.define("yamldecode", Parameter("src", STRING))
def yamldecode(value: Term) -> Term:
    from tfkms.frontends.hcl import yaml_text

    assert isinstance(value, Text)
    return yaml_text.decode(value)


def _decoded(name: str, text: str) -> bytes:
    packed = text.replace("\n", "").replace("\r", "")
    try:
        return base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raise Fault(f"`{name}`: the text is not base64") from None


@GROUP.define("base64encode", _STRING, result=STRING, plain=True)
def base64encode(value: Term) -> Term:
    return Text(base64.b64encode(value_of(value).encode()).decode("ascii"))


@GROUP.define("base64decode", _STRING, result=STRING)
def base64decode(value: Term) -> Term:
    try:
        return terms.text(_decoded("base64decode", value_of(value)).decode("utf-8"))
    except UnicodeDecodeError:
        raise Fault("`base64decode`: the decoded text is not UTF-8") from None


@GROUP.define("base64gzip", _STRING, result=STRING, plain=True)
def base64gzip(_: Term) -> Term:
    raise Withheld("how Terraform compresses is not known")


def _codec(name: str, encoding: Term) -> str:
    given = value_of(encoding)
    try:
        return codecs.lookup(_IANA.get(given.lower(), given)).name
    except (LookupError, ValueError):
        raise Fault(f"`{name}`: there is no encoding `{given}`") from None


@GROUP.define("textencodebase64", Parameter("string", STRING), Parameter("encoding", STRING), result=STRING, plain=True)
def textencodebase64(value: Term, encoding: Term) -> Term:
    codec = _codec("textencodebase64", encoding)
    try:
        return Text(base64.b64encode(value_of(value).encode(codec)).decode("ascii"))
    except (UnicodeError, LookupError):
        raise Fault(f"`textencodebase64`: the text has letters that {value_of(encoding)} has not") from None


@GROUP.define("textdecodebase64", Parameter("source", STRING), Parameter("encoding", STRING), result=STRING)
def textdecodebase64(value: Term, encoding: Term) -> Term:
    codec = _codec("textdecodebase64", encoding)
    try:
        return terms.text(_decoded("textdecodebase64", value_of(value)).decode(codec))
    except (UnicodeError, LookupError):
        raise Fault(f"`textdecodebase64`: the text is not {value_of(encoding)}") from None


@GROUP.define("urlencode", _STRING, result=STRING, plain=True)
def urlencode(value: Term) -> Term:
    return Text(quote_plus(value_of(value), safe=""))


_CSV_FIELD = re.compile(r'"((?:[^"]|"")*)"(?=[,\n]|\Z)|([^",\n]*)(?=[,\n]|\Z)')


def _csv_rows(text: str) -> list[list[str]]:
    """The fields of each line that is not empty (RFC 4180)."""
    rows: list[list[str]] = [[]]
    place = 0
    while place < len(text):
        if text[place] == "\n" and not rows[-1]:
            place += 1
            continue
        match = _CSV_FIELD.match(text, place)
        if match is None:
            raise Fault(f"`csvdecode`: a quotation mark is out of place in line {text.count(chr(10), 0, place) + 1}")
        rows[-1].append(match[2] if match[1] is None else match[1].replace('""', '"'))
        place = match.end()
        if text[place : place + 1] == "\n":
            rows.append([])
        elif place == len(text) - 1:
            rows[-1].append("")
        place += 1
    return [row for row in rows if row]


@GROUP.define("csvdecode", _STRING, result=ListType(DYNAMIC))
def csvdecode(value: Term) -> Term:
    rows = _csv_rows(value_of(value).replace("\r\n", "\n"))
    if not rows:
        raise Fault("`csvdecode`: there is no line with the names of the columns")
    names = rows[0]
    if len(set(names)) < len(names):
        raise Fault("`csvdecode`: two columns have one name")
    check_size(len(rows) * len(names))
    made: list[Term] = []
    for row in rows[1:]:
        if len(row) != len(names):
            raise Fault(f"`csvdecode`: a line has {len(row)} columns, not {len(names)}")
        members: dict[str, Term] = {name: terms.text(cell) for name, cell in zip(names, row, strict=True)}
        made.append(terms.Object(members))
    return terms.List(ObjectType(dict.fromkeys(names, STRING)), tuple(made))
