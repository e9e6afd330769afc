"""`tfkms init`: a settings file to begin with."""

from pathlib import Path

import click

from tfkms.cli.guardrails import facts
from tfkms.cli.inputs import Told, read
from tfkms.cli.output import tell, tell_line
from tfkms.cli.time_limit import TimeLimit, timeout_option
from tfkms.diagnostics import Refusal

ADMINISTRATION = "authorized_principals"
_SETTINGS = ".tfkms.yaml"


@click.command()
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@click.option("--file", "path", default=_SETTINGS, show_default=True, metavar="FILE", help="The file to write.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@timeout_option
def init(*, inputs: tuple[str, ...], path: str, force: bool, timeout: int) -> int:
    """Write a settings file with every setting commented out.

    With INPUT, the principals that it lets administer keys are proposed as authorized.
    """
    from tfkms.settings.prose import starter

    with TimeLimit(timeout):
        proposed, code = _administrators(inputs) if inputs else ({}, 0)
    try:
        with Path(path).open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(starter(proposed))
    except FileExistsError:
        raise Refusal(
            "settings-exist", "the settings file is there already", "pass --force to overwrite it", path
        ) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise Refusal("settings-unwritable", f"the settings cannot be written: {reason}", None, path) from None
    tell_line(f"wrote {path}, with {len(proposed)} principals proposed as authorized" if inputs else f"wrote {path}")
    return code


def _administrators(inputs: tuple[str, ...]) -> tuple[dict[str, list[str]], int]:
    """Principals that are named in full and may do what the guardrails guard, with the keys or documents that say so;
    and the exit code that the inputs make of it."""
    from tfkms import catalogue, engine
    from tfkms.checks.stance import Stance
    from tfkms.diagnostics import Level
    from tfkms.finding import Verdict

    scans, refused = read(inputs, Told())
    rules = [rule for rule in catalogue.rules() if rule.kind == ADMINISTRATION and rule.enabled]
    report = engine.judge(scans, rules, facts(Stance()), refused)
    errors = [own for own in report.diagnostics if own.level is Level.ERROR]
    tell(errors, [scan.input.path for scan in scans])
    found: dict[str, dict[str, None]] = {}
    for finding in report.findings:
        for principal in finding.principals if finding.verdict is Verdict.VIOLATED else ():
            if isinstance(principal, str) and principal.startswith("arn:") and "*" not in principal:
                found.setdefault(principal, {})[finding.address] = None
    return {principal: list(found[principal]) for principal in sorted(found)}, 2 if errors else 0
