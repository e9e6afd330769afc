"""Waivers: which findings do not count, by whose word, and which waivers do no good."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct, field

from tfkms.checks.authorized import Authorized
from tfkms.diagnostics import Diagnostic, Level
from tfkms.finding import Waiver
from tfkms.iam.automaton import matches
from tfkms.iam.pattern import arn_glob, glob
from tfkms.location import Origin, Span
from tfkms.values import Text

EVERYTHING = "*"


class Stretch(Struct, frozen=True):
    """A stretch of a source file; with `call` it is a module call, and stands for all below it."""

    span: Span
    call: bool = False

    def holds(self, origin: Origin) -> bool:
        """Whether something was written here, or came through the call."""
        if self.call and f"{self.span.file}:{self.span.line}" in origin.via:
            return True
        return origin.span is not None and self.span.holds(origin.span)


class Scope(Struct, frozen=True):
    """What a waiver is for.

    `check` and `address` are texts in which `*` stands for any characters; `principals` are the ones that it is for,
    None for all; `stretch` is where in the source, None for anywhere.
    """

    check: str
    address: str = EVERYTHING
    principals: Authorized | None = None
    stretch: Stretch | None = None

    def covers(self, check: str, address: str, places: Sequence[Origin] = ()) -> bool:
        """Whether a finding of the guardrail at the address is within it, principals aside.

        `places` are where the statement was written that it is reported at, and the block that it is at.
        """
        return self.fits(check, address) and (self.stretch is None or any(map(self.stretch.holds, places)))

    def fits(self, check: str, address: str) -> bool:
        """Whether it may be for a finding of the guardrail at the address, wherever that stands."""
        return _fits(self.check, check) and _fits(self.address, address)

    @property
    def too_broad(self) -> bool:
        """Whether it is for every guardrail and everyone, everywhere or in all of a module."""
        everyone = self.principals is None or EVERYTHING in self.principals.arns
        everywhere = self.stretch is None or self.stretch.call
        return everyone and everywhere and all(set(text) == {EVERYTHING} for text in (self.check, self.address))

    @property
    def named(self) -> str:
        """What messages call it: the guardrail, and the address where it does not stand in the source."""
        check = "all guardrails" if self.stretch is not None and self.check == EVERYTHING else self.check
        return check if self.stretch is not None else f"{check} at {self.address}"


class Waiving(Struct, frozen=True):
    """A waiver with its scope, and where it is written: a file and a line, None where that is not known.

    `told`: whether the user is to hear of it if it does no good.
    """

    scope: Scope
    waiver: Waiver
    file: str | None = None
    line: int | None = None
    told: bool = True


class Waivers(Struct):
    """All the waivers of a run, or of an input. It remembers which of them did any good."""

    all: Sequence[Waiving] = ()
    today: date = date.max
    used: set[Waiving] = field(default_factory=set)

    def and_those(self, more: Sequence[Waiving]) -> "Waivers":
        """These and some more, of which none has done any good yet."""
        return Waivers((*self.all, *more), self.today)

    def covering(self, check: str, address: str, places: Sequence[Origin]) -> list[Waiving]:
        """Those in force for a finding of the guardrail at the address, those for everyone first."""
        found = [own for own in self.all if self.in_force(own) and own.scope.covers(check, address, places)]
        return sorted(found, key=lambda own: own.scope.principals is not None)

    def beside(self, check: str, address: str, places: Sequence[Origin]) -> list[Waiving]:
        """Those in force that stand in the source, may be for the guardrail and the address, and hold none of the
        places: such as are for an element at most."""
        return [
            own
            for own in self.all
            if own.scope.stretch is not None
            and self.in_force(own)
            and own.scope.fits(check, address)
            and not own.scope.covers(check, address, places)
        ]

    def in_force(self, waiving: Waiving) -> bool:
        """Whether it counts: not expired, and not for everything."""
        return not self.expired(waiving) and not waiving.scope.too_broad

    def expired(self, waiving: Waiving) -> bool:
        """Whether its last day is over."""
        return waiving.waiver.expires is not None and waiving.waiver.expires < self.today

    def use(self, waiving: Waiving, *others: Waiving) -> Waiver:
        """The waiver, remembered with the others as one that was needed."""
        self.used.update((waiving, *others))
        return waiving.waiver

    def complaints(self, checks: Sequence[str]) -> Iterator[Diagnostic]:
        """A warning for each waiver that has expired, is for everything, or covered no finding.

        One for none of `checks`, the guardrails that were judged, is not said to cover nothing.
        """
        for own in (each for each in dict.fromkeys(self.all) if each.told):
            what = f"the waiver of {own.scope.named}"
            if own.scope.too_broad:
                hint = "name a guardrail, an address or a principal"
                yield self._warning("waiver-too-broad", f"{what} is for everything: it is not applied", own, hint)
            elif self.expired(own):
                assert own.waiver.expires is not None
                message = f"{what} expired on {own.waiver.expires.isoformat()}: what it covered counts again"
                yield self._warning("waiver-expired", message, own, None)
            elif own not in self.used and any(_fits(own.scope.check, check) for check in checks):
                yield self._warning("waiver-unused", f"{what} covers no finding", own, "take it out")

    @staticmethod
    def _warning(code: str, message: str, waiving: Waiving, hint: str | None) -> Diagnostic:
        return Diagnostic(Level.WARNING, code, message, None, waiving.file, waiving.line, hint)


def named(principals: Iterable[Text], scope: Authorized) -> bool:
    """Whether every one of the principals, of which there is one at least, is within the scope."""
    told = [principal for principal in principals if isinstance(principal, str)]
    everyone = list(principals)
    return bool(everyone) and len(told) == len(everyone) and all(_is_in(principal, scope) for principal in told)


def _is_in(principal: str, scope: Authorized) -> bool:
    if principal in scope.services:
        return True
    entries = [entry.replace("${account_id}", "?" * 12) for entry in scope.arns]
    patterns = [arn_glob(entry) or glob(entry) for entry in entries]
    return any(matches(pattern, principal) for pattern in patterns)


def _fits(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split(EVERYTHING))), re.DOTALL)
