"""The matrix of principals and permissions: asked by the command line, as people do."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.command_line import Run, assert_refused, run
from tests.plan_builder import ACCOUNT, ROOT, block, change, plan, policy
from tests.queries.test_can import ANN, APP, FIXTURES, KEY, KEY_ID, OTHER, PUBLIC, allow, estate, holding, seen
from tfkms.queries.access import How, matrices
from tfkms.queries.can import Word, can
from tfkms.queries.names import action_named, askers
from tfkms.queries.people import Kind
from tfkms.report import access as report

HERE = Path(__file__).parent


def show(directory: Path, content: Any, *words: str) -> Run:
    """The matrix of a plan."""
    (directory / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    return run("access", "plan.json", *words, cwd=directory)


def rows(directory: Path, content: Any) -> dict[str, list[str]]:
    """The words of each row by its principal, for the only key of a plan."""
    done = show(directory, content)
    assert done.code == 0
    table = done.out.partition("principal\n")[2].partition("\n\n")[0].splitlines()
    split = [line[2:].split(maxsplit=8) for line in table if line[:2] in ("  ", "+ ", "- ", "~ ") and line[2] != " "]
    return {words[-1]: words[:8] for words in split}


def test_the_public_module(golden: Callable[[Path, str], None]) -> None:
    """Read against the policies of the plan: whoever is named there has a row, and what it says is what they grant."""
    name = str(Path(PUBLIC).relative_to(FIXTURES.parent.parent))
    golden(HERE / "public-module.txt", run("access", name, cwd=FIXTURES.parent.parent).out)


def test_root_may_all_that_the_key_policy_leaves_to_the_account(tmp_path: Path) -> None:
    assert rows(tmp_path, estate(ROOT)) == {f"arn:aws:iam::{ACCOUNT}:root (root user)": ["direct"] * 8}


def test_each_action_has_its_column(tmp_path: Path) -> None:
    for column, action in enumerate(
        ("DeleteImportedKeyMaterial", "ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy", "DisableKeyRotation")
    ):
        found = rows(tmp_path, estate(allow({"AWS": ANN}, f"kms:{action}")))[ANN]
        assert found == ["direct" if place == column else "-" for place in range(8)]
    found = rows(tmp_path, estate(allow({"AWS": ANN}, ["kms:TagResource", "kms:Decrypt", "kms:CreateGrant"])))[ANN]
    assert found == ["-"] * 5 + ["direct~"] * 3


def test_reading_is_neither_administration_nor_use(tmp_path: Path) -> None:
    found = rows(tmp_path, estate(allow({"AWS": ANN}, ["kms:Get*", "kms:List*", "kms:Describe*"])))

    assert found[ANN] == ["-"] * 8


def test_what_identity_policies_grant_is_by_iam(tmp_path: Path) -> None:
    found = rows(tmp_path, estate(ROOT, more=holding({"Effect": "Allow", "Action": "kms:*", "Resource": "*"})))

    assert found[APP] == ["IAM"] * 8


def test_a_grant_is_a_way_of_its_own(tmp_path: Path) -> None:
    grant = {"key_id": KEY_ID, "grantee_principal": APP, "operations": ["Decrypt"], "name": "g"}
    found = rows(tmp_path, estate(ROOT, more=(change("aws_kms_grant.g", grant),)))

    assert found[APP] == ["-"] * 6 + ["grant~", "-"]


def test_a_grant_is_as_narrow_as_its_constraints(tmp_path: Path) -> None:
    constraints = [{"encryption_context_equals": {"team": "red"}, "encryption_context_subset": None}]
    operations = ["Decrypt", "DescribeKey", "CreateGrant"]
    grant = {"key_id": KEY_ID, "grantee_principal": APP, "operations": operations, "constraints": constraints}
    content = estate(ROOT, more=(change("aws_kms_grant.g", grant),))

    assert rows(tmp_path, content)[APP] == ["-"] * 6 + ["if~", "grant~"]
    assert "use: by a grant, for example with kms:EncryptionContext:team = red" in show(tmp_path, content).out


@pytest.mark.parametrize(
    ("condition", "word", "words"),
    [
        ({"StringEquals": {"kms:ViaService": ["s3.us-east-1.amazonaws.com"]}}, "via~", "only via s3.us-east-1.amazonaws.com"),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "if~", "for example with aws:MultiFactorAuthPresent = true"),
        ({"Null": {"aws:SourceVpce": "true"}}, "direct~", None),
        ({"StringNotEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}, "direct~", None),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, "direct~", None),
    ],
)  # fmt: skip
def test_what_narrows_access_is_told_below_the_row(
    tmp_path: Path, condition: Any, word: str, words: str | None
) -> None:
    content = estate(allow({"AWS": ANN}, "kms:Decrypt", Condition=condition))

    assert rows(tmp_path, content)[ANN] == ["-"] * 6 + [word, "-"]
    told = [line for line in show(tmp_path, content).out.splitlines() if line.startswith("      use: ")]
    assert told == ([] if words is None else [f"      use: by the key policy, {words}"])


def test_one_statement_without_a_condition_is_enough(tmp_path: Path) -> None:
    mfa = allow({"AWS": ANN}, "kms:Decrypt", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})

    assert rows(tmp_path, estate(mfa, allow({"AWS": ANN}, "kms:Decrypt")))[ANN][6] == "direct~"


def test_a_deny_narrows_as_a_condition_does(tmp_path: Path) -> None:
    guard = allow("*", Effect="Deny", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})

    assert rows(tmp_path, estate(allow({"AWS": ANN}), guard))[ANN] == ["if"] * 8


def test_what_is_not_known_is_a_question_mark_with_what_it_needs(tmp_path: Path) -> None:
    content = plan(
        change("aws_kms_key.main", {}, unknown={"policy": True, "arn": True, "key_id": True}),
        blocks=(block("aws_kms_key.main", policy={"references": ["data.aws_iam_policy_document.key.json"]}),),
    )
    found = rows(tmp_path, content)

    assert found[f"arn:aws:iam::{ACCOUNT}:root (root user)"] == ["?"] * 8
    assert found[f"anyone of account {ACCOUNT}"] == ["?"] * 8
    assert "needs data.aws_iam_policy_document.key.json: known after apply" in show(tmp_path, content).out


def test_everyone_is_anyone_of_the_account_and_of_others(tmp_path: Path) -> None:
    found = rows(tmp_path, estate(allow("*")))

    assert found[f"anyone of account {ACCOUNT}"] == ["direct"] * 8
    assert found["anyone of other accounts"] == ["-"] * 6 + ["direct"] * 2


def test_anyone_of_a_pattern_is_under_a_condition(tmp_path: Path) -> None:
    content = estate(allow("*", Condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/ops-*"}}))
    found = rows(tmp_path, content)

    assert found[f"anyone of account {ACCOUNT}"] == ["if"] * 8
    assert "anyone of other accounts" not in found
    assert f"aws:PrincipalArn = arn:aws:iam::{ACCOUNT}:role/ops-" in show(tmp_path, content).out


def test_principals_of_other_accounts_may_only_what_works_across_them(tmp_path: Path) -> None:
    found = rows(tmp_path, estate(allow({"AWS": f"arn:aws:iam::{OTHER}:root"})))

    assert found[f"arn:aws:iam::{OTHER}:root (the account)"] == ["-"] * 6 + ["direct"] * 2


def test_names_that_are_nobody_are_said_to_be(tmp_path: Path) -> None:
    content = estate(allow({"AWS": ["AIDAEXAMPLEEXAMPLE123", f"arn:aws:iam::{ACCOUNT}:role/*"]}))
    found = rows(tmp_path, content)

    assert found["AIDAEXAMPLEEXAMPLE123"] == found[f"arn:aws:iam::{ACCOUNT}:role/*"] == ["-"] * 8
    assert "this is the unique id of a deleted principal" in show(tmp_path, content).out


def test_whoever_a_document_will_be_attached_to_has_a_row(tmp_path: Path) -> None:
    loose = {
        "name": "loose",
        "path": "/",
        "policy": policy({"Effect": "Allow", "Action": "kms:DisableKey", "Resource": "*"}),
    }
    found = rows(tmp_path, estate(ROOT, more=(change("aws_iam_policy.loose", loose),)))

    assert found["whoever aws_iam_policy.loose is attached to"] == ["-", "-", "IAM", *["-"] * 5]


def test_a_role_named_and_holding_documents_has_one_row(tmp_path: Path) -> None:
    content = estate(
        ROOT,
        allow({"AWS": APP}, "kms:Decrypt"),
        more=holding({"Effect": "Allow", "Action": "kms:DisableKey", "Resource": "*"}),
    )
    found = rows(tmp_path, content)

    assert found[APP] == ["-", "-", "IAM", "-", "-", "-", "direct~", "-"]
    assert len(found) == 2


def changing(before: tuple[Mapping[str, Any], ...], after: tuple[Mapping[str, Any], ...]) -> Any:
    """A plan that puts another policy on a key."""
    known = {"arn": KEY, "key_id": KEY_ID, "id": KEY_ID}
    old, new = ({"policy": policy(*statements)} | known for statements in (before, after))
    return plan(
        change("aws_kms_key.main", new, before=old, actions=("update",)),
        blocks=(block("aws_kms_key.main", policy={}),),
    )


def test_a_plan_shows_what_it_changes(tmp_path: Path) -> None:
    content = changing(
        (ROOT, allow({"AWS": ANN}, "kms:Decrypt"), allow({"AWS": f"{ANN}e"}, "kms:Decrypt")),
        (ROOT, allow({"AWS": ANN}, "kms:DisableKey"), allow({"AWS": APP}, "kms:DisableKey")),
    )
    lines = show(tmp_path, content).out.splitlines()

    assert lines[:8] == [
        "aws_kms_key.main",
        "  material delete   disable  policy   rotation other    use      grant    principal",
        f"  direct   direct   direct   direct   direct   direct   direct   direct   arn:aws:iam::{ACCOUNT}:root (root user)",
        f"+ -        -        direct   -        -        -        -        -        {APP}",
        f"~ -        -        direct   -        -        -        -        -        {ANN}",
        "      changes: disable - → direct, use direct~ → -",
        f"- -        -        -        -        -        -        -        -        {ANN}e",
        "      had: use direct~",
    ]
    changes = {
        row["principal"]: row["change"]
        for row in show(tmp_path, content, "--format", "json").report["keys"][0]["principals"]
    }
    assert changes == {f"arn:aws:iam::{ACCOUNT}:root": None, APP: "added", ANN: "changed", f"{ANN}e": "removed"}


def test_a_key_that_the_plan_destroys_is_said_to_be(tmp_path: Path) -> None:
    old = {"policy": policy(ROOT), "arn": KEY, "key_id": KEY_ID, "id": KEY_ID}
    done = show(tmp_path, plan(change("aws_kms_key.main", None, before=old, actions=("delete",))))

    assert done.code == 0
    assert done.out.startswith("aws_kms_key.main (destroyed by the plan)\n")


def test_an_input_without_keys_says_so(tmp_path: Path) -> None:
    done = show(tmp_path, plan())

    assert (done.code, done.out) == (0, "there are no keys in the input\n")


def test_an_input_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    assert_refused(run("access", "nowhere.json", cwd=tmp_path), "nowhere.json")


def test_nothing_of_a_sensitive_policy_is_shown(tmp_path: Path) -> None:
    secret = allow(
        {"AWS": f"{ANN}-secret"}, Sid="Secret", Condition={"StringEquals": {"aws:SourceVpce": "vpce-secret"}}
    )
    content = estate(ROOT, secret)
    content["resource_changes"][0]["change"]["after_sensitive"] = {"policy": True}
    content["resource_changes"][0]["change"]["before_sensitive"] = {"policy": True}

    for form in ("text", "json"):
        done = show(tmp_path, content, "--format", form)
        assert done.code == 0
        assert "secret" not in done.out.replace("secret_", "")
    assert "principals that only it names are left out" in show(tmp_path, content).out


def test_names_are_shown_harmless(tmp_path: Path) -> None:
    done = show(tmp_path, estate(allow({"AWS": f"{ANN}\x1b[31m\u202e"})))

    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


def test_lines_end_where_they_can(tmp_path: Path) -> None:
    """Only a principal's name, which stands last, and a word that is longer than a line go beyond it."""
    values = [f"vpce-{number:017d}" for number in range(20)]
    condition = {
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": values},
        "Null": {"kms:EncryptionContextKeys": "false"},
    }
    out = show(tmp_path, estate(ROOT, allow({"AWS": ANN}, "kms:Decrypt", Condition=condition))).out

    assert all(len(line) <= 100 for line in out.splitlines() if "arn:" not in line)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for form in ("text", "json"):
        assert (
            run("access", PUBLIC, "--format", form, cwd=tmp_path).out
            == run("access", PUBLIC, "--format", form, cwd=tmp_path).out
        )


