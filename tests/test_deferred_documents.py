"""Policy documents that are read during apply: put together from true plans, as far as a plan tells them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import run
from tests.plan_builder import block, change, plan
from tfkms import catalogue
from tfkms.documents import Moment
from tfkms.extract import Estate, extract
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.plan import read_plan
from tfkms.values import holes, plain

FIXTURES = Path(__file__).parent / "fixtures" / "deferred"
DOCUMENT = "data.aws_iam_policy_document.d"


def estate(content: bytes) -> Estate:
    return extract(read_plan(content, "plan.json", lambda _: True, Assumed()), catalogue.sites(), Moment.AFTER)


def of_plan(name: str) -> dict[str, Any]:
    """The document of every resource of a recorded plan, as JSON with `$unknown` leaves."""
    found = estate((FIXTURES / name / "plan.json").read_bytes())
    return {document.address: plain(document.content) for document in found.documents}


DOCUMENTS = of_plan("documents")
ROOT = DOCUMENTS["data.aws_iam_policy_document.root"]["Statement"][0]
ADMIN = DOCUMENTS["data.aws_iam_policy_document.root"] | {
    "Statement": [
        ROOT,
        {
            "Sid": "Admin",
            "Effect": "Allow",
            "Action": "kms:ScheduleKeyDeletion",
            "Resource": "*",
            "Principal": {"AWS": "arn:aws:iam::111122223333:role/ops/KeyAdmin"},
        },
    ]
}


@pytest.mark.parametrize("name", ["documents", "document-rules", "dynamic-statements", "modules"])
def test_the_documents_of_a_plan_are_told_as_before(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(FIXTURES / name / "policies.json", run("policies", "plan.json", "--format", "json", cwd=FIXTURES / name).out)


@pytest.mark.parametrize("key", ["simple", "minified", "one", "coalesced", "chosen", "alternative"])
def test_an_argument_that_is_a_document_or_chooses_it_is_that_document(key: str) -> None:
    assert DOCUMENTS[f"aws_kms_key.{key}"] == ADMIN


@pytest.mark.parametrize("key", ["replaced", "one_of_two", "by_local", "switched_by_local", "encoded"])
def test_an_argument_that_may_compose_is_not_known(key: str) -> None:
    assert list(DOCUMENTS[f"aws_kms_key.{key}"]) == ["$unknown"]


def test_each_of_several_references_stands_in_one_of_as_many_unknown_places() -> None:
    (statement,) = DOCUMENTS["aws_kms_key.several"]["Statement"]

    assert statement["Principal"] == {
        "AWS": [f"arn:aws:iam::111122223333:{name}" for name in ("root", "role/app-1", "role/app-0")],
        "Service": "logs.us-east-1.amazonaws.com",
    }
    assert statement["Condition"]["ArnLike"]["aws:PrincipalArn"] == [
        "arn:aws:iam::111122223333:role/ops/KeyAdmin",
        {"$unknown": "arn:aws:iam::111122223333:role/worker-${aws_iam_role.made_up.name}"},
    ]


def test_more_references_than_unknown_places_tell_nothing() -> None:
    one_of_two, composed = DOCUMENTS["aws_kms_key.doubtful"]["Statement"]

    assert one_of_two["Principal"] == composed["Principal"] == {"AWS": {"$unknown": "${random_id.x.hex}"}}


def test_two_places_that_refer_to_the_same_thing_need_not_be_equal() -> None:
    found = estate((FIXTURES / "documents" / "plan.json").read_bytes())
    (document,) = [item for item in found.documents if item.address == "aws_kms_key.doubtful"]

    assert len({hole for _, _, hole in holes(document.content)}) == 2


def test_documents_are_followed_through_documents() -> None:
    chain = DOCUMENTS["aws_kms_key.chain"]["Statement"]

    assert [(item["Sid"], item["Effect"]) for item in chain] == [
        ("Root", "Allow"),
        ("Admin", "Deny"),
        ("Several", "Allow"),
    ]


def test_a_known_document_that_is_read_late_is_that_document() -> None:
    assert DOCUMENTS["aws_kms_key.late"] == DOCUMENTS["data.aws_iam_policy_document.root"]


def test_of_a_computed_instance_that_is_told_which_all_have_in_common() -> None:
    """`d[count.index].json` and `d[1 - count.index].json` look alike in a plan."""
    (statement,) = DOCUMENTS["aws_kms_key.counted[0]"]["Statement"]

    assert (statement["Effect"], statement["Action"]) == ("Allow", "kms:Decrypt")
    assert statement["Sid"] == {"$unknown": "Counted${data.aws_iam_policy_document.counted}"}
    assert statement["Principal"]["AWS"]["$unknown"].startswith("arn:aws:iam::111122223333:role/app-${")


def test_with_the_source_a_computed_instance_is_the_one_that_is_meant() -> None:
    folder = FIXTURES / "documents"
    found = json.loads(run("policies", "plan.json", "--source", ".", "--format", "json", cwd=folder).out)
    documents = {item["address"]: item["document"] for item in found if item["attribute"] == "/policy"}

    assert [documents[f"aws_kms_key.counted[{n}]"]["Statement"][0]["Sid"] for n in (0, 1)] == ["Counted0", "Counted1"]


def test_beside_dynamic_blocks_the_static_ones_are_told_by_their_constants() -> None:
    statements = DOCUMENTS["aws_kms_key.dynamic"]["Statement"]
    told = {item["Sid"]: item["Principal"]["AWS"] for item in statements}

    assert told["First"] == "arn:aws:iam::111122223333:role/ops/KeyAdmin"
    assert told["Last"] == "arn:aws:iam::111122223333:role/app-0"
    assert "$unknown" in told["App0"]


def test_an_unknown_number_of_statements_may_say_anything() -> None:
    assert all("$unknown" in item for item in DOCUMENTS["aws_kms_key.unknown_count"]["Statement"])


def judged(key: str, *words: str) -> list[dict[str, Any]]:
    """The findings of IAM-KMS-3 on a key of the plan with statements beside dynamic ones."""
    name = FIXTURES / "dynamic-statements"
    report = run("scan", *words, "--check", "IAM-KMS-3", "--format", "json", cwd=name).report
    return [item for item in report["findings"] if item["address"] == key]


def test_beside_an_unknown_number_of_statements_those_written_out_may_have_further_conditions() -> None:
    guard = of_plan("dynamic-statements")["aws_kms_key.guard"]["Statement"]

    assert [(item.get("Sid"), item.get("Effect")) for item in guard] == [
        ("Guard", "Deny"),
        ("Root", "Allow"),
        (None, None),
    ]
    assert all("$unknown" in str(item["Condition"]) for item in guard[:2])
    assert "$unknown" in guard[2]


def test_a_plan_alone_leaves_a_statement_beside_dynamic_ones_undecided_and_says_what_would_settle_it() -> None:
    rogue, _ = judged("aws_kms_key.rogue", "plan.json")

    assert rogue["verdict"] == "undecided"
    assert rogue["principals"] == ["arn:aws:iam::111122223333:role/rogue"]
    assert "scan with --source" in rogue["message"]


def test_with_the_source_a_statement_beside_dynamic_ones_is_decided() -> None:
    (rogue,) = judged("aws_kms_key.rogue", "plan.json", "--source", ".")

    assert rogue["verdict"] == "violated"
    assert rogue["evidence"][0]["sid"] == "Rogue"


@pytest.mark.parametrize("words", [("plan.json",), ("plan.json", "--source", ".")])
def test_a_deny_that_a_dynamic_block_gives_a_condition_guards_nothing(words: tuple[str, ...]) -> None:
    found = judged("aws_kms_key.guard", *words)

    assert {item["verdict"] for item in found} == {"undecided"}


def test_what_is_made_of_a_secret_is_one() -> None:
    found = estate((FIXTURES / "documents" / "plan.json").read_bytes())
    secret = {item.address for item in found.documents if item.sensitive}

    assert secret == {"aws_kms_key.secret", "data.aws_iam_policy_document.secret"}


def test_documents_are_followed_into_modules_and_out_of_them() -> None:
    told = of_plan("modules")
    readers = told["aws_kms_key.by_output"]["Statement"][0]["Principal"]["AWS"]

    assert readers == ["arn:aws:iam::111122223333:role/green", "arn:aws:iam::111122223333:role/blue"]
    assert told["module.default.aws_kms_key.this"]["Statement"][0]["Sid"] == "Owner"
    assert list(told['module.given["blue"].aws_kms_key.this']) == ["$unknown"]


def test_evidence_names_the_references_that_it_rests_on() -> None:
    found = estate((FIXTURES / "documents" / "plan.json").read_bytes())
    (chain,) = [item for item in found.documents if item.address == "aws_kms_key.chain"]
    root, admin, several = [chain.evidence(statement).assumed for statement in chain.policy]

    assert root == ("data.aws_iam_policy_document.chain.json", "data.aws_iam_policy_document.admin.json")
    assert admin == (
        "data.aws_iam_policy_document.chain.json",
        "data.aws_iam_policy_document.override.json",
        "aws_iam_role.app[1].arn",
    )
    assert set(several) == {
        "data.aws_iam_policy_document.chain.json",
        "data.aws_iam_policy_document.several.minified_json",
        *(f"aws_iam_role.{name}.arn" for name in ("admin", "made_up", "app[0]", "app[1]")),
    }


def test_what_the_provider_drops_without_a_word_is_said_of_known_documents_too() -> None:
    path = FIXTURES.parent / "plans" / "policy-documents" / "plan.json"
    scan = read_plan(path.read_bytes(), "plan.json", lambda _: True, Assumed())

    assert [(item.code, item.address) for item in scan.diagnostics] == [
        ("deny-replaced", "data.aws_iam_policy_document.merged"),
        ("condition-dropped", "data.aws_iam_policy_document.numbers"),
        ("condition-dropped", "data.aws_iam_policy_document.numbers"),
    ]


# The rules of the data source, on documents that are read during apply


RULES = of_plan("document-rules")


def said(key: str) -> list[tuple[str | None, str]]:
    """The Sids and effects of the statements of a key's policy."""
    return [(item.get("Sid"), item["Effect"]) for item in RULES[f"aws_kms_key.{key}"]["Statement"]]


