"""`tfkms can`: may a principal do an action on a key."""

import click

from tfkms.cli.group import EXIT_ERROR
from tfkms.cli.guardrails import decided, facts
from tfkms.cli.inputs import Told, read, with_assumptions
from tfkms.cli.output import tell, write
from tfkms.cli.settings import config_option
from tfkms.cli.settings import settings as found_settings
from tfkms.cli.time_limit import TimeLimit, timeout_option
from tfkms.diagnostics import Level

EXIT_ANSWERED, EXIT_UNDECIDED = 0, 3


@click.command()
@click.argument("principal")
@click.argument("action")
@click.argument("key")
@click.argument("source", metavar="[INPUT]", default=".")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@config_option
@click.option("-q", "--quiet", is_flag=True, help="No warnings on standard error.")
@timeout_option
@with_assumptions
def can(
    *,
    principal: str,
    action: str,
    key: str,
    source: str,
    form: str,
    config: str | None,
    quiet: bool,
    timeout: int,
    told: Told,
) -> int:
    """Say whether PRINCIPAL may do ACTION on KEY after the plan: yes, no or undecided, and why.

    PRINCIPAL: the ARN of a role, a user, a session or an account's root, an account id, the name of a service, or the
    address of a role, a user or a permission set. ACTION: with or without `kms:`. KEY: an address, an ARN, an id or an
    alias.

    Exit codes: 0 answered, 3 undecided, 2 the job could not be done.
    """
    from tfkms import catalogue
    from tfkms.documents import Moment
    from tfkms.queries.can import Word
    from tfkms.queries.can import can as answered
    from tfkms.queries.names import action_named, askers, key_named
    from tfkms.queries.sight import sight
    from tfkms.report import can as report

    settings = found_settings(config, [source], quiet, told.source)
    by = decided(settings)
    about = action_named(action, catalogue.actions())
    with TimeLimit(timeout):
        scans, refused = read([source], told, settings.form, by.own.sites)
        if not scans:
            tell(refused)
            return EXIT_ERROR
        seen = sight(scans[0], facts(by.stance, sites=by.own.sites), Moment.AFTER)
        answer = answered(askers(principal, seen), about, key_named(key, seen), seen)
    diagnostics = [*scans[0].diagnostics, *seen.question.estate.diagnostics]
    tell(diagnostics, quiet=quiet)
    write(report.render_json(answer) if form == "json" else report.render_text(answer))
    if any(diagnostic.level is Level.ERROR for diagnostic in diagnostics):
        return EXIT_ERROR
    return EXIT_UNDECIDED if answer.word is Word.UNDECIDED else EXIT_ANSWERED
