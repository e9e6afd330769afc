import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tfkms.iam.document import Policy
from tfkms.iam.parse import parse_policy
from tfkms.iam.simulate import Answer, Documents, Request, simulate
from tfkms.location import Origin
from tfkms.values import Hole, Template, Text, Unknown, Value, text

CASES = json.loads((Path(__file__).parents[1] / "fixtures" / "iam-cases.json").read_text(encoding="utf-8"))["cases"]
PLACE = Origin("aws_kms_key.this", "/policy")
VERSION = "2012-10-17"

ACCOUNT, OTHER = "111122223333", "444455556666"
KEY = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROOT, OTHER_ROOT = f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{OTHER}:root"
USER, ROLE = f"arn:aws:iam::{ACCOUNT}:user/Bob", f"arn:aws:iam::{ACCOUNT}:role/Dev"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Dev/s1"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
FOREIGNER = f"arn:aws:iam::{OTHER}:role/Ext"
SERVICE = "logs.us-west-2.amazonaws.com"
CROSSING = frozenset({"kms:Decrypt", "kms:Encrypt", "kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"})

ALLOWED, DENIED, UNSURE = Answer.ALLOWED, Answer.DENIED, Answer.UNSURE
ALL: dict[str, Value] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ANYONE: dict[str, Value] = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
DELEGATION: dict[str, Value] = {**ANYONE, "Principal": {"AWS": ROOT}}
REST: dict[str, Value] = {"Action": "kms:*", "Resource": "*"}
NOBODY: dict[str, Value] = {**ANYONE, "Principal": {"AWS": "AROAEXAMPLEID12345678"}}


def hole(name: str = "x") -> Hole:
    return Hole("aws_iam_role.this", f"/{name}", "known after apply", (name,))


def frozen(value: object) -> Value:
    """`value` with the lists of JSON as tuples."""
    match value:
        case list() | tuple():
            return tuple(frozen(item) for item in value)
        case dict():
            return {key: frozen(item) for key, item in value.items()}
        case _:
            return value  # type: ignore[return-value] # a leaf


def policy(*statements: object, version: str | None = VERSION) -> Policy:
    document = {"Version": version, "Statement": list(statements)} if version else {"Statement": list(statements)}
    return parse_policy(frozen(document), PLACE)[0]


def read(document: object) -> Policy:
    return parse_policy(frozen(document), PLACE)[0]


def ask(
    *statements: object,
    principal: Text = ROLE,
    action: str = "kms:DisableKey",
    resource: Text = KEY,
    context: Mapping[str, Iterable[Text]] = MappingProxyType({}),
    **documents: Any,
) -> Answer:
    """The answer of a key policy with these statements; the other documents as `Documents` names them."""
    request = Request(principal, action, resource, {key: tuple(values) for key, values in context.items()})
    return simulate(request, Documents(policy(*statements), **documents), CROSSING)


def when(condition: object, **changes: object) -> dict[str, object]:
    return {**ANYONE, "Condition": condition, **changes}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_documented_case(case: dict[str, object]) -> None:
    """The answer is the one that AWS documents."""
    asked = case["request"]
    assert isinstance(asked, dict)
    boundaries = asked.get("boundary", [])
    documents = Documents(
        key_policy=read(asked["keyPolicy"]),
        identity=tuple(read(one) for one in asked.get("identity", [])),
        boundary=read(boundaries[0]) if boundaries else None,
        session=read(asked["session"]) if "session" in asked else None,
        guards=tuple(tuple(read(one) for one in level) for level in asked.get("scps", [])),
        resource_guards=tuple(read(one) for level in asked.get("rcps", []) for one in level),
    )
    context = {
        key: tuple(value) if isinstance(value, list) else (value,) for key, value in asked.get("context", {}).items()
    }
    request = Request(asked["principal"] or "*", asked["action"], asked["resource"], context)
    assert case["documented"] == simulate(request, documents, CROSSING)


def test_there_are_all_the_cases() -> None:
    """No case is lost on the way, and none has another's name."""
    assert len({case["name"] for case in CASES}) == len(CASES) == 108


KEY_OF_EACH = {
    "String": "kms:ViaService",
    "Arn": "aws:SourceArn",
    "Bool": "aws:MultiFactorAuthPresent",
    "Numeric": "kms:ScheduleKeyDeletionPendingWindowInDays",
    "Date": "aws:CurrentTime",
    "IpAddress": "aws:SourceIp",
    "NotIpAddress": "aws:SourceIp",
    "Binary": "kms:RecipientAttestation",
    "Null": "aws:TokenIssueTime",
}