def test_a_block_takes_the_place_of_the_source_s_statement_of_its_sid_be_it_a_deny() -> None:
    assert said("own_over_source") == [("Root", "Allow"), ("Guard", "Allow")]


def test_an_override_takes_the_place_of_the_block_s_statement_of_its_sid() -> None:
    assert said("overridden") == [("Guard", "Deny"), ("Root", "Allow")]


def test_a_number_in_a_condition_of_a_source_is_no_condition() -> None:
    recent = RULES["aws_kms_key.numeric"]["Statement"][0]

    assert (recent["Sid"], "Condition" in recent) == ("Recent", False)


def test_what_the_blocks_say_is_written_as_the_provider_does() -> None:
    (statement,) = RULES["aws_kms_key.written"]["Statement"]

    assert statement["Action"] == ["kms:Encrypt", "kms:Decrypt"]
    assert statement["Condition"] == {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "StringEquals": {"kms:EncryptionContext:team": ["${aws:PrincipalTag/team}", "shared"]},
    }


def test_a_list_in_a_condition_of_a_source_with_what_is_no_string_stops_the_provider() -> None:
    scan = read_plan((FIXTURES / "document-rules" / "plan.json").read_bytes(), "plan.json", lambda _: True, Assumed())

    assert [(item.code, item.address.rpartition(".")[2]) for item in scan.diagnostics if item.address] == [
        ("condition-dropped", "numeric"),
        ("deny-replaced", "own_over_source"),
        ("policy-document-refused", "refused"),
    ]
    assert list(RULES["aws_kms_key.refused"]) == ["$unknown"]


