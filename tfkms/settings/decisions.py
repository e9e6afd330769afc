"""From a settings file to what the program is told: the stance of the gate, the waivers, what to assume."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tfkms.checks.authorized import Authorized
from tfkms.checks.stance import CheckStance, CountsAs, ServiceAccess, Stance, Unattached, in_force
from tfkms.diagnostics import Diagnostic, Level, Refusal, did_you_mean
from tfkms.finding import Severity, Waiver
from tfkms.frontends.document_text import OversizeError, read_file
from tfkms.iam.automaton import matches
from tfkms.iam.grants import Guarding
from tfkms.iam.parse import NotJsonError, parse_policy, read_policy_text
from tfkms.iam.pattern import ARN_COLONS, OneOf, Pattern, glob, shape
from tfkms.iam.search import BeyondLimitsError, find
from tfkms.location import Origin
from tfkms.settings.form import PARTITIONS, SettingsFile
from tfkms.settings.load import Settings
from tfkms.settings.own_rules import OwnRules, read_own_rules
from tfkms.waivers import EVERYTHING, Scope, Waiving
from tfkms.yaml_document import SIZE_LIMIT

DEFAULT = "default"
_SERVICE = ".amazonaws.com"


def authorized(patterns: Iterable[str]) -> Authorized:
    """The principals that the patterns name; one without wildcards that ends like a service's name is a service."""
    entries = list(patterns)
    services = tuple(entry for entry in entries if is_service(entry))
    return Authorized(tuple(entry for entry in entries if not is_service(entry)), services)


def is_service(entry: str) -> bool:
    """Whether the entry names an AWS service."""
    return not entry.startswith("arn:") and entry.endswith((_SERVICE, f"{_SERVICE}.cn"))


def stance(read: Settings, checks: Sequence[str]) -> Stance:
    """What the settings decide. `checks` are the ids of the guardrails there are.

    Raises Refusal for an id among the settings that is none of them and for a control policy that cannot be read.
    """
    settings = read.form
    lists = settings.authorized_principals
    of_lists = [("authorized_principals", check) for check in lists if check != DEFAULT]
    for setting, check in (*of_lists, *(("checks", check) for check in settings.checks)):
        if check not in checks:
            raise _unknown(check, checks, read, (setting, check), in_name=True)
    own = {
        check: CheckStance(
            authorized=authorized(lists[check]) if check in lists else None,
            severity=_severity(settings, check),
            enabled=settings.checks[check].enabled if check in settings.checks else None,
        )
        for check in checks
        if check in lists or check in settings.checks
    }
    return Stance(
        authorized=authorized(lists.get(DEFAULT, ())),
        checks=own,
        duties_exempt=authorized(settings.separation_of_duties.exempt),
        service_access=ServiceAccess(
            direct_users=authorized(settings.service_access.direct_users),
            include_identity_policies=settings.service_access.include_identity_policies,
            named_principals=CountsAs(settings.service_access.named_principals),
        ),
        guards=tuple(_guard(path, read, place) for place, path in enumerate(settings.guards)),
        unattached_policies=Unattached(settings.unattached_policies),
        inert_grants=CountsAs(settings.inert_grants),
        plan_actions=CountsAs(settings.plan_actions),
    )


def own_rules(read: Settings) -> OwnRules:
    """The guardrails and sites of one's own. Raises Refusal."""
    if read.form.rules_dir is None:
        return OwnRules()
    directory = _below(read.form.rules_dir, read, ("rules_dir",))
    if not directory.is_dir():
        message = f"rules_dir: there is no directory `{read.form.rules_dir}`"
        raise read.refusal("rules-missing", ("rules_dir",), message)
    return read_own_rules(directory, read.name)


def waivers(read: Settings, checks: Sequence[str]) -> tuple[Waiving, ...]:
    """The waivers, with the lines that they stand on. Raises Refusal for one of a guardrail that is none of these."""
    for place, own in enumerate(read.form.waivers):
        if not any(Scope(own.check).fits(check, "") for check in checks):
            raise _unknown(own.check, checks, read, ("waivers", place, "check"))
    return tuple(
        Waiving(
            Scope(own.check, own.address, None if own.principal is None else authorized([own.principal])),
            Waiver("settings", own.reason, own.owner, own.expires),
            read.name,
            read.line(("waivers", place)),
        )
        for place, own in enumerate(read.form.waivers)
    )


