"""The two streams of the command line: reports on standard output, diagnostics on standard error."""

import os
import sys
from collections.abc import Iterable, Sequence

from tfkms.diagnostics import OUTPUT_UNWRITABLE, Diagnostic, Level, Refusal


def tell(diagnostics: Iterable[Diagnostic], inputs: Sequence[str] = (), quiet: bool = False) -> None:
    """Writes diagnostics to standard error, one line each; with `quiet` only errors.

    `inputs` are the names of what was scanned; where there are several, a line begins with the one it is about.
    """
    from tfkms.report.display import told

    for diagnostic in diagnostics:
        if diagnostic.level is Level.ERROR or not quiet:
            sys.stderr.write(f"tfkms: {diagnostic.level.value}: {told(diagnostic, inputs)}\n")
    sys.stderr.flush()


def tell_line(line: str) -> None:
    """Writes one line that is no diagnostic to standard error."""
    from tfkms.report.display import shown

    sys.stderr.write(f"tfkms: {shown(line)}\n")
    sys.stderr.flush()


def write(text: str) -> None:
    """Writes a report to standard output as UTF-8, with `\\n` line ends, whatever the platform. Raises Refusal.

    A reader that has gone away (`| head`) is no error.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try once more at its end
        raise Refusal(OUTPUT_UNWRITABLE, f"standard output cannot be written: {reason(error)}") from None


def reason(error: OSError) -> str:
    """Why the system would not, in a few lower-case words."""
    return (error.strerror or "").lower() or str(error) or type(error).__name__.lower()


def in_colour(no_color: bool) -> bool:
    """Whether standard output is a terminal that wants colour (https://no-color.org)."""
    return sys.stdout.isatty() and not no_color and not os.environ.get("NO_COLOR")
