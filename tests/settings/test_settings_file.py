"""The settings file: where it is found, what it may say, and what is said of one that is wrong."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.command_line import run
from tests.plan_builder import ACCOUNT, ROOT, key_plan, policy
from tfkms.diagnostics import Refusal
from tfkms.settings.form import schema
from tfkms.settings.load import read_settings
from tfkms.settings.locate import nearest

PUBLISHED = Path(__file__).parents[2] / "docs" / "schema" / "settings-1.json"
APP = {"Sid": "App", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}, "Resource": "*"}
OPEN = key_plan(policy(ROOT, {**APP, "Action": "kms:*"}))
SSO = "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_KeyAdmin_*"
NEVER = [
    "role/KeyAdmin",
    "*KeyAdmin*",
    "*",
    "arn:aws:iam::12:role/x",
    "arn:aws:iam::${acount_id}:role/x",
    "arn:asw:iam::111122223333:role/x",
    "arn:aws:iam:us-east-1:111122223333:role/x",
    "arn:aws:iam::111122223333:group/x",
    "arn:aws:iam::111122223333:root",
    "arn:aws:sts::111122223333:assumed-role/x/*",
]
SOMETIMES = [
    SSO,
    "arn:aws:iam::*:*/admin",
    "arn:*:*:*:*:*",
    "arn:aws:iam::${account_id}:role/x",
    "arn:aws:sts::111122223333:federated-user/fred",
    "arn:aws:iam::1*3:us*",
    "logs.us-east-1.amazonaws.com",
]
ALL = """\
account_id: "111122223333"
authorized_principals:
  default: ["arn:aws:iam::*:role/KeyAdmin"]
  IAM-KMS-3: ["arn:aws:iam::111122223333:role/break-glass"]
separation_of_duties: {exempt: []}
service_access: {direct_users: [], include_identity_policies: false, named_principals: note}
region: us-east-1
partition: aws
organization_id: o-a1b2c3d4e5
guards: []
undecided: fail
fail_on: low
unattached_policies: violation
inert_grants: violation
plan_actions: note
guardrail_pages: "https://wiki.example.com/guardrails/{id}"
checks: {IAM-KMS-7: {severity: high}, IAM-KMS-9: {enabled: true}}
waivers:
  - {check: IAM-KMS-3, address: "module.legacy.aws_kms_key.*", principal: "arn:aws:iam::*:role/x", reason: "r", owner: "o", expires: 2027-06-30}
