"""The command line: arguments, environment, standard streams and exit codes, here and nowhere else."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tfkms import __version__
from tfkms.diagnostics import Diagnostic, Level, Refusal

if TYPE_CHECKING:
    from tfkms.catalogue import Rule
    from tfkms.checks.parties import Authorized
    from tfkms.extract import Site
    from tfkms.key_uses import Services
    from tfkms.model import Scan

EXIT_ERROR = 2
STANDARD_INPUT = "-"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "TFKMS"})
@click.version_option(__version__, prog_name="tfkms")
def main() -> None:
    """Checks AWS KMS key policies and IAM policies in Terraform plans against eight guardrails, before apply."""


def _ids(_context: click.Context, _parameter: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


_account_id = click.option("--account-id", metavar="N", help="The account, where the input does not tell it.")
_region = click.option("--region", metavar="R", help="The Region, where the input does not tell it.")
_partition = click.option("--partition", metavar="P", help="The partition, where the input does not tell it.")
_inputs = click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")


@main.command()
@_inputs
@click.option("--check", "checks", multiple=True, metavar="ID", callback=_ids, help="Judge only these guardrails.")
@click.option("--skip", multiple=True, metavar="ID", callback=_ids, help="Leave these guardrails out.")
@click.option(
    "--fail-on",
    type=click.Choice(["low", "medium", "high", "critical"]),
    default="low",
    show_default=True,
    help="The severity from which on a finding fails the gate.",
)
@click.option(
    "--undecided",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="Whether what could not be decided fails the gate.",
)
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found; errors still exit 2.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--authorized",
    multiple=True,
    metavar="ARN",
    help="A principal that may do what the guardrails guard: an ARN with wildcards, or a service's name. Repeatable.",
)
@_account_id
@_region
@_partition
@click.option("--no-color", is_flag=True, help="No colour, even on a terminal.")
@click.option("-q", "--quiet", is_flag=True, help="No warnings on standard error.")
@click.option("-v", "--verbose", is_flag=True, help="List every verdict, the good ones too.")
def scan(**options: Any) -> None:
    """Judge plans: JSON of `terraform show -json` (a plan or a state), or `-` for standard input.

    Exit codes: 0 nothing violated, 1 violated, 2 the job could not be done, 3 something undecided.
    """
    sys.exit(_stopping(lambda: _scan(**options)))


def _scan(
    *, inputs: tuple[str, ...], checks: tuple[str, ...], skip: tuple[str, ...], form: str, **options: Any
) -> int:  # fmt: skip
    from tfkms import catalogue, engine
    from tfkms.finding import Severity

    rules = _selected(catalogue.rules(), checks, skip)
    scans, refused = _read(inputs, catalogue.sites(), catalogue.services(), options)
    facts = engine.Facts(
        sites=catalogue.sites(),
        actions=catalogue.actions(),
        services=catalogue.services(),
        managed=catalogue.managed_policy,
        authorized=_authorized(options["authorized"]),
    )
    report = engine.judge(scans, rules, facts, refused)
    gate = engine.Gate(Severity[options["fail_on"].upper()], options["undecided"] == "fail", options["exit_zero"])
    _tell(report.diagnostics, [scan.input.path for scan in scans], options["quiet"])
    if form == "json":
        from tfkms.report import json

        _write(json.render(report))
    else:
        from tfkms.report import text

        if _in_colour(options["no_color"]):
            from tfkms.report import terminal

            terminal.write(text.lines(report, options["verbose"]))
        elif scans or not refused:
            _write(text.render(report, options["verbose"]))
    return engine.exit_code(report, gate)


@main.command()
@_inputs
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="json", show_default=True)
@_account_id
@_region
@_partition
def policies(**options: Any) -> None:
    """Show every policy document as it was resolved, with what is not known of it and where it came from."""
    sys.exit(_stopping(lambda: _policies(**options)))


def _policies(*, inputs: tuple[str, ...], form: str, **options: Any) -> int:
    from tfkms import catalogue
    from tfkms.extract import Moment, extract
    from tfkms.report import policies as report

    scans, refused = _read(inputs, catalogue.sites(), catalogue.services(), options)
    estates = [extract(item, catalogue.sites(), Moment.AFTER) for item in scans]
    documents = [document for estate in estates for document in estate.documents]
    diagnostics = [
        *refused,
        *(d for item in scans for d in item.diagnostics),
        *(d for e in estates for d in e.diagnostics),
    ]
    _tell(diagnostics, [], quiet=False)
    _write(report.render_json(documents) if form == "json" else report.render_text(documents))
    return EXIT_ERROR if any(diagnostic.level is Level.ERROR for diagnostic in diagnostics) else 0


@main.command()
@click.argument("check", metavar="ID")
def explain(check: str) -> None:
    """Explain a guardrail: what it demands, why, and how to mend a violation."""

    def run() -> int:
        from tfkms import catalogue
        from tfkms.report import guardrails

        _write(guardrails.explain(_rule(catalogue.rules(), check)))
        return 0

    sys.exit(_stopping(run))


@main.command()
def rules() -> None:
    """List the guardrails."""

    def run() -> int:
        from tfkms import catalogue
        from tfkms.report import guardrails

        _write(guardrails.table(catalogue.rules()))
        return 0

    sys.exit(_stopping(run))


@main.command()
@click.argument("what", type=click.Choice(["report"]))
def schema(what: str) -> None:
    """Print the JSON Schema of the JSON report."""
    import json

    from tfkms.report import structure

    assert what == "report"
    _write(json.dumps(structure.schema(), indent=1) + "\n")


def _stopping(run: Any) -> int:
    """What `run` returns; after a refusal or a fault of tfkms its line on standard error and 2."""
    try:
        return int(run())
    except Refusal as refusal:
        _tell([refusal.diagnostic], [], quiet=False)
    except Exception as error:  # never a traceback, which may quote the input, and never a pass
        message = f"tfkms crashed ({type(error).__name__}); this is a fault of tfkms, please report it"
        _tell([Diagnostic(Level.ERROR, "crashed", message)], [], quiet=False)
    return EXIT_ERROR


def _rule(known: Sequence["Rule"], check: str) -> "Rule":
    from tfkms.diagnostics import did_you_mean

    for rule in known:
        if rule.id.lower() == check.lower():
            return rule
    hint = did_you_mean(check.upper(), [rule.id for rule in known])
    raise Refusal("unknown-check", f"there is no guardrail `{check}`", hint or "list them with `tfkms rules`")


def _selected(known: Sequence["Rule"], checks: Sequence[str], skip: Sequence[str]) -> tuple["Rule", ...]:
    """The guardrails to judge, in the catalogue's order; those that are on unless some are named."""
    named = {_rule(known, check).id for check in checks}
    left_out = {_rule(known, check).id for check in skip}
    for rule in known:
        if rule.id in named and not rule.judged:
            raise Refusal("check-not-judged", f"{rule.id} is in the catalogue but not judged by this version")
    return tuple(
        rule
        for rule in known
        if rule.id not in left_out and rule.judged and (rule.id in named if named else rule.enabled)
    )


