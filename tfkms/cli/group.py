"""The group of commands: finds them by module name, and ends each with an exit code and never with a traceback."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

import click

from tfkms.cli import commands
from tfkms.cli.commands import SUMMARIES
from tfkms.cli.output import tell
from tfkms.diagnostics import Diagnostic, Level, Refusal

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130
"""What shells make of a program that an interrupt has ended."""
EXIT_TERMINATED = 143
"""And of one that was asked to end (SIGTERM), as a job is that is called off."""

NO_MEMORY = "there is not enough memory for it"


class Terminated(KeyboardInterrupt):
    """The program was asked to end: it does what it does at an interrupt, and leaves nothing behind."""


@contextmanager
def _asked_to_end() -> Iterator[None]:
    """Makes SIGINT and SIGTERM exceptions within; after the first none is heard, so that what it began is done.

    One that the program was started to ignore, as in the background of a script, is ignored.
    """
    heard = False
    before: dict[int, Any] = {}

    def end(number: int, _frame: object) -> None:
        nonlocal heard
        heard = True
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    try:
        for asking in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(asking) not in (signal.SIG_IGN, None):
                before[asking] = signal.signal(asking, end)
    except ValueError:  # only the main thread hears signals
        yield
        return
    try:
        yield
    finally:
        if not heard:
            for number, handler in before.items():
                signal.signal(number, handler)


class Commands(click.Group):
    """A command is the function `NAME` in the module `tfkms.cli.commands.NAME`, imported when it is asked for.

    It returns the exit code. After a refusal, or a fault of tfkms, there is one line on standard error and the code
    is 2; after an interrupt (Ctrl-C) it is 130, and 143 after SIGTERM.
    """

    def list_commands(self, _context: click.Context) -> list[str]:
        """The names of all commands, sorted."""
        return list(SUMMARIES)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """The command of that name, None where there is none."""
        if name not in SUMMARIES:
            return None
        found: click.Command = getattr(import_module(f"{commands.__name__}.{name}"), name)
        found.short_help = SUMMARIES[name]
        return found

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes what each command does."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))

    def invoke(self, context: click.Context) -> NoReturn:
        """Runs the command and exits with what it returns."""
        context.exit(self._code(context))

    def _code(self, context: click.Context) -> int:
        try:
            with _asked_to_end():
                returned: Any = super().invoke(context)
            return int(returned)
        except Refusal as refusal:
            tell([refusal.diagnostic])
        except Terminated:
            tell([Diagnostic(Level.ERROR, "terminated", "ended by a signal")])
            return EXIT_TERMINATED
        except KeyboardInterrupt:
            tell([Diagnostic(Level.ERROR, "interrupted", "interrupted")])
            return EXIT_INTERRUPTED
        except MemoryError:
            tell([Diagnostic(Level.ERROR, "memory", NO_MEMORY)])
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # never a traceback, which may quote the input, and never a pass
            message = f"tfkms crashed ({type(error).__name__}); this is a fault of tfkms, please report it"
            tell([Diagnostic(Level.ERROR, "crashed", message)])
        return EXIT_ERROR