"""


def scan(directory: Path, settings: str | None, *words: str, plan: Any = OPEN) -> Any:
    (directory / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    if settings is not None:
        (directory / ".tfkms.yaml").write_text(settings, encoding="utf-8")
    return run("scan", "plan.json", "--format", "json", *words, cwd=directory)


def verdict(result: Any, check: str, address: str = "aws_kms_key.main") -> str:
    [found] = [v["verdict"] for v in result.report["verdicts"] if (v["check"], v["address"]) == (check, address)]
    return str(found)


class TestWhereItIs:
    def test_the_nearest_file_upwards_is_taken(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / ".tfkms.yaml").write_text("{}")
        (tmp_path / "live" / "prod").mkdir(parents=True)

        assert nearest(tmp_path / "live" / "prod") == tmp_path / ".tfkms.yaml"

    def test_it_is_not_looked_for_above_the_repository(self, tmp_path: Path) -> None:
        (tmp_path / ".tfkms.yaml").write_text("{}")
        (tmp_path / "repository" / ".git").mkdir(parents=True)

        assert nearest(tmp_path / "repository") is None

    def test_outside_a_repository_only_the_directory_itself_counts(self, tmp_path: Path) -> None:
        (tmp_path / ".tfkms.yaml").write_text("{}")
        (tmp_path / "below").mkdir()

        assert nearest(tmp_path / "below") is None
        assert nearest(tmp_path) == tmp_path / ".tfkms.yaml"

    def test_a_table_in_pyproject_counts_where_there_is_no_file_of_its_own(self, tmp_path: Path) -> None:
        project = tmp_path / "pyproject.toml"
        project.write_text("[project]\nname = 'x'\n")
        assert nearest(tmp_path) is None

        project.write_text("[tool.tfkms]\nundecided = 'warn'\n")
        assert nearest(tmp_path) == project

        (tmp_path / ".tfkms.yaml").write_text("{}")
        assert nearest(tmp_path) == tmp_path / ".tfkms.yaml"

    def test_the_one_used_is_named_on_standard_error(self, tmp_path: Path) -> None:
        assert "tfkms: settings from .tfkms.yaml\n" in scan(tmp_path, "{}").err
        assert "settings from" not in scan(tmp_path, "{}", "--quiet").err

    def test_config_stands_in_its_place(self, tmp_path: Path) -> None:
        (tmp_path / "central.yaml").write_text("fail_on: critical")

        result = scan(tmp_path, "undecided: nonsense", "--config", "central.yaml", "--check", "IAM-KMS-4")

        assert "settings from central.yaml" in result.err
        assert result.code == 0


class TestWhatItSays:
    def test_an_authorized_principal_of_the_default_list_may(self, tmp_path: Path) -> None:
        settings = "authorized_principals: {default: ['arn:aws:iam::*:role/app']}"

        assert verdict(scan(tmp_path, settings), "IAM-KMS-3") == "pass_in_plan"

    def test_a_list_of_its_own_stands_in_place_of_the_default(self, tmp_path: Path) -> None:
        settings = "authorized_principals: {default: ['arn:aws:iam::*:role/app'], IAM-KMS-3: []}"
        result = scan(tmp_path, settings)

        assert verdict(result, "IAM-KMS-3") == "violated"
        assert verdict(result, "IAM-KMS-4") == "pass_in_plan"

    def test_the_command_line_adds_to_every_list(self, tmp_path: Path) -> None:
        result = scan(tmp_path, "authorized_principals: {IAM-KMS-3: []}", "--authorized", "arn:aws:iam::*:role/app")

        assert verdict(result, "IAM-KMS-3") == "pass_in_plan"

    @pytest.mark.parametrize(("account", "expected"), [(ACCOUNT, "pass_in_plan"), ("999999999999", "violated")])
    def test_the_account_in_a_pattern_is_that_of_the_key(self, tmp_path: Path, account: str, expected: str) -> None:
        """A role of another account is inert on the key; here it is its own account's that counts."""
        plan = key_plan(
            policy(ROOT, {**APP, "Principal": {"AWS": f"arn:aws:iam::{account}:role/app"}, "Action": "kms:*"})
        )
        settings = "authorized_principals: {default: ['arn:aws:iam::${account_id}:role/app']}"

        assert verdict(scan(tmp_path, settings, plan=plan), "IAM-KMS-3") == expected

    def test_a_check_may_have_another_severity(self, tmp_path: Path) -> None:
        result = scan(tmp_path, "checks: {IAM-KMS-7: {severity: critical}}", "--check", "IAM-KMS-7")

        assert [finding["severity"] for finding in result.report["findings"]] == ["critical"]

    def test_a_check_may_be_switched_on_and_off(self, tmp_path: Path) -> None:
        result = scan(tmp_path, "checks: {IAM-KMS-9: {enabled: true}, IAM-KMS-7: {enabled: false}}")
        checks = {item["check"] for item in result.report["verdicts"]}

        assert "IAM-KMS-9" in checks
        assert "IAM-KMS-7" not in checks

    def test_what_fails_the_gate_is_taken_from_it_unless_the_command_line_says(self, tmp_path: Path) -> None:
        assert scan(tmp_path, "fail_on: critical", "--check", "IAM-KMS-4").code == 0
        assert scan(tmp_path, "fail_on: critical", "--check", "IAM-KMS-4", "--fail-on", "low").code == 1

    def test_principals_may_be_exempt_from_the_separation_of_duties(self, tmp_path: Path) -> None:
        assert verdict(scan(tmp_path, None), "IAM-KMS-8") == "violated"
        settings = "separation_of_duties: {exempt: ['arn:aws:iam::*:role/app']}"
        assert verdict(scan(tmp_path, settings), "IAM-KMS-8") == "pass_in_plan"

    def test_a_control_policy_kept_elsewhere_is_in_force(self, tmp_path: Path) -> None:
        (tmp_path / "scp.json").write_text(policy({"Effect": "Deny", "Action": "kms:Schedule*", "Resource": "*"}))

        result = scan(tmp_path, "guards: [scp.json]")

        assert verdict(result, "IAM-KMS-3") == "pass"
        assert verdict(result, "IAM-KMS-4") == "violated"

    def test_a_pattern_that_can_never_match_is_a_warning(self, tmp_path: Path) -> None:
        result = scan(tmp_path, f"authorized_principals: {{default: {json.dumps([*NEVER, *SOMETIMES])}}}")

        told = [item["message"] for item in result.report["diagnostics"] if item["code"] == "pattern-never-matches"]
        assert [message.split("`")[1] for message in told] == NEVER
        assert ".tfkms.yaml:1: authorized_principals.default: " in result.err

    def test_a_role_of_iam_identity_center_is_authorized_by_its_pattern(self, tmp_path: Path) -> None:
        """Its path holds the Region, and its name ends with letters that AWS makes up."""
        path = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_KeyAdmin_0123456789abcdef"
        holder = f"arn:aws:iam::{ACCOUNT}:role/{path}"
        grant = {"Effect": "Allow", "Principal": {"AWS": holder}, "Action": "kms:DisableKey", "Resource": "*"}
        (tmp_path / "plan.json").write_text(json.dumps(key_plan(policy(ROOT, grant))), encoding="utf-8")
        words = ("scan", "plan.json", "--check", "IAM-KMS-4", "--format", "json")

        assert run(*words, cwd=tmp_path).code == 1
        (tmp_path / ".tfkms.yaml").write_text(f"authorized_principals: {{default: ['{SSO}']}}", encoding="utf-8")
        assert run(*words, cwd=tmp_path).code == 0

    def test_a_plan_is_settled_beside_its_source(self, tmp_path: Path) -> None:
        (tmp_path / "live").mkdir()
        (tmp_path / "live" / "main.tf").write_text("", encoding="utf-8")
        (tmp_path / "live" / ".tfkms.yaml").write_text("undecided: warn", encoding="utf-8")

        assert "settings from live/.tfkms.yaml\n" in scan(tmp_path, None, "--source", "live").err

    def test_everything_at_once_is_read(self, tmp_path: Path) -> None:
        assert scan(tmp_path, ALL).code == 1

    def test_pyproject_says_the_same(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text(
            "[tool.tfkms]\nundecided = 'warn'\n[[tool.tfkms.waivers]]\ncheck = '*'\naddress = 'aws_kms_key.main'\n"
            "reason = 'x'\nexpires = 2030-01-01\n"
        )

        assert scan(tmp_path, None, "--today", "2029-01-01").code == 0
        assert scan(tmp_path, None, "--today", "2031-01-01").code == 1


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("text", "line", "says"),
        [
            ("undecidd: warn", 1, "undecidd: there is no such setting (column 1); did you mean `undecided`?"),
            ("a: 1\n", 1, "a: there is no such setting"),
            ("chekcs:\n  IAM-KMS-7: {severity: high}", 1, "chekcs: there is no such setting (column 1); did you mean"),
            ("\nundecided: maybe", 2, "undecided: expected one of fail, warn, not `maybe` (column 12)"),
            ("fail_on: hgih", 1, "did you mean `high`?"),
            ("account_id: 111122223333", 1, 'write account ids in quotes: "111122223333"'),
            ("account_id: '1111'", 1, "for example `111122223333`"),
            ("waivers:\n- check: IAM-KMS-3\n", 2, "waivers[0]: `reason` is missing"),
            (
                "waivers:\n- {check: x, reason: y,\n   expires: 30.06.2027}",
                3,
                "waivers[0].expires: `30.06.2027` is no date (column 13); write it as 2027-06-30",
            ),
            ("waivers: {}", 1, "waivers: expected a list, not a mapping"),
            ("- 1", 1, "the settings: expected a mapping, not a list"),
            ("guards: null", 1, "guards: expected a list, not nothing"),
            ("authorized_principals: {default: [3]}", 1, "authorized_principals.default[0]: expected a text, not `3`"),
            ("authorized_principals: {IAM-KMS-33: []}", 1, "there is no guardrail `IAM-KMS-33` (column 25)"),
            ("undecided: fail\nchecks: {IAM-KMS-33: {}}", 2, "did you mean `IAM-KMS-3`?"),
            ("checks: {default: {enabled: false}}", 1, "there is no guardrail `default`"),
            ("waivers:\n- {check: IAM-KMS-33, reason: r}", 2, "there is no guardrail `IAM-KMS-33`"),
            ("waivers:\n- {check: IAM-S3-*, reason: r}", 2, "there is no guardrail `IAM-S3-*`"),
            (
                "checks: {IAM-KMS-7: {severity: dire}}",
                1,
                "checks.IAM-KMS-7.severity: expected one of critical, high, low, medium, not `dire`",
            ),
            ("checks: {IAM-KMS-7: {severty: high}}", 1, "did you mean `severity`?"),
            ("a: &a [1]\nb: *a", 1, "anchors and aliases are not read here"),
            ("undecided: fail\nundecided: warn", 2, "`undecided` stands twice (column 1)"),
            ("undecided: [", 2, "not valid YAML"),
            ("undecided: {a]", 1, "did not find expected ',' or '}' (column 14)"),
            ("rules_dir: nowhere", 1, "rules_dir: there is no directory `nowhere` (column 12)"),
            ("guards: [missing.json]", 1, "guards: `missing.json` cannot be read"),
            ("guards: [../../etc/hostname]", 1, "is not below the settings' directory"),
            ("guards: [plan.json, .tfkms.yaml]", 1, "is not the JSON of a policy"),
        ],
    )
    def test_it_is_one_line_with_its_place_and_exit_2(
        self, tmp_path: Path, text: str, line: int | None, says: str
    ) -> None:
        result = scan(tmp_path, text)
        [told] = [own for own in result.err.splitlines() if own.startswith("tfkms: error")]

        assert result.code == 2
        assert result.out == ""
        assert says in told
        assert told.startswith(f"tfkms: error: .tfkms.yaml{f':{line}' if line else ''}: ")

    def test_a_directory_is_no_settings_file(self, tmp_path: Path) -> None:
        (tmp_path / ".tfkms.yaml").mkdir()

        result = scan(tmp_path, None)

        assert result.code == 2
        assert result.err.endswith("tfkms: error: .tfkms.yaml: the settings are a directory, not a file\n")

    def test_one_that_is_named_must_be_there(self, tmp_path: Path) -> None:
        assert "there is no such settings file" in scan(tmp_path, None, "--config", "nowhere.yaml").err

    def test_bytes_that_are_no_text_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / ".tfkms.yaml").write_bytes(b"\xff\xfe\x00")

        assert "not UTF-8" in scan(tmp_path, None).err

    @pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device that never ends")
    def test_no_more_is_read_than_settings_may_be_long(self, tmp_path: Path) -> None:
        assert "the settings are larger than 4096 KiB" in scan(tmp_path, None, "--config", "/dev/zero").err

    @pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
    def test_a_link_to_elsewhere_is_refused_unless_it_is_named(self, tmp_path: Path) -> None:
        repository = tmp_path / "repository"
        (repository / ".git").mkdir(parents=True)
        (tmp_path / "other.yaml").write_text("secret words")
        (repository / ".tfkms.yaml").symlink_to(tmp_path / "other.yaml")

        found = scan(repository, None)

        assert found.code == 2
        assert found.err == "tfkms: error: .tfkms.yaml: the settings are a link to elsewhere; name them by --config\n"

    @pytest.mark.skipif(os.name == "nt", reason="there are no such pipes on Windows")
    def test_a_pipe_that_nobody_named_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / ".tfkms.yaml")

        assert "the settings are no regular file" in scan(tmp_path, None).err

    def test_a_date_of_the_command_line_is_checked(self, tmp_path: Path) -> None:
        assert "--today takes a date like 2027-06-30, not `20270630`" in scan(tmp_path, None, "--today", "20270630").err


def test_the_schema_is_that_of_the_repository(golden: Callable[[Path, str], None], tmp_path: Path) -> None:
    golden(PUBLISHED, run("schema", "settings", cwd=tmp_path).out)


def test_the_schema_accepts_what_the_loader_reads() -> None:
    content = yaml.safe_load(ALL)
    content["waivers"][0]["expires"] = "2027-06-30"

    Draft202012Validator(schema()).validate(content)


NAMES = sorted(schema()["$defs"]["SettingsFile"]["properties"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["fail", "warn", "low", "note", "111122223333", "", "x", "2027-06-30"]),
    lambda below: (
        st.lists(below, max_size=2)
        | st.dictionaries(
            st.sampled_from([*NAMES, "default", "IAM-KMS-3", "check", "reason", "severity", "exempt"]),
            below,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*NAMES, "x"]), VALUES, max_size=3))
def test_the_loader_and_the_schema_agree(tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]) -> None:
    file = tmp_path_factory.mktemp("settings") / ".tfkms.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")

    try:
        read_settings(file, "file")
        read = True
    except Refusal:
        read = False

    assert read == Draft202012Validator(schema()).is_valid(content)
