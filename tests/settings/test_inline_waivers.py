"""Waivers in the source: each is for what it stands on or right above, and for nothing else."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.command_line import PROJECT, Run, run

DESTROYER, OTHER = "arn:aws:iam::111122223333:role/destroyer", "arn:aws:iam::111122223333:role/other"
QUIETLY = ("--check", "IAM-KMS-3", "--account-id", "111122223333")
IGNORE = 'tfkms:ignore IAM-KMS-3 reason="moved next week"'
DOCUMENT = """\
data "aws_iam_policy_document" "key" {
  statement {
    sid       = "Root"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::111122223333:root"]
    }
  }
  # above the first
  statement { # on the first
    sid       = "First"
    actions   = ["kms:ScheduleKeyDeletion"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::111122223333:role/destroyer", "arn:aws:iam::111122223333:role/other"]
    }
  }
  statement {
    sid       = "Second"
    actions   = ["kms:ScheduleKeyDeletion", "kms:DisableKey"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::111122223333:role/second"]
    }
  } # behind the second
}

# above the key
resource "aws_kms_key" "main" {
  # above the argument
  policy = data.aws_iam_policy_document.key.json
}
"""


def scan(directory: Path, files: dict[str, str], *words: str) -> Run:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    arguments = ("--format", "json", "--check", "IAM-KMS-3", "--account-id", "111122223333", "--region", "us-east-1")
    return run("scan", ".", *arguments, *words, cwd=directory)


def written(directory: Path, at: str, comment: str, *words: str) -> Run:
    """The scan of the document above with a comment in place of another."""
    assert f"# {at}\n" in DOCUMENT
    return scan(directory, {"main.tf": DOCUMENT.replace(f"# {at}\n", f"{comment}\n")}, *words)


def waived(result: Run) -> dict[str, str | None]:
    """By the statements' ids, the reasons for which findings are waived; None for one that counts."""
    return {
        finding["evidence"][0]["sid"]: finding["waived"] and finding["waived"]["reason"]
        for finding in result.report["findings"]
    }


def told(result: Run) -> list[tuple[str, str | None, int | None]]:
    """What is said of waivers: the codes, with the places."""
    return [
        (item["code"], item["file"], item["line"])
        for item in result.report["diagnostics"]
        if item["code"].startswith("waiver")
    ]


@pytest.mark.parametrize("form", ["# {}", "// {}", "/* {} */", "#{}", "/*\n  {}\n*/"])
@pytest.mark.parametrize("at", ["above the first", "on the first"])
def test_one_on_or_above_a_statement_is_for_that_statement(tmp_path: Path, at: str, form: str) -> None:
    if "\n" in form and at.startswith("on"):
        return
    result = written(tmp_path, at, form.format(IGNORE))

    assert waived(result) == {"First": "moved next week", "Second": None}
    assert told(result) == []
    assert result.code == 1


def test_one_above_a_block_is_for_all_of_it(tmp_path: Path) -> None:
    result = written(tmp_path, "above the key", f"# {IGNORE}")

    assert waived(result) == {"First": "moved next week", "Second": "moved next week"}
    assert result.code == 0


def test_comments_one_above_the_other_are_for_the_same(tmp_path: Path) -> None:
    other = 'tfkms:ignore IAM-KMS-5 reason="another" owner=crypto'
    result = written(tmp_path, "above the first", f"# {IGNORE}\n  # an explanation\n  # {other}")

    assert waived(result) == {"First": "moved next week", "Second": None}


def test_it_may_be_for_a_local_value_and_for_an_element(tmp_path: Path) -> None:
    text = """
locals {
  allowed = "arn:aws:iam::111122223333:role/a"
  # COMMENT
  statement = { Sid = "Local", Effect = "Allow", Principal = { AWS = local.allowed }, Action = "kms:ScheduleKeyDeletion", Resource = "*" }
}
resource "aws_kms_key" "main" {
  policy = jsonencode({
    Statement = [
      local.statement,
      { Sid = "Element", Effect = "Allow", Principal = { AWS = local.allowed }, Action = "kms:ScheduleKeyDeletion", Resource = "*" }, # MORE
      { Sid = "Root", Effect = "Allow", Principal = { AWS = "arn:aws:iam::111122223333:root" }, Action = "kms:*", Resource = "*" },
    ]
  })
}
"""
    local = scan(tmp_path, {"main.tf": text.replace("COMMENT", IGNORE)})
    element = scan(tmp_path, {"main.tf": text.replace("MORE", IGNORE)})

    assert waived(local) == {"Local": "moved next week", "Element": None}
    assert waived(element) == {"Local": None, "Element": "moved next week"}


