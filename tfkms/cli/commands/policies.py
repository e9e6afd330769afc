"""`tfkms policies`: what was read."""

import click

from tfkms.cli.group import EXIT_ERROR
from tfkms.cli.inputs import Told, read, with_inputs
from tfkms.cli.output import tell, write
from tfkms.cli.time_limit import TimeLimit, timeout_option
from tfkms.diagnostics import Level


@click.command()
@with_inputs
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="json", show_default=True)
@timeout_option
def policies(inputs: tuple[str, ...], told: Told, form: str, timeout: int) -> int:
    """Show every policy document as it was resolved, with what is not known of it and where it came from."""
    from tfkms import catalogue
    from tfkms.documents import Moment
    from tfkms.extract import extract
    from tfkms.report import policies as report

    with TimeLimit(timeout):
        scans, refused = read(inputs, told)
        estates = [extract(item, catalogue.sites(), Moment.AFTER) for item in scans]
    documents = [
        document
        for item, estate in zip(scans, estates, strict=True)
        for reported in [item.reported()]
        for document in estate.documents
        if reported is None or document.address in reported
    ]
    diagnostics = [
        *refused,
        *(diagnostic for item in scans for diagnostic in item.diagnostics),
        *(diagnostic for estate in estates for diagnostic in estate.diagnostics),
    ]
    tell(diagnostics)
    write(report.render_json(documents) if form == "json" else report.render_text(documents))
    return EXIT_ERROR if any(diagnostic.level is Level.ERROR for diagnostic in diagnostics) else 0