def test_the_json_form_keeps_to_its_schema(tmp_path: Path) -> None:
    printed = json.loads(run("schema", "access", cwd=tmp_path).out)
    content = changing((ROOT, allow({"AWS": ANN}, "kms:Decrypt")), (ROOT, allow("*", "kms:Decrypt")))

    assert printed == report.schema()
    for done in (run("access", PUBLIC, "--format", "json", cwd=tmp_path), show(tmp_path, content, "--format", "json")):
        Draft202012Validator(printed).validate(done.report)


# Against `tfkms can`: both say the same of the same principal

PLANS = sorted(FIXTURES.glob("guardrails/IAM-KMS-[358]/*/plan.json"))[::4]
ASKED = ("PutKeyPolicy", "ScheduleKeyDeletion", "Decrypt", "CreateGrant")
SAYS = {How.FREELY: Word.YES, How.CONDITIONS: Word.YES, How.VIA: Word.YES, How.UNKNOWN: Word.UNDECIDED}


@pytest.mark.parametrize("path", PLANS, ids=lambda path: f"{path.parent.parent.name}/{path.parent.name}")
def test_the_matrix_says_what_can_says(path: Path) -> None:
    shown = seen(path)
    for matrix in matrices(shown, shown):
        key = shown.keys[matrix.address]
        for row in matrix.after or ():
            if row.kind not in (Kind.ROLE, Kind.USER, Kind.ROOT, Kind.SERVICE) or f":{ACCOUNT}:" not in str(
                row.principal
            ):
                continue
            for name in ASKED:
                answer = can(
                    askers(row.address or str(row.principal), shown),
                    action_named(name, shown.question.actions),
                    key,
                    shown,
                )
                cell = row.cells.get(name)
                assert answer.word is (SAYS[cell.how] if cell else answer.word), (row.principal, name)
                assert cell is not None or answer.word is not Word.YES, (row.principal, name)


def test_of_two_policies_that_differ_it_is_not_known_which_counts(tmp_path: Path) -> None:
    content = estate(
        ROOT, more=(change("aws_kms_key_policy.main", {"key_id": KEY_ID, "policy": policy(allow({"AWS": ANN}))}),)
    )

    assert rows(tmp_path, content)[ANN] == ["?"] * 8


def test_of_principals_of_another_account_both_accounts_decide(tmp_path: Path) -> None:
    content = estate(allow({"AWS": f"arn:aws:iam::{OTHER}:role/ext"}))

    assert "      its own account must allow it too" in show(tmp_path, content).out


def test_a_state_shows_what_is(tmp_path: Path) -> None:
    values = {"policy": policy(ROOT, allow({"AWS": ANN})), "arn": KEY, "key_id": KEY_ID, "id": KEY_ID}
    key = {"address": "aws_kms_key.main", "mode": "managed", "type": "aws_kms_key", "name": "main", "values": values}
    content = {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": [key]}}}
    done = show(tmp_path, content, "--account-id", ACCOUNT)

    assert done.code == 0
    assert done.out.startswith("aws_kms_key.main\n")
    assert rows(tmp_path, content)[ANN] == ["direct"] * 8
