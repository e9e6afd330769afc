"""Functions of the AWS provider, under its usual name `aws`."""

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.functions.signature import Group, Parameter
from tfkms.frontends.hcl.functions.strings import value_of
from tfkms.frontends.hcl.terms import HoledText, Part, Term, Text, holed, text_parts
from tfkms.frontends.hcl.types import NUMBER, STRING, ObjectType
from tfkms.frontends.hcl.unknowns import derived

GROUP = Group()
_SECTIONS = ("partition", "service", "region", "account_id", "resource")
_ARN = ObjectType(dict.fromkeys(_SECTIONS, STRING))
_ARN_PARTS = 6


def _holed(name: str) -> Parameter:
    return Parameter(name, STRING, unknown=True, holed=True)


@GROUP.define("provider::aws::arn_parse", Parameter("arn", STRING, holed=True), result=_ARN, waits=True)
def arn_parse(arn: Term) -> Term:
    """The sections of an ARN: the first five end at a colon. A hole that could hold one leaves all of them open."""
    sections: list[list[str | Part]] = [[]]
    for part in text_parts(arn):
        if not isinstance(part, str):
            if len(sections) < _ARN_PARTS and part.unknown.type is not NUMBER:
                return derived("provider::aws::arn_parse", (arn,), _ARN)
            sections[-1].append(part)
            continue
        pieces = part.split(":", _ARN_PARTS - len(sections))
        sections[-1].append(pieces[0])
        sections.extend([[piece] for piece in pieces[1:]])
    if sections[0] != ["arn"] or len(sections) < _ARN_PARTS:
        raise Fault("`arn_parse`: the text is no ARN", "as arn:aws:iam::111122223333:role/name")
    return terms.Object({name: holed(section) for name, section in zip(_SECTIONS, sections[1:], strict=True)})


@GROUP.define(
    "provider::aws::arn_build",
    *[_holed(name) for name in _SECTIONS],
    result=STRING,
)
def arn_build(*sections: Term) -> Term:
    parts: list[str | Part] = ["arn"]
    for section in sections:
        parts.extend([":", *text_parts(section)])
    return holed(parts)


@GROUP.define("provider::aws::trim_iam_role_path", Parameter("arn", STRING, holed=True), result=STRING)
def trim_iam_role_path(arn: Term) -> Term:
    if isinstance(arn, HoledText):
        return derived("provider::aws::trim_iam_role_path", (arn,), STRING, plain=arn.plain)
    sections = value_of(arn).split(":", _ARN_PARTS - 1)
    if len(sections) < _ARN_PARTS or sections[0] != "arn" or sections[2] != "iam" or sections[3]:
        raise Fault("`trim_iam_role_path`: the text is no ARN of a role")
    kind, slash, path = sections[-1].partition("/")
    if kind != "role" or not slash:
        raise Fault("`trim_iam_role_path`: the text is no ARN of a role")
    return Text(":".join([*sections[:-1], f"role/{path.rsplit('/', 1)[-1]}"]))