@pytest.mark.parametrize(
    ("operator", "wanted", "present", "expected"),
    [
        ("NumericEquals", "7", ["7"], ALLOWED),
        ("NumericEquals", "7", ["7.0"], ALLOWED),
        ("NumericEquals", 7, ["07"], ALLOWED),
        ("NumericNotEquals", ["7", "8"], ["8"], DENIED),
        ("NumericNotEquals", ["7", "8"], ["9"], ALLOWED),
        ("NumericLessThan", "7", ["7"], DENIED),
        ("NumericLessThan", "10", ["9"], ALLOWED),  # 9 is before 10 as a number, after it as a text
        ("NumericLessThanEquals", "7", ["7"], ALLOWED),
        ("NumericGreaterThan", "-1", ["0"], ALLOWED),
        ("NumericGreaterThan", ["30", "5"], ["7"], ALLOWED),
        ("NumericGreaterThanEquals", "30", ["29.9"], DENIED),
        ("NumericEquals", "seven", ["7"], UNSURE),
        ("NumericEquals", "NaN", ["NaN"], UNSURE),
        ("NumericNotEquals", "${aws:username}", ["7"], UNSURE),  # no variables in this family
        ("NumericEqualsIfExists", "7", [], ALLOWED),
        ("DateLessThan", "2026-01-01T00:00:00Z", ["2025-12-31T23:59:59Z"], ALLOWED),
        ("DateLessThan", "2026-01-01T00:00:00+02:00", ["2025-12-31T22:00:00Z"], DENIED),
        ("DateLessThanEquals", "2026-01-01T00:00:00+02:00", ["2025-12-31T22:00:00Z"], ALLOWED),
        ("DateGreaterThan", "2026-01-01", ["2026-01-01T00:00:00.5Z"], ALLOWED),
        ("DateGreaterThan", "2026-02", ["2026-01-31T00:00Z"], DENIED),
        ("DateEquals", "1767225600", ["2026-01-01T00:00:00Z"], ALLOWED),
        ("DateNotEquals", "2026-01-01", ["2026-01-01T00:00:00Z"], DENIED),
        ("DateEquals", "2026", ["2026-01-01T00:00:00Z"], UNSURE),  # a year, or seconds
        ("DateEquals", "2026-13-01", ["2026-01-01T00:00:00Z"], UNSURE),
        ("DateEquals", "2026-01-01T00:00:00", ["2026-01-01T00:00:00Z"], UNSURE),  # the W3C wants a zone
        ("IpAddress", ["10.0.0.0/8", "203.0.113.0/24"], ["203.0.113.9"], ALLOWED),
        ("IpAddress", "203.0.113.77/24", ["203.0.113.9"], ALLOWED),
        ("IpAddress", "203.0.113.9", ["203.0.113.9"], ALLOWED),
        ("IpAddress", "203.0.113.9", ["203.0.113.8"], DENIED),
        ("NotIpAddress", "203.0.113.0/24", ["203.0.114.1"], ALLOWED),
        ("NotIpAddress", "203.0.113.0/24", [], ALLOWED),
        ("IpAddress", "2001:db8:1234:5678::/64", ["2001:DB8:1234:5678::9"], ALLOWED),
        ("IpAddress", "203.0.113.0/24", ["2001:db8::1"], DENIED),
        ("IpAddress", "2001:db8::1", ["2001:db8::1"], ALLOWED),
        ("IpAddress", "2001:db8::1", ["2001:db8::2"], UNSURE),  # "the default prefix value of /32"
        ("IpAddress", "2001:db8::1", ["2001:db9::1"], DENIED),
        ("IpAddress", "office", ["203.0.113.9"], UNSURE),
        ("IpAddress", "203.0.113.0/255.255.255.0", ["203.0.113.9"], UNSURE),  # no CIDR
        ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", ["QmluYXJ5VmFsdWVJbkJhc2U2NA=="], ALLOWED),
        ("BinaryEquals", "QmluYXJ5", ["QmluYXJz"], DENIED),
        ("BinaryEquals", "no base64!", ["QmluYXJz"], UNSURE),
        ("Bool", True, ["true"], ALLOWED),
        ("Bool", "true", ["false"], DENIED),
        ("Bool", "True", ["true"], UNSURE),
        ("Bool", "${aws:SecureTransport}", ["true"], UNSURE),  # two pages differ on it
        ("BoolIfExists", "false", [], ALLOWED),
        ("BoolIfExists", "false", ["true"], DENIED),
        ("Null", "true", ["2026-01-01T00:00:00Z"], DENIED),
        ("Null", "false", ["2026-01-01T00:00:00Z"], ALLOWED),
        ("Null", ["true", "false"], [], ALLOWED),
        ("ForAllValues:Null", "true", [], UNSURE),
        ("StringEquals", "a*", ["a*"], ALLOWED),
        ("StringLike", "s3.*.amazonaws.com", ["s3.us-west-2.amazonaws.com"], ALLOWED),
        ("StringLike", "s3?*", ["s3"], DENIED),
        ("StringNotLike", ["a*", "b*"], ["c"], ALLOWED),
        ("StringNotEqualsIgnoreCase", "ABC", ["abc"], DENIED),
        ("StringEquals", [], ["a"], UNSURE),
        ("StringNotEquals", [], ["a"], UNSURE),
        ("stringequals", "a", ["a"], ALLOWED),
        ("StringEquals", "a", ["a", "b"], UNSURE),  # several values and no set operator
        ("StringEquals", "a", ["b", "c"], DENIED),
        ("ForAllValues:StringLike", ["a*", "b"], ["ab", "b"], ALLOWED),
        ("ForAllValues:StringNotEquals", ["a"], ["a", "b"], DENIED),
        ("ForAllValues:StringEquals", "a", [""], ALLOWED),  # "a null data set, such as an empty string"
        ("ForAllValues:StringEquals", "a", ["", "a"], DENIED),
        ("ForAnyValue:StringNotEquals", "a", [""], DENIED),
        ("ForAnyValue:StringNotEquals", "a", [], DENIED),
        ("ForAnyValue:StringEqualsIfExists", "a", [], UNSURE),  # the pages on both words say opposite things
        ("ForAllValues:StringEqualsIfExists", "a", ["b"], DENIED),
        ("ArnEquals", "arn:aws:s3:::b?cket/*", ["arn:aws:s3:::bucket/a:b/c"], ALLOWED),
        ("ArnLike", "arn:aws:s3:*:b*", ["arn:aws:s3:::bucket"], UNSURE),  # five parts are no ARN
        ("ArnLike", "*", ["arn:aws:s3:::bucket"], UNSURE),
        ("ArnLike", "nonsense", ["arn:aws:s3:::bucket"], DENIED),
        ("ArnNotEquals", "arn:aws:s3:::*", ["arn:aws:sns:us-west-2:111122223333:t"], ALLOWED),
        ("ArnLike", "arn:aws:s?:::bucket", ["arn:aws:s::::bucket"], DENIED),  # `?` is no colon
        ("StringSounds", "a", ["a"], UNSURE),
    ],
)
def test_condition(operator: str, wanted: object, present: list[str], expected: Answer) -> None:
    """Each operator compares as its page says; what the pages leave open is unsure."""
    bare = operator.rpartition(":")[2].lower()
    key = next((key for word, key in KEY_OF_EACH.items() if bare.startswith(word.lower())), "kms:ViaService")
    context = {key: present} if present else {}
    assert expected == ask(when({operator: {key: wanted}}), context=context)


