"""Makes policies and requests up, from a seed: requests are steered to the condition keys that the policies name.

Everything is plain JSON. `Documents` are those that one principal and the key share; a `Request` holds the condition
keys that are chosen, and `told` adds what AWS derives.
"""

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

Json: TypeAlias = Any

ACCOUNT, OTHER = "111122223333", "444455556666"
REGION = "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ORGANIZATION = "o-a1b2c3d4e5"
ROOT, OTHER_ROOT = f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{OTHER}:root"
APP, OPS = f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:role/team/ops"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
STRANGER, STRANGE_USER = f"arn:aws:iam::{OTHER}:role/ext", f"arn:aws:iam::{OTHER}:user/eve"
SERVICE = "logs.us-east-1.amazonaws.com"
VIA = "s3.us-east-1.amazonaws.com"

CALLERS = (APP, APP, APP, OPS, OPS, ANN, ANN, SESSION, FEDERATED, ROOT, LINKED, STRANGER, STRANGE_USER, SERVICE)
ACTIONS = ("kms:DisableKey", "kms:Decrypt", "kms:ScheduleKeyDeletion", "kms:CreateGrant", "kms:PutKeyPolicy")
CROSSING = frozenset({"kms:Decrypt", "kms:CreateGrant"})
"""Of the actions those that work on a key of another account (AWS KMS Developer Guide, kms-api-permissions-reference)."""

KEY_FACTS: Mapping[str, tuple[str, ...]] = {
    "kms:KeySpec": ("SYMMETRIC_DEFAULT",),
    "kms:KeyUsage": ("ENCRYPT_DECRYPT",),
    "kms:KeyOrigin": ("AWS_KMS",),
    "kms:MultiRegion": ("false",),
    "kms:ResourceAliases": ("alias/app", "alias/shared"),
    "aws:ResourceTag/team": ("red",),
}
"""What is constant for the key."""


class Named(Struct, frozen=True):
    """A condition key: the families of operators that suit it, the values that policies and requests draw from, the
    actions whose requests carry it (all if empty), and whether it holds several values."""

    families: tuple[str, ...]
    values: tuple[str, ...]
    actions: tuple[str, ...] = ()
    several: bool = False
    always: bool = False


