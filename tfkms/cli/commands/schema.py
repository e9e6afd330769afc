"""`tfkms schema`: the forms that machines may rely on."""

import click

from tfkms.cli.output import write


@click.command()
@click.argument("what", type=click.Choice(["report"]))
def schema(what: str) -> int:
    """Print the JSON Schema of the JSON report."""
    import json

    from tfkms.report import structure

    assert what == "report"
    write(json.dumps(structure.schema(), indent=1) + "\n")
    return 0
