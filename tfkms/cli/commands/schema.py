"""`tfkms schema`: the forms that machines may rely on."""

import click

from tfkms.cli.output import write


@click.command()
@click.argument("what", type=click.Choice(["report", "settings", "can", "access"]))
def schema(what: str) -> int:
    """Print the JSON Schema of the JSON report, of the settings file, or of what a query answers."""
    import json

    from tfkms.report import access, can, structure
    from tfkms.settings import form

    schemas = {"report": structure, "settings": form, "can": can, "access": access}
    made = schemas[what].schema()
    write(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    return 0
