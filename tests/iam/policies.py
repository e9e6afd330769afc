"""Policies for laws: every operator on keys that mean something to KMS, steered towards the principals asked about."""

import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.iam.asking import ACCOUNT, KEY, OTHER, ROOT
from tfkms.iam.access import Absent, Keys, Known, Undetermined
from tfkms.iam.automaton import matches
from tfkms.iam.key_values import Free
from tfkms.values import Hole, Text, Unknown, Value

APP, ANN = f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:user/ann"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
SERVICE = "logs.amazonaws.com"

_ARNS = [
    APP,
    ANN,
    ROOT,
    f"arn:aws:iam::{ACCOUNT}:role/*/app",
    f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}",
    f"arn:aws:iam::{ACCOUNT}:role/a*",
    "arn:aws:iam::*:role/*",
    f"arn:aws:iam::{OTHER}:role/app",
]
_TAGS = ["a", "b", "", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'a'}", "${aws:username}", "${*}", "a*"]
_NUMBERS = ["0", "300", "3600", "300.5", "-1", "many", "1e3", "0300"]
_DATES = ["2026-06-01T00:00:00Z", "2027-01-01", "1798761600", "2030-01-01T00:00:00.5Z", "2026", "soon"]
_RANGES = ["10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1", "::/0", "office"]
_BOOLEANS = ["true", "false", "True", "*"]

POOLS: dict[str, list[str]] = {
    "aws:PrincipalArn": _ARNS,
    "aws:PRINCIPALACCOUNT": [ACCOUNT, OTHER, "1111*", "*"],
    "kms:CallerAccount": [ACCOUNT, OTHER],
    "aws:PrincipalOrgID": ["o-a", "o-b"],
    "aws:PrincipalType": ["User", "AssumedRole", "Account"],
    "aws:PrincipalIsAWSService": _BOOLEANS,
    "aws:userid": ["AIDAEXAMPLE", "*:one", "AROAEXAMPLE:*", ACCOUNT],
    "aws:username": ["ann", "a*", "bob", "${aws:PrincipalTag/team}"],
    "aws:PrincipalTag/team": _TAGS,
    "aws:ResourceTag/team": _TAGS,
    "aws:ResourceTag/other": ["a", "b"],
    "aws:RequestTag/team": ["a", "b"],
    "aws:TagKeys": ["team", "other", "t*"],
    "aws:CalledVia": ["s3.amazonaws.com", "athena.amazonaws.com", "*"],
    "aws:PrincipalOrgPaths": ["o-a/*", "o-a/r-1/ou-1/"],
    "aws:SourceIp": _RANGES,
    "aws:SourceVpce": ["vpce-1", "vpce-?", "vpce-*"],
    "aws:SourceArn": ["arn:aws:s3:::bucket", "arn:aws:s3:::*", "*"],
    "aws:SecureTransport": _BOOLEANS,
    "aws:MultiFactorAuthPresent": _BOOLEANS,
    "aws:MultiFactorAuthAge": _NUMBERS,
    "aws:CurrentTime": _DATES,
    "aws:EpochTime": [*_DATES, *_NUMBERS],
    "aws:RequestedRegion": ["us-east-1", "us-*", "eu-west-1"],
    "kms:ViaService": ["s3.us-east-1.amazonaws.com", "*.amazonaws.com", "logs.us-east-1.amazonaws.com"],
    "kms:ResourceAliases": ["alias/a", "alias/b", "alias/*"],
    "kms:RequestAlias": ["alias/a"],
    "kms:KeySpec": ["SYMMETRIC_DEFAULT", "RSA_2048"],
    "kms:EncryptionContext:level": [*_NUMBERS, "QUJD", "QUI=", "é", "É"],
    "kms:EncryptionContextKeys": ["app", "a*", "b"],
    "kms:GrantIsForAWSResource": _BOOLEANS,
    "kms:GrantOperations": ["Decrypt", "Encrypt", "D*"],
    "kms:GranteePrincipal": [APP, "*"],
    "kms:BypassPolicyLockoutSafetyCheck": _BOOLEANS,
    "custom:key": ["x", "X", "x*"],
}

