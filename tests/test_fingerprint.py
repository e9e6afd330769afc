"""Fingerprints: the same however a statement is written, others as soon as it grants something else."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tfkms.finding import Claim, Evidence, Violated
from tfkms.fingerprint import fingerprint
from tfkms.location import Origin, Span

KEY = "aws_kms_key.main"


def texts(*choices: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(choices), min_size=1, max_size=len(choices), unique=True)


conditions = st.dictionaries(
    st.sampled_from(["StringEquals", "ArnLike", "Bool"]),
    st.dictionaries(st.sampled_from(["aws:PrincipalArn", "kms:ViaService"]), texts("a", "b", "true"), min_size=1),
    max_size=2,
)
statements = st.fixed_dictionaries(
    {
        "Effect": st.just("Allow"),
        "Principal": st.fixed_dictionaries({"AWS": texts("arn:x", "arn:y", "arn:z")}),
        "Action": texts("kms:Decrypt", "kms:Encrypt", "kms:*"),
        "Resource": texts("*", "arn:k", "arn:l"),
    },
    optional={"Condition": conditions, "Sid": st.sampled_from(["One", "Two"])},
)


def frozen(value: Any) -> Any:
    match value:
        case dict():
            return {name: frozen(member) for name, member in value.items()}
        case list():
            return tuple(map(frozen, value))
        case _:
            return value


def evidence(statement: Mapping[str, Any], place: int = 0) -> Evidence:
    span = Span("main.tf", place + 1, 1, place + 2, 1)
    return Evidence(Origin(KEY, f"/policy/Statement/{place}", span), None, frozen(statement))


def found(*written: Mapping[str, Any], other_keys: bool = False, nobody: bool = False) -> Violated:
    proof = tuple(evidence(statement, place) for place, statement in enumerate(written))
    principals = () if nobody else ("arn:x",)
    return Violated(KEY, (KEY,), Claim("cause"), (), proof, principals, other_keys)


def mark(*written: Mapping[str, Any], **options: bool) -> str:
    return fingerprint("IAM-KMS-3", found(*written, **options))


@st.composite
def rewritten(draw: st.DrawFn, value: Any) -> Any:
    """The same written another way: members and lists in another order, a list of one without its brackets."""
    match value:
        case dict():
            names = draw(st.permutations(list(value)))
            return {name: draw(rewritten(value[name])) for name in names}
        case [only] if draw(st.booleans()):
            return only
        case list():
            return draw(st.permutations(value))
        case "true":
            return draw(st.sampled_from(["true", True]))
        case _:
            return value


@given(st.data(), st.lists(statements, min_size=1, max_size=3), st.booleans())
def test_another_order_and_another_way_of_writing_keep_it(data: st.DataObject, written: Any, other_keys: bool) -> None:
    again = data.draw(st.permutations([data.draw(rewritten(statement)) for statement in written]))

    assert mark(*again, other_keys=other_keys) == mark(*written, other_keys=other_keys)


@given(statements)
def test_lines_that_move_keep_it(statement: Any) -> None:
    moved = replace(found(statement), evidence=(evidence(statement, 40),))

    assert fingerprint("IAM-KMS-3", moved) == mark(statement)


@given(statements)
def test_actions_and_names_of_condition_keys_are_the_same_in_either_case(statement: Any) -> None:
    actions = [action.upper() for action in statement["Action"]]
    condition = {
        operator: {name.upper(): value for name, value in keys.items()}
        for operator, keys in statement.get("Condition", {}).items()
    }

    assert mark({**statement, "Action": actions, "Condition": condition}) == mark({"Condition": {}, **statement})


@given(statements, st.sampled_from(["Action", "Resource", "Principal"]))
def test_one_more_action_changes_it_and_so_do_keys_and_principals_that_the_finding_does_not_name(
    statement: Any, member: str
) -> None:
    wider: dict[str, Any] = {
        "Action": [*statement["Action"], "kms:Other"],
        "Resource": [*statement["Resource"], "arn:other"],
        "Principal": {"AWS": [*statement["Principal"]["AWS"], "arn:other"]},
    }
    options = {"other_keys": member == "Resource", "nobody": member == "Principal"}

    assert mark({**statement, member: wider[member]}, **options) != mark(statement, **options)


@given(statements, st.sampled_from(["Resource", "Principal"]))
def test_keys_and_principals_that_the_finding_names_are_no_part_of_it(statement: Any, member: str) -> None:
    other: dict[str, Any] = {"Resource": "arn:other", "Principal": {"AWS": "arn:other"}}

    assert mark({**statement, member: other[member]}) == mark(statement)


@given(statements)
def test_a_condition_that_goes_or_takes_more_values_changes_it(statement: Any) -> None:
    condition = {"StringEquals": {"kms:CallerAccount": ["1"]}}
    guarded = {**statement, "Condition": condition}
    wider = {**statement, "Condition": {"StringEquals": {"kms:CallerAccount": ["1", "2"]}}}
    weaker = {**statement, "Condition": {"StringLike": {"kms:CallerAccount": ["1"]}}}
    bare = {name: value for name, value in statement.items() if name != "Condition"}

    assert len({mark(guarded), mark(wider), mark(weaker), mark(bare)}) == 4


@given(statements)
def test_another_effect_guardrail_resource_or_cause_changes_it(statement: Any) -> None:
    own = found(statement)
    others = {
        fingerprint("IAM-KMS-4", own),
        fingerprint("IAM-KMS-3", replace(own, address="aws_kms_key.other")),
        fingerprint("IAM-KMS-3", replace(own, claim=Claim("another"))),
        mark({**statement, "Effect": "Deny"}),
    }

    assert len({mark(statement), *others}) == 5


@given(statements, st.sampled_from(["NotResource", "NotPrincipal"]))
def test_what_a_statement_leaves_out_is_part_of_it(statement: Any, member: str) -> None:
    left_out: dict[str, Any] = {"NotResource": ["arn:a", "arn:b"], "NotPrincipal": {"AWS": ["arn:a", "arn:b"]}}
    less: dict[str, Any] = {"NotResource": ["arn:a"], "NotPrincipal": {"AWS": ["arn:a"]}}

    assert mark({**statement, member: left_out[member]}) != mark({**statement, member: less[member]})