_ARNS = (APP, OPS, ANN, ROOT, STRANGER, f"arn:aws:iam::{ACCOUNT}:role/*", f"arn:aws:iam::*:role/{'?' * 3}", "*")
CONDITION_KEYS: Mapping[str, Named] = {
    "aws:PrincipalArn": Named(("Arn", "Arn", "String"), _ARNS),
    "aws:PrincipalAccount": Named(("String",), (ACCOUNT, OTHER, "1111*")),
    "kms:CallerAccount": Named(("String",), (ACCOUNT, OTHER)),
    "aws:PrincipalOrgID": Named(("String",), (ORGANIZATION, "o-*", "o-other00000")),
    "aws:PrincipalType": Named(("String",), ("User", "AssumedRole", "Account")),
    "aws:PrincipalIsAWSService": Named(("Bool",), ("true", "false")),
    "aws:username": Named(("String",), ("ann", "a*", "eve")),
    "aws:RequestedRegion": Named(("String",), (REGION, "eu-*", "us-*")),
    "aws:SecureTransport": Named(("Bool",), ("true", "false")),
    "aws:PrincipalTag/team": Named(("String",), ("red", "blue", "r*", "RED")),
    "aws:ResourceTag/team": Named(("String",), ("red", "blue", "${aws:PrincipalTag/team}")),
    "kms:KeySpec": Named(("String",), ("SYMMETRIC_DEFAULT", "RSA_*")),
    "kms:MultiRegion": Named(("Bool",), ("true", "false")),
    "kms:ResourceAliases": Named(("String",), ("alias/app", "alias/sha*", "alias/x"), several=True),
    "kms:ViaService": Named(("String",), (VIA, "s3.*.amazonaws.com", "*.amazonaws.com", "rds.us-east-1.amazonaws.com")),
    "aws:MultiFactorAuthPresent": Named(("Bool",), ("true", "false")),
    "aws:MultiFactorAuthAge": Named(("Numeric",), ("300", "3600", "0")),
    "aws:ViaAWSService": Named(("Bool",), ("true", "false"), always=True),
    "aws:SourceVpce": Named(("String",), ("vpce-1", "vpce-2", "vpce-*")),
    "aws:SourceIp": Named(("IpAddress",), ("192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32", "10.0.0.0/8")),
    "aws:CurrentTime": Named(("Date",), ("2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z", "2030-01-01T12:00:00+02:00")),
    "aws:TokenIssueTime": Named(("Date",), ("2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z")),
    "kms:RequestAlias": Named(("String",), ("alias/app", "alias/*"), ("kms:Decrypt",)),
    "kms:EncryptionAlgorithm": Named(("String",), ("SYMMETRIC_DEFAULT", "RSAES_*"), ("kms:Decrypt",)),
    "kms:EncryptionContextKeys": Named(("String",), ("app", "a*", "tenant"), ("kms:Decrypt", "kms:CreateGrant"), True),
    "kms:GrantOperations": Named(("String",), ("Decrypt", "Encrypt", "De*"), ("kms:CreateGrant",), True),
    "kms:GrantIsForAWSResource": Named(("Bool",), ("true", "false"), ("kms:CreateGrant",)),
    "kms:ScheduleKeyDeletionPendingWindowInDays": Named(("Numeric",), ("7", "30", "15"), ("kms:ScheduleKeyDeletion",)),
    "kms:BypassPolicyLockoutSafetyCheck": Named(("Bool",), ("true", "false"), ("kms:PutKeyPolicy",)),
}
_DERIVED = (
    "aws:PrincipalArn", "aws:PrincipalAccount", "kms:CallerAccount", "aws:PrincipalType", "aws:PrincipalIsAWSService",
    "aws:username", "aws:RequestedRegion", "aws:SecureTransport", "kms:PolicyName", *KEY_FACTS,
)  # fmt: skip
"""Condition keys that nobody chooses; aws:PrincipalOrgID is another, for the key's own account."""

_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "String": (
        "StringEquals", "StringEquals", "StringNotEquals", "StringLike", "StringLike", "StringNotLike",
        "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
    ),
    "Arn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
    "Bool": ("Bool",),
    "Numeric": tuple(
        f"Numeric{word}"
        for word in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    ),
    "Date": ("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"),
    "IpAddress": ("IpAddress", "NotIpAddress"),
}  # fmt: skip
_VARIABLES = (
    "${aws:username}",
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalTag/team, 'red'}",
    "${aws:PrincipalAccount}",
)
_PRINCIPALS: tuple[Json, ...] = (
    "*", "*", {"AWS": "*"}, {"AWS": ROOT}, {"AWS": ROOT}, {"AWS": ACCOUNT}, {"AWS": APP}, {"AWS": APP}, {"AWS": OPS},
    {"AWS": ANN}, {"AWS": [APP, ANN]}, {"AWS": [ROOT, OPS]}, {"AWS": SESSION}, {"AWS": [SESSION, APP, ROOT]},
    {"AWS": FEDERATED}, {"AWS": OTHER_ROOT}, {"AWS": OTHER}, {"AWS": STRANGER}, {"AWS": [STRANGE_USER, OTHER_ROOT]},
    {"AWS": LINKED}, {"AWS": [ANN, ROOT]}, {"Service": SERVICE}, {"Service": ["s3.amazonaws.com", SERVICE]},
    {"AWS": APP, "Service": SERVICE}, {"AWS": "AIDAEXAMPLEEXAMPLE123"},
)  # fmt: skip
_ACTION_LISTS: tuple[Json, ...] = (
    "kms:*", "kms:*", "kms:*", "*", "kms:Disable*", "kms:Decrypt", "kms:decrypt", "KMS:DisableKey", "kms:?ecrypt",
    ["kms:DisableKey", "kms:Decrypt"], ["kms:CreateGrant", "kms:Put*"], ["kms:Describe*", "kms:Schedule*"], "s3:*",
    ["kms:Get*", "kms:List*"], list(ACTIONS), "kms:*Key*",
)  # fmt: skip
_RESOURCES: tuple[Json, ...] = (
    *(["*"] * 8), KEY, [KEY], f"arn:aws:kms:*:{ACCOUNT}:key/*", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234*",
    f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0000aaaa-12ab-34cd-56ef-1234567890ab", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/*",
    f"arn:aws:kms:{REGION}:${{aws:PrincipalAccount}}:key/*", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/app",
    f"arn:aws:kms:{REGION}:{ACCOUNT}:key/????abcd-*",
)  # fmt: skip
_FULL: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
NEW, OLD = "2012-10-17", "2008-10-17"


