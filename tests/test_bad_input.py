"""Wrong inputs fail the gate: exit 2, one clear line each, and never a traceback or a silent pass."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import assert_refused, assert_whole_report, run, scan, start
from tests.plan_builder import ROOT, change, key_plan, plan, policy

GOOD = json.dumps(key_plan(policy(ROOT))).encode()
ONE = ("--check", "IAM-KMS-1")
DEEP = 200_000
DEPTHS = [90, 150, 300, 480, 484, 488, 492, 700, 950, 990, 1_000, 2_000, 10_000, DEEP]
SECRET = "hunter2-9f8e"


def archive() -> bytes:
    """A zip file that begins like a saved plan."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as saved:
        saved.writestr("tfplan", b"x")
    return content.getvalue()


def lists(depth: int) -> str:
    return "[" * depth + "]" * depth


def objects(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def with_part(content: dict[str, Any], part: str) -> bytes:
    """The plan with the JSON text `part` where it holds the text `@`."""
    return json.dumps(content).replace('"@"', part).encode()


BAD = {
    "nothing": (b"", "empty"),
    "blanks": (b" \n\t\r\n", "empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "does not begin with `{`"),
    "no JSON": (b"hello", "does not begin with `{`"),
    "an empty object": (b"{}", "no format_version"),
    "another object": (b'{"Resources": {}}', "no format_version"),
    "a list": (b"[]", "a list"),
    "a list of plans": (b"[" + GOOD + b"]", "a list"),
    "what setup-terraform's wrapper puts before": (
        b"[command]/opt/terraform-bin show -json p\n" + GOOD,
        "wrapper: false",
    ),
    "what it puts after": (GOOD + b"\n::debug::Terraform exited with code 0.\n", "wrapper: false"),
    "what it says of an error": (b"::error::Terraform exited with code 1.\n", "wrapper: false"),
    "null": (b"null", "does not begin with `{`"),
    "true": (b"true", "does not begin with `{`"),
    "a number": (b"7", "does not begin with `{`"),
    "a text": (b'"plan"', "does not begin with `{`"),
    "a later format": (b'{"format_version": "2.0", "resource_changes": []}', "'2.0' is not known"),
    "an odd format": (b'{"format_version": "abc", "resource_changes": []}', "'abc' is not known"),
    "an early format": (b'{"format_version": "0.3", "resource_changes": []}', "'0.3' is not known"),
    "a format of half a number": (b'{"format_version": "1.x", "resource_changes": []}', "'1.x' is not known"),
    "an empty format": (b'{"format_version": "", "resource_changes": []}', "'' is not known"),
    "a format of many lines": (b'{"format_version": "\\u001b[2J\\n\\n", "resource_changes": []}', "is not known"),
    "no format": (b'{"format_version": null, "resource_changes": []}', "`$.format_version`"),
    "nothing but a version": (b'{"format_version": "1.0"}', "nothing to judge"),
    "nothing but nulls": (
        b'{"format_version": "1.0", "resource_changes": null, "planned_values": null, "values": null}',
        "nothing to judge",
    ),
    "the redacted plan": (b'{"plan_format_version": "1.2", "resource_changes": []}', "redacted"),
    "the bookmark of a plan": (b'{"remote_plan_format": 1, "run_id": "run-1", "hostname": "x"}', "bookmark"),
    "an encrypted plan": (b'{"meta": {}, "encrypted_data": "x", "encryption_version": "v0"}', "encrypted"),
    "an encrypted state": (b'{"serial": 1, "lineage": "x", "encrypted_data": "x"}', "encrypted"),
    "the log of a plan": (
        b'{"@level":"info","@message":"Terraform 1.11.4"}\n{"@level":"info"}',
        "terraform plan -json",
    ),
    "a message before the JSON": (b"Acquiring state lock.\n" + GOOD, "does not begin with `{`"),
    "colour before the JSON": (b"\x1b[0m" + GOOD, "does not begin with `{`"),
    "something after the JSON": (GOOD + b"x", "not valid JSON"),
    "two plans in a file": (GOOD + b"\n" + GOOD, "not valid JSON"),
    "an end that is missing": (GOOD[:-1], "not valid JSON"),
    "half a plan": (GOOD[: len(GOOD) // 2], "not valid JSON"),
    "one byte of a plan": (GOOD[:1], "not valid JSON"),
    "single quotes": (b"{'format_version': '1.2'}", "not valid JSON"),
    "NaN": (b'{"format_version": "1.2", "resource_changes": [], "x": NaN}', "not valid JSON"),
    "a lone surrogate": (b'{"format_version": "\\ud800"}', "not valid JSON"),
    "binary": (b"\x7fELF\x00\x00\x01", "binary"),
    "a compressed plan": (b"\x1f\x8b\x08\x00\x00", "binary"),
    "UTF-16 without its mark": (GOOD.decode().encode("utf-16-le"), "binary"),
    "UTF-32": (GOOD.decode().encode("utf-32"), "binary"),
    "Latin-1": (b'{"format_version": "\xff"}', "not valid JSON"),
    "half a character of UTF-16": (b"\xff\xfe{", "UTF-16"),
    "a damaged saved plan": (archive(), "the saved plan is damaged"),
    "a policy": (policy(ROOT).encode(), "no format_version"),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_a_wrong_input_is_refused_in_one_line(content: bytes, words: str, tmp_path: Path) -> None:
    result = scan(content, tmp_path)

    assert_refused(result, words, str(tmp_path))
    assert result.err.startswith("tfkms: error: plan.json: ")
    assert result.out == ""


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_a_refusal_leaves_a_machine_its_whole_report(content: bytes, words: str, tmp_path: Path) -> None:
    result = scan(content, tmp_path, "--format", "json")

    assert_refused(result, words, str(tmp_path))
    assert_whole_report(result)


@pytest.mark.parametrize("name", ["nothing", "half a plan", "binary", "a later format", "a damaged saved plan"])
def test_a_process_of_its_own_refuses_it_likewise(name: str, tmp_path: Path) -> None:
    content, words = BAD[name]
    (tmp_path / "plan.json").write_bytes(content)
    result = start("scan", str(tmp_path / "plan.json"), *ONE, "--format", "json", cwd=tmp_path.parent)

    assert_refused(result, words, str(tmp_path.parent))
    assert_whole_report(result)


@pytest.mark.parametrize("words", [("scan", *ONE, "--format", "json"), ("scan", *ONE), ("policies",)])
def test_every_command_that_reads_plans_refuses_alike(words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(b"{}")

    assert_refused(run(*words, "plan.json", cwd=tmp_path), "no format_version")


# where no file can be read


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert_refused(run("scan", "plan.json", *ONE, cwd=tmp_path), "plan.json: the file does not exist")


def test_a_missing_file_elsewhere_is_called_by_its_last_name(tmp_path: Path) -> None:
    result = run("scan", "/no-such-directory/plan.json", *ONE, "--format", "json", cwd=tmp_path)

    assert_refused(result, "error: plan.json: the file does not exist", "no-such-directory")


def test_a_missing_file_below_is_called_by_its_relative_path(tmp_path: Path) -> None:
    result = run("scan", str(tmp_path / "plan.json"), *ONE, "--format", "json", cwd=tmp_path.parent)

    assert_refused(result, f"error: {tmp_path.name}/plan.json: the file does not exist", str(tmp_path))


def test_a_directory_without_configuration_is_refused(tmp_path: Path) -> None:
    assert_refused(run("scan", ".", *ONE, cwd=tmp_path), "there is no configuration in this directory")


def test_a_name_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(GOOD)

    assert_refused(run("scan", "plan.json/plan.json", *ONE, cwd=tmp_path), "not a directory")


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    assert_refused(run("scan", "p" * 5_000, *ONE, cwd=tmp_path), "cannot be read")


def test_standard_input_that_is_closed_is_refused(tmp_path: Path) -> None:
    assert_refused(start("scan", "-", *ONE, cwd=tmp_path, content=None), "standard input is empty")


def test_standard_input_is_empty_when_it_is_read_again(tmp_path: Path) -> None:
    result = run("scan", "-", "-", *ONE, cwd=tmp_path, content=GOOD)

    assert_refused(result, "standard input is empty")
    assert "1 pass" in result.out


# nested too deeply

DEEP_PLACES = {
    "a member that is not read": key_plan(policy(ROOT), relevant_attributes="@"),
    "a value": plan(change("aws_kms_key.a", {"policy": policy(ROOT), "x": "@"})),
    "what is unknown": plan(change("aws_kms_key.a", {"policy": policy(ROOT)}, unknown={"x": "@"})),
    "what is sensitive": plan(change("aws_kms_key.a", {"policy": policy(ROOT)}, sensitive={"policy": "@"})),
    "a value from before": plan(change("aws_kms_key.a", {"policy": ""}, before={"x": "@"})),
    "a variable": key_plan(policy(ROOT), variables={"x": {"value": "@"}}),
    "an expression": key_plan(policy(ROOT)) | {"configuration": {"root_module": {"resources": [
        {"address": "aws_kms_key.main", "mode": "managed", "type": "aws_kms_key", "expressions": {"x": "@"}}]}}},
    "a provider": key_plan(policy(ROOT)) | {"configuration": {"provider_config": {
        "aws": {"name": "aws", "expressions": {"x": "@"}}}}},
}  # fmt: skip


@pytest.mark.parametrize("place", DEEP_PLACES)
@pytest.mark.parametrize("nested", [lists, objects])
def test_json_nested_far_too_deeply_is_refused_wherever_it_stands(place: str, nested: Any, tmp_path: Path) -> None:
    assert_refused(scan(with_part(DEEP_PLACES[place], nested(DEEP)), tmp_path), "nested too deeply")


@pytest.mark.parametrize("place", DEEP_PLACES)
@pytest.mark.parametrize("depth", DEPTHS)
def test_json_of_any_depth_is_judged_or_refused(place: str, depth: int, tmp_path: Path) -> None:
    result = scan(with_part(DEEP_PLACES[place], objects(depth)), tmp_path)

    if result.code == 2:
        assert_refused(result, "nested too deeply")
    else:
        assert "1 subject" in result.out


@pytest.mark.parametrize(
    ("opening", "closing"),
    [('{"child_modules":[', "]}"), ('{"module_calls":{"a":{"module":', "}}}")],
    ids=["modules of values", "modules of the configuration"],
)
@pytest.mark.parametrize("depth", [50, 300, 480, 3_000, 60_000])
def test_modules_nested_to_any_depth_are_judged_or_refused(
    opening: str, closing: str, depth: int, tmp_path: Path
) -> None:
    deep = opening * depth + "{}" + closing * depth
    content = key_plan(policy(ROOT)) | {"prior_state": {"values": {"root_module": "@"}}}
    if "module_calls" in opening:
        content = key_plan(policy(ROOT)) | {"configuration": {"root_module": "@"}}
    result = scan(with_part(content, deep), tmp_path)

    if result.code == 2:
        assert_refused(result, "nested too deeply")
    else:
        assert "1 subject" in result.out


@pytest.mark.parametrize(
    "text",
    ["@", '{"Statement": @}', '{"Statement": [@]}', '{"Version": @}', '{"Statement": [{"Condition": @}]}',
     '{"Statement": [{"Effect": "Allow", "Principal": @, "Action": "*", "Resource": "*"}]}',
     '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": @, "Resource": "*"}]}'],
)  # fmt: skip
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_policy_of_any_depth_never_passes_and_never_crashes(text: str, depth: int, tmp_path: Path) -> None:
    result = scan(key_plan(text.replace("@", objects(depth))), tmp_path)

    assert result.code in (1, 2, 3)
    assert "crashed" not in result.err
    assert "Traceback" not in result.err


# members of the wrong type

CREATED = change("aws_kms_key.a", {"policy": ""})


def created(**members: Any) -> list[Any]:
    return [CREATED | members]


def changed(**members: Any) -> list[Any]:
    return [CREATED | {"change": CREATED["change"] | members}]


def configured(**members: Any) -> dict[str, Any]:
    return {"root_module": members}


MEMBERS: list[tuple[str, Any]] = [
    ("format_version", 1),
    ("format_version", ["1.2"]),
    ("terraform_version", 1),
    ("errored", "yes"),
    ("errored", None),
    ("complete", 0),
    ("resource_changes", {}),
    ("resource_changes", "none"),
    ("resource_changes", [7]),
    ("resource_changes", [None]),
    ("resource_changes", [{"address": "aws_kms_key.a"}]),
    ("resource_changes", [{"address": "aws_kms_key.a", "type": "aws_kms_key"}]),
    ("resource_changes", created(address=1)),
    ("resource_changes", created(address=None)),
    ("resource_changes", created(type=[])),
    ("resource_changes", created(name={})),
    ("resource_changes", created(mode="odd")),
    ("resource_changes", created(mode=1)),
    ("resource_changes", created(module_address=1)),
    ("resource_changes", created(index=[1])),
    ("resource_changes", created(index=True)),
    ("resource_changes", created(provider_name=1)),
    ("resource_changes", created(deposed=1)),
    ("resource_changes", created(change=[])),
    ("resource_changes", created(change=None)),
    ("resource_changes", created(change={})),
    ("resource_changes", changed(actions="create")),
    ("resource_changes", changed(actions=["explode"])),
    ("resource_changes", changed(actions=[None])),
    ("resource_changes", changed(before=[])),
    ("resource_changes", changed(before="x")),
    ("resource_changes", changed(after=[])),
    ("resource_changes", changed(after=7)),
    ("resource_changes", changed(after=None)),
    ("resource_changes", changed(actions=["update"], after=None)),
    ("resource_changes", changed(actions=["delete", "create"], after=None)),
    ("resource_changes", changed(actions=["no-op"], before={}, after=None)),
    ("planned_values", 7),
    ("planned_values", {"root_module": []}),
    ("planned_values", {"root_module": {"resources": {}}}),
    ("planned_values", {"root_module": {"resources": [{"address": "a"}]}}),
    ("planned_values", {"root_module": {"child_modules": {}}}),
    ("prior_state", []),
    ("prior_state", {"values": []}),
    ("prior_state", {"values": {"root_module": {"resources": [{"address": "a", "type": "b", "mode": "odd"}]}}}),
    ("prior_state", {"values": {"root_module": {"resources": [
        {"address": "a", "type": "aws_region", "mode": "data", "values": "x"}]}}}),
    ("values", []),
    ("variables", []),
    ("variables", {"a": 1}),
    ("configuration", []),
    ("configuration", {"root_module": []}),
    ("configuration", configured(resources={})),
    ("configuration", configured(resources=[{"address": "aws_kms_key.a"}])),
    ("configuration", configured(resources=[{"address": "aws_kms_key.a", "type": "aws_kms_key", "expressions": []}])),
    ("configuration", configured(
        resources=[{"address": "aws_kms_key.a", "type": "aws_kms_key", "expressions": {"policy": {"references": 1}}}])),
    ("configuration", configured(
        resources=[{"address": "aws_kms_key.a", "type": "aws_kms_key", "expressions": {"policy": {"references": [1]}}}])),
    ("configuration", configured(module_calls=[])),
    ("configuration", configured(module_calls={"a": 1})),
    ("configuration", configured(module_calls={"a": {"module": []}})),
    ("configuration", configured(outputs=[])),
    ("configuration", configured(variables=[])),
    ("configuration", {"provider_config": []}),
    ("configuration", {"provider_config": {"aws": 1}}),
    ("configuration", {"provider_config": {"aws": {"expressions": []}}}),
]  # fmt: skip


@pytest.mark.parametrize(("member", "value"), MEMBERS)
def test_a_member_of_the_wrong_type_is_refused(member: str, value: Any, tmp_path: Path) -> None:
    content = plan(CREATED, blocks=({"address": "aws_kms_key.a", "type": "aws_kms_key"},)) | {member: value}
    result = scan(content, tmp_path)

    assert_refused(result, "plan.json: ")


ODD_VALUES: list[Any] = [None, True, 7, 1.5, "x", [], {}, [7], {"a": 7}, [[]], [{}]]


def members_of(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths to all that stands in a plan."""
    inside: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [path, *(below for step, item in inside for below in members_of(item, (*path, step)))]


WHOLE = plan(
    change('module.m["x"].aws_kms_key.a[0]', {"policy": policy(ROOT)}, unknown={"arn": True}, before={"policy": ""}),
    change("aws_kms_key_policy.p", {"policy": policy(ROOT)}, unknown={"key_id": True}),
    change("aws_iam_role.r", {"inline_policy": [{"policy": policy(ROOT)}]}, sensitive={"inline_policy": [{}]}),
    change("data.aws_iam_policy_document.d", {}, unknown={"json": True}, actions=("read",)),
    blocks=({"address": "aws_kms_key_policy.p", "type": "aws_kms_key_policy", "provider_config_key": "aws",
             "expressions": {"key_id": {"references": ["module.m[\"x\"].id", "module.m"]},
                             "policy": {"constant_value": "{}"}}},),
    variables={"v": {"value": "x"}},
    planned_values={"root_module": {"resources": []}},
)  # fmt: skip
WHOLE["configuration"]["root_module"]["module_calls"] = {
    "m": {
        "expressions": {"policy": {"references": ["var.v"]}},
        "for_each_expression": {"constant_value": ["x"]},
        "module": {
            "resources": [
                {
                    "address": "aws_kms_key.a",
                    "type": "aws_kms_key",
                    "provider_config_key": "m:aws",
                    "expressions": {"policy": {"references": ["var.policy"]}, "timeouts": [{"create": {}}]},
                    "count_expression": {"constant_value": 1},
                }
            ],
            "outputs": {"id": {"expression": {"references": ["aws_kms_key.a[0].id", "aws_kms_key.a"]}}},
            "variables": {"policy": {"default": None}},
        },
    }
}
WHOLE["configuration"]["provider_config"]["aws"]["expressions"]["assume_role"] = [{"role_arn": {"constant_value": "x"}}]


@pytest.mark.parametrize("path", members_of(WHOLE)[1:], ids=lambda path: "/".join(map(str, path)))
def test_no_member_of_whatever_type_makes_it_crash(path: tuple[str | int, ...], tmp_path: Path) -> None:
    """What makes a plan unreadable is refused; where another type does no harm, there are verdicts."""
    for value in ODD_VALUES:
        content = json.loads(json.dumps(WHOLE))
        place = content
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        result = scan(content, tmp_path, "--format", "json")

        assert result.code in (0, 1, 2, 3)
        assert "crashed" not in result.err
        assert result.report["diagnostics"] or result.report["verdicts"] or path[0] == "resource_changes"


def test_a_plan_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(GOOD)
    for length in range(0, len(GOOD), 97):
        assert_refused(run("scan", "-", *ONE, cwd=tmp_path, content=GOOD[:length]))


# several inputs


def test_of_several_inputs_the_good_ones_are_judged(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_bytes(GOOD)
    (tmp_path / "bad.json").write_bytes(b"{}")
    result = run("scan", "bad.json", "good.json", "none.json", *ONE, "--format", "json", cwd=tmp_path)

    assert result.code == 2
    assert [item["path"] for item in result.report["inputs"]] == ["good.json"]
    assert [(item["verdict"], item["input"]) for item in result.report["verdicts"]] == [("pass", 0)]
    assert [(item["level"], item["file"]) for item in result.report["diagnostics"]] == [
        ("error", "bad.json"),
        ("error", "none.json"),
    ]
    assert len(result.err.splitlines()) == 2


def test_all_that_is_wrong_with_several_inputs_is_said(tmp_path: Path) -> None:
    for name, content in (("a.json", b"{}"), ("b.json", b""), ("c.json", b"[]")):
        (tmp_path / name).write_bytes(content)
    result = run("scan", "a.json", "b.json", "c.json", *ONE, cwd=tmp_path)

    assert result.code == 2
    assert [line.split(": ")[2] for line in result.err.splitlines()] == ["a.json", "b.json", "c.json"]


# policies that cannot be read in plans that can


def test_a_policy_that_is_not_json_fails_the_gate_and_the_others_are_judged(tmp_path: Path) -> None:
    unknown = {"arn": True, "key_id": True}
    content = plan(
        change("aws_kms_key.broken", {"policy": '{"Statement": ['}, unknown=unknown),
        change("aws_kms_key.good", {"policy": policy(ROOT)}, unknown=unknown),
    )
    result = scan(content, tmp_path, "--format", "json")

    assert result.code == 2
    assert {item["address"]: item["verdict"] for item in result.report["verdicts"]} == {
        "aws_kms_key.broken": "undecided",
        "aws_kms_key.good": "pass",
    }
    assert [(item["code"], item["address"]) for item in result.report["diagnostics"]] == [
        ("policy-not-json", "aws_kms_key.broken")
    ]
    assert_refused(result, "aws_kms_key.broken: the policy in /policy is not JSON")


@pytest.mark.parametrize(
    "text",
    [lists(DEEP), '{"a": ' * 100_000, "{", "x", " ", "NaN", '{"Statement": NaN}', "1" * 5_000, "\ufeff{}", 7, {}],
)
def test_an_odd_policy_fails_the_gate(text: Any, tmp_path: Path) -> None:
    result = scan(key_plan(text), tmp_path)

    assert result.code == 2 or (result.code == 3 and text == "1" * 5_000)
    assert "crashed" not in result.err


@pytest.mark.parametrize(
    "text",
    ["null", "7", '"x"', "[]", '{"Statement": 7}', '{"statement": []}', '{"Statement": [{}]}', '{"Statement": [null]}',
     '{"Statement": [{"Effect": "allow"}]}', '{"Statement": {}, "Statement": {}}', '{"Statement": [{"Sid": "\\ud800"}]}'],
)  # fmt: skip
def test_a_policy_that_aws_would_not_take_never_passes(text: str, tmp_path: Path) -> None:
    for form in ("text", "json"):
        result = scan(key_plan(text), tmp_path, "--format", form)

        assert result.code in (1, 2, 3)
        assert "crashed" not in result.err


SECRETS = {
    "that is not JSON": SECRET,
    "that ends too soon": f'{{"Statement": [{{"Sid": "{SECRET}"',
    "of another shape": json.dumps([SECRET]),
    "with a member twice": f'{{"Statement": [{{"{SECRET}": 1, "{SECRET}": 2}}]}}',
    "with a strange member": policy(ROOT | {SECRET: SECRET}),
    "with a strange effect": policy(ROOT | {"Effect": SECRET}),
    "with a strange principal": policy(ROOT | {"Principal": {SECRET: SECRET}}),
    "with a strange operator": policy(ROOT | {"Condition": {SECRET: {SECRET: SECRET}}}),
    "that is whole": policy(ROOT | {"Sid": SECRET, "Principal": {"AWS": f"arn:aws:iam::1:role/{SECRET}"}}),
}


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("mask", [{"policy": True}, True])
@pytest.mark.parametrize("words", [("scan",), ("scan", "--format", "json", "-v"), ("policies",)])
def test_of_a_sensitive_policy_nothing_is_printed(text: str, mask: Any, words: tuple[str, ...], tmp_path: Path) -> None:
    content = plan(change("aws_kms_key.a", {"policy": text}, sensitive=mask, unknown={"arn": True}))
    (tmp_path / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    result = run(*words, "plan.json", cwd=tmp_path)

    assert SECRET not in result.out + result.err


# plans that are not whole


def test_a_plan_with_an_error_fails_the_gate_and_is_judged(tmp_path: Path) -> None:
    result = scan(key_plan(policy(), errored=True, complete=False), tmp_path)

    assert_refused(result, "the plan ended with an error")
    assert "IAM-KMS-1 violated" in result.out


def test_a_plan_with_an_error_and_nothing_else_fails_the_gate(tmp_path: Path) -> None:
    assert_refused(scan(plan(errored=True), tmp_path), "the plan ended with an error")


@pytest.mark.parametrize(("text", "code"), [(policy(ROOT), 0), (policy(), 1)])
def test_an_incomplete_plan_is_a_warning(text: str, code: int, tmp_path: Path) -> None:
    result = scan(key_plan(text, complete=False), tmp_path)

    assert result.code == code
    assert result.err.startswith("tfkms: warning: ")
    assert "-target" in result.err


def test_an_empty_plan_passes_and_says_that_nothing_was_judged(tmp_path: Path) -> None:
    result = scan(plan(), tmp_path)

    assert (result.code, result.err) == (0, "")
    assert "nothing was judged" in result.out


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_does_no_harm(encoding: str, tmp_path: Path) -> None:
    text = GOOD.decode() if encoding in ("utf-8-sig", "utf-16") else "\ufeff" + GOOD.decode()

    assert scan(text.encode(encoding), tmp_path).code == 0


@pytest.mark.parametrize("blanks", [b"\n", b" \r\n\t", b"\n" * 10_000])
def test_blanks_around_the_plan_do_no_harm(blanks: bytes, tmp_path: Path) -> None:
    assert scan(blanks + GOOD + blanks, tmp_path).code == 0
