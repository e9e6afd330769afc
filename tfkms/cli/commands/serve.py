"""`tfkms serve`: tfkms as a run task of HCP Terraform and Terraform Enterprise."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfkms.cli.group import EXIT_ERROR, Terminated
from tfkms.cli.guardrails import (
    authorized_option,
    decided,
    facts,
    fail_on_option,
    gate,
    new_only_option,
    selected,
    undecided_option,
)
from tfkms.cli.inputs import Reader, Told, assumed
from tfkms.cli.output import reason
from tfkms.cli.settings import config_option
from tfkms.cli.settings import settings as found_settings
from tfkms.cli.settings import today as expiry_day
from tfkms.diagnostics import Refusal

if TYPE_CHECKING:
    from tfkms.cli.judging import Task
    from tfkms.diagnostics import Diagnostic
    from tfkms.gate import Gate
    from tfkms.serve.outcomes import Answer
    from tfkms.waivers import Waiving

MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the JSON of one plan by what the service was started with."""

    task: "Task"
    waivers: Sequence["Waiving"]
    gate: "Gate"
    idle: Sequence["Diagnostic"]

    def __call__(self, content: bytes, name: str) -> "Answer":
        """What to answer; a plan that cannot be read fails."""
        from msgspec.structs import replace

        from tfkms import engine
        from tfkms.report.view import View
        from tfkms.serve.outcomes import answer, failure
        from tfkms.waivers import Waivers

        rules = self.task.rules
        judged_by = replace(self.task.facts, waivers=Waivers(self.waivers, expiry_day(None)))
        try:
            judged = engine.judged(self.task.reader.plan(content, name), rules, judged_by)
        except Refusal as refusal:
            return failure(refusal.diagnostic.message)
        report = engine.report([judged], rules, judged_by, [*self.idle])
        return answer(report, View(self.gate, {rule.id: rule for rule in rules}))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), metavar="N", help="At what port."
)
@click.option("--key-file", metavar="FILE", help="The file that holds the HMAC key of the run task.")
@click.option("--no-key", is_flag=True, help="Take requests that nobody signed.")
@click.option(
    "--allow",
    multiple=True,
    metavar="ORIGIN",
    help="A place that requests may name, as https://tfe.example.com, in place of HCP Terraform's. Repeatable.",
)
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), metavar="N", help="Plans at a time."
)
@click.option(
    "--queue",
    default=1_000,
    show_default=True,
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Run tasks that may wait.",
)
@click.option(
    "--timeout", default=120, show_default=True, type=click.IntRange(1, 3000), metavar="S", help="Seconds for one plan."
)
@click.option(
    "--max-plan", default=256, show_default=True, type=click.IntRange(1, 8192), metavar="MIB", help="The largest plan."
)
@click.option(
    "--max-wait",
    default=600,
    show_default=True,
    type=click.IntRange(1, 3000),
    metavar="S",
    help="Seconds for a plan to arrive.",
)
@click.option(
    "--grace", default=60, show_default=True, type=click.IntRange(0, 3000), metavar="S", help="Seconds to finish in."
)
@fail_on_option
@undecided_option
@new_only_option
@authorized_option
@config_option
def serve(
    *,
    host: str,
    port: int,
    key_file: str | None,
    no_key: bool,
    allow: tuple[str, ...],
    workers: int,
    queue: int,
    timeout: int,
    max_plan: int,
    max_wait: int,
    grace: int,
    fail_on: str | None,
    undecided: str | None,
    new_only: bool,
    authorized: tuple[str, ...],
    config: str | None,
) -> int:
    """Answer run tasks of HCP Terraform and Terraform Enterprise: POST /run-task, GET /health."""
    key = _key(key_file, no_key)
    judge = _judge(config, authorized, fail_on, undecided, new_only)
    try:
        import uvicorn

        from tfkms.serve.app import DEFAULT_ORIGINS, application
    except ImportError:
        raise Refusal("serve-missing", "what serves run tasks is not installed", "install `tfkms[serve]`") from None
    from tfkms.serve.run_task import origin
    from tfkms.serve.work import Limits

    for place in allow:
        if origin(place) != place.rstrip("/"):
            hint = "write scheme and host, and the port where it is not the usual one"
            raise Refusal("usage", f"--allow takes an origin as https://tfe.example.com, not `{place}`", hint)
    origins = frozenset(map(origin, allow)) or DEFAULT_ORIGINS
    limits = Limits(workers, queue, timeout, max_wait, grace=grace)
    configuration = uvicorn.Config(
        application(judge, key, origins, max_plan * MEBIBYTE, limits),
        host=host,
        port=port,
        log_config=_LOG,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_OPEN_SECONDS,
        h11_max_incomplete_event_size=65_536,
    )
    try:
        uvicorn.Server(configuration).run()
    except SystemExit:  # what it ends with where it cannot listen; it has said why
        return EXIT_ERROR
    except Terminated:  # once what was at work is finished, uvicorn hands on the signal that it was stopped by
        pass
    return 0


_OPEN_SECONDS = 5
"""When stopped, what a request that is still coming in may take; HCP Terraform asks again."""

_LOG = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"errors": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "tfkms.serve": {"handlers": ["errors"], "level": "INFO", "propagate": False},
        "uvicorn": {"handlers": ["errors"], "level": "INFO", "propagate": False},
    },
}


def _key(key_file: str | None, no_key: bool) -> bytes | None:
    """The key, without the line break that editors put behind it. Raises Refusal."""
    if key_file is None:
        if no_key:
            return None
        hint = "set a key on the run task too; --no-key takes requests from anybody"
        raise Refusal("usage", "there is no key to verify requests with; name its file with --key-file", hint)
    try:
        key = Path(key_file).read_bytes().strip()
    except OSError as error:
        raise Refusal("usage", f"the key cannot be read: {reason(error)}") from None
    except ValueError:
        raise Refusal("usage", "the key cannot be read: no file has such a name") from None
    if not key:
        raise Refusal("usage", "the file of the key is empty")
    return key


def _judge(
    config: str | None, authorized: Sequence[str], fail_on: str | None, undecided: str | None, new_only: bool
) -> Judge:
    """What plans are judged by: the settings as they are now. Raises Refusal."""
    from tfkms.cli.judging import Task
    from tfkms.settings import decisions

    settings = found_settings(config, (), quiet=False)
    by = decided(settings, authorized)
    reader = Reader(Told(), assumed(Told(), settings.form), by.own.sites)
    task = Task(reader, selected((), (), by.stance, by.own.rules), facts(by.stance, sites=by.own.sites))
    stops = gate(settings, fail_on, undecided, new_only=new_only)
    return Judge(task, decisions.waivers(settings, by.ids), stops, [*decisions.idle_patterns(settings)])
