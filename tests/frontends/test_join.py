"""A plan and its configuration together: the plan's word stands, the source fills what it leaves open and tells the
lines."""

import json
import shutil
from pathlib import Path

import pytest

from tests.command_line import Run, run
from tests.plan_builder import block, change, plan, policy

FIXTURES = Path(__file__).parents[1] / "fixtures"
SAVED = FIXTURES / "saved-plans"
PAIRS = [path.parent for path in sorted(FIXTURES.rglob("main.tf")) if (path.parent / "plan.json").is_file()]
UNTOLD = ("second-account-by-caller-identity-bad",)
"""Of these only the plan tells the variables, and the source alone is about something else."""

DECIDED = {"violated": "violated", "pass": "pass", "pass_in_plan": "pass", "not_applicable": "pass"}


def verdicts(result: Run) -> dict[tuple[str, str], str]:
    return {(item["check"], item["address"]): item["verdict"] for item in result.report["verdicts"]}


def scan(directory: Path, *words: str) -> Run:
    return run("scan", *words, "--format", "json", "--account-id", "111122223333", cwd=directory)


def made_anew(directory: Path) -> bool:
    """Whether the plan makes everything: what it does to what is there, the source does not say."""
    changes = json.loads((directory / "plan.json").read_text(encoding="utf-8")).get("resource_changes") or ()
    return all(entry["change"]["before"] is None for entry in changes)