def test_several_ids_and_all(tmp_path: Path) -> None:
    for ids in ("IAM-KMS-3,IAM-KMS-5", "iam-kms-5, IAM-KMS-3", "IAM-KMS-5 IAM-KMS-3", "all"):
        result = written(tmp_path, "above the first", f'# tfkms:ignore {ids} reason="r"')

        assert waived(result) == {"First": "r", "Second": None}
        assert told(result) == []


def test_one_of_a_principal_leaves_the_others(tmp_path: Path) -> None:
    comment = f'# tfkms:ignore IAM-KMS-3 reason="leaves in May" owner=crypto expires=2027-06-30 principal={DESTROYER}'
    result = written(tmp_path, "above the first", comment, "--today", "2027-01-01")

    found = {tuple(own["principals"]): own["waived"] for own in result.report["findings"]}
    assert found[DESTROYER,] == {
        "by": "inline",
        "reason": "leaves in May",
        "owner": "crypto",
        "expires": "2027-06-30",
    }
    assert found[OTHER,] is None


def test_one_that_has_expired_is_told_and_covers_nothing(tmp_path: Path) -> None:
    comment = f"# {IGNORE} expires=2027-06-30"

    assert waived(written(tmp_path, "above the first", comment, "--today", "2027-06-30"))["First"]
    result = written(tmp_path, "above the first", comment, "--today", "2027-07-01")
    assert waived(result) == {"First": None, "Second": None}
    assert told(result) == [("waiver-expired", "main.tf", 11)]
    assert "main.tf:11: the waiver of IAM-KMS-3 expired on 2027-06-30" in result.err


@pytest.mark.parametrize("at", ["above the argument"])
def test_one_that_covers_nothing_is_told(tmp_path: Path, at: str) -> None:
    result = written(tmp_path, at, f"# {IGNORE}")

    assert [code for code, *_ in told(result)] == ["waiver-unused"]
    assert waived(result) == {"First": None, "Second": None}


def test_one_for_guardrails_that_are_not_judged_is_not_said_to_cover_nothing(tmp_path: Path) -> None:
    result = written(tmp_path, "above the first", '# tfkms:ignore IAM-KMS-5 reason="r"')

    assert told(result) == []


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        ("tfkms:ignore IAM-KMS-3", "it gives no reason"),
        ('tfkms:ignore IAM-KMS-3 reason=""', "it gives no reason"),
        ('tfkms:ignore IAM-KMS-33 reason="r"', "there is no guardrail `IAM-KMS-33`"),
        ('tfkms:ignore * reason="r"', "there is no guardrail `*`"),
        ('tfkms:ignore reason="r"', "it names no guardrail"),
        ('tfkms:skip IAM-KMS-3 reason="r"', "there is no word `tfkms:skip`"),
        ('tfkms:ignore IAM-KMS-3 reason="r" until=2027-06-30', "there is no word `until`"),
        ('tfkms:ignore IAM-KMS-3 reason="r" expires=30.06.2027', "takes a date like 2027-06-30"),
        ('tfkms:ignore IAM-KMS-3 reason="r" expires=20270630', "takes a date like 2027-06-30"),
        ('tfkms:ignore IAM-KMS-3 reason="r" reason="s"', "`reason` stands twice"),
        ('tfkms:ignore IAM-KMS-3 reason="r', '`reason="r` cannot be read'),
        ('tfkms:ignore IAM-KMS-3 reason="r" principal=deployer', "can never match a principal"),
    ],
)
def test_one_that_is_malformed_is_told_and_covers_nothing(tmp_path: Path, comment: str, why: str) -> None:
    result = written(tmp_path, "above the first", f"# {comment}")

    assert told(result) == [("waiver-malformed", "main.tf", 11)]
    assert why in result.err
    assert waived(result) == {"First": None, "Second": None}
    assert result.code == 1