_POSITIVE = ["StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"]
_NEGATIVE = ["StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike"]
_ORDERS = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
_NAMES = [
    *_POSITIVE,
    *_NEGATIVE,
    *("Bool", "BinaryEquals", "IpAddress", "NotIpAddress"),
    *(f"{family}{order}" for family in ("Numeric", "Date") for order in _ORDERS),
]


def _operators(names: Sequence[str]) -> st.SearchStrategy[str]:
    """The operators of these names with and without IfExists and the set operators, the plain ones more often."""
    return st.builds(
        lambda prefix, name, suffix: prefix + name + suffix,
        st.sampled_from(["", "", "", "ForAnyValue:", "ForAllValues:"]),
        st.sampled_from(list(names)),
        st.sampled_from(["", "", "IfExists"]),
    )


def _fitting(key: str) -> list[str]:
    """The operators that are meant for the values of the key."""
    pool = POOLS[key]
    if pool is _BOOLEANS:
        return ["Bool", "StringEquals", "StringNotEquals"]
    if pool is _RANGES:
        return ["IpAddress", "NotIpAddress"]
    if pool is _DATES or key == "aws:EpochTime":
        return [name for name in _NAMES if name.startswith(("Date", "Numeric"))]
    if pool is _NUMBERS:
        return [name for name in _NAMES if name.startswith("Numeric")]
    return [*_POSITIVE, *_NEGATIVE]


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """A Condition element of up to three tests."""
    found: dict[str, dict[str, Any]] = {}
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        key = draw(st.sampled_from(sorted(POOLS)))
        names = draw(st.sampled_from([_fitting(key), _fitting(key), _fitting(key), _NAMES, ["Null"]]))
        if names == ["Null"]:
            found.setdefault("Null", {})[key] = draw(st.sampled_from(["true", "false"]))
        else:
            values = draw(st.lists(st.sampled_from(POOLS[key]), min_size=1, max_size=3))
            found.setdefault(draw(_operators(names)), {})[key] = values
    return found


PRINCIPALS = st.sampled_from(
    [
        "*",
        {"AWS": "*"},
        {"AWS": ROOT},
        {"AWS": ACCOUNT},
        {"AWS": APP},
        {"AWS": [ANN, APP]},
        {"AWS": [APP, ROOT]},
        {"AWS": SESSION},
        {"AWS": [SESSION, APP, ROOT]},
        {"AWS": FEDERATED},
        {"AWS": f"arn:aws:iam::{OTHER}:root"},
        {"AWS": [f"arn:aws:iam::{OTHER}:role/app", ANN]},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"},
        {"AWS": "AROAEXAMPLEID12345678"},
        {"Service": SERVICE},
        {"Service": ["*", SERVICE]},
        {"AWS": APP, "Service": SERVICE},
        {"Federated": "cognito-identity.amazonaws.com"},
        {"AWS": []},
    ]
)
ACTIONS = st.sampled_from(
    [
        "kms:*", "*", "kms:Disable*", "kms:Decrypt", ["kms:DisableKey", "kms:Get*"], "kms:?isableKey", "KMS:DISABLEKEY",
        ["kms:Put*", "kms:ScheduleKeyDeletion", "kms:Decrypt"], "k*:*", "s3:*", "kms:Create*", [],
    ]
)  # fmt: skip


def resources(key: str) -> st.SearchStrategy[Any]:
    """Resource elements, many of which cover the key of that ARN."""
    whole = ["*", "*", "*", key, "arn:aws:kms:*:*:key/*", f"arn:aws:kms:us-east-1:{ACCOUNT}:*", "arn:aws:k*3:key/*"]
    other = ["arn:aws:kms:us-east-1:111122223333:key/other", "arn:aws:s3:::*", "", [], [key, "arn:aws:s3:::*"]]
    variables = [f"{key.rpartition('/')[0]}/${{aws:PrincipalTag/key, '{key.rpartition('/')[2]}'}}"]
    return st.sampled_from([*whole, *other, *variables])


