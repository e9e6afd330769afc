"""How a report is looked at: the gate that its findings stand before, and where its reader is."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct, field

from tfkms.catalogue import Rule
from tfkms.diagnostics import Diagnostic, Level
from tfkms.finding import Finding, Report
from tfkms.gate import Gate
from tfkms.location import Span

if TYPE_CHECKING:
    from tfkms.queries.access import KeyAccess

STANDARD_INPUT = "-"


class View(Struct, frozen=True):
    """What a form of the report needs besides the report.

    `rules` are the guardrails that were judged, by id. `verbose` asks for every verdict, the good ones too. `directory`
    is the current directory as seen from the root of the repository, for forms whose reader stands there; empty at the
    root and where there is no repository. `pages` is the address of the pages on guardrails, with `{id}` in place of
    the id, empty where the settings name none. `job_summary`: the whole report goes to the summary of a job besides.
    `access` are, for each input, the matrices of its keys; empty for forms that draw none.
    """

    gate: Gate = field(default_factory=Gate)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    verbose: bool = False
    directory: str = ""
    pages: str = ""
    job_summary: bool = False
    access: Sequence[Sequence["KeyAccess"]] = ()

    def page(self, check: str) -> str | None:
        """The address of the page on a guardrail, None where the settings name none."""
        return self.pages.replace("{id}", quote(check, safe="")) if self.pages else None

    def more(self, check: str) -> str:
        """Where the page on a guardrail is: its address, or the command that prints it."""
        return self.page(check) or explaining([check])

    def in_repository(self, name: str) -> str:
        """The path of a file from the root of the repository, with `/` between its parts."""
        if name == STANDARD_INPUT:
            return "standard-input"
        return posixpath.normpath(posixpath.join(self.directory, PurePath(name).as_posix().lstrip("/")))

    def file(self, report: Report, finding: Finding) -> str:
        """The path from the root of the repository of what a finding stands in: its source, else the scanned input."""
        span = place(finding)
        return self.in_repository(span.file if span else report.inputs[finding.input].path)


def explaining(checks: Iterable[str]) -> str:
    """The command that prints the pages on guardrails."""
    return " ".join(["tfkms explain", *checks])


def place(finding: Finding) -> Span | None:
    """Where in the source a finding stands: at what makes it of its first statement that has a place there, None where
    none has."""
    return next((evidence.place.span for evidence in finding.evidence if evidence.place.span), None)


def paths(report: Report) -> list[str]:
    """The names of what was scanned."""
    return [item.path for item in report.inputs]


def of_input(report: Report, scanned: int) -> str:
    """What a line about one of the inputs begins with: its name where there are several, else nothing."""
    return f"{paths(report)[scanned]}: " if len(report.inputs) > 1 else ""


def errors(report: Report) -> list[Diagnostic]:
    """What kept tfkms from reading or judging everything; empty after a complete scan."""
    return [item for item in report.diagnostics if item.level is Level.ERROR]


def warnings(report: Report) -> list[Diagnostic]:
    """The diagnostics that are no errors."""
    return [item for item in report.diagnostics if item.level is not Level.ERROR]


def counting(report: Report) -> tuple[Finding, ...]:
    """The findings that are not waived, worst first."""
    return tuple(finding for finding in report.findings if finding.waived is None)


def waived(report: Report) -> tuple[Finding, ...]:
    """The findings that are waived, worst first."""
    return tuple(finding for finding in report.findings if finding.waived is not None)