def idle_patterns(read: Settings) -> Iterator[Diagnostic]:
    """A warning for each pattern of principals that can never match anyone."""
    settings = read.form
    places: list[tuple[str, tuple[str | int, ...], Iterable[str]]] = [
        *(
            (f"authorized_principals.{check}", ("authorized_principals", check), own)
            for check, own in settings.authorized_principals.items()
        ),
        (
            "separation_of_duties.exempt",
            ("separation_of_duties", "exempt"),
            settings.separation_of_duties.exempt,
        ),
        ("service_access.direct_users", ("service_access", "direct_users"), settings.service_access.direct_users),
        *(
            (f"waivers[{n}].principal", ("waivers", n, "principal"), [own.principal])
            for n, own in enumerate(settings.waivers)
            if own.principal
        ),
    ]
    for place, path, entries in places:
        fits = can_name if path[-1] == "principal" else can_match
        for number, entry in enumerate(entries):
            if not fits(entry):
                hint = "write `arn:aws:iam::ACCOUNT:role/NAME`, with `*` where it may vary, or `NAME.amazonaws.com`"
                message = f"{place}: `{entry}` can never match a principal"
                line = read.line((*path, number))
                yield Diagnostic(Level.WARNING, "pattern-never-matches", message, None, read.name, line, hint)


_CALLERS: Mapping[str, tuple[str, ...]] = {"iam": ("role/?*", "user/?*"), "sts": ("federated-user/?*",)}
"""What `aws:PrincipalArn` holds: by service what follows the account. That of a session is its role."""

_NAMED: Mapping[str, tuple[str, ...]] = {
    "iam": (*_CALLERS["iam"], "root"),
    "sts": (*_CALLERS["sts"], "assumed-role/?*/?*"),
}
_ACCOUNT = shape([OneOf(frozenset("0123456789"))] * 12)


def can_match(entry: str) -> bool:
    """Whether the pattern matches what `aws:PrincipalArn` may hold but for root users, or is the name of a service."""
    return is_service(entry) or _can_be(entry, _CALLERS)


def can_name(entry: str) -> bool:
    """Whether the pattern matches a principal as statements name it: an account and a session too, or everyone."""
    return is_service(entry) or set(entry) == {EVERYTHING} or _can_be(entry, _NAMED)


def _can_be(entry: str, kinds: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether an entry of six parts, each a pattern by itself, matches an ARN of one of the kinds."""
    parts = entry.replace("${account_id}", "0" * 12).split(":", ARN_COLONS)
    if len(parts) <= ARN_COLONS:
        return False
    scheme, partition, service, region, account, name = map(glob, parts)
    return (
        matches(scheme, "arn")
        and any(matches(partition, own) for own in PARTITIONS)
        and matches(region, "")
        and _meet(account, (_ACCOUNT,))
        and any(matches(service, home) and _meet(name, tuple(map(glob, kinds[home]))) for home in kinds)
    )


def _meet(pattern: Pattern, others: Sequence[Pattern]) -> bool:
    """Whether some text matches the pattern and one of the others; true where that would take too long to tell."""
    try:
        return find([[pattern], others], ()) is not None
    except BeyondLimitsError:
        return True


def _severity(settings: SettingsFile, check: str) -> Severity | None:
    own = settings.checks.get(check)
    return Severity[own.severity.upper()] if own is not None and own.severity is not None else None


def _unknown(
    check: str, checks: Sequence[str], read: Settings, path: tuple[str | int, ...], *, in_name: bool = False
) -> Refusal:
    """The refusal of a guardrail that there is not, with its place in the settings."""
    hint = did_you_mean(check.upper(), checks) or "list them with `tfkms rules`"
    return read.refusal("settings-unknown-check", path, f"there is no guardrail `{check}`", hint, in_name=in_name)


def _guard(path: str, read: Settings, place: int) -> Guarding:
    """The control policy in a file."""
    file = _below(path, read, ("guards", place))

    def refused(why: str) -> Refusal:
        return read.refusal("settings-guard", ("guards", place), f"guards: `{path}` {why}")

    try:
        content, _ = read_policy_text(read_file(file, SIZE_LIMIT).decode("utf-8-sig"), Origin(path, ""))
    except OversizeError:
        raise refused("is too large for a policy") from None
    except (OSError, UnicodeDecodeError):
        raise refused("cannot be read") from None
    except NotJsonError as error:
        raise refused(f"is not the JSON of a policy: {error}") from None
    return in_force(parse_policy(content, Origin(path, ""))[0])


def _below(path: str, read: Settings, setting: tuple[str | int, ...]) -> Path:
    """A path of the settings. It leads below their own directory: settings open nothing else."""
    found = (read.base / path).resolve()
    if not found.is_relative_to(read.base.resolve()):
        message = f"{setting[0]}: `{path}` is not below the settings' directory"
        raise read.refusal("settings-outside", setting, message)
    return found
