"""SARIF: what GitHub, Jenkins and other readers of it need, and nothing that they misread."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.report import made
from tfkms import catalogue
from tfkms.finding import Input, Report, Severity
from tfkms.location import Origin
from tfkms.report import formats, guardrails
from tfkms.report.formats import sarif
from tfkms.report.line_hash import line_hashes
from tfkms.report.view import View


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


def on_one_line() -> list[Any]:
    """Findings of one guardrail on one line of the source, each of another thing."""
    one = made.finding()
    return [
        one,
        replace(one, message="another message", fingerprint="9" * 32),
        replace(one, principals=("somebody else",), message="somebody else may"),
        replace(one, keys=("k",), message="the key k"),
        replace(one, keys=("k",), message="of another input", input=1),
        replace(one, severity=Severity.LOW, message="a lesser thing"),
        replace(one, remedy="another remedy"),
    ]


def test_findings_on_one_line_are_each_a_result_and_an_alert() -> None:
    results = run(with_findings(*on_one_line()))["results"]

    assert len(results) == 7
    assert {physical(own)["region"]["startLine"] for own in results} == {4}
    for name in ("tfkmsFinding/v1", "primaryLocationLineHash"):
        assert len({own["partialFingerprints"][name] for own in results}) == 7
    line = line_hashes(made.SOURCE)[3]
    assert all(own["partialFingerprints"]["primaryLocationLineHash"].startswith(f"{line}:") for own in results)


def test_they_are_alerts_of_their_own_where_the_line_is_not_in_view_too() -> None:
    results = run(with_findings(*on_one_line(), sources={}))["results"]

    assert len({own["partialFingerprints"]["primaryLocationLineHash"] for own in results}) == 7


@given(st.permutations(range(5)), st.sets(st.integers(0, 4)))
def test_an_alert_stays_the_same_whatever_else_is_found(order: list[int], gone: set[int]) -> None:
    """As long as another stays on its line, and none says the same of another input."""
    findings = [*on_one_line()[:4], made.finding(message="x", fingerprint="5" * 32)]

    def known(*numbers: int) -> dict[str, dict[str, str]]:
        results = run(with_findings(*(findings[number] for number in numbers)))["results"]
        return {own["message"]["text"]: own["partialFingerprints"] for own in results}

    left = known(*(number for number in order if number not in gone))
    if len(left) > 1:
        assert left.items() <= known(0, 1, 2, 3, 4).items()


def test_whatever_it_is_beside_a_finding_keeps_its_own_fingerprint() -> None:
    alone = run(with_findings(made.finding()))["results"][0]["partialFingerprints"]
    beside = run(with_findings(*on_one_line()[:4]))["results"][0]["partialFingerprints"]

    assert alone["tfkmsFinding/v1"] == beside["tfkmsFinding/v1"]


def test_guardrails_on_one_line_do_not_share_an_alert_anyway() -> None:
    results = run(with_findings(made.finding(), made.finding(check="IAM-KMS-1")))["results"]

    assert [own["partialFingerprints"]["primaryLocationLineHash"] for own in results] == [
        line_hashes(made.SOURCE)[3]
    ] * 2


def instance(key: str, **members: Any) -> Any:
    address = f'aws_kms_key.main["{key}"]'
    evidence = made.finding().evidence[0]
    evidence = replace(evidence, origin=replace(evidence.origin, address=address))
    return made.finding(**{"address": address, "keys": (address,), "evidence": (evidence,), **members})


def test_instances_of_one_block_are_one_result_that_names_them() -> None:
    (result,) = run(with_findings(instance("eu"), instance("us", fingerprint="2" * 32)))["results"]

    assert 'aws_kms_key.main["eu"], aws_kms_key.main["us"]: ' in result["message"]["text"]
    assert result["properties"]["addresses"] == ['aws_kms_key.main["eu"]', 'aws_kms_key.main["us"]']
    assert result["properties"]["keys"] == ['aws_kms_key.main["eu"]', 'aws_kms_key.main["us"]']
    assert result["properties"]["fingerprints"] == [made.finding().fingerprint, "2" * 32]


@pytest.mark.parametrize(
    "members",
    [
        {"message": "another message"},
        {"remedy": "another remedy"},
        {"principals": ("somebody else",)},
        {"severity": Severity.LOW},
        {"new": False},
        {"other_keys": True},
        {"input": 1},
        {"witnesses": ()},
        {"needs": made.undecided().needs},
    ],
    ids=lambda members: next(iter(members)),
)
def test_instances_of_which_something_else_is_to_say_are_results_of_their_own(members: dict[str, Any]) -> None:
    assert len(run(with_findings(instance("eu"), instance("us", **members)))["results"]) == 2


def test_the_message_names_no_more_instances_than_one_can_read() -> None:
    instances = [made.finding(address=f"aws_kms_key.main[{index}]") for index in range(50)]  # of one statement

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


def test_no_more_results_than_github_takes_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "RESULTS_LIMIT", 20)
    later = [without_source(made.undecided(fingerprint=f"{number:032x}")) for number in range(30)]
    report = with_findings(made.finding(), *later)

    log = run(report)
    first = log["invocations"][0]["toolExecutionNotifications"][0]

    assert len(log["results"]) == 20
    assert log["results"][0]["ruleId"] == "IAM-KMS-3"
    assert first["descriptor"] == {"id": "results-left-out"}
    assert first["message"]["text"].startswith("11 results left out, the least severe ones: ")
    assert formats.left_out("sarif", report, made.view()) == "11 results"
    assert formats.left_out("sarif", made.report(), made.view()) == ""


def test_no_more_related_locations_than_github_takes_and_the_rest_counted() -> None:
    others = [replace(made.undecided().evidence[0], sid=f"S{number}") for number in range(sarif.RELATED_LIMIT + 5)]
    evidence = (*made.finding().evidence, *others)

    (result,) = run(with_findings(replace(made.finding(), evidence=evidence)))["results"]

    assert len(result["relatedLocations"]) == sarif.RELATED_LIMIT
    assert result["properties"]["relatedLocationsLeftOut"] == 6  # and the module call


def test_help_is_the_page_that_the_settings_name_and_else_one_of_aws() -> None:
    def pages(view: View) -> list[str]:
        log = json.loads(formats.render("sarif", made.report(), view))
        return [rule["helpUri"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]

    ours, theirs = pages(made.view(pages=made.PAGES)), pages(made.view())

    assert ours == [f"https://wiki.example.com/guardrails/{check}.html" for check in made.CHECKS]
    assert all(page.startswith("https://docs.aws.amazon.com/") for page in theirs)
