"""What makes the gate fail, and the exit code that says so."""

from msgspec import Struct

from tfkms.diagnostics import Level
from tfkms.finding import Finding, Report, Severity, Verdict


class Gate(Struct, frozen=True):
    """What makes the gate fail: findings from this severity on, and whether an undecided one counts.

    With `new_only` only those count that the plan brings about.
    """

    fail_on: Severity = Severity.LOW
    undecided_fails: bool = True
    exit_zero: bool = False
    new_only: bool = False

    def stops(self, finding: Finding) -> bool:
        """Whether the finding fails the gate: severe enough, not waived, and, if undecided, where that counts."""
        counts = finding.verdict is Verdict.VIOLATED or self.undecided_fails
        heavy = finding.severity.value >= self.fail_on.value and (finding.new or not self.new_only)
        return counts and heavy and finding.waived is None


EXIT_CLEAN, EXIT_VIOLATED, EXIT_ERROR, EXIT_UNDECIDED = 0, 1, 2, 3


def exit_code(report: Report, gate: Gate) -> int:
    """0 nothing violated, 1 violated, 2 the job could not be done, 3 undecided; of several the worst: 2, 1, 3, 0."""
    if any(diagnostic.level is Level.ERROR for diagnostic in report.diagnostics):
        return EXIT_ERROR
    stopping = {finding.verdict for finding in report.findings if gate.stops(finding)}
    if gate.exit_zero or not stopping:
        return EXIT_CLEAN
    return EXIT_VIOLATED if Verdict.VIOLATED in stopping else EXIT_UNDECIDED