def test_the_commonest_plan_is_decided() -> None:
    plans = FIXTURES.parent / "plans" / "partly-unknown"
    report = run("scan", "plan.json", "--format", "json", cwd=plans).report
    verdicts = {(item["check"], item["address"]): item["verdict"] for item in report["verdicts"]}

    assert "undecided" not in verdicts.values()
    assert {check for (check, _), verdict in verdicts.items() if verdict == "violated"} == {"IAM-KMS-3", "IAM-KMS-8"}
    assert verdicts["IAM-KMS-1", "aws_kms_key.b"] == "pass"


# Which block an element is made of


def statement(sid: Any, *identifiers: Any) -> dict[str, Any]:
    principals = [{"type": "AWS", "identifiers": list(identifiers)}]
    return {"sid": sid, "actions": ["kms:Decrypt"], "resources": ["*"], "principals": principals}


def unknown(*identifiers: bool) -> dict[str, Any]:
    return {"principals": [{"identifiers": list(identifiers)}]}


def written(sid: str | None, role: str) -> dict[str, Any]:
    """A statement block of the configuration whose only principal is that role."""
    sid_expression = {} if sid is None else {"sid": {"constant_value": sid}}
    reference = {"references": [f"aws_iam_role.{role}.arn", f"aws_iam_role.{role}"]}
    return sid_expression | {"principals": [{"type": {"constant_value": "AWS"}, "identifiers": reference}]}


