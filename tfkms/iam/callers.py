"""Who may make a request: one caller that is known, or anyone of a kind, and what condition keys say of each.

Source: IAM User Guide, reference_policies_condition-keys and reference_policies_variables ("principal key values").
"""

from collections.abc import Mapping
from enum import Enum
from functools import cache, cached_property, lru_cache
from typing import assert_never

from msgspec import Struct

from tfkms.iam.access import Absent, Keys, KeyState, Known, Undetermined
from tfkms.iam.actions import KmsAction
from tfkms.iam.key_values import Free
from tfkms.iam.pattern import OneOf, Pattern, Run, literal, shape
from tfkms.values import Hole, Text, text, text_parts

RESOURCE = "resource"
"""The key that a request is about, told like a condition key; no condition key is called so."""

_WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
NAME = frozenset(_WORD + "+=,.@-")
"""The characters of a user's or role's name (IAM API Reference, CreateRole)."""

_PATH = NAME | {"/"}
_BOOLEAN = (literal("true"), literal("false"))


class CallerKind(Enum):
    """What a caller is; the value is the word in its ARN."""

    ROOT = "root"
    USER = "user"
    ROLE = "role"
    SESSION = "assumed-role"
    FEDERATED_USER = "federated-user"
    SERVICE = "service"


class Caller(Struct, frozen=True, dict=True):
    """A principal that makes a request.

    `name` is how a policy names it: an ARN, or for a service its name; None for anyone of the kind. `principal_arn` is
    what `aws:PrincipalArn` holds, one text or any that matches one of the patterns. A `ROLE` calls by a session of its
    choice; a `SESSION` is one session. `account` is the account it belongs to, empty for none or any. `bounded`: it has
    a permissions boundary. `tags` are those of a user, None where they are not known.
    """

    kind: CallerKind
    account: Text
    partition: str
    name: Text | None
    principal_arn: Text | tuple[Pattern, ...]
    bounded: bool = False
    tags: Mapping[str, Text] | None = None

    @cached_property
    def _hash(self) -> int:
        return hash((self.kind.value, self.account, self.name, self.principal_arn, self.bounded))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def names(self) -> frozenset[Text] | None:
        """All by which a Principal element can name it, everyone aside; None where that is not told by equality."""
        if self.kind not in (CallerKind.USER, CallerKind.ROLE) or not isinstance(self.name, str):
            return None
        return frozenset((self.name, self.account, root_arn(self.account, self.partition)))

    @property
    def is_person(self) -> bool:
        """Whether it belongs to an account and is not a service."""
        return self.kind is not CallerKind.SERVICE


@lru_cache(maxsize=1_024)
def root_arn(account: Text, partition: str) -> Text:
    """The ARN of the root user, which is also how a policy names the whole account."""
    return text(f"arn:{partition}:iam::", *text_parts(account), ":root")


def root_user(account: Text, partition: str) -> Caller:
    """The root user of the account."""
    arn = root_arn(account, partition)
    return Caller(CallerKind.ROOT, account, partition, arn, arn)


def named(kind: CallerKind, arn: Text, account: Text, partition: str, bounded: bool = False) -> Caller:
    """The user or role with that ARN."""
    return Caller(kind, account, partition, arn, arn, bounded)


def session(
    arn: Text, role: Text, account: Text, partition: str, bounded: bool = False
) -> Caller:  # fmt: skip
    """The session with that ARN, of the role of that name; the path of the role is not in the session's ARN."""
    own = text(f"arn:{partition}:iam::", *text_parts(account), ":role/", _ROLE_PATH, *text_parts(role))
    return Caller(CallerKind.SESSION, account, partition, arn, own, bounded)


_ROLE_PATH = Hole("", "/path", "the ARN of a session does not tell the path of its role")


def role_of(session: Caller) -> Text:
    """The name of the session's role."""
    assert not isinstance(session.principal_arn, tuple)
    parts = text_parts(session.principal_arn)
    return text(*parts[parts.index(_ROLE_PATH) + 1 :])


def with_plain_path(arn: Text) -> Text:
    """The ARN of a session's role as it is without a path, which stands for whatever path it has."""
    return text(*(part for part in text_parts(arn) if part != _ROLE_PATH))


@lru_cache(maxsize=1_024)
def anyone(kind: CallerKind, account: Text, partition: str) -> Caller:
    """Any user, role or federated user of the account."""
    home = "sts" if kind is CallerKind.FEDERATED_USER else "iam"
    start = [*f"arn:{partition}:{home}::", *literal(account).symbols, *f":{kind.value}/"]
    return Caller(kind, account, partition, None, (shape([*start, Run(_PATH), OneOf(NAME)]),))


def of_any_path(kind: CallerKind, name: Text, account: Text, partition: str, bounded: bool = False) -> Caller:
    """The user or role of that name in the account, of which the path is not known."""
    start = [*f"arn:{partition}:iam::", *literal(account).symbols, *f":{kind.value}/"]
    own = literal(name).symbols
    arns = shape([*start, *own]), shape([*start, Run(_PATH), "/", *own])
    return Caller(kind, account, partition, None, arns, bounded)


