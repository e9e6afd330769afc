"""`tfkms access`: who may do what with each key."""

import click

from tfkms.cli.group import EXIT_ERROR
from tfkms.cli.guardrails import decided
from tfkms.cli.guardrails import facts as judged_by
from tfkms.cli.inputs import Told, read, with_assumptions
from tfkms.cli.output import tell, write
from tfkms.cli.settings import config_option
from tfkms.cli.settings import settings as found_settings
from tfkms.cli.time_limit import TimeLimit, timeout_option
from tfkms.diagnostics import Level


@click.command()
@click.argument("source", metavar="[INPUT]", default=".")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@config_option
@click.option("-q", "--quiet", is_flag=True, help="No warnings on standard error.")
@timeout_option
@with_assumptions
def access(
    *,
    source: str,
    form: str,
    config: str | None,
    quiet: bool,
    timeout: int,
    told: Told,
) -> int:
    """Show who may do what with each key after the plan, by which way, and what the plan changes."""
    from tfkms.queries.access import matrices
    from tfkms.queries.sight import sides
    from tfkms.report import access as report

    settings = found_settings(config, [source], quiet, told.source)
    by = decided(settings)
    facts = judged_by(by.stance, sites=by.own.sites)
    with TimeLimit(timeout):
        scans, refused = read([source], told, settings.form, by.own.sites)
        sights = [sides(scan, facts) for scan in scans]
        keys = [list(matrices(after, before)) for after, before in sights]
    diagnostics = [
        *refused,
        *(item for scan in scans for item in scan.diagnostics),
        *(item for after, _ in sights for item in after.question.estate.diagnostics),
    ]
    tell(diagnostics, quiet=quiet)
    actions = sorted(facts.actions.values(), key=lambda action: action.name)
    if form == "json":
        write(report.render_json([scan.input for scan in scans], keys, actions))
    elif form == "html":
        from tfkms.report import matrix

        write(matrix.render(keys, actions, [scan.input for scan in scans]))
    elif scans:
        write(report.render_text([key for each in keys for key in each], actions))
    return EXIT_ERROR if any(diagnostic.level is Level.ERROR for diagnostic in diagnostics) else 0
