"""The report as what a run task answers: a status, a line, and an outcome for each finding.

The limits are those of the JSON Schema that HashiCorp publishes for the callback; its page on run tasks allows more.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from tfkms.finding import Finding, Report
from tfkms.gate import EXIT_CLEAN, exit_code
from tfkms.report import sentences
from tfkms.report.display import shown, told
from tfkms.report.formats import markdown
from tfkms.report.view import View, counting, errors, paths

OUTCOMES_LIMIT = 250
MESSAGE_LIMIT = 1_000
DESCRIPTION_LIMIT = 1_000
BODY_LIMIT = 10_000
ID_LIMIT = 64
_MORE = "\n\nThere is more than a run task can show; run `tfkms scan` on the plan to see it.\n"

Json = dict[str, Any]


class Answer(Struct, frozen=True):
    """What goes back: `passed` or `failed`, a line that says why, and the outcomes in their form."""

    passed: bool
    message: str
    outcomes: tuple[Json, ...] = ()


def answer(report: Report, view: View) -> Answer:
    """What the report comes to before the gate: failed wherever `tfkms scan` would not exit with 0."""
    unread = [_error(told(item, paths(report)), place) for place, item in enumerate(errors(report))]
    found = [_finding(finding, report, view, place) for place, finding in enumerate(counting(report))]
    passed = exit_code(report, view.gate) == EXIT_CLEAN
    numbers = ", ".join(f"{number} {word}" for number, word in sentences.tally(report))
    message = "tfkms could not read everything" if unread else numbers if report.verdicts else sentences.judged(report)
    return Answer(passed, _cut(shown(message), MESSAGE_LIMIT), tuple(_within([*unread, *found])))


def failure(reason: str) -> Answer:
    """The answer where nothing could be judged, and why: the gate must not pass then."""
    return Answer(passed=False, message=_cut(f"tfkms could not judge the plan: {shown(reason)}", MESSAGE_LIMIT))


def document(status: str, message: str, outcomes: tuple[Json, ...] = ()) -> Json:
    """The body of a callback; `status` is running, passed or failed."""
    content: Json = {"type": "task-results", "attributes": {"status": status, "message": message}}
    if outcomes:
        content["relationships"] = {"outcomes": {"data": list(outcomes)}}
    return {"data": content}


def _within(outcomes: list[Json]) -> Iterator[Json]:
    if len(outcomes) <= OUTCOMES_LIMIT:
        yield from outcomes
        return
    yield from outcomes[: OUTCOMES_LIMIT - 1]
    left = len(outcomes) - OUTCOMES_LIMIT + 1
    yield _outcome("more", f"{left} more findings that a run task has no room for", "", _tag("More", "warning"))


def _finding(finding: Finding, report: Report, view: View, place: int) -> Json:
    stops = view.gate.stops(finding)
    tags = {
        **_tag(finding.verdict.value.capitalize() if stops else "Passed", "error" if stops else "none"),
        "Severity": [{"label": finding.severity.label.capitalize(), "level": "error" if stops else "warning"}],
        "Guardrail": [{"label": finding.check[:32]}],
    }
    description = f"{finding.check}: {shown(finding.address)}: {shown(finding.message)}"
    body = "\n".join(markdown.details(finding, report, view))
    identity = f"{place + 1}-{finding.check}-{finding.fingerprint}"[:ID_LIMIT]
    return _outcome(identity, description, body, tags)


def _error(line: str, place: int) -> Json:
    return _outcome(f"error-{place + 1}", line, "", _tag("Error", "error"))


def _tag(label: str, level: str) -> Json:
    """The tag that is shown as the status."""
    return {"Status": [{"label": label, "level": level}]}


def _outcome(identity: str, description: str, body: str, tags: Json) -> Json:
    attributes = {"outcome-id": identity, "description": _cut(description, DESCRIPTION_LIMIT), "tags": tags}
    if body:
        attributes["body"] = body if len(body) <= BODY_LIMIT else _whole_lines(body, BODY_LIMIT - len(_MORE)) + _MORE
    return {"type": "task-result-outcomes", "attributes": attributes}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _whole_lines(text: str, limit: int) -> str:
    """The lines that fit, up to the last after which no block of code is open."""
    size, whole, fence = 0, 0, ""
    for line in text.splitlines(keepends=True):
        size += len(line)
        if size > limit:
            break
        if fence:
            fence = "" if line.rstrip() == fence else fence
        elif line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
        if not fence:
            whole = size
    return text[:whole].rstrip("\n")
