"""The inputs of a command: the options that say what to read and how, and the reading itself."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from tfkms.diagnostics import Diagnostic, Refusal

if TYPE_CHECKING:
    from tfkms.extract import Site
    from tfkms.frontends.accounts import Assumed
    from tfkms.model import Scan
    from tfkms.settings.form import SettingsFile

STANDARD_INPUT = "-"
Command = TypeVar("Command", bound=Callable[..., int])


def with_inputs(command: Command) -> Command:
    """Gives a command the inputs and what to assume of them: inputs, account_id, region, partition."""
    inputs = click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
    return inputs(with_assumptions(command))


def with_assumptions(command: Command) -> Command:
    """Gives a command what to assume of its inputs: account_id, region, partition."""
    for option in (
        click.option("--partition", metavar="P", help="The partition, where the input does not tell it."),
        click.option("--region", metavar="R", help="The Region, where the input does not tell it."),
        click.option("--account-id", metavar="N", help="The account, where the input does not tell it."),
    ):
        command = option(command)
    return command


def assumed(
    account_id: str | None, region: str | None, partition: str | None, settings: "SettingsFile | None" = None
) -> "Assumed":
    """What to take for granted where an input does not tell it: by options, else by settings. Raises Refusal."""
    from tfkms.frontends.accounts import Assumed

    if account_id is not None and not (len(account_id) == 12 and account_id.isascii() and account_id.isdecimal()):
        raise Refusal("usage", f"--account-id takes the twelve digits of an account, not `{account_id}`")
    if settings is None:
        return Assumed(account_id, region, partition)
    return Assumed(
        account_id or settings.account_id,
        region or settings.region,
        partition or settings.partition,
        settings.organization_id,
    )


def read(
    paths: Sequence[str], assumed: "Assumed", sites: Sequence["Site"] = ()
) -> tuple[list["Scan"], list[Diagnostic]]:
    """The inputs that could be read, and a diagnostic for each of the others.

    `sites` are the places of policies besides the catalogue's.
    """
    from dataclasses import replace

    from tfkms import catalogue
    from tfkms.frontends.document_text import read_bytes
    from tfkms.frontends.plan import read_plan
    from tfkms.identities import RESOURCE_TYPES
    from tfkms.key_uses import KEY_ALIAS

    services = catalogue.services()
    always = {site.type for site in (*catalogue.sites(), *sites)} | {KEY_ALIAS} | RESOURCE_TYPES
    wanted = always | set(services.arguments)
    mentions = {kind: words for kind, words in services.words().items() if kind not in always}
    scans: list[Scan] = []
    refused: list[Diagnostic] = []
    for path in paths:
        name = _display_path(path)
        try:
            scans.append(read_plan(read_bytes(path), name, wanted.__contains__, assumed, mentions))
        except Refusal as refusal:
            refused.append(replace(refusal.diagnostic, file=name))
    return scans, refused


def _display_path(path: str) -> str:
    """How reports call an input: as given if relative, else from the current directory, else its last name."""
    if path == STANDARD_INPUT or not Path(path).is_absolute():
        return path
    try:
        return Path(path).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return Path(path).name