def test_one_beside_nothing_is_told(tmp_path: Path) -> None:
    behind = written(tmp_path, "behind the second", f"# {IGNORE}")
    apart = scan(tmp_path, {"main.tf": f"# {IGNORE}\n\n{DOCUMENT}"})

    for result in (behind, apart):
        assert [code for code, *_ in told(result)] == ["waiver-malformed"]
        assert "it stands beside nothing" in result.err
        assert waived(result) == {"First": None, "Second": None}


def test_no_inline_leaves_them_out_and_says_how_many(tmp_path: Path) -> None:
    result = written(tmp_path, "above the key", f"# {IGNORE}", "--no-inline")

    assert waived(result) == {"First": None, "Second": None}
    assert told(result) == [("waivers-left-out", None, None)]
    assert "1 waiver in the source left out" in result.err


def test_of_files_that_were_not_asked_about_nothing_is_told(tmp_path: Path) -> None:
    others = (
        f'# {IGNORE}\nresource "aws_kms_alias" "other" {{\n  name = "alias/other"\n}}\n# tfkms:ignore\nlocals {{\n}}\n'
    )
    files = {"main.tf": DOCUMENT.replace("above the key", IGNORE), "other.tf": others}
    whole = scan(tmp_path, files)
    one = run("scan", "main.tf", "--format", "json", *QUIETLY, cwd=tmp_path)

    assert sorted(told(whole)) == [("waiver-malformed", "other.tf", 5), ("waiver-unused", "other.tf", 1)]
    assert told(one) == []
    assert all(waived(one).values())


class TestOnAModuleCall:
    def files(self, comment: str) -> dict[str, str]:
        calls = f'# {comment}\nmodule "quiet" {{\n  source = "./key"\n}}\nmodule "loud" {{\n  source = "./key"\n}}\n'
        return {
            "main.tf": calls,
            "key/main.tf": 'module "inner" {\n  source = "../inner"\n}\n',
            "inner/main.tf": DOCUMENT,
        }

    def test_it_is_for_all_below(self, tmp_path: Path) -> None:
        result = scan(tmp_path, self.files(IGNORE))

        found = {(own["address"], bool(own["waived"])) for own in result.report["findings"]}
        assert found == {
            ("module.quiet.module.inner.aws_kms_key.main", True),
            ("module.loud.module.inner.aws_kms_key.main", False),
        }

    def test_for_all_guardrails_and_everyone_it_is_too_broad(self, tmp_path: Path) -> None:
        result = scan(tmp_path, self.files('tfkms:ignore all reason="r"'))

        assert told(result) == [("waiver-too-broad", "main.tf", 1)]
        assert not any(own["waived"] for own in result.report["findings"])

    def test_one_in_the_module_is_for_every_call(self, tmp_path: Path) -> None:
        files = {**self.files("no waiver"), "inner/main.tf": DOCUMENT.replace("above the key", IGNORE)}
        result = scan(tmp_path, files)

        assert len(result.report["findings"]) == 4
        assert all(own["waived"] for own in result.report["findings"])


class TestInJson:
    def content(self, *, block: object = None, statement: object = None, call: object = None) -> dict[str, str]:
        allow = {"effect": "Allow", "actions": ["kms:ScheduleKeyDeletion"], "resources": ["*"]}
        document = {
            "statement": [
                {"sid": "First", **allow, "principals": [{"type": "AWS", "identifiers": [DESTROYER]}], "//": statement},
                {"sid": "Second", **allow, "principals": [{"type": "AWS", "identifiers": [OTHER]}]},
            ]
        }
        inner = {
            "data": {"aws_iam_policy_document": {"key": document}},
            "resource": {"aws_kms_key": {"main": {"//": block, "policy": "${data.aws_iam_policy_document.key.json}"}}},
        }
        outer = {"module": {"inner": {"source": "./inner", "//": call}}}
        return {"main.tf.json": json.dumps(outer, indent=1), "inner/main.tf.json": json.dumps(inner, indent=1)}

    def test_a_key_for_comments_is_for_its_object(self, tmp_path: Path) -> None:
        on_statement = scan(tmp_path, self.content(statement=IGNORE))
        on_block = scan(tmp_path, self.content(block=["some words", IGNORE]))
        on_call = scan(tmp_path, self.content(call=IGNORE))

        assert waived(on_statement) == {"First": "moved next week", "Second": None}
        assert waived(on_block) == waived(on_call) == {"First": "moved next week", "Second": "moved next week"}
        assert told(on_statement) == told(on_block) == told(on_call) == []

    def test_one_outside_of_blocks_is_for_nothing(self, tmp_path: Path) -> None:
        for comment in ({"//": IGNORE}, {"resource": {"aws_kms_key": {"//": IGNORE}}}):
            result = scan(tmp_path, {**self.content(), "more.tf.json": json.dumps(comment)})

            assert told(result) == [("waiver-malformed", "more.tf.json", 1)]
            assert waived(result) == {"First": None, "Second": None}


