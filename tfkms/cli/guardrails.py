"""Which guardrails a command is about, and by what they are judged."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from tfkms.diagnostics import Refusal

if TYPE_CHECKING:
    from tfkms.baseline import Baseline
    from tfkms.catalogue import Rule
    from tfkms.checks.authorized import Authorized
    from tfkms.checks.stance import Stance
    from tfkms.documents import Site
    from tfkms.engine import Facts
    from tfkms.gate import Gate
    from tfkms.settings.inline import Inline
    from tfkms.settings.load import Settings
    from tfkms.settings.own_rules import OwnRules
    from tfkms.waivers import Waivers

fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(["low", "medium", "high", "critical"]),
    help="The severity from which on a finding fails the gate.  [default: low]",
)
undecided_option = click.option(
    "--undecided",
    type=click.Choice(["fail", "warn"]),
    help="Whether what could not be decided fails the gate.  [default: fail]",
)
new_only_option = click.option("--new-only", is_flag=True, help="Let findings pass that the plan leaves as they were.")
authorized_option = click.option(
    "--authorized",
    multiple=True,
    metavar="ARN",
    help="A principal that may do what the guardrails guard: an ARN with wildcards, or a service's name. Repeatable.",
)


class Decided(NamedTuple):
    """What the settings and the command line decide: guardrails and sites of one's own, the ids of all guardrails that
    there are, and how they are judged."""

    own: "OwnRules"
    ids: Sequence[str]
    stance: "Stance"


def decided(settings: "Settings", authorized: Sequence[str] = ()) -> Decided:
    """What the settings decide, with the principals that the command line authorizes besides. Raises Refusal."""
    from tfkms import catalogue
    from tfkms.settings import decisions

    own = decisions.own_rules(settings)
    ids = [rule.id for rule in (*catalogue.rules(), *own.rules)]
    return Decided(own, ids, decisions.stance(settings, ids).authorizing(authorized_principals(authorized)))


def gate(
    settings: "Settings", fail_on: str | None, undecided: str | None, *, exit_zero: bool = False, new_only: bool = False
) -> "Gate":
    """What makes the gate fail: by the command line, else by the settings."""
    from tfkms.finding import Severity
    from tfkms.gate import Gate

    severity = Severity[(fail_on or settings.form.fail_on).upper()]
    return Gate(severity, (undecided or settings.form.undecided) == "fail", exit_zero, new_only)


def guardrail(check: str, own: Sequence["Rule"] = ()) -> "Rule":
    """The guardrail of that id, in whatever case it is written; `own` are those besides the catalogue's.

    Raises Refusal.
    """
    from tfkms import catalogue
    from tfkms.diagnostics import did_you_mean

    known = (*catalogue.rules(), *own)
    for rule in known:
        if rule.id.lower() == check.lower():
            return rule
    hint = did_you_mean(check.upper(), [rule.id for rule in known])
    raise Refusal("unknown-check", f"there is no guardrail `{check}`", hint or "list them with `tfkms rules`")


def explained(checks: Sequence[str], config: str | None) -> list["Rule"]:
    """The guardrails of those ids. The settings are read only for one that is not in the catalogue. Raises Refusal."""
    from tfkms import catalogue
    from tfkms.cli.settings import settings
    from tfkms.settings import decisions

    shipped = {rule.id.lower() for rule in catalogue.rules()}
    if all(check.lower() in shipped for check in checks):
        return [guardrail(check) for check in checks]
    own = decisions.own_rules(settings(config, (), quiet=False)).rules
    return [guardrail(check, own) for check in checks]


def selected(
    checks: Sequence[str], skip: Sequence[str], stance: "Stance", own: Sequence["Rule"] = ()
) -> tuple["Rule", ...]:
    """The guardrails to judge, in the catalogue's order and then `own`; those that are on unless some are named.

    Raises Refusal.
    """
    from tfkms import catalogue

    decided = [catalogue.decided(rule, stance.of(rule.id)) for rule in (*catalogue.rules(), *own)]
    named = {guardrail(check, own).id for check in checks}
    left_out = {guardrail(check, own).id for check in skip}
    for rule in decided:
        if rule.id in named and not rule.judged:
            raise Refusal("check-not-judged", f"{rule.id} is in the catalogue but not judged by this version")
    return tuple(
        rule
        for rule in decided
        if rule.id not in left_out and rule.judged and (rule.id in named if named else rule.enabled)
    )


def facts(
    stance: "Stance",
    waivers: "Waivers | None" = None,
    baseline: "Baseline | None" = None,
    sites: Sequence["Site"] = (),
    inline: "Inline | None" = None,
) -> "Facts":
    """What guardrails are judged by besides the inputs; `sites` are those besides the catalogue's. Raises Refusal."""
    from tfkms import catalogue, engine
    from tfkms.baseline import Baseline
    from tfkms.settings.inline import Inline
    from tfkms.waivers import Waivers

    return engine.Facts(
        sites=(*catalogue.sites(), *sites),
        actions=catalogue.actions(),
        services=catalogue.services(),
        managed=catalogue.managed_policy,
        stance=stance,
        waivers=waivers or Waivers(),
        baseline=baseline or Baseline(),
        inline=inline or Inline([rule.id for rule in catalogue.rules()]),
    )


def authorized_principals(values: Sequence[str]) -> "Authorized":
    """The authorized principals of the command line. Raises Refusal for one that could never match."""
    from tfkms.checks.authorized import Authorized

    arns = tuple(value for value in values if value.startswith("arn:"))
    services = tuple(value for value in values if not value.startswith("arn:"))
    for value in values:
        whole = value.count(":") >= 5 if value in arns else value.endswith(".amazonaws.com")
        if not whole:
            hint = "write `arn:aws:iam::ACCOUNT:role/NAME`, with `*` where it may vary, or `NAME.amazonaws.com`"
            raise Refusal("usage", f"--authorized takes an ARN or a service's name, not `{value}`", hint)
    return Authorized(arns, services)