def principals_of(statements: list[Any], masks: list[Any], blocks: list[Any]) -> list[Any]:
    """The principals of the statements of a deferred document with these blocks in its configuration."""
    roles = ("a", "b", "c")
    content = plan(
        change(DOCUMENT, {"statement": statements}, unknown={"json": True, "statement": masks}, actions=("read",)),
        *(change(f"aws_iam_role.{role}", {"name": role, "path": "/"}, unknown={"arn": True}) for role in roles),
        blocks=(
            block("aws_iam_policy_document.d", statement=blocks) | {"address": DOCUMENT, "mode": "data"},
            *(block(f"aws_iam_role.{role}") for role in roles),
        ),
    )
    (document,) = estate(json.dumps(content).encode()).documents
    told: Any = plain(document.content)
    names = [item["Principal"]["AWS"] for item in told["Statement"]]
    return [name.rpartition("/")[2] if isinstance(name, str) else None for name in names]


HIDDEN = unknown(True)


@pytest.mark.parametrize(
    ("sids", "blocks", "expected"),
    [
        ([None, None], [(None, "a"), (None, "b")], ["a", "b"]),
        (["A", None], [("A", "a")], ["a", None]),
        ([None, "A"], [("A", "a")], [None, "a"]),
        (["A", "B", "C"], [("A", "a"), ("C", "c")], ["a", None, "c"]),
        ([None, None], [(None, "a")], [None, None]),
        (["A", None, "C"], [("A", "a"), (None, "b"), ("C", "c")], ["a", "b", "c"]),
        (["A", "X", "Y", "C"], [("A", "a"), (None, "b"), ("C", "c")], ["a", None, None, "c"]),
        (["B", "A"], [("A", "a"), ("B", "b")], [None, None]),
    ],
)
def test_an_element_is_of_the_block_that_alone_it_can_be_of(
    sids: list[str | None], blocks: list[tuple[str | None, str]], expected: list[str | None]
) -> None:
    found = principals_of([statement(sid, None) for sid in sids], [HIDDEN] * len(sids), [written(*b) for b in blocks])

    assert found == expected


def test_blocks_that_are_a_set_are_told_apart_in_any_order() -> None:
    planned = statement("A") | {
        "principals": [
            {"type": "Federated", "identifiers": [None]},
            {"type": "AWS", "identifiers": [None]},
        ]
    }
    mask = {"principals": [{"identifiers": [True]}, {"identifiers": [True]}]}
    aws = written("A", "a")["principals"][0]
    other = {"type": {"constant_value": "Federated"}, "identifiers": {"references": ["aws_iam_role.b.arn"]}}

    assert principals_of([planned], [mask], [written("A", "a") | {"principals": [aws, other]}]) == ["a"]