@st.composite
def statements(
    draw: st.DrawFn, effects: tuple[str, ...] = ("Allow", "Allow", "Deny"), identity: bool = False, key: str = KEY
) -> dict[str, Any]:
    """A statement of a key policy on the key of that ARN, or of an identity policy."""
    found: dict[str, Any] = {
        "Effect": draw(st.sampled_from(effects)),
        draw(st.sampled_from(["Action", "Action", "Action", "NotAction"])): draw(ACTIONS),
        draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"])): draw(resources(key)),
    }
    if not identity:
        found[draw(st.sampled_from(["Principal", "Principal", "Principal", "NotPrincipal"]))] = draw(PRINCIPALS)
    tests = draw(conditions())
    return found | {"Condition": tests} if tests else found


@st.composite
def opening(draw: st.DrawFn, identity: bool = False) -> dict[str, Any]:
    """An Allow that covers most of what is asked, so that what it is asked for is decided by its conditions."""
    found: dict[str, Any] = {"Effect": "Allow", "Action": draw(st.sampled_from(["kms:*", "*"])), "Resource": "*"}
    if not identity:
        found["Principal"] = draw(st.sampled_from(["*", {"AWS": [APP, ANN, ROOT, SESSION], "Service": SERVICE}]))
    tests = draw(conditions())
    return found | {"Condition": tests} if tests else found


def openly(identity: bool = False) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Statements, most of the time after one that opens the key."""
    first = st.lists(opening(identity), max_size=1) if identity else st.lists(opening(), min_size=1, max_size=1)
    rest = st.lists(statements(identity=identity), min_size=0 if identity else 1, max_size=3)
    return st.one_of(rest, st.tuples(first, rest).map(lambda parts: [*parts[0], *parts[1]]))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything in a value, the value itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for name, item in items for found in ((*path, name), *leaves(item, (*path, name)))]


def hidden(value: Any, path: tuple[Any, ...]) -> Value:
    """The value, frozen, with an unknown in the place of what stands at `path`."""
    if path == ():
        return Unknown(Hole("aws_kms_key.main", "/hidden", "known after apply"))
    if isinstance(value, dict):
        return {name: hidden(item, path[1:]) if name == path[0] else whole(item) for name, item in value.items()}
    return tuple(hidden(item, path[1:]) if place == path[0] else whole(item) for place, item in enumerate(value))


def whole(value: Any) -> Value:
    """The value, frozen."""
    if isinstance(value, dict):
        return {name: whole(item) for name, item in value.items()}
    return tuple(map(whole, value)) if isinstance(value, list) else value


# Requests that the policies ask about

_VARIABLE = re.compile(r"\$\{([\w:/]+)")
_OTHER_VALUES = ["x", "true", "false", "a", "10.1.2.3", "2001:db8::1", "192.0.2.1", "2028-01-01T00:00:00Z", "1"]


def asked_keys(*contents: Any) -> list[str]:
    """The condition keys that the policies name, as keys or as variables, lower case."""
    found: set[str] = set()
    for content in contents:
        for statement in content:
            found.update(key.lower() for block in statement.get("Condition", {}).values() for key in block)
            found.update(name.lower() for name in _VARIABLE.findall(str(statement)))
    return sorted(found)


def contexts(
    names: Sequence[str], keys: Keys, random: Random, count: int
) -> Iterator[dict[str, tuple[Text, ...]]]:  # fmt: skip
    """Requests that carry the keys as the caller's may: at random, among the values that policies write."""
    for _ in range(count):
        found: dict[str, tuple[Text, ...]] = {}
        for name in names:
            values = _values(name, keys, random)
            if values is not None:
                found[name] = values
        yield found


_BY_LOWER = {name.lower(): pool for name, pool in POOLS.items()}


def _values(name: str, keys: Keys, random: Random) -> tuple[Text, ...] | None:
    pool = [value for value in (*_BY_LOWER.get(name, []), *_OTHER_VALUES) if "${" not in value and value]
    match keys(name):
        case Known(values):
            return values
        case Absent():
            return None
        case Undetermined(multivalued=several):
            state = Free(multivalued=several)
        case Free() as state:
            pass
    fits = [value for value in pool if not state.domain or any(matches(one, value) for one in state.domain)]
    if (state.optional and random.random() < 0.3) or not fits:
        return None
    return tuple(random.sample(fits, random.choice([1, 1, 2]) if state.multivalued and len(fits) > 1 else 1))
