"""Runs the guardrails over what was extracted, and turns outcomes into verdicts, findings and an exit code."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.baseline import Baseline
from tfkms.catalogue import Rule
from tfkms.checks.holders import Holder, holders
from tfkms.checks.kept_drift import kept_policies
from tfkms.checks.likeness import Likeness
from tfkms.checks.once import Once
from tfkms.checks.plan_actions import PlanAction, changes_guards, plan_actions
from tfkms.checks.question import DISAGREEMENT, Question
from tfkms.checks.removed_guards import removed_guards
from tfkms.checks.stance import CountsAs, Stance
from tfkms.checks.told import Told
from tfkms.diagnostics import Diagnostic, Level
from tfkms.documents import Moment, Site
from tfkms.elements import Locating, guarded
from tfkms.extract import Estate, extract
from tfkms.finding import (
    Evidence,
    Finding,
    Input,
    Judgement,
    NotApplicable,
    Note,
    Outcome,
    Passed,
    Remarked,
    Report,
    Undecided,
    UnseenPolicy,
    Verdict,
    Violated,
    Waiver,
)
from tfkms.findings import Before, filled, finding
from tfkms.iam.actions import Actions
from tfkms.identities import Identities, identities
from tfkms.key_uses import KeyUse, Services, aliases, key_uses
from tfkms.location import Origin
from tfkms.model import Resource, Scan
from tfkms.settings.inline import Inline
from tfkms.values import Text, Value
from tfkms.waivers import Waivers
from tfkms.waiving import Asked, parts


class Facts(Struct, frozen=True):
    """What the guardrails are judged by besides the inputs."""

    sites: Sequence[Site]
    actions: Actions
    services: Services
    managed: Callable[[str], Value | None]
    stance: Stance
    waivers: Waivers = field(default_factory=Waivers)
    inline: Inline = field(default_factory=Inline)
    baseline: Baseline = field(default_factory=Baseline)


OUT_OF_VIEW = "an identity policy that is not in view could grant it; a Deny guard in the key policy would prevent that"
AUTHORIZED_PRINCIPALS = "authorized_principals"


def _nobody_authorized(rules: Sequence[Rule], stance: Stance) -> Iterator[Diagnostic]:
    """A word on the guardrails whose list is empty without anybody having decided so, once for all."""
    lists = [rule.id for rule in rules if rule.kind == AUTHORIZED_PRINCIPALS and stance.of(rule.id).authorized is None]
    if lists and not stance.authorized:
        message = "no authorized principals are named: nobody but the root user counts as authorized"
        yield Diagnostic(Level.WARNING, "authorized-empty", message, hint="name them with --authorized")


class Judged(Struct, frozen=True):
    """What the guardrails say of one input, the first of its report unless `at` puts it elsewhere.

    `sources` are the texts of the files that its findings stand in.
    """

    input: Input
    verdicts: tuple[Judgement, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    diagnostics: tuple[Diagnostic, ...]
    unseen: tuple[UnseenPolicy, ...]
    waivers: Waivers
    sources: Mapping[str, str] = field(default_factory=dict)

    def at(self, place: int) -> "Judged":
        """The same as the input of that index."""
        if place == 0:
            return self
        return replace(
            self,
            verdicts=tuple([replace(own, input=place) for own in self.verdicts]),
            findings=tuple([replace(own, input=place) for own in self.findings]),
            notes=tuple([replace(own, input=place) for own in self.notes]),
            diagnostics=tuple([own._replace(input=place) for own in self.diagnostics]),
            unseen=tuple([replace(own, input=place) for own in self.unseen]),
        )


def judged(scan: Scan, rules: Sequence[Rule], facts: Facts) -> Judged:
    """What the guardrails say of one input."""
    run = _Run(scan, facts)
    for rule in rules if scan.resources else ():
        run.judge(rule)
    return Judged(
        input=scan.input,
        verdicts=tuple(run.judgements()),
        findings=tuple(run.findings),
        notes=tuple(run.notes),
        diagnostics=tuple(run.diagnostics),
        unseen=tuple(run.unseen()) if _by_identity(rules) else (),
        waivers=run.waivers,
        sources=dict(run.sources()),
    )


def judge(scans: Sequence[Scan], rules: Sequence[Rule], facts: Facts, others: Sequence[Diagnostic]) -> Report:
    """The report on these inputs. `others` are diagnostics that arose before there was anything to judge."""
    return report([judged(scan, rules, facts) for scan in scans], rules, facts, others)


def report(every: Sequence[Judged], rules: Sequence[Rule], facts: Facts, others: Sequence[Diagnostic]) -> Report:
    """The report on inputs that have been judged, each by itself."""
    if every:
        others = (*others, *_nobody_authorized(rules, facts.stance))
    runs = [own.at(place) for place, own in enumerate(every)]
    return Report(
        checks=tuple(rule.id for rule in rules),
        inputs=tuple(run.input for run in runs),
        verdicts=tuple(verdict for run in runs for verdict in run.verdicts),
        findings=tuple(sorted((finding for run in runs for finding in run.findings), key=_worst_first)),
        notes=tuple(note for run in runs for note in run.notes),
        diagnostics=(
            *others,
            *(diagnostic for run in runs for diagnostic in run.diagnostics),
            *_all_waivers(facts, runs).complaints([rule.id for rule in rules]),
        ),
        unseen=tuple(policy for run in runs for policy in run.unseen),
        sources={name: text for run in runs for name, text in run.sources.items()},
    )


def _all_waivers(facts: Facts, runs: Sequence[Judged]) -> Waivers:
    """The waivers of the settings and of every source, each once, with what each run made of them."""
    waivers = facts.waivers.and_those([own for run in runs for own in run.waivers.all])
    waivers.used.update(*(run.waivers.used for run in runs))
    return waivers


def _by_identity(rules: Sequence[Rule]) -> bool:
    """Whether a guardrail is judged by identity policies, so that those out of view count."""
    return any("identity" in rule.documents for rule in rules)


def _worst_first(finding: Finding) -> tuple[object, ...]:
    place = finding.evidence[0].origin.path if finding.evidence else ""
    return (
        -finding.verdict.weight,
        -finding.severity.value,
        finding.input,
        finding.address,
        finding.check,
        (len(place), place),
        finding.fingerprint,
        sorted(map(str, finding.principals)),
    )


class _Side(Struct, frozen=True):
    """All that a check looks at, on one side of the plan."""

    estate: Estate
    uses: Mapping[str, tuple[KeyUse, ...]]
    aliases: Mapping[str, tuple[Text, ...]]
    identities: Identities
    holders: tuple[Holder, ...]
    likeness: Likeness

    @classmethod
    def of(cls, scan: Scan, facts: Facts, moment: Moment) -> "_Side":
        estate = extract(scan, facts.sites, moment)
        joined = identities(scan, estate, moment, facts.managed)
        uses, named = key_uses(scan, estate.keys, facts.services, moment), aliases(scan, estate.keys, moment)
        held = tuple(holders(joined, facts.stance))
        likeness = Likeness(
            estate=estate, uses=uses, aliases=named, identities=joined, holders=held, stance=facts.stance
        )
        return cls(estate, uses, named, joined, held, likeness)


class _Standing(Struct, frozen=True):
    """The verdict on a subject so far."""

    verdict: Verdict
    reason: str | None = None
    waived: bool = False

    @property
    def weight(self) -> tuple[bool, bool, int]:
        """How it ranks: a finding that counts, one that is waived, the rest; among equals the heavier verdict."""
        found = self.verdict in (Verdict.VIOLATED, Verdict.UNDECIDED)
        return (found and not self.waived, found, self.verdict.weight)


class _Run:
    """One input, judged by one guardrail after the other."""

    def __init__(self, scan: Scan, facts: Facts):
        self.scan = scan
        self.facts = facts
        self.after = _Side.of(scan, facts, Moment.AFTER)
        self.verdicts: dict[tuple[str, str], _Standing] = {}
        self.findings: list[Finding] = []
        self.notes: list[Note] = []
        self.diagnostics: list[Diagnostic] = []
        inline, malformed = facts.inline.read(scan)
        self.waivers = facts.waivers.and_those(inline)
        self.reported = scan.reported()
        estate = (own for own in self.after.estate.diagnostics if self.is_reported(own.address))
        for diagnostic in (*scan.diagnostics, *estate, *malformed):
            self.tell(diagnostic)

    def is_reported(self, address: str | None) -> bool:
        """Whether the user asked about the resource, or about everything."""
        return self.reported is None or address is None or address in self.reported

    def is_asked_about(self, outcome: Outcome) -> bool:
        """Whether the user asked about the resource, or about a file that a finding rests on."""
        if isinstance(outcome, Violated | Undecided) and self.scan.asks_about(own.origin for own in outcome.evidence):
            return True
        return self.is_reported(outcome.address)

    @cached_property
    def before(self) -> _Side:
        """The other side of the plan: `after` itself where the plan changes nothing in view."""
        same = all(
            resource.before == resource.after and resource.before_sensitive == resource.after_sensitive
            for resource in self.scan.resources
        )
        return self.after if same else _Side.of(self.scan, self.facts, Moment.BEFORE)

    @cached_property
    def blocks(self) -> Mapping[str, Origin]:
        """Where the source has the blocks of the resources, by their addresses."""
        return {address: resource.origin("") for address, resource in self.resources.items()}

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """The resources that the source has, by their addresses."""
        return {resource.address: resource for resource in self.scan.resources if resource.origins}

    def locating(self, rule: Rule) -> Locating:
        """How the elements of statements are found that make a finding of the guardrail."""

        def origin_of(evidence: Evidence, path: str) -> Origin:
            resource = self.resources.get(evidence.origin.address) if evidence.origin.span is not None else None
            return Origin(evidence.origin.address, path) if resource is None else resource.origin(path)

        return Locating(guarded(rule.parameters, self.facts.actions), origin_of)

    def unseen(self) -> Iterator[UnseenPolicy]:
        """The policies that are attached and not in view."""
        for policy in self.after.identities.unseen if self.reported is None else ():
            yield replace(policy, input=0)

    def sources(self) -> Iterator[tuple[str, str]]:
        """The texts of the source files that findings stand in."""
        evidence = [own for finding in self.findings for own in finding.evidence]
        places = [*(own.origin for own in evidence), *(part.origin for own in evidence for part in own.elements)]
        for file in dict.fromkeys(place.span.file for place in places if place.span is not None):
            text = self.scan.source_text(file)
            if text is not None:
                yield file, text

    def tell(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic._replace(input=0))

    def judge(self, rule: Rule) -> None:
        """Adds the verdicts, findings and notes of one guardrail."""
        judged = list(self.outcomes(rule, self.after))
        told = any(isinstance(outcome, Violated | Undecided | Remarked) for outcome, _ in judged)
        known = Before.of(self.outcomes_before(rule, judged) if told else (), rule.messages)
        for outcome, asked in judged:
            for part, waiver in self.parts(rule, outcome, asked):
                self.take(rule, part, known, waiver)
        for action in self.plan_actions(rule):
            counted = action.counted(self.facts.stance.plan_actions)
            for part, waiver in self.parts(rule, counted, None):
                self.take(rule, part, Before.of((), rule.messages), waiver)

    def plan_actions(self, rule: Rule) -> Iterator[PlanAction]:
        """What the plan does by itself that the guardrail is about."""
        sites = tuple(self.facts.sites)
        yield from plan_actions(self.scan, sites, rule.kind, rule.parameters)
        yield from kept_policies(self.after.estate, rule.parameters, self.facts.actions)
        if rule.kind != AUTHORIZED_PRINCIPALS or not changes_guards(self.scan, sites):
            return
        try:
            yield from list(removed_guards(self.question(rule, self.before), self.question(rule, self.after)))
        except Exception as error:  # the verdicts stand, and the gate must not pass
            self.crashed(rule, error, None)

    def parts(self, rule: Rule, outcome: Outcome, asked: Asked | None) -> list[tuple[Outcome, Waiver | None]]:
        """The outcome, of a finding the parts that are waived apart from what counts."""
        if not isinstance(outcome, Violated | Undecided):
            return [(outcome, None)]
        try:
            block = self.blocks.get(outcome.address)
            own = parts(rule.id, outcome, asked, self.waivers, locating=self.locating(rule), block=block)
            return [(part.found, part.waiver) for part in own]
        except Exception as error:  # the finding counts, whatever the waivers were
            self.crashed(rule, error, outcome.address)
            return [(outcome, None)]

    def take(self, rule: Rule, outcome: Outcome, known: Before, waiver: Waiver | None = None) -> None:
        """Adds what one outcome amounts to; `known` is what was so before the plan."""
        if not self.is_asked_about(outcome):
            return
        match outcome:
            case Passed(address, keys, in_plan, reason):
                verdict = Verdict.PASS_IN_PLAN if in_plan else Verdict.PASS
                self.stand(rule, (address, *keys), _Standing(verdict, OUT_OF_VIEW if in_plan else reason))
            case Remarked(address, claim):
                message = filled(rule.messages, claim, {"address": address})
                new = (address, message) not in known.remarks
                self.notes.append(Note(rule.id, address, claim.cause, message, new))
            case NotApplicable(address, keys, reason):
                self.stand(rule, (address, *keys), _Standing(Verdict.NOT_APPLICABLE, reason))
            case Violated(inert=True) if self.facts.stance.inert_grants is CountsAs.NOTE:
                finding = self.found(rule, outcome, known)
                code = outcome.claim.cause
                self.notes.append(Note(rule.id, outcome.address, code, finding.message, finding.new))
            case Violated() | Undecided():
                found = self.found(rule, outcome, known)
                finding = replace(found, waived=waiver or self.facts.baseline.waiver(found))
                standing = _Standing(finding.verdict, waived=finding.waived is not None)
                self.stand(rule, (outcome.address, *outcome.keys), standing)
                self.findings.append(finding)
            case _:
                assert_never(outcome)

    def question(self, rule: Rule, side: _Side) -> Question:
        """What the guardrail's check is asked of one side of the plan."""
        return Question(
            scan=self.scan,
            estate=side.estate,
            parameters=rule.parameters,
            actions=self.facts.actions,
            authorized=self.facts.stance.authorized_by(rule.id),
            stance=self.facts.stance,
            uses=side.uses,
            aliases=side.aliases,
            identities=side.identities,
            holders=side.holders,
        )

    def outcomes_before(self, rule: Rule, judged: Iterable[tuple[Outcome, Asked]]) -> Iterator[Outcome]:
        """What the check says of the other side of the plan; `judged` is what it says of this one."""
        earlier = judged if self.before is self.after else self.outcomes(rule, self.before)
        return (outcome for outcome, _ in earlier)

    def outcomes(self, rule: Rule, side: _Side) -> Iterator[tuple[Outcome, Asked]]:
        """What the check says, subject by subject; one that makes it crash fails the gate and leaves the others."""
        check, question = rule.check, self.question(rule, side)
        try:
            subjects = list(check.subjects(question))
        except Exception as error:  # whatever it is, the gate must not pass
            self.crashed(rule, error, None)
            return
        once = Once(side.likeness, question.opinions)
        told = Told()
        for subject in subjects:
            asked = Asked(check, subject, question)
            try:
                found = once.outcomes(subject, asked.outcomes)
                yield from [(outcome, asked) for outcome in found if told.is_news(outcome)]
            except Exception as error:  # as above
                self.crashed(rule, error, subject.address)

    def crashed(self, rule: Rule, error: Exception, address: str | None) -> None:
        """Fails the gate for a fault of a check. Of the error only its type is told: its text may quote the input."""
        message = f"{rule.id} crashed ({type(error).__name__}); this is a fault of tfkms, please report it"
        self.tell(Diagnostic(Level.ERROR, "check-crashed", message, address))

    def stand(self, rule: Rule, places: Iterable[str], standing: "_Standing") -> None:
        """The verdict counts for each of the addresses; of several the heaviest stands."""
        for place in dict.fromkeys(places):
            present = self.verdicts.get((rule.id, place))
            if present is None or present.weight < standing.weight:
                self.verdicts[rule.id, place] = standing

    def judgements(self) -> Iterator[Judgement]:
        for (check, address), own in self.verdicts.items():
            if self.is_reported(address):
                yield Judgement(check, address, own.verdict, own.reason, own.waived)

    def found(self, rule: Rule, outcome: Violated | Undecided, known: Before) -> Finding:
        """The outcome as a finding; that the evaluators disagree is said besides."""
        if outcome.claim.cause == DISAGREEMENT:
            message = f"{rule.id}: the two evaluators of tfkms disagree; this is a fault of tfkms, please report it"
            self.tell(Diagnostic(Level.WARNING, "evaluators-disagree", message, outcome.address))
        return finding(rule, self.locating(rule).located(outcome), known)
