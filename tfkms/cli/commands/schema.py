"""`tfkms schema`: the forms that machines may rely on."""

import click

from tfkms.cli.output import write


@click.command()
@click.argument("what", type=click.Choice(["report", "settings", "can"]))
def schema(what: str) -> int:
    """Print the JSON Schema of the JSON report, of the settings file, or of what a query answers."""
    import json

    from tfkms.report import can, structure
    from tfkms.settings import form

    made = {"report": structure.schema, "settings": form.schema, "can": can.schema}[what]()
    write(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    return 0