class TestInASavedPlan:
    """A true one: its sources are in it."""

    FOLDER = PROJECT / "tests/fixtures/saved-plans/annotated"

    def scan(self, *words: str) -> Run:
        return run("scan", "plan.tfplan", "--format", "json", *QUIETLY, *words, cwd=self.FOLDER)

    def test_one_is_for_the_statement_the_block_or_the_module_call(self) -> None:
        result = self.scan()

        found = {own["address"]: own["waived"] and own["waived"]["reason"] for own in result.report["findings"]}
        assert found == {
            "aws_kms_key.waived": "retired in May",
            "module.loud.aws_kms_key.loud": None,
            "module.loud.aws_kms_key.one": "a line within a block",
            "module.quiet.aws_kms_key.loud": "a module of others",
            "module.quiet.aws_kms_key.one": "a module of others",
        }
        assert told(result) == []

    def test_its_json_has_them_with_its_source(self, tmp_path: Path) -> None:
        (tmp_path / "plan.json").write_bytes((self.FOLDER / "shown.json").read_bytes())
        with zipfile.ZipFile(self.FOLDER / "plan.tfplan") as archive:
            for name in ("main.tf", "keys/main.tf"):
                (tmp_path / name).parent.mkdir(exist_ok=True)
                member = f"tfconfig/m-{name}" if "/" in name else f"tfconfig/m-/{name}"
                (tmp_path / name).write_bytes(archive.read(member.replace("m-keys", "m-loud")))
        words = ("scan", "plan.json", "--format", "json", *QUIETLY)

        without = run(*words, cwd=tmp_path)
        result = run(*words, "--source", ".", cwd=tmp_path)

        assert not any(own["waived"] for own in without.report["findings"])
        assert {own["address"]: bool(own["waived"]) for own in result.report["findings"]} == {
            own["address"]: bool(own["waived"]) for own in self.scan().report["findings"]
        }

    def test_no_inline_leaves_them_out(self) -> None:
        assert not any(own["waived"] for own in self.scan("--no-inline").report["findings"])


