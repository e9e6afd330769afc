"""SARIF: what GitHub, Jenkins and other readers of it need, and nothing that they misread."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.report import made
from tfkms import catalogue
from tfkms.finding import Input, Report, Severity
from tfkms.location import Origin
from tfkms.report import formats, guardrails
from tfkms.report.formats import sarif
from tfkms.report.line_hash import line_hashes


def run(report: Report, directory: str = "") -> dict[str, Any]:
    log: dict[str, Any] = json.loads(formats.render("sarif", report, made.view(directory=directory)))
    (only,) = log["runs"]
    assert log["version"] == "2.1.0"
    return dict(only)


def with_findings(*findings: Any, **members: Any) -> Report:
    return replace(made.report(errors=False), findings=findings, **members)


def without_source(finding: Any) -> Any:
    evidence = finding.evidence[0]
    return replace(finding, evidence=(replace(evidence, origin=Origin(evidence.origin.address, evidence.origin.path)),))


def physical(result: dict[str, Any]) -> dict[str, Any]:
    place: dict[str, Any] = result["locations"][0]["physicalLocation"]
    return place


def test_a_finding_stands_on_one_line_of_the_source() -> None:
    result = run(with_findings(made.undecided()))["results"][0]

    assert physical(result) == {
        "artifactLocation": {"uri": "infra/iam.tf"},
        "region": {"startLine": 10, "startColumn": 3},
        "contextRegion": {"startLine": 10, "endLine": 14},
    }


def test_its_line_hash_is_that_of_github_where_the_source_is_in_view() -> None:
    in_view, not_in_view = run(with_findings(made.finding(), made.undecided()))["results"]

    assert in_view["partialFingerprints"]["primaryLocationLineHash"] == line_hashes(made.SOURCE)[3]
    assert list(not_in_view["partialFingerprints"]) == ["tfkmsFinding/v1"]


def test_a_line_that_the_source_does_not_have_has_no_hash() -> None:
    result = run(with_findings(made.finding(), sources={"infra/kms.tf": ""}))["results"][0]

    assert list(result["partialFingerprints"]) == ["tfkmsFinding/v1"]


def test_without_a_source_findings_stand_in_the_plan_and_are_kept_apart() -> None:
    one = without_source(made.finding())
    others = [
        replace(one, fingerprint="9" * 32),
        replace(one, principals=("somebody else",)),
        replace(one, keys=("k",)),
    ]

    results = run(with_findings(one, *others))["results"]

    assert physical(results[0]) == {"artifactLocation": {"uri": "plan.json"}, "region": {"startLine": 1}}
    assert len({own["partialFingerprints"]["primaryLocationLineHash"] for own in results}) == 4


def test_instances_of_one_block_are_one_result_that_names_them() -> None:
    instances = [made.finding(address=f'aws_kms_key.main["{name}"]', keys=(name,)) for name in ("eu", "us")]

    (result,) = run(with_findings(*instances))["results"]

    assert 'aws_kms_key.main["eu"], aws_kms_key.main["us"]: ' in result["message"]["text"]
    assert result["properties"]["addresses"] == ['aws_kms_key.main["eu"]', 'aws_kms_key.main["us"]']
    assert result["properties"]["keys"] == ["eu", "us"]


def test_the_message_names_no_more_instances_than_one_can_read() -> None:
    instances = [made.finding(address=f"aws_kms_key.main[{index}]") for index in range(50)]

    (result,) = run(with_findings(*instances))["results"]

    assert "aws_kms_key.main[19] and 30 more: " in result["message"]["text"]


def test_the_other_statements_and_the_module_calls_are_related() -> None:
    first = made.finding()
    other = replace(made.undecided().evidence[0], sid="Other")

    report = with_findings(replace(first, evidence=(*first.evidence, other)))
    (result,) = run(report, directory="stacks")["results"]

    assert [
        (place["physicalLocation"]["artifactLocation"]["uri"], place["physicalLocation"]["region"]["startLine"])
        for place in result["relatedLocations"]
    ] == [("stacks/main.tf", 3), ("stacks/infra/iam.tf", 10)]
    assert [place["message"]["text"] for place in result["relatedLocations"]] == [
        "module call",
        "statement aws_iam_policy.main /policy/Statement/1 (Other)",
    ]


def test_waived_findings_are_left_out() -> None:
    assert run(with_findings(made.waived()))["results"] == []


def test_a_clean_scan_is_a_run_without_results_so_that_alerts_close() -> None:
    clean = run(made.clean())

    assert clean["results"] == []
    assert clean["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_an_error_makes_the_run_unsuccessful_and_is_told() -> None:
    invocation = run(made.report())["invocations"][0]

    assert invocation["executionSuccessful"] is False
    assert [item["level"] for item in invocation["toolExecutionNotifications"]] == ["error", "warning", "note", "note"]


def test_paths_begin_at_the_root_of_the_repository() -> None:
    result = run(with_findings(made.finding()), directory="stacks/eu west")["results"][0]

    assert physical(result)["artifactLocation"]["uri"] == "stacks/eu%20west/infra/kms.tf"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("./plan.json", "plan.json"),
        ("a b/plän.json", "a%20b/pl%C3%A4n.json"),
        ("-", "standard-input"),
        ("a%b#c?.json", "a%25b%23c%3F.json"),
        ("x/../plan.json", "plan.json"),
    ],
)
def test_an_input_is_a_proper_uri(path: str, uri: str) -> None:
    report = with_findings(without_source(made.finding()), inputs=(Input(path, "plan"), Input("b", "plan")))

    assert physical(run(report)["results"][0])["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize(
    ("severity", "level", "lowest", "highest"),
    [
        (Severity.LOW, "note", 0.1, 3.9),
        (Severity.MEDIUM, "warning", 4.0, 6.9),
        (Severity.HIGH, "error", 7.0, 8.9),
        (Severity.CRITICAL, "error", 9.0, 10.0),
    ],
)
def test_severities_are_those_that_github_shows(severity: Severity, level: str, lowest: float, highest: float) -> None:
    rules = [rule for rule in catalogue.rules() if rule.severity is severity]
    result = run(with_findings(made.finding(severity=severity)))["results"][0]

    assert result["level"] == level
    assert lowest <= float(sarif._SCORES[severity]) <= highest
    for described in run(replace(made.report(), checks=tuple(rule.id for rule in rules)))["tool"]["driver"]["rules"]:
        assert described["defaultConfiguration"]["level"] == level
        assert lowest <= float(described["properties"]["security-severity"]) <= highest


def test_every_rule_has_its_help_from_the_catalogue() -> None:
    rules = {rule.id: rule for rule in catalogue.rules()}
    described = run(replace(made.report(), checks=tuple(rules)))["tool"]["driver"]["rules"]

    assert [item["id"] for item in described] == list(rules)
    for item in described:
        rule = rules[item["id"]]
        assert item["help"] == {"text": guardrails.explain(rule), "markdown": guardrails.body(rule)}
        assert item["shortDescription"]["text"] == rule.title
        assert item["fullDescription"]["text"] == rule.text
        assert item["helpUri"].startswith("https://")
        assert re.fullmatch(r"[A-Za-z]{1,255}", item["name"])
        assert len(item["fullDescription"]["text"]) <= 1_024
        assert len(item["properties"]["tags"]) <= 10


def test_a_text_that_is_too_long_ends_with_a_word() -> None:
    rule = replace(catalogue.rules()[0], text="word " * 500)

    text = sarif._short(rule.text)

    assert len(text) <= 1_024
    assert text.endswith("word …")


def test_results_point_to_their_rule() -> None:
    made_of = run(made.report())
    for result in made_of["results"]:
        assert made_of["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_no_more_results_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "RESULTS_LIMIT", 20)
    later = [without_source(made.undecided(fingerprint=f"{number:032x}")) for number in range(30)]

    results = run(with_findings(made.finding(), *later))["results"]

    assert len(results) == 20
    assert results[0]["ruleId"] == "IAM-KMS-3"