class Documents(Struct, frozen=True):
    """The policies in force for one caller, as JSON; `guards` and `resource_guards` have one list for each level."""

    caller: str
    key_policy: Json
    identity: tuple[Json, ...] = ()
    boundary: Json = None
    session: Json = None
    guards: tuple[tuple[Json, ...], ...] = ()
    resource_guards: tuple[tuple[Json, ...], ...] = ()

    def all(self) -> Iterator[Json]:
        """Every policy."""
        yield self.key_policy
        yield from self.identity
        yield from (policy for policy in (self.boundary, self.session) if policy)
        yield from (policy for level in (*self.guards, *self.resource_guards) for policy in level)

    def statements(self) -> Iterator[Json]:
        """Every statement of every policy."""
        return (statement for policy in self.all() for statement in policy["Statement"])


class Request(Struct, frozen=True):
    """One call; `chosen` are the condition keys that nothing else settles."""

    principal: str
    action: str
    chosen: Mapping[str, tuple[str, ...]]


class Generator:
    """Documents and requests from one seed, the same on every machine."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def one(self, options: tuple[Json, ...]) -> Json:
        """One of the options."""
        return options[int(self.random.random() * len(options))]

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return self.random.random() < share

    def documents(self) -> Documents:
        """The policies of a caller: often a delegation and a guard, as in real key policies."""
        caller = self.one(CALLERS)
        usual = [{"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}]
        usual = usual if self.chance(0.6) else []
        own = [self.statement(in_key_policy=True) for _ in range(1 + int(self.random.random() * 3))]
        version = OLD if self.chance(0.06) else NEW
        owning = caller not in (ROOT, SERVICE)  # neither has policies of its own
        return Documents(
            caller=caller,
            key_policy={"Version": version, "Statement": [*usual, *own]},
            identity=tuple(self.policy() for _ in range(int(self.random.random() * 3))) if owning else (),
            boundary=self.limit() if owning and self.chance(0.2) else None,
            session=self.limit() if self.chance(0.25) and caller in (SESSION, FEDERATED) else None,
            guards=tuple(self.level() for _ in range(2)) if self.chance(0.2) else (),
            resource_guards=((self.resource_guard(),),) if self.chance(0.15) else (),
        )

    def limit(self) -> Json:
        """A boundary or a session policy; often it allows all."""
        return _FULL if self.chance(0.3) else self.policy()

    def level(self) -> tuple[Json, ...]:
        """The control policies of one level: they allow all, or nearly never only some, and may deny."""
        first = self.policy() if self.chance(0.2) else _FULL
        return (first, self.policy("Deny")) if self.chance(0.6) else (first,)

    def policy(self, effect: str | None = None) -> Json:
        """An identity or control policy of one or two statements."""
        made = [self.statement(effect=effect) for _ in range(1 + self.chance(0.4))]
        return {"Version": NEW, "Statement": made}

    def resource_guard(self) -> Json:
        """A resource control policy: it only denies, and takes neither NotAction nor names of principals."""
        own = self.statement("Deny")
        actions = own.pop("NotAction", None) or own["Action"]
        return {
            "Version": NEW,
            "Statement": [own | {"Principal": "*", "Action": actions if actions != "*" else "kms:*"}],
        }

    def statement(self, effect: str | None = None, *, in_key_policy: bool = False) -> Json:
        """A statement; in a key policy it may be void for want of a Resource."""
        effect = effect or ("Deny" if self.chance(0.35) else "Allow")
        found: dict[str, Json] = {"Effect": effect}
        if in_key_policy:
            negated = self.chance(0.12 if effect == "Deny" else 0.05)
            names = self.one(_PRINCIPALS)
            found["NotPrincipal" if negated and names not in ("*", {"AWS": "*"}) else "Principal"] = names
        found["NotAction" if self.chance(0.1) else "Action"] = self.one(_ACTION_LISTS)
        if not (in_key_policy and self.chance(0.03)):
            found["NotResource" if self.chance(0.05) else "Resource"] = self.one(_RESOURCES)
        if self.chance(0.75 if effect == "Deny" else 0.5):
            found["Condition"] = self.condition()
        return found

    def condition(self) -> Json:
        """One or two operators, each on one or two keys."""
        found: dict[str, dict[str, Json]] = {}
        for _ in range(1 + self.chance(0.3)):
            key = self.one(tuple(CONDITION_KEYS))
            named = CONDITION_KEYS[key]
            if self.chance(0.08):
                found.setdefault("Null", {})[key] = self.one(("true", "false"))
                continue
            family = self.one(named.families)
            prefix = self.one(("ForAnyValue:", "ForAllValues:")) if named.several or self.chance(0.06) else ""
            suffix = "IfExists" if self.chance(0.15) else ""
            operator = f"{prefix}{self.one(_OPERATORS[family])}{suffix}"
            found.setdefault(operator, {})[key] = self.values(named, family)
        return found

    def values(self, named: Named, family: str) -> Json:
        """One value or a list of two; a text may be a policy variable."""
        first = self.one(_VARIABLES) if family == "String" and self.chance(0.08) else self.one(named.values)
        if family == "Arn" and first == "*":
            first = "arn:aws:iam::*:*"
        second = self.one(named.values)
        return [first, second] if self.chance(0.3) and second not in (first, "*") else first

    def requests(self, documents: Documents, count: int, principals: tuple[str, ...] = ()) -> Iterator[Request]:
        """Requests of the caller (or of one of the principals), about the condition keys that the documents name."""
        named = sorted(named_keys(documents))
        values = {key: self.candidates(key, documents) for key in named}
        for _ in range(count):
            principal = self.one(principals) if principals else documents.caller
            action = self.one(ACTIONS)
            chosen = {}
            for key in named:
                own = CONDITION_KEYS[key]
                may_carry = not own.actions or action in own.actions
                if not may_carry or _settled(key, principal) or (not own.always and self.chance(0.25)):
                    continue
                several = own.several and self.chance(0.4)
                picked = [self.one(values[key]) for _ in range(2 if several else 1)]
                chosen[key] = tuple(dict.fromkeys(picked))
            if "aws:CurrentTime" in named:
                chosen.setdefault("aws:CurrentTime", ("2026-09-09T09:09:09Z",))
            yield Request(principal, action, chosen)

    def candidates(self, key: str, documents: Documents) -> tuple[str, ...]:
        """Values that hit and that miss what the documents say of the key."""
        named = CONDITION_KEYS[key]
        written = [value for value in _written(key, documents) if "${" not in value]
        match named.families[0]:
            case "Numeric":
                return tuple(
                    str(int(value) + step)
                    for value in written or ["7"]
                    for step in (-1, 0, 1)
                    if int(value) + step >= 0
                )
            case "Date":
                return (
                    "2026-05-31T23:59:59Z",
                    *(value for value in written if value.endswith("Z")),
                    "2026-07-01T00:00:00Z",
                    "2031-01-01T00:00:00Z",
                )
            case "IpAddress":
                return ("192.0.2.9", "198.51.100.7", "203.0.113.1", "2001:db8::1", "2001:db9::1", "10.1.2.3")
            case "Bool":
                return ("true", "false")
            case _:
                hits = [value.replace("*", "x").replace("?", "y") for value in written]
                return tuple(dict.fromkeys([*hits, *(v for v in named.values if not set("*?$") & set(v)), "zzz"]))


def named_keys(documents: Documents) -> set[str]:
    """The condition keys that the documents name, those that policy variables read included."""
    found = {
        key
        for statement in documents.statements()
        for tests in statement.get("Condition", {}).values()
        for key in tests
    }
    return found | {key for key in CONDITION_KEYS if f"${{{key}" in str(list(documents.all()))}


def _written(key: str, documents: Documents) -> Iterator[str]:
    for statement in documents.statements():
        for operator, tests in statement.get("Condition", {}).items():
            if key in tests and operator != "Null":
                yield from [tests[key]] if isinstance(tests[key], str) else tests[key]


def _settled(key: str, principal: str) -> bool:
    """Whether something other than the caller's choice says what the request holds there."""
    if key in _DERIVED:
        return True
    if is_service(principal):
        return key in ("aws:PrincipalOrgID", "aws:PrincipalTag/team", "kms:ViaService", "aws:username")
    if key == "aws:PrincipalOrgID":
        return account_of(principal) == ACCOUNT
    return key == "aws:PrincipalTag/team" and principal in (ANN, STRANGE_USER, ROOT)


