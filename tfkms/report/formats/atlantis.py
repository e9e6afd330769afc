"""The report as the text by which Atlantis knows a custom policy check to have failed.

https://www.runatlantis.io/docs/policy-checking. Atlantis reads no exit code there but the text: since 0.39 it has
failed if it begins with `FAIL` or counts failures, before that if it holds `fail` in any case. So lines of what fails
come first, and where nothing does, the word stands nowhere, not even in a name. A sticky approval is of a line that
begins with `FAIL`, so such a line holds nothing that changes while the finding is the same, and what mends it.
"""

import re

from tfkms import __version__
from tfkms.finding import Finding, Report, UnseenPolicy
from tfkms.report import sentences
from tfkms.report.display import shown, told
from tfkms.report.view import View, counting, errors, of_input, paths, waived

_FENCE = re.compile("`(?=``)")
"""The output stands in a Markdown block of code, fenced by three backticks."""

_FAIL = re.compile("f(a)il", re.IGNORECASE)


def render(report: Report, view: View) -> str:
    """One line for each thing to tell, what fails first. Only a complete scan has a last line that sums it up."""
    stopping = [finding for finding in counting(report) if view.gate.stops(finding)]
    others = [finding for finding in counting(report) if not view.gate.stops(finding)]
    unread = [_harmless(f"FAIL - tfkms - {told(item, paths(report))}") for item in errors(report)]
    failed = list(dict.fromkeys([*unread, *(_finding("FAIL", finding, report) for finding in stopping)]))
    besides = [
        *(_finding("WARN", finding, report) for finding in others),
        *(_finding("WAIVED", finding, report) for finding in waived(report)),
        *(_line("NOTE", note.check, f"{note.address}: {note.message}", note.input, report) for note in report.notes),
        *(_line("NOTE", "tfkms", _not_in_view(policy), policy.input, report) for policy in report.unseen),
        *(_harmless(f"NOTE - tfkms - {line}") for line in sentences.more(report, view)),
    ]
    lines = [*failed, *dict.fromkeys(besides)]
    if not unread:
        lines.append(sentences.counted(len(failed), "failure") if failed else _passed(report, len(others)))
    if not failed:
        lines = [_FAIL.sub(_spelt, line) for line in lines]
    return "".join(f"{line}\n" for line in lines)


def _finding(word: str, finding: Finding, report: Report) -> str:
    text = f"{finding.address}: {finding.message}"
    text += f" ({sentences.waiver(finding.waived)})" if finding.waived else f"; to mend it: {finding.remedy}"
    return _line(word, finding.check, text, finding.input, report)


def _not_in_view(policy: UnseenPolicy) -> str:
    return f"not in view: {sentences.unseen(policy)}"


def _line(word: str, of: str, text: str, scanned: int, report: Report) -> str:
    """A line; where several inputs were scanned, it names the one it is about."""
    return _harmless(f"{word} - {of} - {of_input(report, scanned)}{text}")


def _passed(report: Report, others: int) -> str:
    if not report.verdicts:
        return _harmless(f"PASS - tfkms {__version__}: {sentences.judged(report)}")
    resources = sentences.counted(sum(item.resources for item in report.inputs), "resource")
    findings = sentences.counted(others, "finding") + " that may pass" if others else "no findings"
    return f"PASS - tfkms {__version__}: {sentences.counted(len(report.checks), 'rule')}, {resources}, {findings}"


def _harmless(text: str) -> str:
    return _FENCE.sub(r"\\x60", shown(text))


def _spelt(found: re.Match[str]) -> str:
    """The word with its `a` written as an escape."""
    return f"{found[0][0]}\\x{ord(found[1]):02x}{found[0][2:]}"
