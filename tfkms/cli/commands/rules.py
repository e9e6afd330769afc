"""`tfkms rules`: the guardrails, a line each."""

import click

from tfkms.cli.output import write
from tfkms.cli.settings import config_option, settings


@click.command()
@config_option
def rules(config: str | None) -> int:
    """List the guardrails, those of your own included."""
    from tfkms import catalogue
    from tfkms.report import guardrails
    from tfkms.settings import decisions

    own = decisions.own_rules(settings(config, (), quiet=False)).rules
    write(guardrails.table([*catalogue.rules(), *own]))
    return 0
