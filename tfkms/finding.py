"""What a scan concludes: outcomes of checks, findings with their proof, and the report that carries them."""

from collections.abc import Mapping
from datetime import date
from enum import Enum, StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct, field

from tfkms.diagnostics import Diagnostic
from tfkms.location import Origin
from tfkms.values import Hole, Text, Value


class Verdict(StrEnum):
    """What a check says of a subject."""

    VIOLATED = "violated"
    UNDECIDED = "undecided"
    PASS = "pass"  # noqa: S105 - a verdict, no password
    PASS_IN_PLAN = "pass_in_plan"  # noqa: S105
    NOT_APPLICABLE = "not_applicable"

    @property
    def weight(self) -> int:
        """How bad it is: of several verdicts on one subject the heaviest stands."""
        return _WEIGHT[self]


_WEIGHT = {
    Verdict.VIOLATED: 4,
    Verdict.UNDECIDED: 3,
    Verdict.PASS_IN_PLAN: 2,
    Verdict.PASS: 1,
    Verdict.NOT_APPLICABLE: 0,
}


class Severity(Enum):
    """How much a violation matters, in rising order."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The word that reports and settings use."""
        return self.name.lower()


class Witness(Struct, frozen=True):
    """A request that proves a violation: every part as AWS would see it.

    `principal` is the ARN of the caller (a service's name for a service), `resource` the key's ARN. `context` holds the
    condition keys that the request must carry; a key that is not listed is absent or does not matter. `inert` says why
    AWS would refuse it all the same, None where nothing stops it.
    """

    principal: Text
    action: str
    resource: Text
    context: Mapping[str, tuple[Text, ...]]
    inert: str | None = None


class Element(Struct, frozen=True):
    """A part of a statement that makes a finding: a principal, an action, or what is not known.

    `principal` is the one of the finding's principals that it names, None for what names none of them.
    """

    origin: Origin
    principal: Text | None = None


class Evidence(Struct, frozen=True):
    """A statement that decides a finding. `statement` is it as written, None where the document is sensitive.

    `assumed` are the references that were taken for values which the input does not show. `elements` are the parts of
    the statement that make the finding, the one to look at first; none where it is the statement as a whole.
    """

    origin: Origin
    sid: Text | None
    statement: Value
    assumed: tuple[str, ...] = ()
    elements: tuple[Element, ...] = ()

    @property
    def place(self) -> Origin:
        """Where to look: at the first element that the source has, else at the statement."""
        return next((own.origin for own in self.elements if own.origin.span), self.origin)


class Claim(Struct, frozen=True):
    """Why a check found what it found: a code of the rule's `messages`, and the facts that its text names."""

    cause: str
    facts: Mapping[str, str] = field(default_factory=dict)


class Passed(Struct, frozen=True):
    """The guardrail holds for the document at `address` and the keys that it reaches.

    With `in_plan` it holds only as long as there are no identity policies beyond those in view. `reason` is what is
    worth adding, None where nothing is.
    """

    address: str
    keys: tuple[str, ...]
    in_plan: bool = False
    reason: str | None = None


class NotApplicable(Struct, frozen=True):
    """The guardrail says nothing of the document at `address` and the keys that it reaches."""

    address: str
    keys: tuple[str, ...]
    reason: str


class Violated(Struct, frozen=True):
    """A request exists that the guardrail forbids (or, for a mirror check, the one it demands is refused).

    `address` is the resource whose document is at fault; `keys` the keys of the plan that it reaches. `inert`: AWS
    honours it nowhere today, as the first witness says.
    """

    address: str
    keys: tuple[str, ...]
    claim: Claim
    witnesses: tuple[Witness, ...]
    evidence: tuple[Evidence, ...]
    principals: tuple[Text, ...] = ()
    other_keys: bool = False
    inert: bool = False


class Undecided(Struct, frozen=True):
    """What is not known decides; `needs` are the unknowns.

    With `supposing` the claim holds if that turns out so.
    """

    address: str
    keys: tuple[str, ...]
    claim: Claim
    needs: tuple[Hole, ...]
    evidence: tuple[Evidence, ...]
    principals: tuple[Text, ...] = ()
    other_keys: bool = False
    supposing: str = ""


class Remarked(Struct, frozen=True):
    """Something worth saying of the document at `address` that is no finding; the claim's cause is the note's code."""

    address: str
    claim: Claim


Outcome: TypeAlias = Passed | NotApplicable | Violated | Undecided | Remarked


class Input(Struct, frozen=True):
    """One thing that was scanned. `path` is never absolute; `kind` is plan, saved_plan, state or hcl."""

    path: str
    kind: str
    resources: int = 0


class Judgement(Struct, frozen=True):
    """A verdict on one subject; `waived` if every finding behind it is."""

    check: str
    address: str
    verdict: Verdict
    reason: str | None = None
    waived: bool = False
    input: int = 0


class Waiver(Struct, frozen=True):
    """Why a finding does not count. `expires` is the last day on which it does not, None where there is no such day."""

    by: Literal["settings", "inline", "baseline"]
    reason: str | None = None
    owner: str | None = None
    expires: date | None = None


class Finding(Struct, frozen=True):
    """A violation, or a question that could not be decided, as people and machines are told of it.

    `waived` is None for one that counts.
    """

    check: str
    verdict: Verdict
    severity: Severity
    address: str
    keys: tuple[str, ...]
    other_keys: bool
    principals: tuple[Text, ...]
    message: str
    new: bool
    witnesses: tuple[Witness, ...]
    evidence: tuple[Evidence, ...]
    needs: tuple[Hole, ...]
    remedy: str
    fingerprint: str
    input: int = 0
    waived: Waiver | None = None


class Note(Struct, frozen=True):
    """Something worth saying that is no finding."""

    check: str
    address: str
    code: str
    message: str
    new: bool = False
    input: int = 0

    @property
    def of_plan(self) -> bool:
        """Whether it is about what the plan does to a key by itself."""
        return self.code.startswith("plan_")


class UnseenPolicy(Struct, frozen=True):
    """A managed policy that is attached in view by its ARN, and whose document is not in view.

    `address` is the resource that attaches it, `principal` the ARN that it is attached to. As a `boundary` it limits
    and grants nothing.
    """

    arn: str
    address: str
    principal: Text
    boundary: bool = False
    input: int = 0


class Report(Struct, frozen=True):
    """All that a scan found; every report format is made from it alone.

    `checks` are the ids of the guardrails that were judged, in order; `unseen` what they could not know of.
    `sources` are the texts of the source files that findings stand in, by the names that spans use; empty where only a
    plan tells.
    """

    checks: tuple[str, ...]
    inputs: tuple[Input, ...]
    verdicts: tuple[Judgement, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    diagnostics: tuple[Diagnostic, ...]
    unseen: tuple[UnseenPolicy, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
