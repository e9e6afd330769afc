"""`tfkms scan`: the gate."""

import os
from collections.abc import Sequence

import click

from tfkms.cli import checkout
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
from tfkms.cli.inputs import Reader, Told, asked, assumed, with_inputs
from tfkms.cli.output import in_colour, tell
from tfkms.cli.sending import Sending
from tfkms.cli.settings import config_option, read_known
from tfkms.cli.settings import settings as found_settings
from tfkms.cli.settings import today as expiry_day
from tfkms.cli.targets import JOB_SUMMARY, TEXT, Target, targets
from tfkms.cli.time_limit import TimeLimit, timeout_option
from tfkms.report import formats

JOBS_LIMIT = 64
GITHUB, HTML = "github", "html"


def _ids(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


@click.command()
@with_inputs
@click.option("--check", "checks", multiple=True, metavar="ID", callback=_ids, help="Judge only these guardrails.")
@click.option("--skip", multiple=True, metavar="ID", callback=_ids, help="Leave these guardrails out.")
@fail_on_option
@undecided_option
@new_only_option
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found; errors still exit 2.")
@click.option(
    "--format",
    "form",
    type=click.Choice(formats.names()),
    default=TEXT,
    show_default=True,
    help="The form of the report on standard output.",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=FILE",
    callback=targets,
    help="Write the report to a file too, in any of these forms. Repeatable.",
)
@authorized_option
@config_option
@click.option("--baseline", metavar="FILE", help="Findings that this file holds are shown and do not count.")
@click.option("--write-baseline", metavar="FILE", help="Write what is found to the file, as a baseline; exits 0.")
@click.option("--no-inline", is_flag=True, help="Leave out the waivers that stand in the source (`# tfkms:ignore`).")
@click.option("--today", metavar="DATE", help="The day by which waivers expire.  [default: today, in UTC]")
@click.option("--no-color", is_flag=True, help="No colour, even on a terminal.")
@click.option("-q", "--quiet", is_flag=True, help="No warnings on standard error.")
@click.option("--no-progress", is_flag=True, help="Never show on a terminal how far the scan is.")
@click.option(
    "--jobs",
    type=click.IntRange(1, JOBS_LIMIT),
    default=1,
    show_default=True,
    metavar="N",
    help="Judge inputs by so many processes.",
)
@timeout_option
@click.option("-v", "--verbose", is_flag=True, help="List every verdict, the good ones too.")
def scan(
    *,
    inputs: tuple[str, ...],
    told: Told,
    checks: tuple[str, ...],
    skip: tuple[str, ...],
    fail_on: str | None,
    undecided: str | None,
    new_only: bool,
    exit_zero: bool,
    form: str,
    outputs: tuple[Target, ...],
    authorized: tuple[str, ...],
    config: str | None,
    baseline: str | None,
    write_baseline: str | None,
    no_inline: bool,
    today: str | None,
    no_color: bool,
    quiet: bool,
    no_progress: bool,
    jobs: int,
    timeout: int,
    verbose: bool,
) -> int:
    """Judge plans before they are applied: saved plans (`terraform plan -out`), the JSON of plans and states, and the
    configuration in directories and files; `-` for standard input, the current directory for none.

    Exit codes: 0 nothing violated, 1 violated, 2 the job could not be done, 3 something undecided.
    """
    from tfkms import engine
    from tfkms.baseline import written
    from tfkms.cli.judging import Task, judge_each
    from tfkms.cli.progress import Progress
    from tfkms.gate import exit_code
    from tfkms.report.view import View
    from tfkms.settings import decisions
    from tfkms.settings.inline import Inline
    from tfkms.waivers import Waivers

    settings = found_settings(config, inputs, quiet, told.source)
    by = decided(settings, authorized)
    rules = selected(checks, skip, by.stance, by.own.rules)
    waivers = Waivers(decisions.waivers(settings, by.ids), expiry_day(today))
    known = read_known(baseline)
    judged_by = facts(by.stance, waivers, known, by.own.sites, Inline(by.ids, not no_inline))
    forms = {form, *(name for name, _ in outputs)}
    task = Task(Reader(told, assumed(told, settings.form), by.own.sites), rules, judged_by, access=HTML in forms)
    wanted = asked(inputs)
    with TimeLimit(timeout), Progress(len(wanted), not (no_progress or quiet)) as progress:
        done = judge_each(task, wanted, jobs, progress.advance)
    report = engine.report(done.judged, rules, judged_by, [*decisions.idle_patterns(settings), *done.refused])
    exit_zero = exit_zero or write_baseline is not None
    summary = os.environ.get(JOB_SUMMARY, "")
    view = View(
        gate=gate(settings, fail_on, undecided, exit_zero=exit_zero, new_only=new_only),
        rules={rule.id: rule for rule in rules},
        verbose=verbose,
        directory=checkout.directory(),
        pages=settings.form.guardrail_pages or "",
        job_summary=bool(summary),
        access=done.access,
    )

    tell(report.diagnostics, [item.path for item in report.inputs], quiet)
    sending = Sending(report, view, quiet)
    if write_baseline is not None:
        sending.file(write_baseline, written(report).decode())
    if summary and GITHUB in forms:
        sending.summary(summary)
    shown = form != TEXT or bool(done.judged) or not done.refused
    sending.everywhere(outputs, form if shown else None, in_colour(no_color))
    return exit_code(sending.report, view.gate)