def _read(
    inputs: Sequence[str], sites: Sequence["Site"], services: "Services", options: dict[str, Any]
) -> tuple[list["Scan"], list[Diagnostic]]:  # fmt: skip
    """The inputs that could be read, and a diagnostic for each of the others."""
    from dataclasses import replace

    from tfkms.frontends.accounts import Assumed
    from tfkms.frontends.document_text import read_bytes
    from tfkms.frontends.plan import read_plan
    from tfkms.identities import RESOURCE_TYPES
    from tfkms.key_uses import KEY_ALIAS

    always = {site.type for site in sites} | {KEY_ALIAS} | RESOURCE_TYPES
    wanted = always | set(services.arguments)
    mentions = {kind: words for kind, words in services.words().items() if kind not in always}
    assumed = Assumed(_account(options["account_id"]), options["region"], options["partition"])
    scans: list[Scan] = []
    refused: list[Diagnostic] = []
    for path in inputs:
        name = _display_path(path)
        try:
            scans.append(read_plan(read_bytes(path), name, wanted.__contains__, assumed, mentions))
        except Refusal as refusal:
            refused.append(replace(refusal.diagnostic, file=name))
    return scans, refused


def _authorized(values: Sequence[str]) -> "Authorized":
    """The authorized principals. Raises Refusal for one that could never match."""
    from tfkms.checks.parties import Authorized

    arns = tuple(value for value in values if value.startswith("arn:"))
    services = tuple(value for value in values if not value.startswith("arn:"))
    for value in values:
        whole = value.count(":") >= 5 if value in arns else value.endswith(".amazonaws.com")
        if not whole:
            hint = "write `arn:aws:iam::ACCOUNT:role/NAME`, with `*` where it may vary, or `NAME.amazonaws.com`"
            raise Refusal("usage", f"--authorized takes an ARN or a service's name, not `{value}`", hint)
    return Authorized(arns, services)


def _account(value: str | None) -> str | None:
    if value is not None and not (len(value) == 12 and value.isascii() and value.isdecimal()):
        raise Refusal("usage", f"--account-id takes the twelve digits of an account, not `{value}`")
    return value


def _display_path(path: str) -> str:
    """How reports call an input: as given if relative, else from the current directory, else its last name."""
    if path == STANDARD_INPUT or not Path(path).is_absolute():
        return path
    try:
        return Path(path).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return Path(path).name


def _in_colour(no_color: bool) -> bool:
    return sys.stdout.isatty() and not no_color and not os.environ.get("NO_COLOR")


def _tell(diagnostics: Iterable[Diagnostic], inputs: Sequence[str], quiet: bool) -> None:
    """Writes diagnostics to standard error, one line each; with `quiet` only errors."""
    from tfkms.report.display import shown

    for diagnostic in diagnostics:
        if quiet and diagnostic.level is not Level.ERROR:
            continue
        place = diagnostic.address or diagnostic.file
        if diagnostic.file and diagnostic.line:
            place = f"{diagnostic.file}:{diagnostic.line}"
        if diagnostic.input is not None and len(inputs) > 1:
            place = f"{inputs[diagnostic.input]}: {place}" if place else inputs[diagnostic.input]
        where = f"{shown(place)}: " if place else ""
        hint = f"; {shown(diagnostic.hint)}" if diagnostic.hint else ""
        sys.stderr.write(f"tfkms: {diagnostic.level.value}: {where}{shown(diagnostic.message)}{hint}\n")
    sys.stderr.flush()


def _write(text: str) -> None:
    """Writes a report to standard output as UTF-8, with `\\n` line ends, whatever the platform."""
    sys.stdout.flush()
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