@pytest.mark.parametrize(
    ("pattern", "context", "expected"),
    [
        ("${aws:PrincipalTag/team}", {"aws:principaltag/TEAM": ["core"]}, ALLOWED),
        ("${aws:PrincipalTag/team}", {"aws:PrincipalTag/team": ["cor?"]}, UNSURE),  # a wildcard, or a letter
        ("${aws:PrincipalTag/team}", {"aws:PrincipalTag/team": ["infra?"]}, DENIED),
        ("${aws:PrincipalTag/team}", {"aws:PrincipalTag/team": ["core", "infra"]}, UNSURE),  # no single value
        ("${aws:PrincipalTag/team, 'core'}", {}, ALLOWED),
        ("${aws:PrincipalTag/team, 'core'}", {"aws:PrincipalTag/team": ["infra"]}, DENIED),
        ("c${aws:PrincipalTag/team}*", {}, DENIED),
        ("c${aws:PrincipalTag/team}*", {"aws:PrincipalTag/team": ["or"]}, ALLOWED),
        ("${aws:PrincipalAccount}", {"aws:ResourceTag/team": [ACCOUNT]}, ALLOWED),
        ("${?}${$}${*}", {"aws:ResourceTag/team": ["?$*"]}, ALLOWED),
        ("${?}${$}${*}", {"aws:ResourceTag/team": ["a$b"]}, DENIED),
        ("$c{ore}", {"aws:ResourceTag/team": ["$c{ore}"]}, ALLOWED),
        ("core${", {"aws:ResourceTag/team": ["core${"]}, ALLOWED),  # not even a variable
        ("${aws:userid}", {}, DENIED),  # not known, but there is a colon in it
        ("${aws:userid}", {"aws:ResourceTag/team": ["AROAEXAMPLE:s1"]}, UNSURE),
    ],
)
def test_variable(pattern: str, context: dict[str, list[str]], expected: Answer) -> None:
    """A variable stands for the one value of its key, or for its default."""
    assert expected == ask(
        when({"StringLike": {"aws:ResourceTag/team": pattern}}),
        context={"aws:ResourceTag/team": ["core"]} | context,
    )


def test_variable_in_a_resource() -> None:
    """A variable works after the fifth colon of a resource, and covers nothing without a value."""
    tagged = {**ALL, "Resource": f"arn:aws:kms:*:{ACCOUNT}:key/${{aws:PrincipalTag/key}}"}
    tag = {"aws:PrincipalTag/key": [KEY.rpartition("/")[2]]}
    assert ask(DELEGATION, identity=(policy(tagged),), context=tag) is ALLOWED
    assert ask(DELEGATION, identity=(policy(tagged),)) is DENIED
    assert ask(DELEGATION, identity=(policy(tagged, version=None),), context=tag) is DENIED
    elsewhere = {**ALL, "Resource": f"arn:aws:kms:*:${{aws:PrincipalAccount}}:{KEY.rpartition(':')[2]}"}
    assert ask(DELEGATION, identity=(policy(elsewhere),)) is DENIED


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("arn:aws:kms:*", ALLOWED),  # the last character of its part goes beyond the colon
        ("arn:aws:kms:us-*-2:*", ALLOWED),
        ("arn:aws:kms:*cd-12ab*", DENIED),  # not the last one
        ("arn:aws:kms", DENIED),
        (f"arn:aws:kms:us-west-?:{ACCOUNT}:key/*", ALLOWED),
        ("1234abcd-12ab-34cd-56ef-1234567890ab", DENIED),
        (KEY.upper(), DENIED),
    ],
)
def test_resource_pattern(pattern: str, expected: Answer) -> None:
    """A resource is matched as an ARN, in the key policy as in an identity policy."""
    assert expected == ask({**ANYONE, "Resource": pattern})
    assert expected == ask(DELEGATION, identity=(policy({**ALL, "Resource": pattern}),))


@pytest.mark.parametrize(
    ("action", "expected"),
    [("*", ALLOWED), ("KMS:*KEY", ALLOWED), ("k?s:DisableKey", UNSURE), ("*:*", UNSURE), ("s3:*", DENIED)],
)
def test_action_pattern(action: str, expected: Answer) -> None:
    """A wildcard in the service prefix is documented alone only."""
    assert expected == ask({**ANYONE, "Action": action})


@pytest.mark.parametrize("member", ["Action", "Resource"])
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_void_statement(member: str, effect: str) -> None:
    """A statement of the key policy without Action or Resource has no effect; elsewhere it is not taken at all."""
    void: dict[str, Any] = {name: value for name, value in ANYONE.items() if name != member} | {"Effect": effect}
    assert ask(void) is DENIED
    assert ask(ANYONE, void) is ALLOWED
    del void["Principal"]
    assert ask(DELEGATION, identity=(policy(void, ALL),)) is (UNSURE if effect == "Deny" else ALLOWED)


def test_statement_without_principal() -> None:
    """A statement of the key policy without a principal reaches nobody; in an identity policy one with it is unsure."""
    nameless = {name: value for name, value in ANYONE.items() if name != "Principal"}
    assert ask(nameless) is DENIED
    assert ask(ANYONE, nameless | {"Effect": "Deny"}) is ALLOWED
    assert ask(DELEGATION, identity=(policy(ANYONE),)) is UNSURE


def test_opaque_statement_may_do_anything() -> None:
    """A statement that is not known may allow and may deny, but opens nothing that the rest of the documents closes."""
    unknown = Unknown(hole())
    assert ask(unknown) is UNSURE
    assert ask(ANYONE, unknown) is UNSURE
    assert ask({**ANYONE, "Effect": "Deny"}, unknown) is DENIED
    assert ask(unknown, principal="*") is DENIED
    assert ask(unknown, principal=FOREIGNER) is DENIED
    assert ask(ANYONE, identity=(policy(unknown),)) is UNSURE
    assert ask(ANYONE, guards=((policy(unknown, ALL),),)) is UNSURE
    assert ask(ANYONE, principal=SERVICE, identity=(policy(unknown),)) is UNSURE  # for the `*`, not for the identity


@pytest.mark.parametrize("member", ["Principal", "Action", "Resource", "Condition"])
def test_opaque_element(member: str) -> None:
    """An element that is not known may or may not match, in either effect and negated or not."""
    assert ask({**ANYONE, member: Unknown(hole())}) is UNSURE
    assert ask(ANYONE, {**ANYONE, "Effect": "Deny", member: Unknown(hole())}) is UNSURE
    if member != "Condition":
        rest = {name: value for name, value in ANYONE.items() if name != member}
        assert ask({**rest, f"Not{member}": Unknown(hole())}) is UNSURE


def test_opaque_entry_beside_known_ones() -> None:
    """What cannot be read takes nothing from what can."""
    assert ask({**ANYONE, "Action": ["kms:*", 5]}) is ALLOWED
    assert ask({**ANYONE, "Action": ["kms:Decrypt", 5]}) is UNSURE
    assert ask(ANYONE | {"Principal": {"AWS": (ROLE, 5)}}) is ALLOWED
    assert ask(when({"StringEquals": {"kms:ViaService": ["x", {}]}}), context={"kms:ViaService": ["x"]}) is ALLOWED
    assert ask(when({"StringEquals": {"kms:ViaService": ["x", {}]}}), context={"kms:ViaService": ["y"]}) is UNSURE
    assert ask(when({"StringEquals": {"kms:ViaService": ["x", {}]}})) is DENIED


