"""Who makes a request: what it is called, what the request says of it, and how a Principal element names it.

Pages of the IAM User Guide are named without `reference_policies_`.
"""

from collections.abc import Mapping
from enum import Enum, auto
from functools import cached_property, lru_cache
from typing import assert_never

from msgspec import Struct

from tfkms.iam.document import PrincipalName, Principals, PrincipalType
from tfkms.iam.simulate_conditions import Context
from tfkms.iam.simulate_texts import STAR, Truth, equal, every, letters, matched, negated, some, split
from tfkms.values import Hole, Template, Text, text, text_parts


class Kind(Enum):
    """What sort of principal calls. A ROLE is some session of it; of an UNKNOWN one not even this is known."""

    USER = auto()
    ROLE = auto()
    SESSION = auto()
    FEDERATED = auto()
    ROOT = auto()
    SERVICE = auto()
    UNSIGNED = auto()
    UNKNOWN = auto()


class Caller(Struct, frozen=True, dict=True):
    """Who calls. `name` is the ARN, or the service's name; `role` and `session` are names, of a SESSION only."""

    kind: Kind
    name: Text
    partition: Text = ""
    account: Text = ""
    role: Text = ""
    session: Text = ""

    @cached_property
    def root(self) -> Text:
        """The ARN of the root user of its account, which names the whole account."""
        return self.iam("root")

    def iam(self, *resource: Text) -> Text:
        """The ARN of another thing of IAM in the caller's account."""
        pieces = ("arn:", self.partition, ":iam::", self.account, ":", *resource)
        return text(*(part for piece in pieces for part in text_parts(piece)))

    @property
    def principal_arn(self) -> Text:
        """`aws:PrincipalArn`: for a session the ARN of its role, taken to have no path."""
        return self.iam("role/", self.role) if self.kind is Kind.SESSION else self.name

    @property
    def has_own_policies(self) -> Truth:
        """Whether identity policies, boundaries and session policies bear on the caller."""
        match self.kind:
            case Kind.USER | Kind.ROLE | Kind.SESSION | Kind.FEDERATED:
                return Truth.TRUE
            case Kind.ROOT | Kind.SERVICE | Kind.UNSIGNED:
                return Truth.FALSE
            case Kind.UNKNOWN:
                return Truth.UNSURE
            case _:
                assert_never(self.kind)

    @property
    def is_service_linked(self) -> Truth:
        """Whether the caller is a service-linked role, known by its path, or a session of one, known by its name."""
        match self.kind:
            case Kind.ROLE:
                start = self.iam("role/aws-service-role/")
                return matched((*letters(start), STAR), letters(self.name))
            case Kind.SESSION:
                return matched((*letters("AWSServiceRoleFor"), STAR), letters(self.role))
            case _:
                return Truth.UNSURE if self.kind is Kind.UNKNOWN else Truth.FALSE


def caller_of(principal: Text) -> Caller:
    """The principal taken apart (identifiers#identifiers-arns)."""
    if principal == "*":
        return Caller(Kind.UNSIGNED, principal)
    start = text_parts(principal)[0]
    if not isinstance(start, str) or (isinstance(principal, Template) and "arn:".startswith(start)):
        return Caller(Kind.UNKNOWN, principal)
    if not start.startswith("arn:"):
        return Caller(Kind.SERVICE, principal)
    pieces = split(principal, ":", 5)
    if len(pieces) < 6:
        return Caller(Kind.UNKNOWN, principal)
    _, partition, service, _, account, resource = pieces
    match service, split(resource, "/", 2):
        case "iam", ["root"]:
            return Caller(Kind.ROOT, principal, partition, account)
        case "iam", ["user", _, *_]:
            return Caller(Kind.USER, principal, partition, account)
        case "iam", ["role", _, *_]:
            return Caller(Kind.ROLE, principal, partition, account)
        case "sts", ["assumed-role", role, session]:
            return Caller(Kind.SESSION, principal, partition, account, role, session)
        case "sts", ["federated-user", _, *_]:
            return Caller(Kind.FEDERATED, principal, partition, account)
        case _:
            return Caller(Kind.UNKNOWN, principal)


# What the request carries

