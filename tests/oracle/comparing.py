"""Puts generated documents and requests to tfkms: to the literal evaluator, and to the decision."""

import json
from collections.abc import Iterator, Mapping
from functools import cache

from msgspec.structs import replace

from tests.oracle.generator import (
    ACCOUNT,
    ACTIONS,
    APP,
    CONDITION_KEYS,
    CROSSING,
    FEDERATED,
    KEY,
    KEY_FACTS,
    OPS,
    ORGANIZATION,
    REGION,
    TAGS,
    Documents,
    Json,
    Request,
    account_of,
    is_service,
    told,
)
from tfkms import catalogue
from tfkms.checks.parties import witness
from tfkms.iam import callers
from tfkms.iam.callers import Caller, CallerKind, Target
from tfkms.iam.case import Case
from tfkms.iam.document import Policy
from tfkms.iam.grants import Bundle, Guarding
from tfkms.iam.key_values import Reading
from tfkms.iam.parse import parse_policy, read_policy_text
from tfkms.iam.simulate import Answer, simulate
from tfkms.iam.simulate import Documents as Simulated
from tfkms.iam.simulate import Request as Asked
from tfkms.location import Origin

ANYONE = (APP, OPS, f"arn:aws:iam::{ACCOUNT}:role/zzz")
"""Roles that stand for anyone of the account."""

TARGET = Target(
    "aws_kms_key.main", KEY, ACCOUNT, REGION, "aws", ORGANIZATION, {key.lower(): own for key, own in KEY_FACTS.items()}
)
_NAMES = {name.lower(): name for name in (*CONDITION_KEYS, "aws:ResourceAccount", "aws:ResourceOrgID")}


@cache
def _read(text: str) -> Policy:
    value, _ = read_policy_text(text, Origin("aws_kms_key.main", "/policy"))
    return parse_policy(value, Origin("aws_kms_key.main", "/policy"))[0]


def policy(content: Json) -> Policy:
    """The policy that the JSON is."""
    return _read(json.dumps(content))


def simulated(documents: Documents, request: Request) -> Answer:
    """What the literal evaluator says."""
    return simulate(
        Asked(request.principal, request.action, KEY, told(request)),
        Simulated(
            key_policy=policy(documents.key_policy),
            identity=tuple(map(policy, documents.identity)),
            boundary=policy(documents.boundary) if documents.boundary else None,
            session=policy(documents.session) if documents.session else None,
            guards=tuple(tuple(map(policy, level)) for level in documents.guards),
            resource_guards=tuple(policy(own) for level in documents.resource_guards for own in level),
        ),
        CROSSING,
    )


def decidable(documents: Documents) -> Documents:
    """The documents as the decision takes them: it reads no session policies, of control policies only the Denies, and
    takes whatever another account grants its own principals as granted."""
    everything = ({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},)
    abroad = not is_service(documents.caller) and account_of(documents.caller) != ACCOUNT
    own = () if documents.caller == FEDERATED else documents.identity  # none are ever joined to such a session
    return replace(
        documents,
        session=None,
        identity=everything if abroad else own,
        boundary=None if abroad else documents.boundary,
        guards=tuple((*level, *everything) for level in documents.guards) if not abroad else (),
    )


def actions(caller: str) -> tuple[str, ...]:
    """The actions that the decision is asked about: of another account's principal those that KMS honours."""
    abroad = not is_service(caller) and account_of(caller) != ACCOUNT
    return tuple(action for action in ACTIONS if action in CROSSING or not abroad)


def case(documents: Documents, action: str, *, anyone: bool = False) -> Case:
    """The question whether the caller, or any role of the account, may do the action."""
    caller = _caller(documents.caller, bounded=documents.boundary is not None)
    if anyone:
        caller = replace(callers.anyone(CallerKind.ROLE, ACCOUNT, "aws"), bounded=caller.bounded)
    guards = (
        *(Guarding(policy(own), on_resources=False, sure=True) for level in documents.guards for own in level),
        *(Guarding(policy(own), on_resources=True, sure=True) for level in documents.resource_guards for own in level),
    )
    bundle = Bundle(
        identity=tuple(map(policy, documents.identity)),
        boundaries=(policy(documents.boundary),) if documents.boundary else (),
        guards=guards,
    )
    return Case(
        policy(documents.key_policy), bundle, caller, TARGET, catalogue.actions()[action.removeprefix("kms:")]
    )  # fmt: skip


def _caller(principal: str, *, bounded: bool) -> Caller:
    if is_service(principal):
        return callers.service(principal, "aws")
    account, resource = account_of(principal), principal.split(":", 5)[5]
    match resource.split("/")[0]:
        case "root":
            return callers.root_user(account, "aws")
        case "assumed-role":
            return callers.session(principal, resource.split("/")[1], account, "aws", bounded)
        case "federated-user":
            return callers.named(CallerKind.FEDERATED_USER, principal, account, "aws", bounded)
        case "user":
            user = callers.named(CallerKind.USER, principal, account, "aws", bounded)
            return replace(user, tags={"team": TAGS[principal]} if principal in TAGS else {})
        case _:
            return callers.named(CallerKind.ROLE, principal, account, "aws", bounded)


def witnesses(asked: Case) -> Iterator[Request]:
    """The requests that prove, by the decision, that the case's action is granted."""
    for granted in asked.granted(Reading.STRICT):
        proof = witness(asked, granted.solution, None)
        context: Mapping[str, tuple[str, ...]] = {
            _NAMES.get(name.lower(), name): tuple(map(str, values)) for name, values in proof.context.items()
        }
        yield Request(str(proof.principal), proof.action, context)


def turned(request: Request, action: str) -> Request:
    """The request for another action, without the condition keys that it does not carry."""
    chosen = {
        key: values
        for key, values in request.chosen.items()
        if not CONDITION_KEYS[key].actions or action in CONDITION_KEYS[key].actions
    }
    return Request(request.principal, action, chosen)


def refuses(asked: Case) -> bool:
    """Whether the decision says that no request exists."""
    return not asked.granted(Reading.LOOSE)