H = Template((hole(),))
ACCOUNT_HOLE, NAME_HOLE = hole("account"), hole("name")
ROLE_OF_HOLE = Template(("arn:aws:iam::", ACCOUNT_HOLE, ":role/Dev"))
KEY_OF_HOLE = Template(("arn:aws:kms:us-west-2:", ACCOUNT_HOLE, ":key/", NAME_HOLE))


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringEquals", H, H, ALLOWED),
        ("StringEquals", H, "x", UNSURE),
        ("StringEquals", Template(("x", hole())), "y", DENIED),
        ("StringEquals", Template((hole(), "x")), "xy", DENIED),
        ("StringEquals", Template((hole(), "x")), "x", UNSURE),
        ("StringNotEquals", Template((hole(), "x")), "xy", ALLOWED),
        ("StringEquals", Template((hole(),)), Template((hole("y"),)), UNSURE),
        ("StringLike", "*", H, ALLOWED),
        ("StringLike", "?", H, UNSURE),
        ("StringLike", "x*", Template(("x", hole())), ALLOWED),
        ("StringLike", "x*", Template(("y", hole())), DENIED),
        ("StringLike", Template(("x", hole(), "*")), "xyz", UNSURE),
        ("StringEqualsIgnoreCase", Template(("X", hole())), Template(("x", hole())), ALLOWED),
        ("StringLike", Template(("${aws:", hole(), "}")), "x", UNSURE),
        ("StringLike", Template(("y${aws:", hole(), "}")), "x", DENIED),
        ("StringLike", Template(("${aws:PrincipalAccount}-", hole())), f"{ACCOUNT}-x", UNSURE),
        ("StringLike", Template(("${aws:PrincipalAccount}-", hole())), "x", DENIED),
        ("ArnLike", Template(("arn:aws:iam::", ACCOUNT_HOLE, ":role/D*")), ROLE_OF_HOLE, ALLOWED),
        ("ArnLike", Template(("arn:aws:iam::", ACCOUNT_HOLE, ":role/A*")), ROLE_OF_HOLE, DENIED),
        ("StringLike", Template(("arn:aws:iam::", ACCOUNT_HOLE, ":role/A*")), ROLE_OF_HOLE, DENIED),
        ("ArnLike", "arn:*:iam::*:role/Dev", ROLE_OF_HOLE, ALLOWED),
        ("ArnLike", ROLE, ROLE_OF_HOLE, UNSURE),
        ("ArnNotLike", [USER, ROOT], ROLE_OF_HOLE, ALLOWED),
        ("ArnLike", H, ROLE, UNSURE),
        ("ArnLike", H, H, ALLOWED),
        ("Bool", H, "true", UNSURE),
        ("Bool", H, H, ALLOWED),
        ("BinaryEquals", H, H, ALLOWED),
        ("NumericEquals", H, "7", UNSURE),
        ("DateLessThan", "2026-01-01", H, UNSURE),
        ("IpAddress", Template((hole(), "/24")), "203.0.113.9", UNSURE),
        ("ForAllValues:StringEquals", [], H, UNSURE),  # an empty text would be no value
        ("ForAnyValue:StringEquals", "x", Template((hole(), "y")), DENIED),
    ],
)
def test_condition_on_holes(operator: str, wanted: object, value: Text, expected: Answer) -> None:
    """A text with holes matches for certain as the same text or by a `*`, and not where no filling can."""
    key = "aws:ResourceTag/team"
    assert expected == ask(when({operator: {key: wanted}}), context={key: [value]})


def test_null_with_a_hole() -> None:
    """Null asks for the presence of a key, not for its value."""
    assert ask(when({"Null": {"kms:ViaService": "false"}}), context={"kms:ViaService": [H]}) is ALLOWED
    assert ask(when({"Null": {"kms:ViaService": H}})) is UNSURE
    assert ask(when({"Null": {"kms:ViaService": ["false", 5.5, {}]}})) is UNSURE
    assert ask(when({"Null": {"kms:ViaService": ["true", {}]}})) is ALLOWED


def test_unknown_account() -> None:
    """One hole for the account, in the key, the policy and the principal, is one account."""
    root = Template(("arn:aws:iam::", ACCOUNT_HOLE, ":root"))
    delegation = {**DELEGATION, "Principal": {"AWS": root}}
    assert ask(delegation, principal=root, resource=KEY_OF_HOLE) is ALLOWED
    assert ask(delegation, principal=ROLE_OF_HOLE, resource=KEY_OF_HOLE) is DENIED
    assert ask(delegation, principal=ROLE_OF_HOLE, resource=KEY_OF_HOLE, identity=(policy(ALL),)) is ALLOWED
    by_id = {**DELEGATION, "Principal": {"AWS": Template((ACCOUNT_HOLE,))}}
    assert ask(by_id, principal=root, resource=KEY_OF_HOLE) is ALLOWED
    assert ask(DELEGATION, principal=root, resource=KEY_OF_HOLE) is UNSURE
    assert ask(ANYONE, principal=ROLE, resource=KEY_OF_HOLE) is UNSURE  # is it at home there?
    assert ask(ANYONE, principal=ROLE_OF_HOLE, resource=KEY_OF_HOLE) is ALLOWED


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", ALLOWED),
        ("arn:aws:kms:*:*:key/*", ALLOWED),
        (Template((KEY.rpartition("/")[0] + "/", hole("id"))), UNSURE),  # another hole
        (Template((KEY.rpartition("/")[0] + "/", replace(NAME_HOLE, fresh=True))), ALLOWED),
        (KEY, DENIED),
        (KEY.replace("us-west-2", "*"), DENIED),
        (KEY[:-3] + "*", UNSURE),
        (KEY[:-1] + "?", UNSURE),
    ],
)
def test_key_to_be_created(pattern: Text, expected: Answer) -> None:
    """An id that is made up on apply is none that is written out today, but may be of a pattern."""
    key = Template((KEY.rpartition("/")[0] + "/", replace(NAME_HOLE, fresh=True)))
    assert expected == ask({**ANYONE, "Resource": pattern}, resource=key)
    if isinstance(pattern, Template):
        here = DENIED if pattern == key else UNSURE
        assert here == ask({**ANYONE, "Resource": pattern})  # nor is the id of a key that is there the one made up
        other = Template((KEY.rpartition("/")[0] + "/", hole("other")))
        assert ask({**ANYONE, "Resource": pattern}, resource=other) is UNSURE


