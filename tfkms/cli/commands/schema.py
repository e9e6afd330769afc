"""`tfkms schema`: the forms that machines may rely on."""

import click

from tfkms.cli.output import write


@click.command()
@click.argument("what", type=click.Choice(["report", "settings"]))
def schema(what: str) -> int:
    """Print the JSON Schema of the JSON report or of the settings file."""
    import json

    from tfkms.report import structure
    from tfkms.settings import form

    made = structure.schema() if what == "report" else form.schema()
    write(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    return 0