@pytest.mark.parametrize("directory", PAIRS[::8], ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_what_one_way_decides_no_other_contradicts(directory: Path) -> None:
    plan = verdicts(scan(directory, "plan.json"))
    both = verdicts(scan(directory, "plan.json", "--source", "."))
    comparable = made_anew(directory) and directory.name not in UNTOLD
    alone = verdicts(scan(directory, ".")) if comparable else None

    assert both.keys() == plan.keys()
    for place, verdict in plan.items():
        together = both[place]
        if verdict in DECIDED:
            assert DECIDED.get(together) == DECIDED[verdict], place
        if alone is not None:
            if verdict == "violated":
                assert alone.get(place) in ("violated", "undecided"), place
            if alone.get(place) in DECIDED and together in DECIDED:
                assert DECIDED[alone[place]] == DECIDED[together], place


def test_a_policy_that_a_plan_hides_is_judged_by_the_source(tmp_path: Path) -> None:
    """`jsonencode` with one part that is not known hides the whole policy from a plan."""
    folder = FIXTURES / "joined" / "hidden-policy"
    alone = scan(folder, "plan.json", "--check", "IAM-KMS-3")
    both = scan(folder, "plan.json", "--check", "IAM-KMS-3", "--source", ".")

    assert verdicts(alone)["IAM-KMS-3", "aws_kms_key.main"] == "undecided"
    assert verdicts(both)["IAM-KMS-3", "aws_kms_key.main"] == "violated"
    [finding] = both.report["findings"]
    evidence = finding["evidence"][0]
    assert (evidence["file"], evidence["sid"]) == ("main.tf", "App")
    assert "App" in (folder / "main.tf").read_text(encoding="utf-8").splitlines()[evidence["line"] - 1]
    assert finding["principals"] == ["arn:aws:iam::111122223333:role/app"]


@pytest.mark.parametrize("words", [("plan.json", "--source", "."), (".",), ("plan.json",)])
def test_what_names_a_key_is_told_apart_from_others_in_the_account_that_is_known(words: tuple[str, ...]) -> None:
    """Of the plan alone the policy is hidden: it decides nothing."""
    folder = FIXTURES / "joined" / "account-of-the-plan"

    found = verdicts(run("scan", *words, "--check", "IAM-KMS-3", "--format", "json", cwd=folder))

    hidden = words == ("plan.json",)
    assert found == {
        ("IAM-KMS-3", "aws_iam_user_policy.janitor"): "undecided" if hidden else "violated",
        ("IAM-KMS-3", 'module.key["orders"].aws_kms_key.this'): "undecided" if hidden else "violated",
        ("IAM-KMS-3", 'module.key["payments"].aws_kms_key.this'): "undecided" if hidden else "pass_in_plan",
    }


def test_a_key_policy_is_for_the_key_that_the_source_names() -> None:
    """A plan does not show what a local value is; the source does, with a plan and without one."""
    folder = FIXTURES / "joined" / "keys-by-reference"
    expected = {
        ('aws_kms_key_policy.module["a"]', 'module.key["a"].aws_kms_key.this'),
        ("aws_kms_key_policy.named", "aws_kms_key.named"),
    }

    for words in (("plan.json", "--source", "."), (".",)):
        findings = scan(folder, *words, "--check", "IAM-KMS-5").report["findings"]
        assert {(item["address"], key) for item in findings for key in item["keys"]} == expected


def test_a_plan_leaves_open_which_instance_of_a_module_is_meant() -> None:
    folder = FIXTURES / "joined" / "keys-by-reference"
    findings = scan(folder, "plan.json", "--check", "IAM-KMS-5").report["findings"]

    (own,) = [item for item in findings if item["keys"] == ['aws_kms_key_policy.module["a"]']]
    assert (own["address"], own["verdict"]) == ('aws_kms_key_policy.module["a"]', "violated")
    on_keys = [item for item in findings if item["keys"][0].startswith("module.key")]
    assert {item["verdict"] for item in on_keys} == {"undecided"}
    assert all("scan with --source" in item["message"] for item in on_keys)


def test_a_finding_of_a_plan_stands_on_its_line(tmp_path: Path) -> None:
    folder = FIXTURES / "guardrails" / "IAM-KMS-3" / "roles-by-for-each"
    both = scan(folder, "plan.json", "--source", ".")

    places = [item for finding in both.report["findings"] for item in finding["evidence"]]
    assert places
    assert all(item["file"] == "main.tf" and item["line"] for item in places if item["address"])


def test_a_configuration_that_is_not_the_plans_is_told_and_the_plan_alone_stands(tmp_path: Path) -> None:
    folder = FIXTURES / "joined" / "hidden-policy"
    shutil.copy(folder / "plan.json", tmp_path / "plan.json")
    (tmp_path / "main.tf").write_text('resource "aws_kms_key" "other" {}\n')

    both = scan(tmp_path, "plan.json", "--source", ".")

    [warning] = [item for item in both.report["diagnostics"] if item["code"] == "source-differs"]
    assert warning["level"] == "warning"
    assert verdicts(both) == verdicts(scan(tmp_path, "plan.json"))


def test_another_policy_in_the_source_is_told(tmp_path: Path) -> None:
    folder = FIXTURES / "guardrails" / "IAM-KMS-3" / "roles-by-for-each"
    shutil.copy(folder / "plan.json", tmp_path / "plan.json")
    text = (folder / "main.tf").read_text(encoding="utf-8")
    (tmp_path / "main.tf").write_text(text.replace("kms:*", "kms:Get*"), encoding="utf-8")

    both = scan(tmp_path, "plan.json", "--source", ".")

    assert [item["code"] for item in both.report["diagnostics"] if "source" in item["code"]] == ["source-differs"]


def rewritten(tmp_path: Path, old: str, new: str) -> Run:
    """The scan of a plan with a source in which something else stands."""
    folder = FIXTURES / "ways" / "jsonencode-known"
    shutil.copy(folder / "plan.json", tmp_path / "plan.json")
    text = (folder / "main.tf").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "main.tf").write_text(text.replace(old, new), encoding="utf-8")
    return scan(tmp_path, "plan.json", "--source", ".", "--check", "IAM-KMS-3")


def differs(result: Run) -> list[str]:
    return [item["message"] for item in result.report["diagnostics"] if item["code"] == "source-differs"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("role/app", "role/other"),
        ('"kms:Decrypt"', '"kms:Encrypt"'),
        ("policy = ", "deletion_window_in_days = 7\n  policy = "),
        ("policy = ", "enable_key_rotation = true\n  policy = "),
        ('resource "aws_kms_key" "main"', 'resource "aws_kms_key" "other"'),
    ],
)
def test_other_resources_and_literals_are_another_configuration(old: str, new: str, tmp_path: Path) -> None:
    result = rewritten(tmp_path, old, new)

    [message] = differs(result)
    assert message.endswith("it is not the configuration of the plan")
    [finding] = result.report["findings"]
    assert (finding["verdict"], finding["evidence"][0]["file"]) == ("violated", None)