def test_principal_with_holes() -> None:
    """A principal is who it is by what is known of its ARN."""
    somebody = Template((f"arn:aws:iam::{ACCOUNT}:role/", NAME_HOLE))
    assert ask({**ANYONE, "Principal": {"AWS": somebody}}, principal=somebody) is ALLOWED
    assert ask({**ANYONE, "Principal": {"AWS": ROLE}}, principal=somebody) is UNSURE
    assert ask({**ANYONE, "Principal": {"AWS": USER}}, principal=somebody) is DENIED
    assert ask({**ANYONE, "Principal": {"AWS": H}}) is UNSURE
    assert ask(ANYONE, principal=H) is UNSURE
    assert ask({**ANYONE, "Effect": "Deny"}, ANYONE, principal=H) is DENIED
    assert ask(NOBODY, principal=H) is UNSURE
    assert ask(principal=H) is DENIED
    assert ask(ANYONE, principal=Template(("ar", hole()))) is UNSURE
    assert ask(ANYONE, {"Effect": "Deny", "NotPrincipal": {"AWS": [USER, ROOT]}} | REST, principal=H) is UNSURE
    assert ask(ANYONE, principal=H, identity=(policy({**ALL, "Effect": "Deny"}),)) is UNSURE
    assert ask(ANYONE, principal=H, guards=((policy({**ALL, "Action": "s3:*"}),),)) is UNSURE
    assert ask(ANYONE, principal=H, guards=((policy({**ALL, "Effect": "Deny"}),),)) is UNSURE
    service = Template(("logs.", hole("region"), ".amazonaws.com"))
    assert ask({**ANYONE, "Principal": {"Service": service}}, principal=service) is ALLOWED
    assert ask({**ANYONE, "Principal": {"Service": SERVICE}}, principal=service) is UNSURE
    assert ask({**ANYONE, "Principal": {"Service": "sns.amazonaws.com"}}, principal=service) is DENIED


@pytest.mark.parametrize(
    ("principal", "context"),
    [
        (USER, {"aws:PrincipalType": "User", "aws:username": "Bob", "aws:PrincipalArn": USER}),
        (ROLE, {"aws:PrincipalType": "AssumedRole", "aws:PrincipalArn": ROLE, "aws:PrincipalIsAWSService": "false"}),
        (SESSION, {"aws:PrincipalType": "AssumedRole", "aws:PrincipalArn": ROLE, "aws:PrincipalAccount": ACCOUNT}),
        (FEDERATED, {"aws:PrincipalType": "FederatedUser", "aws:userid": f"{ACCOUNT}:bob"}),
        (ROOT, {"aws:PrincipalType": "Account", "aws:userid": ACCOUNT, "kms:CallerAccount": ACCOUNT}),
    ],
)
def test_derived_keys(principal: str, context: dict[str, str]) -> None:
    """The keys that follow from the principal need not be said, and the context may say otherwise."""
    condition = {"StringEquals": {**context, "aws:ResourceAccount": ACCOUNT}}
    assert ask(when(condition), principal=principal) is ALLOWED
    said = {next(iter(context)): ["something else"]}
    assert ask(when(condition), principal=principal, context=said) is DENIED


def test_derived_keys_that_only_aws_knows() -> None:
    """A unique id is there, but not known."""
    assert ask(when({"Null": {"aws:userid": "false"}})) is ALLOWED
    assert ask(when({"StringLike": {"aws:userid": "*:s1"}}), principal=SESSION) is ALLOWED
    assert ask(when({"StringLike": {"aws:userid": "*:s2"}}), principal=SESSION) is DENIED
    assert ask(when({"StringLike": {"aws:userid": "AROAEXAMPLE:*"}}), principal=SESSION) is UNSURE
    assert ask(when({"Null": {"aws:username": "true"}}), principal=SESSION) is ALLOWED
    hidden = Template((f"arn:aws:iam::{ACCOUNT}:user/", NAME_HOLE))
    assert ask(when({"StringEquals": {"aws:username": "Bob"}}), principal=hidden) is UNSURE
    known = Template(("arn:aws:iam::", ACCOUNT_HOLE, ":user/team/Bob"))
    named = when({"StringEquals": {"aws:username": "Bob"}})
    assert ask(named, principal=known, resource=KEY_OF_HOLE) is ALLOWED


def test_derived_keys_of_a_service() -> None:
    """A service says its name; its account, no page tells."""
    calls = {**ANYONE, "Principal": {"Service": SERVICE}}
    service = {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": SERVICE}
    assert ask({**calls, "Condition": {"StringEquals": service}}, principal=SERVICE) is ALLOWED
    for key in ("kms:CallerAccount", "aws:PrincipalAccount", "aws:PrincipalType"):
        assert ask({**calls, "Condition": {"StringEquals": {key: ACCOUNT}}}, principal=SERVICE) is UNSURE
    condition = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
    context = {"kms:CallerAccount": [ACCOUNT]}
    assert ask({**calls, "Condition": condition}, principal=SERVICE, context=context) is ALLOWED
    assert ask({**calls, "Condition": {"Null": {"aws:PrincipalArn": "true"}}}, principal=SERVICE) is ALLOWED


def test_policy_name() -> None:
    """PutKeyPolicy and GetKeyPolicy are about the policy `default`; other operations about none."""
    named = when({"StringEquals": {"kms:PolicyName": "default"}})
    assert ask(named, action="kms:PutKeyPolicy") is ALLOWED
    assert ask(named, action="KMS:getkeypolicy") is ALLOWED
    assert ask(named, action="kms:DisableKey") is DENIED


def test_request_alias() -> None:
    """The alias counts where the operation can name the key by one."""
    aliased = when({"StringLike": {"kms:RequestAlias": "alias/*"}})
    alias = {"kms:RequestAlias": ["alias/x"]}
    assert ask(aliased, action="kms:Decrypt", context=alias) is ALLOWED
    assert ask(aliased, action="kms:PutKeyPolicy", context=alias) is DENIED


def test_root_user() -> None:
    """The root user acts by the account's statement in either spelling, or by `*`, whatever its identity policies."""
    for principals in ({"AWS": ROOT}, {"AWS": ACCOUNT}, {"AWS": "*"}, "*"):
        assert ask({**ANYONE, "Principal": principals}, principal=ROOT) is ALLOWED
    assert ask(DELEGATION, principal=ROOT, identity=(policy({**ALL, "Effect": "Deny"}),)) is ALLOWED
    assert ask({**DELEGATION, "Principal": {"AWS": OTHER_ROOT}}, principal=ROOT) is DENIED
    assert ask({**DELEGATION, "Principal": {"AWS": ROOT.replace(":aws:", ":aws-cn:")}}, principal=ROOT) is DENIED
    forgets_root = when({"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/Admin*"}}, Effect="Deny")
    assert ask(DELEGATION, forgets_root, principal=ROOT) is DENIED
    assert ask(DELEGATION, principal=ROOT, guards=((policy({**ALL, "Action": "s3:*"}),),)) is DENIED


