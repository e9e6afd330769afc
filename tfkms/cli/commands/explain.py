"""`tfkms explain`: one guardrail, in full."""

import click

from tfkms.cli.guardrails import guardrail
from tfkms.cli.output import write


@click.command()
@click.argument("check", metavar="ID")
def explain(check: str) -> int:
    """Explain a guardrail: what it demands, why, and how to mend a violation."""
    from tfkms.report import guardrails

    write(guardrails.explain(guardrail(check)))
    return 0