def service(name: Text, partition: str) -> Caller:
    """The service of that name, calling as itself."""
    return Caller(CallerKind.SERVICE, "", partition, name, "")


class Target(Struct, frozen=True, dict=True):
    """The key that a request is about.

    `arn` is its ARN, or for any key outside the plan the shape of one. `facts` are condition keys (lower case) that are
    constant for it; `settled` says that its tags and aliases are what the facts say, or absent. `address` names it in
    reasons.
    """

    address: str
    arn: Text | Pattern
    account: Text
    region: Text
    partition: str
    organization: str | None
    facts: Mapping[str, tuple[Text, ...]]
    settled: bool = True

    @cached_property
    def _hash(self) -> int:
        return hash((self.address, self.arn, self.account, self.region))

    def __hash__(self) -> int:
        return self._hash


def other_key(account: Text, partition: str) -> Target:
    """Any key of the account that is not in the plan."""
    arn = shape([
        *f"arn:{partition}:kms:", Run(NAME), ":", *literal(account).symbols, *":key/", OneOf(NAME), Run(NAME),
    ])  # fmt: skip
    return Target("", arn, account, "", partition, None, {}, settled=False)


_MULTIVALUED = frozenset(
    {
        "kms:resourcealiases",
        "kms:grantoperations",
        "kms:encryptioncontextkeys",
        "aws:tagkeys",
        "aws:calledvia",
        "aws:principalorgpaths",
        "aws:principalservicenameslist",
    }
)
"""Keys that hold several values (Service Authorization Reference, types ArrayOf…)."""

_OF_SERVICES = ("aws:source", "aws:principalservicename", "kms:sourceservice")
"""Beginnings of the keys that only a service's own call carries."""

_OF_NETWORKS = ("aws:sourceip", "aws:sourcevpc", "aws:sourceidentity")
"""Keys that begin like those of services and are none."""

_OF_EVERY_OPERATION = (
    "kms:viaservice",
    "kms:calleraccount",
    "kms:resourcealiases",
    "kms:key",
    "kms:multiregion",
)
_OF_KEYS = (
    "kms:keyspec",
    "kms:keyusage",
    "kms:keyorigin",
    "kms:multiregion",
    "aws:resourcetag/",
    "kms:resourcealiases",
)
_REQUEST_TAGS = ("aws:requesttag/", "aws:tagkeys")


def request_keys(caller: Caller, target: Target, action: KmsAction) -> Keys:
    """What condition keys may hold in a request of the caller for the action on the key.

    A key that the caller can bring about (MFA, network, time, a call through a service, session tags of a role) is
    free; it is tried absent first.
    """
    return _request_keys(caller, target, action.keys)


@lru_cache(maxsize=65_536)
def _request_keys(caller: Caller, target: Target, own: tuple[str, ...]) -> Keys:
    """The keys of requests for an action that carries these kms: keys besides those of every operation."""
    known = {**_of_caller(caller), **_of_target(target)}
    if "kms:policyname" in own:
        known["kms:policyname"] = Known(("default",))
    free_arn = Free(caller.principal_arn, optional=False) if isinstance(caller.principal_arn, tuple) else None

    @cache
    def state(name: str) -> KeyState:
        if name == RESOURCE:
            return Free((target.arn,), optional=False) if isinstance(target.arn, Pattern) else Known((target.arn,))
        if name == "aws:principalarn" and free_arn is not None:
            return free_arn
        if name in known:
            return known[name]
        if name.startswith("kms:") and not name.startswith((*_OF_EVERY_OPERATION, *own)):
            return Absent()
        if name.startswith(_REQUEST_TAGS) and not name.startswith(own):
            return Absent()
        if name.startswith(_OF_KEYS):
            return _of_key(name, target)
        return _of_request(name, caller, target)

    return state


_NOT_TOLD_OF_SERVICES = ("aws:principalaccount", "aws:principaltype", "aws:userid", "kms:calleraccount")
_OF_A_SERVICE = Hole("", "/aws:PrincipalAccount", "AWS does not say of what account and type a service's call is")


@lru_cache(maxsize=16_384)
def _of_caller(caller: Caller) -> Mapping[str, KeyState]:
    if caller.kind is CallerKind.SERVICE:
        absent = ("aws:principalarn", "aws:principalorgid", "aws:username", "kms:viaservice")
        assert caller.name is not None
        return {
            **dict.fromkeys(absent, Absent()),
            **dict.fromkeys(_NOT_TOLD_OF_SERVICES, Undetermined(_OF_A_SERVICE)),
            "aws:principalservicenameslist": Undetermined(_OF_A_SERVICE, multivalued=True),
            "aws:principalisawsservice": Known(("true",)),
            "aws:principalservicename": Known((caller.name,)),
            "aws:securetransport": Known(("true",)),
        }
    types = {CallerKind.ROOT: "Account", CallerKind.USER: "User", CallerKind.FEDERATED_USER: "FederatedUser"}
    account: KeyState = Known((caller.account,)) if caller.account else Free(optional=False)
    states: dict[str, KeyState] = {
        "aws:principalaccount": account,
        "kms:calleraccount": account,
        "aws:principalisawsservice": Known(("false",)),
        "aws:principaltype": Known((types.get(caller.kind, "AssumedRole"),)),
        "aws:securetransport": Known(("true",)),
        "aws:userid": _user_id(caller),
    }
    if not isinstance(caller.principal_arn, tuple):
        states["aws:principalarn"] = Known((caller.principal_arn,))
    states["aws:username"] = _user_name(caller) if caller.kind is CallerKind.USER else Absent()
    return states