def test_other_accounts() -> None:
    """Both accounts must allow, and the operation must be one that crosses accounts; a root user has full access."""
    shared = {**ANYONE, "Principal": {"AWS": OTHER_ROOT}}
    assert ask(shared, principal=OTHER_ROOT, action="kms:decrypt") is ALLOWED
    assert ask(shared, principal=OTHER_ROOT) is DENIED
    request = Request(OTHER_ROOT, "kms:DisableKey", KEY, {})
    set_aside = CROSSING | {"kms:DisableKey"}
    assert simulate(request, Documents(policy(shared)), set_aside) is ALLOWED
    session = FOREIGNER.replace("iam", "sts").replace("role/Ext", "assumed-role/Ext/s1")
    named = {**ANYONE, "Principal": {"AWS": session}}
    assert ask(named, principal=session, action="kms:Decrypt") is DENIED
    assert ask(named, principal=session, action="kms:Decrypt", identity=(policy(ALL),)) is ALLOWED
    elsewhere = ROLE.replace(":aws:", ":aws-cn:")
    assert ask(ANYONE, principal=elsewhere, action="kms:Decrypt", identity=(policy(ALL),)) is DENIED


def test_federated_user() -> None:
    """A federated session has what its own ARN is given, and by delegation what its session policy allows too."""
    assert ask({**ANYONE, "Principal": {"AWS": FEDERATED}}, principal=FEDERATED) is ALLOWED
    own: dict[str, Any] = {"identity": (policy(ALL),)}
    assert ask(DELEGATION, principal=FEDERATED, **own) is DENIED
    assert ask(DELEGATION, principal=FEDERATED, **own, session=policy(ALL)) is ALLOWED
    assert ask({**ANYONE, "Principal": {"AWS": USER}}, principal=FEDERATED) is UNSURE  # is it Bob who federated?
    assert ask({**ANYONE, "Principal": {"AWS": ROLE}}, principal=FEDERATED) is DENIED


def test_role_and_session() -> None:
    """The request of a role is that of a session whose name no policy has."""
    assert ask({**ANYONE, "Principal": {"AWS": SESSION}}) is DENIED
    assert ask(ANYONE, {**ANYONE, "Effect": "Deny", "Principal": {"AWS": SESSION}}) is ALLOWED
    assert ask(ANYONE, {**ANYONE, "Effect": "Deny", "Principal": {"AWS": ROLE}}, principal=SESSION) is DENIED
    assert ask({**ANYONE, "Principal": {"AWS": ROLE.replace("Dev", "*/Dev")}}, principal=SESSION) is DENIED
    assert ask({**ANYONE, "Principal": {"AWS": ROLE.replace("Dev", "MyDev")}}, principal=SESSION) is DENIED


def test_principals_that_mean_nothing_here() -> None:
    """Groups and identity providers are nobody in a key policy."""
    for principals in (
        {"AWS": f"arn:aws:iam::{ACCOUNT}:group/Admins"},
        {"Federated": "cognito-identity.amazonaws.com"},
        {"Service": ROLE},
    ):
        assert ask({**ANYONE, "Principal": principals}) is DENIED
    assert ask({**ANYONE, "Principal": {"AWS": SERVICE}}, principal=SERVICE) is DENIED


