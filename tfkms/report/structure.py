"""The JSON form of a report, version 1, which `tfkms schema report` describes.

Fields may be added; none changes its meaning or goes.
"""

from typing import Any

import msgspec

from tfkms import __version__
from tfkms.catalogue import Rule
from tfkms.diagnostics import Diagnostic
from tfkms.finding import Evidence, Finding, Judgement, Note, Report, UnseenPolicy, Verdict, Waiver, Witness
from tfkms.location import Origin
from tfkms.report.view import View, explaining
from tfkms.values import plain


class ToolV1(msgspec.Struct, frozen=True):
    """What made the report."""

    name: str
    version: str


class InputV1(msgspec.Struct, frozen=True):
    """One scanned input; `kind` is plan, saved_plan, state or hcl."""

    path: str
    kind: str


class GuardrailV1(msgspec.Struct, frozen=True):
    """A guardrail that was judged. `page` is the address of its page, null where the settings name none; `explain` is
    the command that prints the page.
    """

    check: str
    title: str
    severity: str
    page: str | None
    explain: str


class SummaryV1(msgspec.Struct, frozen=True):
    """How many verdicts there are of each kind; a waived one is counted as such only."""

    violated: int
    undecided: int
    not_applicable: int
    waived: int
    plan_notes: int
    passed: int = msgspec.field(name="pass")
    passed_in_plan: int = msgspec.field(name="pass_in_plan")


class VerdictV1(msgspec.Struct, frozen=True):
    """What one guardrail says of one subject."""

    check: str
    address: str
    verdict: str
    reason: str | None
    waived: bool
    input: int


class WitnessV1(msgspec.Struct, frozen=True):
    """The request that proves a violation."""

    principal: str
    action: str
    resource: str
    context: dict[str, str | list[str]]
    inert: str | None


class ElementV1(msgspec.Struct, frozen=True):
    """A part of a statement that makes the finding: a principal, an action, or what is not known.

    `path` as in the evidence; the rest says where the source has it, as near as that tells.
    """

    path: str
    file: str | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    via: list[str]


class EvidenceV1(msgspec.Struct, frozen=True):
    """A statement that decides; `path` is a JSON pointer from the resource into the decoded document.

    `file`, `line`, `column`, `end_line`, `end_column` (exclusive, in code points) and `via` (module calls) say where
    the source has the statement; `elements` are the parts of it that make the finding, the one to look at first.
    `assumed` are references of which a plan does not show the use: they were taken to be used as they are.
    """

    address: str
    path: str
    sid: str | None
    statement: Any
    file: str | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    via: list[str]
    assumed: list[str]
    elements: list[ElementV1]


class NeedV1(msgspec.Struct, frozen=True):
    """An unknown that decides an undecided finding."""

    address: str
    path: str
    references: list[str]
    reason: str


class WaiverV1(msgspec.Struct, frozen=True):
    """Why a finding does not count; `by` is settings, inline or baseline, `expires` a date (YYYY-MM-DD)."""

    by: str
    reason: str | None
    owner: str | None
    expires: str | None


class FindingV1(msgspec.Struct, frozen=True):
    """A violation or an undecided question."""

    check: str
    verdict: str
    severity: str
    address: str
    key: str | None
    keys: list[str]
    other_keys: bool
    principals: list[str]
    message: str
    new: bool
    waived: WaiverV1 | None
    witness: WitnessV1 | None
    witnesses: list[WitnessV1]
    evidence: list[EvidenceV1]
    needs: list[NeedV1]
    remedy: str
    fingerprint: str
    input: int


class NoteV1(msgspec.Struct, frozen=True):
    """Something worth saying that is no finding."""

    check: str
    address: str
    code: str
    message: str
    new: bool
    input: int


class DiagnosticV1(msgspec.Struct, frozen=True):
    """What went wrong or needs saying beside the verdicts; `level` is error or warning."""

    level: str
    code: str
    message: str
    address: str | None
    file: str | None
    line: int | None
    hint: str | None
    input: int | None


class UnseenPolicyV1(msgspec.Struct, frozen=True):
    """A managed policy that is attached by its ARN and whose document is not in view; as a boundary it only limits."""

    arn: str
    address: str
    principal: str
    boundary: bool
    input: int


class ReportV1(msgspec.Struct, frozen=True):
    """The whole report. `version` is 1."""

    version: int
    tool: ToolV1
    checks: list[str]
    guardrails: list[GuardrailV1]
    inputs: list[InputV1]
    summary: SummaryV1
    verdicts: list[VerdictV1]
    findings: list[FindingV1]
    notes: list[NoteV1]
    diagnostics: list[DiagnosticV1]
    policies_not_in_view: list[UnseenPolicyV1]