_BY_THE_SERVICE = frozenset(
    {"kms:calleraccount", "aws:principalaccount", "aws:principaltype", "aws:userid", "aws:principalservicenameslist"}
)
_BY_THE_PRINCIPAL = _BY_THE_SERVICE | {
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalservicename",
    "aws:username",
}
_TYPES = {
    Kind.USER: "User",
    Kind.ROLE: "AssumedRole",
    Kind.SESSION: "AssumedRole",
    Kind.FEDERATED: "FederatedUser",
    Kind.ROOT: "Account",
}
_WITH_POLICY_NAME = frozenset({"kms:putkeypolicy", "kms:getkeypolicy"})
_BY_ALIAS = frozenset(
    f"kms:{name}".lower()
    for name in (
        *("Decapsulate", "Decrypt", "DeriveSharedSecret", "DescribeKey", "Encapsulate", "Encrypt", "GenerateDataKey"),
        *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext"),
        *("GenerateMac", "GetPublicKey", "ReEncryptFrom", "ReEncryptTo", "Sign", "Verify", "VerifyMac"),
    )
)
"""The operations whose request can name an alias (kms:conditions-kms, kms:RequestAlias)."""


def context_of(caller: Caller, action: str, resource: Text, given: Mapping[str, tuple[Text, ...]]) -> Context:
    """The keys given and those that follow from the rest of the request (condition-keys; variables#principaltable)."""
    derived: dict[str, tuple[Text, ...]] = {}
    unsettled: frozenset[str] = frozenset()
    if caller.kind is Kind.UNKNOWN:
        unsettled = _BY_THE_PRINCIPAL
    elif caller.kind is Kind.SERVICE:
        unsettled = _BY_THE_SERVICE
        derived = {"aws:principalisawsservice": ("true",), "aws:principalservicename": (caller.name,)}
    else:
        derived = {
            "aws:principalarn": (caller.principal_arn,),
            "aws:principalaccount": (caller.account,),
            "kms:calleraccount": (caller.account,),
            "aws:principaltype": (_TYPES[caller.kind],),
            "aws:principalisawsservice": ("false",),
            "aws:userid": (_user_id(caller),),
        }
    if caller.kind is Kind.USER:
        derived["aws:username"] = (_user_name(caller.name),)
    pieces = split(resource, ":", 5)
    if len(pieces) == 6:
        derived["aws:resourceaccount"] = (pieces[4],)
    else:
        unsettled |= {"aws:resourceaccount"}
    if action.lower() in _WITH_POLICY_NAME:
        derived["kms:policyname"] = ("default",)
    values = derived | {key.lower(): values for key, values in given.items()}
    if action.lower() not in _BY_ALIAS:
        values.pop("kms:requestalias", None)
    return Context(values, unsettled - values.keys())


def _user_name(arn: Text) -> Text:
    """What follows the last slash; a hole there may hold another."""
    last = text_parts(arn)[-1]
    if isinstance(last, str) and "/" in last:
        return last.rpartition("/")[2]
    return text(Hole("", str(arn), "the name of a user"))


def _user_id(caller: Caller) -> Text:
    """`aws:userid`; AWS alone knows the unique ids in it, which are holes here."""
    unique = Hole("", str(caller.principal_arn), "the unique id that AWS gave the principal")
    match caller.kind:
        case Kind.ROOT:
            return caller.account
        case Kind.SESSION:
            return text(unique, ":", *text_parts(caller.session))
        case Kind.ROLE:
            return text(unique, ":", Hole("", str(caller.name), "the name of a session"))
        case Kind.FEDERATED:
            return text(*text_parts(caller.account), ":", *text_parts(split(caller.name, "/", 1)[1]))
        case _:
            return text(unique)


# Principals


class Naming(Struct, frozen=True):
    """The ways in which a Principal element names the caller: as one of all, itself, by its role, by its account."""

    everyone: Truth = Truth.FALSE
    own: Truth = Truth.FALSE
    role: Truth = Truth.FALSE
    account: Truth = Truth.FALSE

    def __or__(self, other: "Naming") -> "Naming":
        return Naming(
            max(self.everyone, other.everyone),
            max(self.own, other.own),
            max(self.role, other.role),
            max(self.account, other.account),
        )

    def __and__(self, truth: Truth) -> "Naming":
        return Naming(*(min(one, truth) for one in (self.everyone, self.own, self.role, self.account)))

    @property
    def anyhow(self) -> Truth:
        """Whether the caller is named in any of the ways."""
        return some((self.everyone, self.own, self.role, self.account))


NOBODY = Naming()
MAYBE = Naming(Truth.UNSURE, Truth.UNSURE, Truth.UNSURE, Truth.UNSURE)


