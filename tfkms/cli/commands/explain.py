"""`tfkms explain`: guardrails, each in full."""

import click

from tfkms.cli.guardrails import explained
from tfkms.cli.output import write
from tfkms.cli.settings import config_option


@click.command()
@click.argument("checks", nargs=-1, required=True, metavar="ID...")
@config_option
def explain(checks: tuple[str, ...], config: str | None) -> int:
    """Explain guardrails: what each demands, why, and how to mend a violation."""
    from tfkms.report import guardrails

    write("\n".join(guardrails.explain(rule) for rule in explained(checks, config)))
    return 0