def structure(report: Report, view: View) -> ReportV1:
    """The report in its JSON form."""
    return ReportV1(
        version=1,
        tool=ToolV1("tfkms", __version__),
        checks=list(report.checks),
        guardrails=[_guardrail(view.rules[check], view) for check in report.checks if check in view.rules],
        inputs=[InputV1(item.path, item.kind) for item in report.inputs],
        summary=summary(report),
        verdicts=[_verdict(item) for item in report.verdicts],
        findings=[_finding(item) for item in report.findings],
        notes=[_note(item) for item in report.notes],
        diagnostics=[_diagnostic(item) for item in report.diagnostics],
        policies_not_in_view=[_unseen(item) for item in report.unseen],
    )


def _guardrail(rule: Rule, view: View) -> GuardrailV1:
    return GuardrailV1(rule.id, rule.title, rule.severity.label, view.page(rule.id), explaining([rule.id]))


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the report."""
    described = msgspec.json.schema(ReportV1)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "tfkms report, version 1", **described}


def summary(report: Report) -> SummaryV1:
    """How many verdicts there are of each kind."""

    def count(verdict: Verdict) -> int:
        return sum(item.verdict is verdict and not item.waived for item in report.verdicts)

    return SummaryV1(
        violated=count(Verdict.VIOLATED),
        undecided=count(Verdict.UNDECIDED),
        passed=count(Verdict.PASS),
        passed_in_plan=count(Verdict.PASS_IN_PLAN),
        not_applicable=count(Verdict.NOT_APPLICABLE),
        waived=sum(item.waived for item in report.verdicts),
        plan_notes=sum(note.of_plan for note in report.notes),
    )


def _verdict(item: Judgement) -> VerdictV1:
    return VerdictV1(item.check, item.address, item.verdict.value, item.reason, item.waived, item.input)


def _witness(item: Witness) -> WitnessV1:
    context = {
        name: str(values[0]) if len(values) == 1 else [str(value) for value in values]
        for name, values in item.context.items()
    }
    return WitnessV1(str(item.principal), item.action, str(item.resource), context, item.inert)


def evidence(item: Evidence) -> EvidenceV1:
    """A statement in its JSON form."""
    origin, span = item.origin, item.origin.span
    return EvidenceV1(
        address=origin.address,
        path=origin.path,
        sid=None if item.sid is None else str(item.sid),
        statement=plain(item.statement),
        file=span.file if span else None,
        line=span.line if span else None,
        column=span.column if span else None,
        end_line=span.end_line if span else None,
        end_column=span.end_column if span else None,
        via=list(origin.via),
        assumed=list(item.assumed),
        elements=[_element(own.origin) for own in item.elements],
    )


def _element(origin: Origin) -> ElementV1:
    span = origin.span
    if span is None:
        return ElementV1(origin.path, None, None, None, None, None, [])
    place = (span.file, span.line, span.column, span.end_line, span.end_column)
    return ElementV1(origin.path, *place, via=list(origin.via))


def _finding(item: Finding) -> FindingV1:
    witnesses = [_witness(witness) for witness in item.witnesses]
    return FindingV1(
        check=item.check,
        verdict=item.verdict.value,
        severity=item.severity.label,
        address=item.address,
        key=item.keys[0] if len(item.keys) == 1 else None,
        keys=list(item.keys),
        other_keys=item.other_keys,
        principals=[str(principal) for principal in item.principals],
        message=item.message,
        new=item.new,
        waived=_waiver(item.waived) if item.waived else None,
        witness=witnesses[0] if witnesses else None,
        witnesses=witnesses,
        evidence=[evidence(own) for own in item.evidence],
        needs=[NeedV1(hole.address, hole.path, list(hole.references), hole.reason) for hole in item.needs],
        remedy=item.remedy,
        fingerprint=item.fingerprint,
        input=item.input,
    )


def _waiver(item: Waiver) -> WaiverV1:
    return WaiverV1(item.by, item.reason, item.owner, item.expires.isoformat() if item.expires else None)


def _unseen(item: UnseenPolicy) -> UnseenPolicyV1:
    return UnseenPolicyV1(item.arn, item.address, str(item.principal), item.boundary, item.input)


def _note(item: Note) -> NoteV1:
    return NoteV1(item.check, item.address, item.code, item.message, item.new, item.input)


def _diagnostic(item: Diagnostic) -> DiagnosticV1:
    return DiagnosticV1(
        item.level.value, item.code, item.message, item.address, item.file, item.line, item.hint, item.input
    )
