"""`tfkms rules`: the guardrails, a line each."""

import click

from tfkms.cli.output import write


@click.command()
def rules() -> int:
    """List the guardrails."""
    from tfkms import catalogue
    from tfkms.report import guardrails

    write(guardrails.table(catalogue.rules()))
    return 0
