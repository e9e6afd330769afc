"""What several forms of a report say in the same words."""

from collections.abc import Iterable, Iterator, Sequence

from tfkms.checks.wording import listed
from tfkms.diagnostics import OUTPUT_UNWRITABLE, REPORT_CRASHED, Diagnostic
from tfkms.finding import Evidence, Finding, Report, UnseenPolicy, Verdict, Waiver, Witness
from tfkms.gate import Gate, exit_code
from tfkms.location import Origin
from tfkms.predicted import AFTER_APPLY
from tfkms.report import structure
from tfkms.report.view import View, counting, explaining
from tfkms.values import Hole, hole_name


def tally(report: Report) -> list[tuple[int, str]]:
    """How many verdicts there are of each kind; kinds of which there are none are left out, but for three."""
    counts = structure.summary(report)
    numbers = [
        (counts.violated, "violated"),
        (counts.undecided, "undecided"),
        (counts.passed, "pass"),
        (counts.passed_in_plan, "pass in this plan"),
        (counts.not_applicable, "not applicable"),
        (counts.waived, "waived"),
        (counts.plan_notes, "plan note" if counts.plan_notes == 1 else "plan notes"),
    ]
    return [(number, word) for number, word in numbers if number or word in ("violated", "undecided", "pass")]


def judged(report: Report) -> str:
    """What was judged, and by what."""
    by = f"judged by {_ids(report.checks)}" if report.checks else "no guardrail selected"
    if not report.verdicts:
        notes = [f"{number} {word}; " for number, word in tally(report) if word.startswith("plan note")]
        return f"{''.join(notes)}nothing was judged: no keys and no policies in {inputs(report)} ({by})"
    subjects = len({(verdict.input, verdict.address) for verdict in report.verdicts})
    return f"{counted(subjects, 'subject')} in {inputs(report)}, {by}"


def _ids(checks: Sequence[str]) -> str:
    """The ids of guardrails; of several in a row with the same beginning the first and the last."""
    rows: list[list[str]] = []
    for check in checks:
        before, _, number = check.rpartition("-")
        last = rows[-1][-1].rpartition("-") if rows else ("", "", "")
        if before == last[0] and number.isdecimal() and last[2].isdecimal() and int(number) == int(last[2]) + 1:
            rows[-1].append(check)
        else:
            rows.append([check])
    return ", ".join(f"{row[0]} to {row[-1]}" if len(row) > 2 else ", ".join(row) for row in rows)


def with_source(report: Report) -> str:
    """What may tell what a plan leaves open; empty where nothing is undecided, or the source was read too."""
    alone = any(
        finding.verdict is Verdict.UNDECIDED
        and report.inputs[finding.input].kind == "plan"
        and not any(evidence.origin.span for evidence in finding.evidence)
        and any(hole.reason.startswith(AFTER_APPLY) for hole in finding.needs)
        for finding in report.findings
        if finding.waived is None
    )
    return "undecided: the configuration may tell what the plan leaves open (--source DIR)" if alone else ""


def in_plan(report: Report, view: View) -> str:
    """What a pass in this plan rests on, and how to make it a pass; empty where there is none."""
    check = next((item.check for item in report.verdicts if item.verdict is Verdict.PASS_IN_PLAN), None)
    if check is None:
        return ""
    rests = "pass in this plan: no policy in view grants it, though an identity policy elsewhere could"
    return f"{rests}; a Deny guard in the key policy would prevent that ({view.more(check)})"


def findings(report: Report) -> str:
    """How many findings there are that count, a subject may have several by one guardrail; empty if there is none."""
    number = len(counting(report))
    return f"; {counted(number, 'finding')}, worst first" if number else ""


def unseen(policy: UnseenPolicy) -> str:
    """What is out of view, in one line."""
    grants = "it limits nothing here" if policy.boundary else "what it grants is not judged"
    role = "the boundary of" if policy.boundary else "attached to"
    return f"{policy.arn}, {role} {policy.principal} by {policy.address}: {grants}"