class TestOnAnElement:
    """In each form in which an element has a line of its own, or the text that it is written in has."""

    FIRST, SECOND = f'"{DESTROYER}"', f'"{OTHER}"'

    def document(self, *, principals: str, actions: str = '["kms:ScheduleKeyDeletion"]', more: str = "") -> str:
        return f"""
data "aws_iam_policy_document" "key" {{
  statement {{
    sid       = "Root"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {{
      type        = "AWS"
      identifiers = ["arn:aws:iam::111122223333:root"]
    }}
  }}
  statement {{
    sid       = "First"
    actions   = {actions}
    resources = ["*"]
    principals {{
      type        = "AWS"
      identifiers = {principals}
    }}
    {more}
  }}
}}
resource "aws_kms_key" "main" {{
  policy = data.aws_iam_policy_document.key.json
}}
"""

    def encoded(self, *, principals: str, actions: str = '["kms:ScheduleKeyDeletion"]', more: str = "") -> str:
        return f"""
resource "aws_kms_key" "main" {{
  policy = jsonencode({{
    Statement = [
      {{ Sid = "Root", Effect = "Allow", Principal = {{ AWS = "arn:aws:iam::111122223333:root" }}, Action = "kms:*", Resource = "*" }},
      {{
        Sid       = "First"
        Effect    = "Allow"
        Principal = {{ AWS = {principals} }}
        Action    = {actions}
        Resource  = "*"
        {more}
      }},
    ]
  }})
}}
"""

    def found(self, result: Run) -> dict[tuple[str, ...], bool]:
        return {tuple(own["principals"]): own["waived"] is not None for own in result.report["findings"]}

    @pytest.mark.parametrize("form", ["document", "encoded"])
    @pytest.mark.parametrize(
        "written", [f"[\n# {IGNORE}\n{FIRST},\n{SECOND},\n]", f"[\n{SECOND},\n{FIRST}, # {IGNORE}\n]"]
    )
    def test_beside_a_principal_it_is_for_that_principal(self, tmp_path: Path, form: str, written: str) -> None:
        result = scan(tmp_path, {"main.tf": getattr(self, form)(principals=written)})

        assert self.found(result) == {(DESTROYER,): True, (OTHER,): False}
        assert told(result) == []
        assert result.code == 1

    def test_a_principal_of_another_account_everyone_and_a_service_each_leave_the_others(self, tmp_path: Path) -> None:
        written = f'[\n"*", # {IGNORE}\n{self.FIRST},\n"444455556666"]'
        everyone = scan(tmp_path, {"main.tf": self.encoded(principals=written)})
        written = f'["*",\n{self.FIRST},\n"444455556666"\n]'.replace("6666", f'6666", # {IGNORE}').replace(
            IGNORE + '"', IGNORE
        )
        account = scan(tmp_path, {"main.tf": self.encoded(principals=written)})

        assert self.found(everyone)["*",] is True
        assert self.found(everyone)[DESTROYER, "444455556666"] is False
        assert self.found(account)["444455556666",] is True
        assert self.found(account)["*", DESTROYER] is False

    def test_all_principals_waived_one_by_one_leave_no_finding(self, tmp_path: Path) -> None:
        written = f"[\n{self.FIRST}, # {IGNORE}\n{self.SECOND}, # {IGNORE}\n]"
        result = scan(tmp_path, {"main.tf": self.document(principals=written)})

        assert all(self.found(result).values())
        assert {name for principals in self.found(result) for name in principals} == {DESTROYER, OTHER}
        assert result.code == 0

    def test_a_principal_that_another_entry_names_too_is_not_waived(self, tmp_path: Path) -> None:
        written = f"[\n{self.FIRST}, # {IGNORE}\n{self.FIRST},\n]"
        result = scan(tmp_path, {"main.tf": self.encoded(principals=written)})

        assert self.found(result) == {(DESTROYER,): False}
        assert [code for code, *_ in told(result)] == ["waiver-unused"]

    @pytest.mark.parametrize("form", ["document", "encoded"])
    def test_beside_the_action_it_is_for_the_finding(self, tmp_path: Path, form: str) -> None:
        actions = f'[\n"kms:DescribeKey",\n"kms:ScheduleKeyDeletion", # {IGNORE}\n]'
        result = scan(tmp_path, {"main.tf": getattr(self, form)(principals=f"[{self.FIRST}]", actions=actions)})

        assert self.found(result) == {(DESTROYER,): True}
        assert told(result) == []

    def test_beside_another_action_it_is_for_nothing(self, tmp_path: Path) -> None:
        actions = f'[\n"kms:DescribeKey", # {IGNORE}\n"kms:ScheduleKeyDeletion",\n]'
        result = scan(tmp_path, {"main.tf": self.document(principals=f"[{self.FIRST}]", actions=actions)})

        assert self.found(result) == {(DESTROYER,): False}
        assert [code for code, *_ in told(result)] == ["waiver-unused"]

    def test_beside_one_of_two_actions_that_make_the_finding_it_is_for_nothing(self, tmp_path: Path) -> None:
        actions = f'[\n"kms:Sched*", # {IGNORE}\n"kms:ScheduleKeyDeletion",\n]'
        one = scan(tmp_path, {"main.tf": self.document(principals=f"[{self.FIRST}]", actions=actions)})
        both = scan(
            tmp_path,
            {
                "main.tf": self.document(
                    principals=f"[{self.FIRST}]", actions=actions.replace('",\n]', f'", # {IGNORE}\n]')
                )
            },
        )

        assert self.found(one) == {(DESTROYER,): False}
        assert self.found(both) == {(DESTROYER,): True}
        assert told(both) == []

    def test_on_a_condition_it_is_for_the_finding(self, tmp_path: Path) -> None:
        native = (
            f'# {IGNORE}\ncondition {{\ntest = "Bool"\nvariable = "aws:MultiFactorAuthPresent"\nvalues = ["true"]\n}}'
        )
        encoded = f'Condition = {{\nBool = {{ "aws:MultiFactorAuthPresent" = "true" }} # {IGNORE}\n}}'
        for text in (
            self.document(principals=f"[{self.FIRST}]", more=native),
            self.encoded(principals=f"[{self.FIRST}]", more=encoded),
        ):
            result = scan(tmp_path, {"main.tf": text})

            assert self.found(result) == {(DESTROYER,): True}
            assert told(result) == []

    def test_with_a_principal_it_is_for_no_other_one_at_the_element(self, tmp_path: Path) -> None:
        written = f"[\n# {IGNORE} principal={OTHER}\n{self.FIRST},\n{self.SECOND},\n]"
        result = scan(tmp_path, {"main.tf": self.document(principals=written)})

        assert self.found(result) == {(DESTROYER, OTHER): False} or self.found(result) == {(OTHER, DESTROYER): False}

    def test_in_a_local_value_a_default_and_a_module_call_it_is_for_what_uses_the_element(self, tmp_path: Path) -> None:
        values = f"locals {{\n  people = [\n    {self.FIRST}, # {IGNORE}\n    {self.SECOND},\n  ]\n}}\n"
        local = scan(tmp_path, {"main.tf": values + self.document(principals="local.people")})
        assert self.found(local) == {(DESTROYER,): True, (OTHER,): False}

        default = values.replace("locals", 'variable "people"').replace("people =", "default =")
        variable = scan(tmp_path, {"main.tf": default + self.document(principals="toset(var.people)")})
        assert self.found(variable) == {(DESTROYER,): True, (OTHER,): False}

        call = values.replace("locals", 'module "key"').replace("people =", 'source = "./key"\n  people =')
        inner = 'variable "people" {\n  type = set(string)\n}\n' + self.encoded(principals="tolist(var.people)")
        module = scan(tmp_path, {"main.tf": call, "key/main.tf": inner})
        assert self.found(module) == {(DESTROYER,): True, (OTHER,): False}

    def test_an_element_that_is_not_known(self, tmp_path: Path) -> None:
        role = 'resource "aws_iam_role" "new" {\n  name_prefix = "new"\n  assume_role_policy = "{}"\n}\n'
        written = f"[\naws_iam_role.new.arn, # {IGNORE}\n{self.SECOND},\n]"
        result = scan(tmp_path, {"main.tf": role + self.document(principals=written)})

        assert [own["waived"] is not None for own in result.report["findings"] if OTHER in own["principals"]] == [False]
        assert any(own["waived"] for own in result.report["findings"])

    def test_in_json_a_key_for_comments_of_a_block_is_for_the_principals_in_it(self, tmp_path: Path) -> None:
        principals = [
            {"type": "AWS", "identifiers": [DESTROYER], "//": IGNORE},
            {"type": "AWS", "identifiers": [OTHER]},
        ]
        root = {"type": "AWS", "identifiers": ["arn:aws:iam::111122223333:root"]}
        statements = [
            {"actions": ["kms:*"], "resources": ["*"], "principals": [root]},
            {"sid": "First", "actions": ["kms:ScheduleKeyDeletion"], "resources": ["*"], "principals": principals},
        ]
        content = {
            "data": {"aws_iam_policy_document": {"key": {"statement": statements}}},
            "resource": {"aws_kms_key": {"main": {"policy": "${data.aws_iam_policy_document.key.json}"}}},
        }
        result = scan(tmp_path, {"main.tf.json": json.dumps(content, indent=1)})

        assert self.found(result) == {(DESTROYER,): True, (OTHER,): False}
        assert told(result) == []


def test_those_of_a_configuration_that_is_not_the_plans_are_said_to_be_left_out(tmp_path: Path) -> None:
    folder = PROJECT / "tests/fixtures/joined/hidden-policy"
    (tmp_path / "plan.json").write_bytes((folder / "plan.json").read_bytes())
    (tmp_path / "main.tf").write_text(f'# {IGNORE}\nresource "aws_kms_key" "other" {{}}\n', encoding="utf-8")

    result = run("scan", "plan.json", "--source", ".", "--format", "json", *QUIETLY, cwd=tmp_path)

    [warning] = [item for item in result.report["diagnostics"] if item["code"] == "source-differs"]
    assert warning["hint"].endswith("the plan alone is judged, and 1 waiver in the source left out")
    assert not any(own["waived"] for own in result.report["findings"])
