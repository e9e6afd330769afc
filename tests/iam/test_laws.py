"""Laws of the decision over policies of all kinds, with the second evaluator as oracle.

A modest run tries a few policies each time; the profile `thorough` tries ten thousand of each law.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import given, note, reject
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.iam.asking import ACCOUNT, CROSSING, KEY, TARGET, document, role, user
from tests.iam.policies import (
    FEDERATED,
    SERVICE,
    SESSION,
    asked_keys,
    contexts,
    hidden,
    leaves,
    openly,
    statements,
    whole,
)
from tfkms import catalogue
from tfkms.checks.parties import witness
from tfkms.iam.callers import Caller, CallerKind, anyone, named, of_any_path, root_user, service, session
from tfkms.iam.case import Case, Granted
from tfkms.iam.document import Policy
from tfkms.iam.grants import EVERYTHING, Bundle, Guarding
from tfkms.iam.key_values import Reading
from tfkms.iam.parse import parse_policy
from tfkms.iam.search import BeyondLimitsError
from tfkms.iam.simulate import Answer, Documents, Request, simulate
from tfkms.location import Origin
from tfkms.values import Text, Value

Statements = list[dict[str, Any]]

FACTS = {
    "aws:resourcetag/team": ("a",),
    "kms:keyspec": ("SYMMETRIC_DEFAULT",),
    "kms:resourcealiases": ("alias/a", "alias/b"),
}
TARGETS = [replace(TARGET, facts=FACTS), replace(TARGET, settled=False, organization="o-a")]
CALLERS = [
    role(),
    role("abc"),
    role(bounded=True),
    user(),
    replace(user(), tags={"team": "a"}),
    session(SESSION, "app", ACCOUNT, "aws"),
    named(CallerKind.FEDERATED_USER, FEDERATED, ACCOUNT, "aws"),
    root_user(ACCOUNT, "aws"),
    service(SERVICE, "aws"),
]
ANYONE = {
    anyone(CallerKind.ROLE, ACCOUNT, "aws"): [role(), role("abc"), role("team/x")],
    anyone(CallerKind.USER, ACCOUNT, "aws"): [user(), user("bob"), user("team/ann")],
    anyone(CallerKind.FEDERATED_USER, ACCOUNT, "aws"): [named(CallerKind.FEDERATED_USER, FEDERATED, ACCOUNT, "aws")],
    of_any_path(CallerKind.ROLE, "app", ACCOUNT, "aws"): [role(), role("team/app")],
    of_any_path(CallerKind.USER, "ann", ACCOUNT, "aws"): [user(), user("team/ann")],
}
ACTIONS = ["DisableKey", "Decrypt", "PutKeyPolicy", "CreateGrant", "RetireGrant"]

KEY_POLICIES = openly()
IDENTITY = openly(identity=True)
BOUNDARIES = st.none() | st.lists(statements(identity=True, effects=("Allow",)), min_size=1, max_size=2)
GUARDS = st.just(()) | st.lists(st.tuples(statements(identity=True, effects=("Deny",)), st.booleans()), max_size=2)
"""Statements of control policies, and whether they are about resources."""


@st.composite
def questions(draw: st.DrawFn) -> tuple[Case, Statements, Statements]:
    """A question with the statements of its key policy and of the other documents."""
    own, held, limits = draw(KEY_POLICIES), draw(IDENTITY), draw(BOUNDARIES)
    caller: Caller = draw(st.sampled_from(CALLERS))
    person = caller.kind not in (CallerKind.ROOT, CallerKind.SERVICE)
    bounded = person and caller.bounded and limits is not None
    guards = draw(GUARDS)
    bundle = Bundle(
        identity=(document(*held),) if person else (),
        boundaries=(document(*limits),) if bounded and limits else (),
        guards=tuple(guarding(own, on_resources) for own, on_resources in guards),
    )
    caller = replace(caller, bounded=bounded)
    action = catalogue.actions()[draw(st.sampled_from(ACTIONS))]
    asked = Case(document(*own), bundle, caller, draw(st.sampled_from(TARGETS)), action)
    return asked, own, [*held, *(limits or []), *(own for own, _ in guards)]


def guarding(deny: dict[str, Any], on_resources: bool) -> Guarding:
    """A control policy in force; one about resources is about everybody."""
    return Guarding(document(deny | {"Principal": "*"} if on_resources else deny), on_resources, sure=True)


def granted(asked: Case, reading: Reading) -> list[Granted]:
    """What is granted; a question beyond the limits is none to test a law with."""
    try:
        return asked.granted(reading)
    except BeyondLimitsError:
        reject()


def surely(asked: Case) -> bool:
    return bool(granted(asked, Reading.STRICT))


def possibly(asked: Case) -> bool:
    return bool(granted(asked, Reading.LOOSE))


def answer(asked: Case, principal: Text, context: Mapping[str, tuple[Text, ...]]) -> Answer:
    bundle = asked.bundle
    documents = Documents(
        asked.key_policy,
        bundle.identity,
        bundle.boundaries[0] if bundle.boundaries else None,
        guards=tuple((own.policy, EVERYTHING) for own in bundle.guards if not own.on_resources),
        resource_guards=tuple(own.policy for own in bundle.guards if own.on_resources),
    )
    return simulate(Request(principal, f"kms:{asked.action.name}", KEY, context), documents, CROSSING)


@given(questions())
def test_every_request_found_is_allowed(question: tuple[Case, Statements, Statements]) -> None:
    asked, _, _ = question
    for found in granted(asked, Reading.STRICT):
        proof = witness(asked, found.solution, None)
        note(str(proof))

        assert answer(asked, proof.principal, proof.context) is Answer.ALLOWED


@given(questions(), st.integers(0, 2**32))
def test_where_nothing_is_found_nothing_is_allowed(question: tuple[Case, Statements, Statements], seed: int) -> None:
    asked, own, others = question
    if possibly(asked):
        return
    names, keys = asked_keys(own, others), asked.keys()
    assert asked.caller.name is not None
    for context in contexts(names, keys, Random(seed), 12):
        note(str(context))

        assert answer(asked, asked.caller.name, context) is not Answer.ALLOWED


@given(questions(), st.sampled_from(sorted(ANYONE, key=repr)), st.integers(0, 2**32))
def test_anyone_is_each_of_them(question: tuple[Case, Statements, Statements], kind: Caller, seed: int) -> None:
    asked, own, others = question
    asked = replace(asked, caller=kind, bundle=replace(asked.bundle, boundaries=()))
    sure, may = surely(asked), possibly(asked)
    if sure:
        found = granted(asked, Reading.STRICT)[0]
        proof = witness(asked, found.solution, None)
        note(str(proof))

        assert answer(asked, proof.principal, proof.context) is Answer.ALLOWED
    if not may:
        for one in ANYONE[kind]:
            single = replace(asked, caller=one)
            assert not surely(single)
            assert one.name is not None
            for context in contexts(asked_keys(own, others), single.keys(), Random(seed), 4):
                note(f"{one.name} {context}")

                assert answer(single, one.name, context) is not Answer.ALLOWED


def read(content: Value) -> Policy:
    return parse_policy(content, Origin("aws_kms_key.main", "/policy"))[0]


@given(questions(), st.data())
def test_hiding_what_is_known_never_turns_an_answer_round(
    question: tuple[Case, Statements, Statements], data: st.DataObject
) -> None:
    asked, own, _ = question
    content = {"Version": "2012-10-17", "Statement": own}
    paths = data.draw(st.lists(st.sampled_from(leaves(content)), min_size=1, max_size=1))
    partly = replace(asked, key_policy=read(hidden(content, paths[0])))

    assert possibly(partly) or not surely(asked)
    assert possibly(asked) or not surely(partly)


@given(questions(), st.data())
def test_hiding_what_an_identity_policy_says_never_turns_an_answer_round(
    question: tuple[Case, Statements, Statements], data: st.DataObject
) -> None:
    asked, _, _ = question
    held = data.draw(st.lists(statements(identity=True), min_size=1, max_size=2))
    content = {"Version": "2012-10-17", "Statement": held}
    path = data.draw(st.sampled_from(leaves(content)))
    for place in ("identity", "boundaries"):
        known, partly = (
            replace(asked, bundle=replace(asked.bundle, **{place: (read(value),)}))
            for value in (whole(content), hidden(content, path))
        )

        assert possibly(partly) or not surely(known)
        assert possibly(known) or not surely(partly)


def shuffled(value: Any, random: Random) -> Any:
    """The value with the members of its lists and objects in another order."""
    if isinstance(value, list):
        return [shuffled(item, random) for item in random.sample(value, len(value))]
    if isinstance(value, dict):
        return {name: shuffled(value[name], random) for name in random.sample(sorted(value), len(value))}
    return value


@given(questions(), st.integers(0, 2**32))
def test_order_never_matters(question: tuple[Case, Statements, Statements], seed: int) -> None:
    asked, own, _ = question
    other = replace(asked, key_policy=document(*shuffled(own, Random(seed))))

    assert (surely(asked), possibly(asked)) == (surely(other), possibly(other))


@given(questions())
def test_saying_it_twice_changes_nothing(question: tuple[Case, Statements, Statements]) -> None:
    asked, own, _ = question
    twice = replace(asked, key_policy=document(*own, *own))

    assert (surely(asked), possibly(asked)) == (surely(twice), possibly(twice))


@given(questions(), statements(effects=("Deny",)), st.booleans())
def test_a_deny_never_grants(question: tuple[Case, Statements, Statements], deny: Any, in_identity: bool) -> None:
    asked, own, _ = question
    denied = replace(asked, key_policy=document(*own, deny))
    if in_identity:
        held = document({name: value for name, value in deny.items() if "Principal" not in name})
        denied = replace(asked, bundle=replace(asked.bundle, identity=(*asked.bundle.identity, held)))

    assert surely(asked) or not surely(denied)
    assert possibly(asked) or not possibly(denied)


@given(questions(), statements(effects=("Allow",)))
def test_an_allow_never_revokes(question: tuple[Case, Statements, Statements], allow: Any) -> None:
    asked, own, _ = question
    allowed = replace(asked, key_policy=document(*own, allow))

    assert surely(allowed) or not surely(asked)
    assert possibly(allowed) or not possibly(asked)


WIDER = {"Action": ["kms:*", "*"], "Resource": ["*"], "Principal": ["*"]}


@given(questions(), st.data())
def test_widening_an_allow_never_turns_a_violation_into_a_pass(
    question: tuple[Case, Statements, Statements], data: st.DataObject
) -> None:
    asked, own, _ = question
    place = data.draw(st.sampled_from(range(len(own))))
    names = [name for name in WIDER if name in own[place]]
    if own[place]["Effect"] == "Deny" or not names:
        return
    name = data.draw(st.sampled_from(names))
    wider = own[place] | {name: data.draw(st.sampled_from(WIDER[name]))}
    widened = replace(asked, key_policy=document(*own[:place], wider, *own[place + 1 :]))

    assert possibly(widened) or not surely(asked)
    assert possibly(widened) or not possibly(asked)


@given(questions())
def test_a_deny_for_everybody_leaves_nothing(question: tuple[Case, Statements, Statements]) -> None:
    asked, own, _ = question
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}

    assert not possibly(replace(asked, key_policy=document(*own, deny)))