def could_not(errors: Iterable[Diagnostic]) -> str:
    """What tfkms could not do, if these are its errors."""
    written = all(item.code in (OUTPUT_UNWRITABLE, REPORT_CRASHED) for item in errors)
    return "could not write every report" if written else "could not read everything"


def gate(report: Report, gate: Gate) -> str:
    """What becomes of the whole, and the exit code that says so."""
    code = exit_code(report, gate)
    says = {0: "The gate lets this pass", 2: "The gate stops this: the job could not be done"}
    return f"{says.get(code, 'The gate stops this')} (exit code {code})"


def summary(report: Report) -> str:
    """The report in one line."""
    numbers = ", ".join(f"{number} {word}" for number, word in tally(report))
    return f"{numbers}: {judged(report)}" if report.verdicts else judged(report)


def inputs(report: Report) -> str:
    """What was scanned: the one input, or how many."""
    if len(report.inputs) != 1:
        return counted(len(report.inputs), "input")
    only = report.inputs[0]
    return f"{only.kind} {only.path} ({counted(only.resources, 'resource')})"


def counted(number: int, word: str) -> str:
    """`1 key`, `2 keys`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def more(report: Report, view: View) -> list[str]:
    """Where the pages on the guardrails are by which something was found, those of the worst findings first."""
    checks = list(dict.fromkeys(finding.check for finding in counting(report)))
    if not view.pages:
        return [f"why, and how to mend it: {explaining(checks)}"] if checks else []
    return [f"why, and how to mend it ({check}): {view.more(check)}" for check in checks]


def requests(finding: Finding) -> Iterator[Witness]:
    """The requests that prove a violation, one for each action."""
    told = {witness.action: witness for witness in reversed(finding.witnesses)}
    return reversed(told.values())


def request(witness: Witness) -> str:
    """A request in one line."""
    context = "".join(f", {name} = {' '.join(map(str, values))}" for name, values in witness.context.items())
    inert = f" ({witness.inert})" if witness.inert else ""
    return f"{witness.action} by {witness.principal}{context}{inert}"


def need(hole: Hole) -> str:
    """An unknown in one line: what it hangs on, and why it is not known."""
    place = hole_name(hole) if hole.references else f"{hole.address}{hole.path}"
    return f"{place}: {hole.reason}" if place else hole.reason


def standing(evidence: Evidence, finding: Finding) -> str:
    """Where a statement stands: its pointer, after the resource's address if that is another than the finding's."""
    origin = evidence.origin
    return origin.path if origin.address == finding.address else f"{origin.address} {origin.path}"


def likewise(others: Sequence[Evidence]) -> str:
    """`, the same in X, Y and 3 more` for statements that say what one before them says; empty for none."""
    return f", the same in {listed([own.origin.address for own in others], 2)}" if others else ""


def assumption(evidence: Evidence) -> str:
    """What the statement was taken from, where the plan does not show it; empty where it does."""
    if not evidence.assumed:
        return ""
    *first, last = evidence.assumed
    listed = f"{', '.join(first)} and {last}" if first else last
    return f"that {listed} {'are' if first else 'is'} used unaltered, which no plan shows"


def source(evidence: Evidence) -> str:
    """`kms.tf:12, called at main.tf:3`; empty where there is no source in view."""
    span = evidence.origin.span
    lines = [f"{span.file}:{span.line}"] if span else []
    return ", called at ".join([*lines, *reversed(evidence.origin.via)])


def at(origin: Origin) -> str:
    """`modules/kms/main.tf:31:17, called at main.tf:12`; empty where there is no source in view."""
    span = origin.span
    place = [f"{span.file}:{span.line}:{span.column}"] if span else []
    return ", called at ".join([*place, *reversed(origin.via)])


def waiver(waived: Waiver) -> str:
    """By whom a finding is waived, why, and for how long."""
    parts = [
        {"settings": "by the settings", "inline": "in the source", "baseline": "by the baseline"}[waived.by],
        *([f"owner {waived.owner}"] if waived.owner else []),
        *([f"until {waived.expires.isoformat()}"] if waived.expires else []),
    ]
    return f"waived {', '.join(parts)}{f': {waived.reason}' if waived.reason else ''}"