def allowed_to(principals: Principals, caller: Caller) -> Naming:
    """The ways in which an Allow with these principals names the caller."""
    naming = _naming(principals, caller)
    everyone = naming.everyone
    if principals.negated:
        # Everyone but the named. Whether naming the account takes out all who are in it, no page says, nor whether a
        # boundary limits such a grant as it does one to a role, or not, as one to everyone.
        everyone = negated(some((everyone, naming.own, naming.role, min(naming.account, Truth.UNSURE))))
        naming = Naming(role=everyone if caller.kind is not Kind.SERVICE else Truth.FALSE)
        everyone = min(everyone, Truth.UNSURE)
    if caller.kind is Kind.SERVICE:
        everyone = min(everyone, Truth.UNSURE)  # no page says that `*` grants to services
    return Naming(everyone, naming.own, naming.role, naming.account)


def denied_to(principals: Principals, caller: Caller, bounded: bool) -> Truth:
    """Whether a Deny with these principals reaches the caller, who has a permissions boundary if `bounded`.

    The account principal is the whole account. With NotPrincipal AWS "might validate the account first", then the role,
    then the session: whoever is named in part only may be denied (elements_notprincipal), and whoever has a boundary
    always is (access_policies_boundaries).
    """
    naming = _naming(principals, caller)
    if not principals.negated:
        return naming.anyhow
    match caller.kind:
        case Kind.USER | Kind.FEDERATED:
            named = every((naming.own, naming.account))
        case Kind.ROLE | Kind.SESSION:
            named = every((naming.own, naming.role, naming.account))
        case Kind.ROOT | Kind.SERVICE:
            named = naming.own
        case Kind.UNSIGNED | Kind.UNKNOWN:
            return Truth.UNSURE
        case _:
            assert_never(caller.kind)
    if some((naming.everyone, naming.own, naming.role)) is Truth.FALSE or (bounded and caller.has_own_policies):
        return Truth.TRUE
    return Truth.FALSE if max(naming.everyone, named) is Truth.TRUE else Truth.UNSURE


@lru_cache(maxsize=65_536)
def _naming(principals: Principals, caller: Caller) -> Naming:
    found = MAYBE if principals.opaque else Naming()
    for name in principals.names:
        found |= _named(name, caller)
    return found


def _named(name: PrincipalName, caller: Caller) -> Naming:
    """How one entry names the caller (elements_principal). A wildcard is no pattern there: `role/*` names nobody."""
    match name.type:
        case PrincipalType.AWS:
            return _named_by_arn(name.value, caller)
        case PrincipalType.SERVICE if caller.kind in (Kind.SERVICE, Kind.UNKNOWN):
            own = equal(name.value, caller.name)
            return Naming(own=max(own, Truth.UNSURE) if name.value == "*" else own)
        case PrincipalType.SERVICE | PrincipalType.FEDERATED:
            return Naming()  # a federated provider means something to a role's trust policy only
        case _:
            assert_never(name.type)


def _named_by_arn(name: Text, caller: Caller) -> Naming:
    everyone = equal(name, "*")
    if caller.kind is Kind.UNKNOWN:
        return MAYBE | Naming(everyone)
    if caller.kind is Kind.SERVICE:
        return Naming(everyone)
    account = equal(name, caller.root)
    if all(not isinstance(part, str) or part.isdigit() for part in text_parts(name)):
        account = max(account, equal(name, caller.account))
    match caller.kind:
        case Kind.ROOT:
            return Naming(everyone, own=account, account=account)
        case Kind.USER:
            return Naming(everyone, own=equal(name, caller.name), account=account)
        case Kind.ROLE:
            return Naming(everyone, role=equal(name, caller.name), account=account)
        case Kind.SESSION:
            return Naming(everyone, own=equal(name, caller.name), role=_names_role(name, caller), account=account)
        case Kind.FEDERATED:
            # The session acts for a user of its account; the request does not tell which.
            users = (*letters(caller.iam("user/")), STAR)
            role = min(matched(users, letters(name)), Truth.UNSURE)
            return Naming(everyone, own=equal(name, caller.name), role=role, account=account)
        case _:
            raise AssertionError(f"{caller.kind} has no ARN")


def _names_role(name: Text, caller: Caller) -> Truth:
    """Whether the entry is the ARN of the session's role. Role names are unique in an account, whatever the path."""
    if any(isinstance(part, str) and "*" in part for part in text_parts(name)):
        return Truth.FALSE
    below = (*letters(caller.iam("role/")), STAR, "/", *letters(caller.role))
    return max(equal(name, caller.iam("role/", caller.role)), matched(below, letters(name)))
