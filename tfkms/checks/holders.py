"""The principals that hold identity documents, as callers, with the documents that bear on each."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tfkms.checks.authorized import Authorized
from tfkms.checks.stance import Stance, Unattached
from tfkms.documents import Document
from tfkms.finding import NotApplicable
from tfkms.iam import callers
from tfkms.iam.automaton import matches, may_match
from tfkms.iam.callers import Caller, CallerKind
from tfkms.iam.document import Effect
from tfkms.iam.grants import Bundle, Conjunction, Guarding
from tfkms.iam.pattern import glob, literal
from tfkms.iam.principals import equal
from tfkms.identities import Identities, Identity, IdentityKind
from tfkms.identities.doubt import Doubtful
from tfkms.identities.principals_in_view import Principal
from tfkms.model import Account
from tfkms.values import Hole, Text, text, text_holes, text_parts

WHOEVER = "whoever it is attached to"


class Holder(Struct, frozen=True):
    """A principal with identity documents. `shown` is how reports call it; `known_by_name`: its path is not known."""

    identity: Identity
    caller: Caller
    shown: Text
    bundle: Bundle

    def barring(self, authorized: Authorized) -> tuple[Conjunction, ...] | None:
        """The clauses that keep the holder apart from the authorized principals; None if it is one."""
        identity = self.identity
        named = identity.kind in (IdentityKind.ROLE, IdentityKind.USER) and not identity.to_come
        if named and identity.path is None and isinstance(identity.name, str):
            return authorized.barring_by_name(identity.name, identity.kind.value, self.caller, identity.account.id)
        return authorized.barring(self.caller, identity.account.id)


def holders(identities: Identities, stance: Stance) -> list[Holder]:
    """Every principal with documents in view."""
    doubtful = Doubtful(frozenset({Effect.ALLOW}))
    undecided = stance.unattached_policies is Unattached.UNDECIDED
    return [
        holder
        for identity in identities.identities
        for holder in _holders(
            _in_doubt(identity, doubtful) if identity.to_come and undecided else identity,
            tuple(guarding(identities, identity.account, stance)),
        )
    ]


_TO_WHOM = Hole("", "", "nothing in view says whom it is attached to")


def _in_doubt(identity: Identity, doubtful: Doubtful) -> Identity:
    """The identity as one that may turn out to be somebody on a list."""
    policies = tuple(replace(own, document=doubtful.of(own.document, _TO_WHOM)) for own in identity.policies)
    return replace(identity, policies=policies)


def _holders(identity: Identity, guards: tuple[Guarding, ...]) -> Iterator[Holder]:
    bundle = Bundle(
        identity=tuple(attachment.document.policy for attachment in identity.policies),
        boundaries=tuple(attachment.document.policy for attachment in identity.boundaries),
        guards=guards,
    )
    for caller, shown in _callers(identity):
        yield Holder(identity, caller, shown, bundle)


def _callers(identity: Identity) -> Iterator[tuple[Caller, Text]]:
    account, partition = identity.account.id, identity.account.partition
    match identity.kind:
        case IdentityKind.ANYONE:
            yield callers.anyone(CallerKind.ROLE, account, partition), WHOEVER
        case IdentityKind.PERMISSION_SET:
            pattern = identity.arn_pattern or ""
            yield Caller(CallerKind.ROLE, account, partition, None, (glob(pattern),)), pattern
        case IdentityKind.ROLE | IdentityKind.USER:
            kind = CallerKind.ROLE if identity.kind is IdentityKind.ROLE else CallerKind.USER
            if identity.to_come and identity.path is None:
                yield callers.anyone(kind, account, partition), WHOEVER
            elif identity.path is None:
                shown = text(f"{kind.value} ", *text_parts(identity.name))
                yield callers.of_any_path(kind, identity.name, account, partition, identity.bounded), shown
            else:
                tags = identity.tags
                arn = identity.arn
                yield Caller(kind, account, partition, arn, arn, identity.bounded, tags), arn


def is_caller(holder: Holder, caller: Caller, principal: Principal | None = None) -> bool | None:
    """Whether the holder is the caller, or the role of which it is a session; None if that is not known.

    `principal` is the one in view that the caller is known to be. The names of users and roles are unique in an
    account, whatever their paths (IAM User Guide, reference_identifiers).
    """
    identity = holder.identity
    if identity.to_come or identity.kind is IdentityKind.ANYONE:
        return False
    if identity.account.id != caller.account:
        at_home = equal(identity.account.id, caller.account).possible
        home = replace(caller, account=identity.account.id)
        return None if at_home and principal is None and is_caller(holder, home) is not False else False
    if principal is not None and identity.address is not None:
        return identity.address == principal.address
    if caller.kind is CallerKind.SESSION:
        role = callers.role_of(caller)
        if identity.kind is IdentityKind.PERMISSION_SET:
            return str(role).startswith(f"AWSReservedSSO_{identity.name}_")
        if identity.kind is IdentityKind.ROLE:
            same = equal(identity.name, role)
            return True if same.certain else None if same.possible else False
        return False
    if holder.caller.kind is not caller.kind or caller.name is None:
        return False
    own = holder.caller.principal_arn
    if own == caller.name:
        return True
    patterns = own if isinstance(own, tuple) else (literal(own),)
    if isinstance(caller.name, str) and any(matches(pattern, caller.name) for pattern in patterns):
        return True
    return None if any(may_match(pattern, caller.name) for pattern in patterns) else False


def guarding(identities: Identities, account: Account, stance: Stance) -> Iterator[Guarding]:
    """The service and resource control policies over an account: those in force by the settings, those of the plan that
    are attached to it, and those that may stand above it."""
    yield from stance.guards
    for guard in identities.guards:
        sure = account.id in guard.targets
        above = [target for target in guard.targets if _may_be_above(target)]
        if sure or above:
            guarding = Guarding(guard.document.policy, guard.kind == "rcp", sure)
            told = (hole for target in above for hole in text_holes(target) if hole.references)
            doubt = next(told, None)
            yield guarding if doubt is None else replace(guarding, doubt=doubt)


def _may_be_above(target: Text) -> bool:
    """Whether a target of an organization's policy may be over an account: its root, a unit, or not known."""
    return not isinstance(target, str) or target.startswith(("r-", "ou-"))


class HeldDocument(Struct, frozen=True):
    """An identity document as a subject: where findings on it are reported, and who holds it.

    Without holders it is attached to nobody in view, and such documents are not to be judged.
    """

    address: str
    document: Document
    holders: tuple[Holder, ...]

    @property
    def ignored(self) -> NotApplicable | None:
        """That the document is not judged, None where it is."""
        return None if self.holders else NotApplicable(self.address, (), IGNORED)


IGNORED = "it is attached to nobody in view, and the settings say to ignore such policies"


def held_documents(known: Sequence[Holder], stance: Stance) -> list[HeldDocument]:
    """Every identity document in view, each once, with its holders."""
    ignoring = stance.unattached_policies is Unattached.IGNORE
    found: dict[tuple[str, int], tuple[Document, list[Holder]]] = {}
    for holder in known:
        for attachment in holder.identity.policies:
            place = (attachment.address, id(attachment.document))  # one that is doubtful for some is another for them
            own = found.setdefault(place, (attachment.document, []))[1]
            if not (ignoring and holder.identity.to_come):
                own.append(holder)
    return [HeldDocument(address, document, tuple(who)) for (address, _), (document, who) in found.items()]
