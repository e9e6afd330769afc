"""The report for GitHub Actions: workflow commands, which become annotations, and the summary of the job.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands. A step shows ten annotations of
each kind; the runner cuts a message at 4,096 characters. A file is named only where there is a source in view.
"""

from collections.abc import Iterator

from msgspec import Struct, field

from tfkms.diagnostics import Diagnostic
from tfkms.finding import Finding, Note, Report
from tfkms.report import sentences
from tfkms.report.display import shown, told
from tfkms.report.formats import markdown
from tfkms.report.view import View, counting, errors, of_input, paths, place, warnings

ANNOTATIONS = 10
MESSAGE_LIMIT = 4_000
SUMMARY_LIMIT = 1_000_000
"""In bytes; a step may write 1 MiB of summary, and others may have written to it before."""


class _Annotation(Struct, frozen=True):
    kind: str
    title: str
    message: str
    properties: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        properties = ",".join(f"{name}={_property(text)}" for name, text in (*self.properties.items(), self._title))
        return f"::{self.kind} {properties}::{_escaped(shown(self.message, MESSAGE_LIMIT))}\n"

    @property
    def _title(self) -> tuple[str, str]:
        return ("title", shown(self.title))


def render(report: Report, view: View) -> str:
    """The workflow commands, the worst first and as many as GitHub shows; the last line, no command, has the counts."""
    annotations = list(_annotations(report, view))
    chosen: list[_Annotation] = []
    for kind in ("error", "warning", "notice"):
        chosen += [item for item in annotations if item.kind == kind][: ANNOTATIONS - (kind == "notice")]
    left = len(annotations) - len(chosen)
    if left:
        chosen.append(_Annotation("notice", "tfkms", _left(left, view)))
    return "".join(map(str, chosen)) + shown(f"tfkms: {sentences.summary(report)}{sentences.findings(report)}") + "\n"


def _left(number: int, view: View) -> str:
    if view.job_summary:
        return f"{sentences.counted(number, 'annotation')} more than a step shows; all stand in the summary of the job"
    return f"{sentences.counted(number, 'annotation')} more than a step shows; `--output markdown=FILE` writes them all"


def summary(report: Report, view: View) -> str:
    """What to append to the summary of the job."""
    return markdown.document(report, view, SUMMARY_LIMIT) + "\n"


def _annotations(report: Report, view: View) -> Iterator[_Annotation]:
    yield from (_diagnostic("error", item, report, view) for item in errors(report))
    yield from (_finding(finding, report, view) for finding in counting(report))
    yield from (_diagnostic("warning", item, report, view) for item in warnings(report))
    yield from (_note(note, report) for note in report.notes)
    for policy in report.unseen:
        message = of_input(report, policy.input) + sentences.unseen(policy)
        yield _Annotation("notice", "tfkms policy not in view", message)


def _finding(finding: Finding, report: Report, view: View) -> _Annotation:
    span = place(finding)
    properties: dict[str, str] = {}
    at = ""
    if span:
        name = view.in_repository(span.file)
        properties = {"file": name, "line": str(span.line), "endLine": str(span.end_line)}
        if span.line == span.end_line:
            properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
        at = f"{name}:{span.line}:{span.column}: "
    where = of_input(report, finding.input)
    return _Annotation(
        kind="error" if view.gate.stops(finding) else "warning",
        title=f"{finding.check} {finding.verdict.value} ({finding.severity.label})",
        message=(
            f"{at}{finding.check} {where}{finding.address}: {finding.message}; to mend it: {finding.remedy}; "
            f"more: {view.more(finding.check)}"
        ),
        properties=properties,
    )


def _note(note: Note, report: Report) -> _Annotation:
    message = f"{of_input(report, note.input)}{note.address}: {note.message}"
    return _Annotation("notice", f"{note.check} note", message)


def _diagnostic(kind: str, item: Diagnostic, report: Report, view: View) -> _Annotation:
    properties = {"file": view.in_repository(item.file), "line": str(item.line)} if item.file and item.line else {}
    return _Annotation(kind, f"tfkms {item.code}", told(item, paths(report)), properties)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(shown(text)).replace(":", "%3A").replace(",", "%2C")