@pytest.mark.parametrize(
    ("fixture", "old", "new", "argument"),
    [
        ("document-deferred", '"kms:ScheduleKeyDeletion"', '"kms:DisableKey"', "statement"),
        ("module-for-each", '["kms:ScheduleKeyDeletion"]', '["kms:DisableKey"]', "for_each"),
    ],
)
def test_other_literals_behind_what_the_plan_hides_are_another_configuration(
    fixture: str, old: str, new: str, argument: str, tmp_path: Path
) -> None:
    """Its own configuration shows them."""
    shutil.copytree(FIXTURES / "ways" / fixture, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "main.tf").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "main.tf").write_text(text.replace(old, new), encoding="utf-8")

    result = scan(tmp_path, "plan.json", "--source", ".")

    assert differs(result) == [f"the source says another `{argument}`: it is not the configuration of the plan"]
    assert verdicts(result) == verdicts(scan(tmp_path, "plan.json"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["kms:ScheduleKeyDeletion", "kms:Decrypt"]', '["kms:Decrypt", "kms:ScheduleKeyDeletion"]'),
        ('{ AWS = "arn:aws:iam::111122223333:role/app" }', '{ AWS = ["arn:aws:iam::111122223333:role/app"] }'),
        ('"arn:aws:iam::111122223333:root"', '"111122223333"'),
        ("policy = ", 'enable_key_rotation = "false"\n  policy = '),
    ],
)
def test_another_wording_of_the_same_is_the_same_configuration(old: str, new: str, tmp_path: Path) -> None:
    """Where nothing changes the provider keeps the wording that AWS has."""
    result = rewritten(tmp_path, old, new)

    assert differs(result) == []
    [finding] = result.report["findings"]
    assert (finding["verdict"], finding["evidence"][0]["file"]) == ("violated", "main.tf")


def test_a_policy_in_another_order_points_to_itself_and_not_to_a_wrong_statement(tmp_path: Path) -> None:
    result = rewritten(tmp_path, '"arn:aws:iam::111122223333:root"', '"111122223333"')

    lines = (tmp_path / "main.tf").read_text(encoding="utf-8").splitlines()
    [finding] = result.report["findings"]
    assert "policy = " in lines[finding["evidence"][0]["line"] - 1]


def test_a_saved_plan_brings_its_own_source() -> None:
    result = scan(SAVED / "hidden-policy", "plan.tfplan", "--check", "IAM-KMS-3")

    [finding] = result.report["findings"]
    assert finding["verdict"] == "violated"
    assert (finding["evidence"][0]["file"], finding["evidence"][0]["sid"]) == ("plan.tfplan/main.tf", "App")


def test_a_source_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")

    assert "--source takes the directory of a configuration" in scan(tmp_path, "plan.json", "--source", "x").err


def test_a_dynamic_block_of_unknown_number_is_told_by_the_source_alone(tmp_path: Path) -> None:
    """A plan shows the same for a role without such a block."""
    role = {"name": "app", "assume_role_policy": policy()}
    unknown = {"inline_policy": True}
    content = plan(
        change("aws_iam_role.app", role, unknown=unknown),
        blocks=(block("aws_iam_role.app", name={"constant_value": "app"}),),
    )
    (tmp_path / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "main.tf").write_text(
        """
        provider "aws" {}
        resource "random_pet" "names" {}
        resource "aws_iam_role" "app" {
          name               = "app"
          assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })

          dynamic "inline_policy" {
            for_each = split("-", random_pet.names.id)
            content {
              name   = inline_policy.value
              policy = jsonencode({
                Version   = "2012-10-17"
                Statement = [{ Effect = "Allow", Action = "kms:DisableKey", Resource = "*" }]
              })
            }
          }
        }
        """,
        encoding="utf-8",
    )
    place = ("IAM-KMS-4", "aws_iam_role.app")

    assert place not in verdicts(scan(tmp_path, "plan.json"))
    assert verdicts(scan(tmp_path, "plan.json", "--source", "."))[place] == "undecided"
    assert verdicts(scan(tmp_path, "."))[place] == "undecided"
