"""Which outcomes of a check say what it has not said yet."""

from msgspec import Struct, field

from tfkms.finding import Outcome, Undecided, Violated
from tfkms.location import Origin
from tfkms.values import Template


class Told(Struct):
    """What a check said so far: what keys something was supposed of, and what each statement surely lets whom reach."""

    supposed: set[str] = field(default_factory=set)
    reached: dict[Origin, list[Violated]] = field(default_factory=dict)

    def is_news(self, outcome: Outcome) -> bool:
        """Whether the outcome adds to what was said.

        That a statement may let one of several reach a key, of whom one surely does, adds nothing. Of policies that may
        be a key's the first one to be wrong is enough: each of them is judged by itself too.
        """
        match outcome:
            case Violated(evidence=(first, *_)):
                self.reached.setdefault(first.origin, []).append(outcome)
                return True
            case Undecided(keys=keys, supposing=supposing) if supposing:
                known = self.supposed.issuperset(keys)
                self.supposed.update(keys)
                return not known
            case Undecided(evidence=(first, *_)):
                return not any(_covers(said, outcome) for said in self.reached.get(first.origin, ()))
            case _:
                return True


def _covers(sure: Violated, maybe: Undecided) -> bool:
    """Whether the principals that may be meant are among those of whom one surely is, on the same keys."""
    several = [parts[0] for who in sure.principals if isinstance(who, Template) and (parts := who.parts)]
    keys = set(maybe.keys) <= set(sure.keys) and (sure.other_keys or not maybe.other_keys)
    return keys and all(
        any(isinstance(first, str) and str(who).startswith(first) for first in several) for who in maybe.principals
    )
