"""What an input shows on one side of the plan, as queries look at it."""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from tfkms.checks.authorized import NOBODY
from tfkms.checks.holders import holders
from tfkms.checks.question import Question
from tfkms.documents import Document, Moment
from tfkms.engine import Facts
from tfkms.extract import Key, extract
from tfkms.finding import Evidence
from tfkms.iam.document import AnyStatement, Policy
from tfkms.identities import identities
from tfkms.identities.principals_in_view import View
from tfkms.key_uses import aliases, key_names, key_uses
from tfkms.model import Scan


class Sight(Struct, frozen=True, dict=True):
    """The question that all queries are put to, and what names its principals and keys."""

    scan: Scan
    moment: Moment
    question: Question

    @cached_property
    def view(self) -> View:
        """The roles, users and groups in view."""
        return View(self.scan, self.moment)

    @cached_property
    def keys(self) -> Mapping[str, Key]:
        """The keys by their address."""
        return {key.address: key for key in self.question.estate.keys}

    @cached_property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """What names a key by itself or by an alias, with the keys that it may be."""
        return key_names(self.scan, self.question.estate.keys, self.moment)

    @cached_property
    def key_names(self) -> Mapping[str, str]:
        """All that names a key, with the key's address: addresses of the key, its policies and aliases; its id and ARN;
        names and ARNs of aliases."""
        documents = {document.address: key.address for key in self.keys.values() for document in key.documents}
        named = {name: keys[0] for name, keys in self.names.items() if len(keys) == 1}
        arns = {key.arn: key.address for key in self.keys.values() if isinstance(key.arn, str)}
        return {**arns, **documents, **named}

    @cached_property
    def homes(self) -> Mapping[int, Document]:
        """The document of each statement, by the statement's id."""
        found = {id(own): document for document in self.question.estate.documents for own in document.policy}
        for holder in self.question.holders:
            for attachment in (*holder.identity.policies, *holder.identity.boundaries):
                found |= {id(own): attachment.document for own in attachment.document.policy}
        for key in self.keys.values():
            found |= {id(own): document for document in key.documents for own in document.policy}
        return found

    def evidence(self, statement: AnyStatement) -> Evidence:
        """The statement as evidence; of a sensitive document only its place."""
        home = self.homes.get(id(statement))
        return home.evidence(statement) if home else Evidence(statement.origin, statement.sid, statement.source)

    def is_sensitive(self, statement: AnyStatement) -> bool:
        """Whether nothing of what the statement says may be shown."""
        home = self.homes.get(id(statement))
        return home is not None and home.sensitive

    def policies(self, key: Key) -> list[Policy]:
        """The policies that the key may have, each with the grants on the key."""
        granted = self.question.granted_on(key)
        return [
            replace(document.policy, statements=(*document.policy.statements, *granted)) for document in key.documents
        ]


def sides(scan: Scan, facts: Facts) -> tuple[Sight, Sight]:
    """What the scan shows after the plan and before it; one and the same where the plan changes nothing in view."""
    after = sight(scan, facts, Moment.AFTER)
    same = all(
        resource.before == resource.after and resource.before_sensitive == resource.after_sensitive
        for resource in scan.resources
    )
    return after, after if same else sight(scan, facts, Moment.BEFORE)


def sight(scan: Scan, facts: Facts, moment: Moment) -> Sight:
    """What the scan shows at the moment."""
    estate = extract(scan, facts.sites, moment)
    known = identities(scan, estate, moment, facts.managed)
    question = Question(
        scan=scan,
        estate=estate,
        parameters={},
        actions=facts.actions,
        authorized=NOBODY,
        stance=facts.stance,
        uses=key_uses(scan, estate.keys, facts.services, moment),
        aliases=aliases(scan, estate.keys, moment),
        identities=known,
        holders=tuple(holders(known, facts.stance)),
    )
    return Sight(scan, moment, question)
