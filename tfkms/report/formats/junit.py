"""The report as JUnit XML, for Jenkins, GitLab, Azure Pipelines and whatever else reads test results.

A test case is a guardrail on a subject. It fails by the findings that fail the gate, and what else was found there is
its output; one of which no finding fails the gate is skipped with their words. What could not be read is an error.
Elements and attributes are those of the schema by which Jenkins checks its input (`junit-10.xsd` of its xUnit plugin),
which has no place for files and lines.
"""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from tfkms.diagnostics import OUTPUT_UNWRITABLE
from tfkms.finding import Finding, Judgement, Report, UnseenPolicy, Verdict
from tfkms.report import alike, sentences
from tfkms.report.display import shown, told
from tfkms.report.view import View, errors, paths

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def render(report: Report, view: View) -> str:
    """A suite for reading the inputs and one for each guardrail."""
    root = ET.Element("testsuites", name="tfkms")
    _suite(root, "tfkms", _reading(report))
    for check in report.checks:
        _suite(root, check, _cases(check, report, view))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    return _DECLARATION + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str, cases: Iterator[ET.Element]) -> None:
    suite = ET.SubElement(root, "testsuite", name=shown(name))
    suite.extend(cases)
    suite.set("tests", str(len(suite)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in suite)))


def _case(check: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=shown(check), name=shown(name))


def _outcome(case: ET.Element, tag: str, kind: str, messages: list[str], details: list[str]) -> None:
    element = ET.SubElement(case, tag, type=kind, message=shown("; ".join(messages)))
    if details:
        element.text = "\n".join(map(shown, details))


def _reading(report: Report) -> Iterator[ET.Element]:
    """A case for each input, and for each other file or resource that an error names; the errors are theirs."""
    wrong: dict[tuple[str, str], list[str]] = {("read", path): [] for path in paths(report)}
    for item in errors(report):
        of = paths(report)[item.input] if item.input is not None else item.file or "the run"
        wrong.setdefault(("write" if item.code == OUTPUT_UNWRITABLE else "read", of), []).append(told(item))
    for (what, name), messages in wrong.items():
        case = _case("tfkms", f"{what} {name}")
        if messages:
            _outcome(case, "error", "error", messages[:1], messages)
        unseen = [policy for policy in report.unseen if what == "read" and paths(report)[policy.input] == name]
        _output(case, [_not_in_view(policy) for policy in unseen])
        yield case


def _not_in_view(policy: UnseenPolicy) -> str:
    return f"not in view: {sentences.unseen(policy)}"


def _output(case: ET.Element, lines: Sequence[str]) -> None:
    """What is said beside the outcome, in one element: Jenkins reads the first only."""
    if lines:
        ET.SubElement(case, "system-out").text = "\n".join(map(shown, lines))


def _cases(check: str, report: Report, view: View) -> Iterator[ET.Element]:
    findings: dict[tuple[int, str], list[Finding]] = {}
    for finding in report.findings:
        if finding.check == check:
            for address in dict.fromkeys((finding.address, *finding.keys)):
                findings.setdefault((finding.input, address), []).append(finding)
    notes: dict[tuple[int, str], list[str]] = {}
    for note in report.notes:
        if note.check == check:
            notes.setdefault((note.input, note.address), []).append(note.message)
    for verdict in report.verdicts:
        if verdict.check == check:
            subject = (verdict.input, verdict.address)
            case = _case(check, _name(verdict, report))
            besides = list(_verdict(case, verdict, findings.get(subject, []), view))
            _output(case, [*besides, *(f"note: {message}" for message in notes.get(subject, []))])
            yield case


def _name(verdict: Judgement, report: Report) -> str:
    """The subject; GitLab takes two cases of one name for one, so with several inputs the input is part of it."""
    return f"{report.inputs[verdict.input].path}: {verdict.address}" if len(report.inputs) > 1 else verdict.address


def _verdict(case: ET.Element, verdict: Judgement, findings: list[Finding], view: View) -> Iterator[str]:
    """Gives the case its outcome; returns what was found besides, line by line."""
    stopping = [finding for finding in findings if view.gate.stops(finding)]
    heard = stopping or findings
    if heard:
        kind = heard[0].verdict.value if heard[0].waived is None else "waived"
        details = [line for finding in heard for line in _details(finding, view)]
        messages = list(dict.fromkeys(_message(finding) for finding in heard))
        _outcome(case, "failure" if stopping else "skipped", kind, messages, details)
    elif verdict.verdict is Verdict.NOT_APPLICABLE:
        _outcome(case, "skipped", "not_applicable", [verdict.reason or "not applicable"], [])
    for finding in findings:
        if finding not in heard:
            yield from _details(finding, view)


def _message(finding: Finding) -> str:
    return f"{finding.message} ({sentences.waiver(finding.waived)})" if finding.waived else finding.message


def _details(finding: Finding, view: View) -> Iterator[str]:
    verdict = finding.verdict.value if finding.waived is None else "waived"
    yield f"{finding.check} {verdict} ({finding.severity.label}) {finding.address}: {_message(finding)}"
    for witness in sentences.requests(finding):
        yield f"  request {sentences.request(witness)}"
    for hole in finding.needs:
        yield f"  needs {sentences.need(hole)}"
    for said in alike.statements(finding):
        source, again = sentences.source(said.evidence), sentences.likewise(said.again)
        yield f"  statement {sentences.standing(said.evidence, finding)}{f' at {source}' if source else ''}{again}"
    yield f"  fix {finding.remedy}"
    yield f"  more {view.more(finding.check)}"
