"""The report as SARIF 2.1.0, for GitHub code scanning and every other reader of it.

Form: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. What GitHub takes, and how much of it:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support.

A result stands on one line of the source where there is one. Where only a plan tells, it stands on the first line of
the plan, for `terraform show -json` writes one line, and Jenkins drops a result that has none. GitHub takes results of
one guardrail for one alert if a fingerprint of them is the same, so none has one that another has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tfkms import __version__
from tfkms.catalogue import Rule
from tfkms.diagnostics import Diagnostic
from tfkms.finding import Evidence, Finding, Note, Report, Severity, UnseenPolicy
from tfkms.location import Span
from tfkms.report import guardrails, sentences
from tfkms.report.alerts import alerts, fingerprints
from tfkms.report.display import shown, told
from tfkms.report.json_text import written
from tfkms.report.view import View, counting, errors, of_input, paths, place

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
RESULTS_LIMIT = 25_000
RELATED_LIMIT = 100
TEXT_LIMIT = 1_000
NAMES_LIMIT = 20
_LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
_SCORES = {Severity.LOW: "2.0", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
"""What GitHub reads as low (from 0.1 on), medium (4.0), high (7.0) and critical (9.0)."""

Json = dict[str, Any]


def render(report: Report, view: View) -> str:
    """The report as one run. Waived findings are left out, for GitHub would open alerts for them all the same."""
    rules = [view.rules[check] for check in report.checks if check in view.rules]
    indexes = {rule.id: index for index, rule in enumerate(rules)}
    groups = alerts(counting(report), view, report)
    prints = fingerprints(groups, report, view)
    notifications = [
        *_shortened(len(groups) - RESULTS_LIMIT),
        *(_diagnostic(item, report, view) for item in report.diagnostics),
        *(_note(note, indexes, report) for note in report.notes),
        *(_unseen(policy, report) for policy in report.unseen),
    ]
    run = {
        "tool": {
            "driver": {
                "name": "tfkms",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rule, view) for rule in rules],
            }
        },
        "automationDetails": {"id": "tfkms/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not errors(report), "toolExecutionNotifications": notifications}],
        "results": [
            _result(group, own, indexes, report, view)
            for group, own in zip(groups[:RESULTS_LIMIT], prints, strict=False)
        ],
    }
    return written({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def left_out(report: Report, view: View) -> str:
    """How many results there is no room for; empty where there is room for all."""
    findings = counting(report)
    left = len(alerts(findings, view, report)) - RESULTS_LIMIT if len(findings) > RESULTS_LIMIT else 0
    return sentences.counted(left, "result") if left > 0 else ""


def _shortened(left: int) -> list[Json]:
    if left <= 0:
        return []
    number = sentences.counted(left, "result")
    text = f"{number} left out, the least severe ones: GitHub takes {RESULTS_LIMIT} of a run; the JSON report has all"
    return [{"descriptor": {"id": "results-left-out"}, "level": "warning", "message": {"text": text}}]


def _rule(rule: Rule, view: View) -> Json:
    reading = guardrails.reading(rule)
    page = view.page(rule.id) or (reading.url if reading else None)
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.slug.split("-")),
        "shortDescription": {"text": _short(rule.title)},
        "fullDescription": {"text": _short(rule.text)},
        "help": {"text": guardrails.explain(rule), "markdown": guardrails.body(rule)},
        **({"helpUri": page} if page else {}),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["security", "aws", "kms", "terraform"],
            "precision": "very-high",
            "security-severity": _SCORES[rule.severity],
        },
    }


def _short(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT].rpartition(" ")[0] + " …"


def _result(group: Sequence[Finding], prints: Json, rules: Mapping[str, int], report: Report, view: View) -> Json:
    first = group[0]
    span = place(first)
    related = [location for finding in group for location in _related(finding, report, view)]
    return {
        "ruleId": first.check,
        **({"ruleIndex": rules[first.check]} if first.check in rules else {}),
        "level": _LEVELS[first.severity],
        "message": {"text": _message(group)},
        "locations": [_location(view.file(report, first), span, [finding.address for finding in group])],
        **({"relatedLocations": related[:RELATED_LIMIT]} if related else {}),
        "partialFingerprints": prints,
        "properties": {
            "verdict": first.verdict.value,
            "input": shown(paths(report)[first.input]),
            "severity": first.severity.label,
            "new": any(finding.new for finding in group),
            "addresses": [shown(finding.address) for finding in group],
            "fingerprints": [finding.fingerprint for finding in group],
            "keys": [shown(key) for key in dict.fromkeys(key for finding in group for key in finding.keys)],
            "requests": [shown(sentences.request(item)) for finding in group for item in sentences.requests(finding)],
            "needs": [shown(sentences.need(hole)) for finding in group for hole in finding.needs],
            "relatedLocationsLeftOut": max(0, len(related) - RELATED_LIMIT),
        },
    }


def _message(group: Sequence[Finding]) -> str:
    """What the first finding says, and of which resources the same holds.

    In a plain message `[text](target)` is a link and `{0}` a placeholder (3.11.5, 3.11.6); names may hold either.
    """
    first = group[0]
    names = list(dict.fromkeys(finding.address for finding in group))
    more = f" and {len(names) - NAMES_LIMIT} more" if len(names) > NAMES_LIMIT else ""
    where = f"{', '.join(names[:NAMES_LIMIT])}{more}"
    text = shown(f"{where}: {first.message}. To mend it: {first.remedy}.", 4 * TEXT_LIMIT)
    return text.replace("](", "] (").replace("{0", "{{0").replace("{1", "{{1")


def _location(file: str, span: Span | None, addresses: Iterable[str]) -> Json:
    physical = _at(file, span.line if span else 1) | (_regions(span) if span else {})
    logical = [{"fullyQualifiedName": shown(address), "kind": "resource"} for address in dict.fromkeys(addresses)]
    return {"physicalLocation": physical, "logicalLocations": logical}


def _at(file: str, line: int | None) -> Json:
    region = {"region": {"startLine": line}} if line else {}
    return {"artifactLocation": {"uri": quote(file, errors="replace")}, **region}


def _regions(span: Span) -> Json:
    """The first line: GitHub shows a result in a pull request only if the whole region is part of the change."""
    region: Json = {"startLine": span.line, "startColumn": span.column}
    if span.end_line == span.line:
        return {"region": region | {"endColumn": span.end_column}}
    return {"region": region, "contextRegion": {"startLine": span.line, "endLine": span.end_line}}


def _related(finding: Finding, report: Report, view: View) -> Iterator[Json]:
    """The statements that decide, the first one only where it is not the location itself, and the module calls."""
    primary = place(finding)
    for evidence in finding.evidence:
        span = evidence.origin.span
        if not (span and span == primary):
            file = view.in_repository(span.file) if span else view.file(report, finding)
            what = f"statement {sentences.standing(evidence, finding)}{_sid(evidence)}"
            yield _location(file, span, [evidence.origin.address]) | {"message": {"text": shown(what)}}
        for call in evidence.origin.via:
            file, _, line = call.rpartition(":")
            at = _at(view.in_repository(file or call), int(line) if line.isdecimal() else None)
            yield {"physicalLocation": at, "message": {"text": "module call"}}


def _sid(evidence: Evidence) -> str:
    return f" ({evidence.sid})" if evidence.sid is not None else ""


def _diagnostic(item: Diagnostic, report: Report, view: View) -> Json:
    found: Json = {
        "descriptor": {"id": item.code},
        "level": item.level.value,
        "message": {"text": told(item._replace(file=None), paths(report))},
    }
    file = item.file or (report.inputs[item.input].path if item.input is not None else None)
    if file:
        found["locations"] = [{"physicalLocation": _at(view.in_repository(file), item.line)}]
    return found


def _note(note: Note, rules: Mapping[str, int], report: Report) -> Json:
    index = {"index": rules[note.check]} if note.check in rules else {}
    return {
        "descriptor": {"id": note.code},
        "associatedRule": {"id": note.check, **index},
        "level": "note",
        "message": {"text": shown(f"{of_input(report, note.input)}{note.address}: {note.message}")},
    }


def _unseen(policy: UnseenPolicy, report: Report) -> Json:
    text = f"{of_input(report, policy.input)}not in view: {sentences.unseen(policy)}"
    return {"descriptor": {"id": "policy-not-in-view"}, "level": "note", "message": {"text": shown(text)}}