def test_star_and_services() -> None:
    """No page says that `*` grants to services; that it denies them, the page of aws:PrincipalIsAWSService does."""
    assert ask(ANYONE, principal=SERVICE) is UNSURE
    calls = {**ANYONE, "Principal": {"Service": SERVICE}}
    assert ask(calls, {**ANYONE, "Effect": "Deny"}, principal=SERVICE) is DENIED
    spared = when({"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}, Effect="Deny")
    assert ask(calls, spared, principal=SERVICE) is ALLOWED
    assert ask(calls, spared) is DENIED
    assert ask({**ANYONE, "Principal": {"Service": "*"}}, principal=SERVICE) is UNSURE
    assert ask({**ANYONE, "Principal": {"Service": "*.amazonaws.com"}}, principal=SERVICE) is DENIED
    assert ask({**ANYONE, "Principal": {"Service": "*"}}) is DENIED


@pytest.mark.parametrize(
    ("names", "principal", "expected"),
    [
        ([USER, ROOT], USER, ALLOWED),
        ([USER], USER, UNSURE),  # "might validate the account first"
        ([ROOT], USER, DENIED),
        ([ROOT], ROOT, ALLOWED),
        ([SESSION, ROLE, ROOT], SESSION, ALLOWED),
        ([SESSION, ACCOUNT], SESSION, UNSURE),
        ([ROLE, ROOT], ROLE, UNSURE),
        ([OTHER_ROOT], ROLE, DENIED),
        (["*"], ROLE, ALLOWED),
        ([H], USER, UNSURE),
    ],
)
def test_deny_with_not_principal(names: list[Text], principal: str, expected: Answer) -> None:
    """Who is named in full is spared, who is not named is denied, and between the two the pages are vague."""
    deny = {"Effect": "Deny", "NotPrincipal": {"AWS": names}, "Action": "*", "Resource": "*"}
    assert expected == ask(ANYONE, deny, principal=principal)


def test_allow_with_not_principal() -> None:
    """It allows everyone but the named."""
    allow = {"Effect": "Allow", "NotPrincipal": {"AWS": [USER]}, "Action": "*", "Resource": "*"}
    assert ask(allow) is ALLOWED
    assert ask(allow, principal=USER) is DENIED
    assert ask({**allow, "NotPrincipal": {"AWS": [ROOT]}}) is UNSURE
    assert ask({**allow, "NotPrincipal": {"AWS": [ROOT]}}, principal=ROOT) is DENIED
    assert ask({**allow, "NotPrincipal": {"Service": SERVICE}}, principal=SERVICE) is DENIED
    assert ask(allow, principal=SERVICE) is UNSURE
    assert ask(allow, boundary=policy(ALL)) is ALLOWED
    assert ask(allow, boundary=policy({**ALL, "Action": "s3:*"})) is UNSURE  # everyone is not limited, a role is


def test_guards() -> None:
    """Each level of SCPs must allow; one policy of the level is enough, and a Deny in any refuses."""
    everything, nothing = policy(ALL), policy({**ALL, "Action": "s3:*"})
    assert ask(ANYONE, guards=((everything,), (nothing, everything))) is ALLOWED
    assert ask(ANYONE, guards=((everything,), (nothing,))) is DENIED
    assert ask(ANYONE, guards=((everything, policy({**ALL, "Effect": "Deny"})),)) is DENIED
    calls = {**ANYONE, "Principal": {"Service": SERVICE}}
    assert ask(calls, principal=SERVICE, guards=((nothing,),)) is ALLOWED
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
    assert ask(ANYONE, principal=linked, guards=((nothing,),)) is ALLOWED
    assert ask(ANYONE, principal=Template((f"arn:aws:iam::{ACCOUNT}:role/", hole())), guards=((nothing,),)) is UNSURE


def test_resource_guards() -> None:
    """RCPs only deny; they reach services too, and never RetireGrant."""
    deny = policy({**ANYONE, "Effect": "Deny"})
    assert ask(ANYONE, resource_guards=(policy(),)) is ALLOWED
    assert ask(ANYONE, resource_guards=(deny,)) is DENIED
    assert ask(ANYONE, action="kms:RetireGrant", resource_guards=(deny,)) is ALLOWED
    assert ask({**ANYONE, "Principal": {"Service": SERVICE}}, principal=SERVICE, resource_guards=(deny,)) is DENIED
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
    assert ask(ANYONE, principal=linked, resource_guards=(deny,)) is UNSURE


def test_malformed_requests() -> None:
    """A key without a full ARN is in nobody's account for certain; an ARN of no principal is nobody for certain."""
    assert ask(ANYONE, resource=H) is UNSURE
    assert ask(ANYONE, resource=H, action="kms:Decrypt", identity=(policy(ALL),)) is UNSURE
    assert ask({**ANYONE, "Effect": "Deny"}, resource=H) is DENIED
    assert ask(ANYONE, principal=f"arn:aws:iam::{ACCOUNT}:group/Admins") is UNSURE
    assert ask(ANYONE, principal="arn:aws") is UNSURE


# Laws. Hypothesis draws the seed of a world, not its parts: for worlds of this size that is many times as fast.

World = dict[str, Any]
law = settings(max_examples=200, deadline=None)
worlds = given(draw=st.randoms(use_true_random=True))

NAMES = [ROOT, ACCOUNT, OTHER_ROOT, USER, ROLE, SESSION, FEDERATED, FOREIGNER, "*"]
NAMES += [f"arn:aws:iam::{ACCOUNT}:role/team/Dev", f"arn:aws:iam::{ACCOUNT}:role/*", "AROAEXAMPLEID12345678"]
LINKED = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForRDS/x"
CALLERS = [ROOT, USER, ROLE, SESSION, FEDERATED, FOREIGNER, OTHER_ROOT, SERVICE, LINKED, "*"]
VALUES: dict[str, tuple[list[str], list[str]]] = {
    # operator family: values of a policy, values of a request
    "String": (["core", "c*", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'core'}", ROLE], ["core", "infra"]),
    "Arn": ([ROLE, f"arn:aws:iam::{ACCOUNT}:role/D*", ROOT, "arn:*:iam::*:*", "*", "x"], [ROLE, USER]),
    "Bool": (["true", "false"], ["true", "false"]),
    "Numeric": (["7", "30", "x"], ["7", "30"]),
    "Date": (["2026-01-01", "2026-01-01T00:00:00Z"], ["2026-01-01T00:00:00Z", "1767225600"]),
    "IpAddress": (["203.0.113.0/24", "10.0.0.1"], ["203.0.113.9", "10.0.0.1"]),
    "Binary": (["QQ==", "Qg=="], ["QQ==", "Qg=="]),
    "Null": (["true", "false"], ["x"]),
}
OPERATORS: dict[str, list[str]] = {
    "String": ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"],
    "Arn": ["ArnLike", "ArnNotEquals"],
    "Bool": ["Bool"],
    "Numeric": ["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals"],
    "Date": ["DateEquals", "DateNotEquals", "DateLessThanEquals", "DateGreaterThan"],
    "IpAddress": ["IpAddress", "NotIpAddress"],
    "Binary": ["BinaryEquals"],
    "Null": ["Null"],
}
KEYS = {"String": ["kms:ViaService", "aws:PrincipalTag/team", "aws:PrincipalArn", "aws:userid", "kms:PolicyName"]}
KEYS |= {"Arn": ["aws:PrincipalArn", "aws:SourceArn"], "Null": ["kms:ViaService", "aws:username"]}
RESOURCES = ["*", KEY, f"arn:aws:kms:*:{ACCOUNT}:key/*", "arn:aws:kms:*", f"{KEY[:-1]}0", "${aws:username}"]
RESOURCES += [f"arn:aws:kms:us-west-2:{ACCOUNT}:key/${{aws:PrincipalTag/team}}"]
ACTIONS = ["*", "kms:*", "kms:Disable*", "kms:Decrypt", "KMS:?ecrypt", "*:Decrypt", "s3:*"]


def some_of(draw: Random, pool: list[str], least: int = 1) -> list[str]:
    return draw.sample(pool, draw.randint(least, 2))


def a_condition_block(draw: Random) -> dict[str, dict[str, list[str]]]:
    block: dict[str, dict[str, list[str]]] = {}
    for family in draw.sample(sorted(OPERATORS), draw.choice([0, 0, 1, 1, 2])):
        name = draw.choice(["", "", "ForAllValues:", "ForAnyValue:"]) + draw.choice(OPERATORS[family])
        name += draw.choice(["", "", "IfExists"]) if family != "Null" else ""
        block[name] = {draw.choice(keys_of(family)): some_of(draw, VALUES[family][0], least=draw.choice([0, 1, 1]))}
    return block


def keys_of(family: str) -> list[str]:
    return KEYS.get(family, [f"aws:{family}"])


def a_statement(draw: Random, with_principal: bool, effect: str | None = None) -> dict[str, Any]:
    """A statement; most elements are wide, so that many requests get past them."""
    statement: dict[str, Any] = {"Effect": effect or draw.choice(["Allow", "Allow", "Allow", "Deny"])}
    for member, pool in (("Action", ACTIONS), ("Resource", RESOURCES)):
        name = draw.choice([member, member, f"Not{member}"])
        if draw.random() < 0.5:
            statement[member] = ["*"]
        elif draw.random() < 0.95:
            statement[name] = some_of(draw, pool)
    if with_principal:
        name = draw.choice(["Principal", "Principal", "Principal", "NotPrincipal"])
        statement[name] = draw.choice([{"AWS": some_of(draw, NAMES)}, {"AWS": ["*"]}, {"Service": [SERVICE]}])
    if block := a_condition_block(draw):
        statement["Condition"] = block
    return statement


def a_document(draw: Random, with_principal: bool = False) -> World:
    wide = draw.choice([[ANYONE], [DELEGATION], []] if with_principal else [[ALL], [ALL], []])
    others = [a_statement(draw, with_principal) for _ in range(draw.randint(0 if wide else 1, 2))]
    return {"Version": VERSION, "Statement": [*wide, *others]}


def a_world(draw: Random) -> World:
    """A request and the documents it meets, as JSON would carry them."""
    context = {
        key: some_of(draw, [*values, ""])
        for family, (_, values) in VALUES.items()
        for key in keys_of(family)
        if key != "aws:userid" and draw.random() < 0.3
    }
    world = {
        "principal": draw.choice(CALLERS),
        "action": draw.choice(["kms:DisableKey", "kms:PutKeyPolicy", "kms:Decrypt"]),
        "resource": KEY,
        "context": context,
        "key_policy": a_document(draw, with_principal=True),
        "identity": [a_document(draw) for _ in range(draw.randint(0, 2))],
        "boundary": a_document(draw) if draw.random() < 0.2 else None,
        "session": a_document(draw) if draw.random() < 0.2 else None,
        "guards": [[a_document(draw)] for _ in range(draw.choice([0, 0, 0, 0, 1, 2]))],
        "resource_guards": [a_document(draw, with_principal=True)] if draw.random() < 0.1 else [],
    }
    copied: World = json.loads(json.dumps(world))
    return copied


def answer(world: World) -> Answer:
    request = Request(world["principal"], world["action"], world["resource"], frozen(world["context"]))  # type: ignore[arg-type]
    documents = Documents(
        key_policy=read(world["key_policy"]),
        identity=tuple(read(one) for one in world["identity"]),
        boundary=read(world["boundary"]) if world["boundary"] else None,
        session=read(world["session"]) if world["session"] else None,
        guards=tuple(tuple(read(one) for one in level) for level in world["guards"]),
        resource_guards=tuple(read(one) for one in world["resource_guards"]),
    )
    return simulate(request, documents, CROSSING)


def policies(world: World) -> list[World]:
    """Every document of a world, to be changed in place."""
    found = [world["key_policy"], world["boundary"], world["session"], *world["identity"], *world["resource_guards"]]
    return [document for document in [*found, *(one for level in world["guards"] for one in level)] if document]


@law
@worlds
def test_a_deny_never_grants(draw: Random) -> None:
    """Adding a Deny statement to any document makes no answer more favourable."""
    world = a_world(draw)
    before = answer(world)
    draw.choice(policies(world))["Statement"].append(a_statement(draw, draw.random() < 0.7, effect="Deny"))
    favour = [DENIED, UNSURE, ALLOWED]
    assert favour.index(answer(world)) <= favour.index(before)


@law
@worlds
def test_order_never_matters(draw: Random) -> None:
    """The order of the statements of a document, and of the documents, changes no answer."""
    world = a_world(draw)
    before = answer(world)
    for document in policies(world):
        draw.shuffle(document["Statement"])
    for several in ("identity", "guards"):
        draw.shuffle(world[several])
    assert before is answer(world)


def leaves(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of the texts that may become holes: neither the operation nor `Version`."""
    match value:
        case dict():
            items: list[tuple[Any, object]] = [(k, item) for k, item in value.items() if k not in ("Version", "action")]
        case list():
            items = list(enumerate(value))
        case str():
            return [path]
        case _:
            return []
    return [leaf for key, item in items for leaf in leaves(item, (*path, key))]


def hide(world: World, path: tuple[Any, ...], draw: Random, name: str) -> None:
    """Makes a hole of the text at `path`, or of a piece of it."""
    *steps, last = path
    place: Any = world
    for step in steps:
        place = place[step]
    known = place[last]
    start = draw.randint(0, len(known))
    end = draw.randint(start, len(known))
    # In part: a hole in an ARN stands inside one part of it, and none opens or closes a variable.
    partly = draw.random() < 0.5 and not set(known[start:end]) & set(":${}")
    place[last] = text(known[:start], hole(name), known[end:]) if partly else Template((hole(name),))


@law
@worlds
def test_a_hole_never_turns_the_answer_round(draw: Random) -> None:
    """Texts that become holes, whole or in part, may make an answer unsure, never its opposite."""
    world = a_world(draw)
    before = answer(world)
    assume(before is not UNSURE)
    paths = leaves(world)
    for number, path in enumerate(draw.sample(paths, draw.choice([1, 1, 2, min(5, len(paths))]))):
        hide(world, path, draw, f"hole{number}")
    assert answer(world) in (before, UNSURE)


@law
@worlds
def test_an_unread_element_never_turns_the_answer_round(draw: Random) -> None:
    """Nor do statements and elements that are not known."""
    world = a_world(draw)
    before = answer(world)
    assume(before is not UNSURE)
    statements = draw.choice(policies(world))["Statement"]
    place = draw.randrange(len(statements))
    member = draw.choice([None, *sorted(statements[place])])
    statements[place] = {**statements[place], member: Unknown(hole())} if member else Unknown(hole())
    assert answer(world) in (before, UNSURE)