def _user_name(caller: Caller) -> KeyState:
    """`aws:username` of a user: the end of its ARN."""
    if not isinstance(caller.principal_arn, tuple):
        return Known((_last_step(caller.principal_arn),))
    symbols = caller.principal_arn[-1].symbols
    name = symbols[max(place for place, symbol in enumerate(symbols) if symbol == "/") + 1 :]
    known = [symbol for symbol in name if isinstance(symbol, str | Hole)]
    if len(known) < len(name):
        return Free((shape([OneOf(NAME), Run(NAME)]),), optional=False)
    return Known((text(*known),))


def _user_id(caller: Caller) -> KeyState:
    """`aws:userid`: the root user's is its account; in all others stands an id that AWS gave (IAM User Guide,
    reference_policies_variables, "principal key values"). A role's caller chooses the name of its session."""
    unique = Hole("", "/aws:userid", "the unique ids that AWS gives principals are not known")
    match caller.kind:
        case CallerKind.ROOT:
            return Known((caller.account,)) if caller.account else Free(optional=False)
        case CallerKind.USER:
            return Known((text(unique),))
        case CallerKind.ROLE:
            return Free((shape([unique, ":", OneOf(NAME), Run(NAME)]),), optional=False)
        case CallerKind.SESSION:
            return Known((text(unique, ":", *_parts_after_slash(caller.name)),))
        case CallerKind.FEDERATED_USER:
            return Undetermined(unique) if caller.name is None else Known((_federated_id(caller),))
        case CallerKind.SERVICE:
            return Free()
    assert_never(caller.kind)


def _federated_id(caller: Caller) -> Text:
    return text(*text_parts(caller.account), ":", *_parts_after_slash(caller.name))


def _parts_after_slash(arn: Text | None) -> tuple[str | Hole, ...]:
    """The name at the end of an ARN."""
    return text_parts(_last_step(arn or ""))


def _last_step(arn: Text) -> Text:
    """The name at the end of an ARN, of which parts may not be known."""
    name: list[str | Hole] = []
    for part in reversed(text_parts(arn)):
        _, slash, last = part.rpartition("/") if isinstance(part, str) else ("", "", part)
        name.insert(0, last)
        if slash:
            break
    return text(*name)


@lru_cache(maxsize=16_384)
def _of_target(target: Target) -> Mapping[str, KeyState]:
    states: dict[str, KeyState] = {name: Known(values) for name, values in target.facts.items()}
    states["aws:resourceaccount"] = Known((target.account,))
    if target.region:
        states["aws:requestedregion"] = Known((target.region,))
    if target.organization is not None:
        states |= {"aws:resourceorgid": Known((target.organization,))}
    return states


def _of_key(name: str, target: Target) -> KeyState:
    """A key that is constant for the KMS key and not among the known facts."""
    if isinstance(target.arn, Pattern):
        return Free(multivalued=name in _MULTIVALUED)
    if target.settled and name.startswith(("aws:resourcetag/", "kms:resourcealiases")):
        return Absent()
    return Undetermined(Hole(target.address, f"/{name}", f"`{name}` of the key is not known"))


def _of_request(name: str, caller: Caller, target: Target) -> KeyState:
    if name == "aws:principalorgid" and caller.account == target.account and caller.account:
        if target.organization is not None:
            return Known((target.organization,))
        reason = "the account's organization is not known; set organization_id"
        return Undetermined(Hole(target.address, f"/{name}", reason))
    if name.startswith("aws:principalorg") and caller.account == target.account and caller.account:
        return Undetermined(
            Hole(target.address, f"/{name}", "where the account stands in its organization is not known")
        )
    if caller.is_person and name.startswith(_OF_SERVICES) and not name.startswith(_OF_NETWORKS):
        return Absent()
    if name.startswith("aws:principaltag/") and caller.kind is CallerKind.USER and caller.name is not None:
        return _tag(name.partition("/")[2], name, caller, target)
    boolean = name in ("aws:multifactorauthpresent", "aws:viaawsservice") or name.endswith("isforawsresource")
    domain = _BOOLEAN if boolean else ()
    return Free(domain, optional=name not in ("aws:currenttime", "aws:epochtime"), multivalued=name in _MULTIVALUED)


def _tag(tag: str, name: str, caller: Caller, target: Target) -> KeyState:
    """A tag of a user: fixed, unlike those of a session."""
    if caller.tags is None:
        return Undetermined(Hole(target.address, f"/{name}", f"the tags of `{caller.name}` are not known"))
    found = next((value for own, value in caller.tags.items() if own.lower() == tag), None)
    return Absent() if found is None else Known((found,))