def is_service(principal: str) -> bool:
    """Whether the caller is a service."""
    return not principal.startswith("arn:")


def account_of(principal: str) -> str:
    """The account of a caller that has one."""
    return principal.split(":")[4]


TAGS: Mapping[str, str] = {ANN: "red"}
"""The tags `team` of users: fixed, unlike those of sessions."""


def told(request: Request) -> dict[str, tuple[str, ...]]:
    """The whole context of the request: what is chosen, and what AWS derives (IAM User Guide,
    reference_policies_condition-keys, and reference_policies_variables, "principal key values")."""
    principal = request.principal
    derived: dict[str, str] = {
        "aws:RequestedRegion": REGION,
        "aws:SecureTransport": "true",
        "aws:ResourceAccount": ACCOUNT,
        "aws:ResourceOrgID": ORGANIZATION,
    }
    if is_service(principal):
        derived |= {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": principal}
    else:
        account, kind = account_of(principal), re.split("[:/]", principal)[5]
        arn = f"arn:aws:iam::{account}:role/{principal.split('/')[1]}" if kind == "assumed-role" else principal
        types = {"user": "User", "root": "Account", "federated-user": "FederatedUser"}
        derived |= {
            "aws:PrincipalArn": arn,
            "aws:PrincipalAccount": account,
            "kms:CallerAccount": account,
            "aws:PrincipalIsAWSService": "false",
            "aws:PrincipalType": types.get(kind, "AssumedRole"),
        }
        if kind == "user":
            derived["aws:username"] = principal.rpartition("/")[2]
        if account == ACCOUNT:
            derived["aws:PrincipalOrgID"] = ORGANIZATION
        if principal in TAGS:
            derived["aws:PrincipalTag/team"] = TAGS[principal]
    if request.action == "kms:PutKeyPolicy":
        derived["kms:PolicyName"] = "default"
    return {name: (value,) for name, value in derived.items()} | dict(KEY_FACTS) | dict(request.chosen)
