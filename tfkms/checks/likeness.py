"""Which key policies a check cannot tell apart: their text is the same, and so is all that is asked about their keys.

Nothing is guessed: what is not known in full, or bears on one key alone, is like nothing else.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from tfkms.checks.holders import Holder
from tfkms.checks.parties import target
from tfkms.checks.stance import Stance
from tfkms.documents import Document, State
from tfkms.extract import Estate, Key
from tfkms.iam.callers import Target
from tfkms.iam.comparisons import passes
from tfkms.iam.document import Missing, Patterns, Policy, Statement
from tfkms.iam.grants import has_variables
from tfkms.iam.statements import resource_test
from tfkms.identities import Identities
from tfkms.key_uses import KeyUse, Mode
from tfkms.location import Origin
from tfkms.values import Text, text_parts

_TELLING = ("customer_master_key_spec", "custom_key_store_id")
"""The attributes of a key that checks read besides what a request tells of it."""


class Likeness:
    """What one side of a plan has to tell keys apart by."""

    def __init__(
        self,
        *,
        estate: Estate,
        uses: Mapping[str, tuple[KeyUse, ...]],
        aliases: Mapping[str, tuple[Text, ...]],
        identities: Identities,
        holders: Sequence[Holder],
        stance: Stance,
    ):
        self.keys = {id(key) for key in estate.keys}
        self.uses, self.aliases = uses, aliases
        self.granted = frozenset[str]().union(*(grant.keys for grant in identities.grants))
        policies = [*_policies(estate, identities, holders), *(guard.policy for guard in stance.guards)]
        self.named = _Named({id(policy): policy for policy in policies}.values())
        self.known: dict[int, Hashable | None] = {}

    def of(self, key: Key, document: Document) -> Hashable | None:
        """What is equal for policies of keys that no check tells apart; None for one that is like no other."""
        if id(document) not in self.known:
            self.known[id(document)] = self._of(key, document)
        return self.known[id(document)]

    def _of(self, key: Key, document: Document) -> Hashable | None:
        resource, values = key.resource, key.resource.after or {}
        names = {key.address, *(str(values.get(name)) for name in ("key_id", "id", "arn"))}
        known = document.state in (State.KNOWN, State.DEFAULT) and document.resource.presence is None
        if not known or len(key.documents) != 1 or id(key) not in self.keys or self.granted & names:
            return None
        asked = target(key, self.aliases.get(key.address, ()))
        return (
            repr(document.content),
            document.sensitive,
            document.address == key.address,
            (resource.type, resource.account, asked.settled, *(repr(values.get(name)) for name in _TELLING)),
            tuple((use.service.name, use.address * (use.service.mode is Mode.ROLE)) for use in self._uses(key)),
            self.named.facts(asked),
            self.named.arn(key.arn),
        )

    def _uses(self, key: Key) -> tuple[KeyUse, ...]:
        return self.uses.get(key.address, ())


def _policies(estate: Estate, identities: Identities, holders: Iterable[Holder]) -> Iterator[Policy]:
    """Every policy in view that may say something of a key."""
    for key in estate.keys:
        yield from (document.policy for document in key.documents)
    for holder in holders:
        yield from (*holder.bundle.identity, *holder.bundle.boundaries)
    yield from (guard.document.policy for guard in identities.guards)


class _Named:
    """What policies name that may be one key's and not another's: condition keys, and ARNs of resources."""

    def __init__(self, policies: Iterable[Policy]):
        statements = [own for policy in policies for own in policy if isinstance(own, Statement)]
        self.variables = any(map(has_variables, statements))
        self.keys = {condition.key.lower() for own in statements for condition in own.conditions}
        texts = dict.fromkeys(text for own in statements for text in _texts(own.resources) if text != "*")
        self.spelled = {text for text in texts if isinstance(text, str) and not set("*?$") & set(text)}
        self.patterns = [
            (text, resource_test(Patterns(False, (text,)), Origin("", ""), None))
            for text in texts
            if text not in self.spelled and _may_be_a_key(text)
        ]

    def facts(self, asked: Target) -> tuple[tuple[str, tuple[Text, ...]], ...]:
        """What is constant for a key, as far as a policy asks for it; with variables anything may be asked for."""
        return tuple(
            sorted((name, values) for name, values in asked.facts.items() if self.variables or name in self.keys)
        )

    def arn(self, arn: Text) -> Hashable:
        """How the ARN of a key stands to the resources that are named; itself where it is one of them."""
        if arn in self.spelled or self.variables:
            return arn
        start = text_parts(arn)[0]
        grounds = (passes(test, arn) if _meet(text, start) else None for text, test in self.patterns)
        return tuple((ground.certain, ground.possible) if ground is not None else None for ground in grounds)


def _texts(element: Patterns | Missing) -> tuple[Text, ...]:
    return () if isinstance(element, Missing) else element.texts


def _may_be_a_key(pattern: Text) -> bool:
    """Whether the pattern is not surely for the ARNs of another service."""
    parts = pattern.split(":") if isinstance(pattern, str) else []
    return len(parts) < 3 or parts[2] == "kms" or bool(set("*?$") & set(":".join(parts[:3])))


def _meet(pattern: Text, start: object) -> bool:
    """Whether a text that starts so may match the pattern, by what stands before the first wildcard."""
    if not isinstance(pattern, str) or not isinstance(start, str):
        return True
    prefix = pattern[: min((place for place in map(pattern.find, "*?") if place >= 0), default=len(pattern))]
    return start.startswith(prefix) or prefix.startswith(start)
