"""Sends the reports of a scan where they are wanted: to files, and one of them to standard output."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tfkms.cli.output import tell, write
from tfkms.cli.targets import TEXT, Target, deliver
from tfkms.diagnostics import REPORT_CRASHED, Diagnostic, Level
from tfkms.report import formats

if TYPE_CHECKING:
    from tfkms.finding import Report
    from tfkms.report.view import View

_VERDICTS = ("atlantis", "spacelift")
"""Forms whose reader takes the verdict from them and not from the exit code."""


class Sending:
    """A report on its way. What cannot be made or written is told, and is part of the report from then on."""

    def __init__(self, report: "Report", view: "View", quiet: bool):
        self.report = report
        self.view = view
        self.quiet = quiet

    def file(self, path: str, text: str) -> None:
        """Writes the text to the file."""
        failed = deliver(path, text)
        if failed is not None:
            self.failed(failed)

    def failed(self, diagnostic: Diagnostic) -> None:
        """Tells an error, here and in the reports that are still to come."""
        from msgspec.structs import replace

        tell([diagnostic])
        self.report = replace(self.report, diagnostics=(*self.report.diagnostics, diagnostic))

    def summary(self, path: str) -> None:
        """Writes the summary of a job."""
        text = self.made("the summary of the job", lambda: formats.job_summary(self.report, self.view))
        if text is not None:
            self.file(path, text)

    def made(self, what: str, make: Callable[[], str]) -> str | None:
        """The text that is made; None where a fault of tfkms prevents it, which is told and leaves the others."""
        try:
            return make()
        except Exception as error:  # nothing of it is written, and the gate must not pass
            message = f"{what} crashed ({type(error).__name__}); this is a fault of tfkms, please report it"
            self.failed(Diagnostic(Level.ERROR, REPORT_CRASHED, message))
            return None

    def everywhere(self, outputs: Sequence[Target], form: str | None, colour: bool) -> None:
        """Writes each output to its file and, if there is a `form`, that one to standard output.

        The forms that are read for the verdict come last, so that they know of every report that could not be written.
        """
        files: list[tuple[str, str | None]] = [(name, path) for name, path in outputs]
        to = [*files, *([(form, None)] if form is not None else [])]
        for name, path in sorted(to, key=lambda target: target[0] in _VERDICTS):
            if path is None:
                self.show(name, colour)
            else:
                text = self.rendered(name)
                if text is not None:
                    self.file(path, text)

    def show(self, form: str, colour: bool) -> None:
        """Writes the report to standard output."""
        if form == TEXT and colour:
            from tfkms.report import terminal
            from tfkms.report.formats import text

            terminal.write(text.lines(self.report, self.view))
            return
        rendered = self.rendered(form)
        if rendered is not None:
            write(rendered)

    def rendered(self, form: str) -> str | None:
        """The report in that form, None where tfkms cannot make it; if it leaves something out, that is told."""
        return self.made(f"the {form} report", lambda: self.complete(form))

    def complete(self, form: str) -> str:
        """The report in that form, and a word on what it leaves out."""
        left = formats.left_out(form, self.report, self.view)
        if left:
            message = f"the {form} report leaves out {left}, for its reader takes no more"
            hint = "the json report holds everything"
            tell([Diagnostic(Level.WARNING, "report-shortened", message, hint=hint)], quiet=self.quiet)
        return formats.render(form, self.report, self.view)
