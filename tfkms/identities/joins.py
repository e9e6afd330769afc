"""The joins: which document is on which principal, at one moment of the plan."""

from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.documents import Document, Kind, Moment, State
from tfkms.extract import Estate
from tfkms.finding import UnseenPolicy
from tfkms.iam.document import Missing, Statement
from tfkms.identities.elsewhere import Elsewhere
from tfkms.identities.held import Held, identity
from tfkms.identities.holding import Attachment, Identities, Identity, IdentityKind
from tfkms.identities.kms_grants import kms_grants
from tfkms.identities.one_of import on_one_of_several, restrained
from tfkms.identities.organization import guards
from tfkms.identities.permission_sets import PermissionSets
from tfkms.identities.policies_meant import Managed, Policies
from tfkms.identities.principals_in_view import Principal, View
from tfkms.identities.relevance import concerns_kms, writes_kms
from tfkms.identities.resource_types import ATTACHING, EXCLUSIVE, OWN
from tfkms.model import Mode, Omitted, Resource, Scan
from tfkms.values import Hole, Unknown


def identities(scan: Scan, estate: Estate, moment: Moment, managed: Managed) -> Identities:
    """The principals of the scan with their documents, and the documents that are on nobody in view."""
    view = View(scan, moment)
    documents: dict[str, list[Document]] = {}
    for document in estate.documents:
        documents.setdefault(document.address, []).append(document)
    policies = Policies(view, managed, documents)
    joins = _Joins(view, estate, policies, PermissionSets(view, policies), Elsewhere(view))
    joins.join()
    return Identities(
        identities=tuple(joins.identities()),
        guards=tuple(guards(view, documents)),
        grants=tuple(kms_grants(view, estate)),
        loose_key_policies=tuple(joins.loose_key_policies),
        unseen=tuple(dict.fromkeys(joins.unseen())),
    )


class _Joins(Struct):
    view: View
    estate: Estate
    policies: Policies
    sets: PermissionSets
    elsewhere: Elsewhere
    held: dict[int, Held] = field(default_factory=dict)
    memberships: dict[int, list[tuple[Principal, Hole | None]]] = field(default_factory=dict)
    with_members: set[int] = field(default_factory=set)
    loose: list[Attachment] = field(default_factory=list)
    loose_key_policies: list[Document] = field(default_factory=list)

    def join(self) -> None:
        """Puts every identity document where it belongs."""
        for principal in {id(principal): principal for principal in self.view.by_address.values()}.values():
            self.of(principal)
            self.own(principal)
        for resource in self.view.scan.resources:
            if not self.view.values(resource):
                continue
            self.membership(resource)
            self.inline(resource)
            self.attached(resource)
            self.sets.take(resource)
        self.unattached()

    def of(self, principal: Principal) -> Held:
        return self.held.setdefault(id(principal), Held(principal))

    def own(self, principal: Principal) -> None:
        """The role's inline policies and managed policies, and the boundary of a role or user."""
        resource = principal.resource
        if resource is None:
            return
        held = self.of(principal)
        for document in self.policies.documents.get(resource.address, ()):
            used = self.policies.use(resource.address, document)
            if not self.elsewhere.has_document(principal, document):
                held.policies.append(used)
        argument = resource.argument("managed_policy_arns")
        value = principal.values.get("managed_policy_arns")
        if not (isinstance(argument, Omitted) and isinstance(value, Unknown) and resource.is_made):
            self.policies.attach(resource, "managed_policy_arns", [(held, None)], self.elsewhere.arns(principal))
        boundary = principal.values.get("permissions_boundary")
        if isinstance(boundary, Unknown) or (isinstance(boundary, str) and boundary):
            held.bounded = True
            boundaries, unseen = self.policies.meant(resource, "permissions_boundary")
            held.boundaries += boundaries
            held.unseen += [UnseenPolicy(arn, resource.address, principal.arn, boundary=True) for arn in unseen]

    def membership(self, resource: Resource) -> None:
        match resource.type:
            case "aws_iam_group_membership":
                groups = self.view.named(resource, "group", "group")
                users = self.view.named(resource, "users", "user")
            case "aws_iam_user_group_membership":
                groups = self.view.named(resource, "groups", "group")
                users = self.view.named(resource, "user", "user")
            case _:
                return
        for group in groups:
            if users:
                self.with_members.add(id(group.principal))
            for user in users:
                self.of(user.principal)
                entry = (group.principal, group.hole or user.hole or resource.presence)
                self.memberships.setdefault(id(user.principal), []).append(entry)

    def inline(self, resource: Resource) -> None:
        word = OWN.get(resource.block_type)
        if word is None:
            return
        for document in self.policies.documents.get(resource.address, ()):
            for meant in self.view.named(resource, word, word):
                own = self.policies.use(resource.address, document)
                self.of(meant.principal).policies.append(self.policies.doubted(own, meant.hole))

    def attached(self, resource: Resource) -> None:
        arguments = ATTACHING.get(resource.block_type)
        if arguments is None:
            return
        targets = [
            (self.of(meant.principal), meant.hole or resource.presence)
            for argument, word in arguments
            for meant in self.view.named(resource, argument, word)
        ]
        if not targets:
            return
        self.policies.attach(resource, "policy_arns" if resource.block_type in EXCLUSIVE else "policy_arn", targets)

    def unattached(self) -> None:
        """Documents on nobody in view, and policy documents that nothing in view consumes."""
        contents = [d.content for d in self.estate.documents if d.kind is not Kind.DOCUMENT]
        for document in self.estate.documents:
            if id(document) in self.policies.used or not concerns_kms(document.policy):
                continue
            free = document.address not in self.view.scan.taken and document.content not in contents
            if document.kind is Kind.IDENTITY and document.resource.mode is Mode.MANAGED:
                self.loose.append(Attachment(document.address, document))
            elif document.kind is Kind.DOCUMENT and document.state is State.KNOWN and free:
                self.sort_loose(document)

    def sort_loose(self, document: Document) -> None:
        statements = [own for own in document.policy if isinstance(own, Statement)]
        if all(isinstance(own.principals, Missing) for own in statements):
            self.loose.append(Attachment(document.address, document))
        elif any(writes_kms(own) for own in statements):
            self.loose_key_policies.append(document)

    def unseen(self) -> Iterator[UnseenPolicy]:
        """The attached policies whose documents are not in view."""
        for held in (*self.held.values(), *self.sets.sets.values()):
            yield from held.unseen

    def identities(self) -> Iterator[Identity]:
        """Each principal with something that concerns KMS, then whoever the other documents will be attached to."""
        for held in on_one_of_several(list(self.held.values()), self.view, self.origin):
            options = self.view.may_mean.get(id(held.principal), ())
            for found in identity(restrained(held, map(self.whole, options))):
                yield replace(found, to_come=True)
        for held in self.restrained():
            if held.principal.word == "group":
                yield from self.of_group(held)
            else:
                yield from identity(self.whole(held.principal, held))
        yield from self.sets.identities()
        loose = {(own.address, own.document.attribute): own for own in (*self.sets.loose, *self.loose)}
        for attachment in loose.values():
            account = attachment.document.resource.account
            nobody = Principal("role", None, account, "*", None, "*", {}, None)
            for found in identity(Held(nobody, [attachment])):
                yield replace(found, kind=IdentityKind.ANYONE, to_come=True)

    def restrained(self) -> list[Held]:
        """What is on each principal; those of which it is not known which one they are come first, with what may bind
        them."""
        may_mean = self.view.may_mean
        return [
            *(
                restrained(own, map(self.whole, may_mean[id(own.principal)]))
                for own in list(self.held.values())
                if may_mean.get(id(own.principal))
            ),
            *(own for own in self.held.values() if not may_mean.get(id(own.principal))),
        ]

    def whole(self, principal: Principal, own: Held | None = None) -> Held:
        """What is on the principal (`own`, where that is told), and what its groups give it."""
        held = own or self.of(principal)
        groups = [(self.of(group), hole) for group, hole in self.memberships.get(id(principal), ())]
        inherited = [self.policies.doubted(attachment, hole) for group, hole in groups for attachment in group.policies]
        unseen = [policy for group, hole in groups if hole is None for policy in group.unseen]
        return replace(held, policies=[*held.policies, *inherited], unseen=[*held.unseen, *unseen])

    def origin(self, document: Document) -> tuple[Document, Hole] | None:
        """What a document was made of that may be on one of several principals, with the doubt; None for any other."""
        found = self.policies.doubtful.origins.get(id(document))
        return found if found is not None and found[1] in self.policies.several else None

    def of_group(self, held: Held) -> Iterator[Identity]:
        """A group without members in view stands for a user to come."""
        if id(held.principal) not in self.with_members:
            user = replace(held.principal, word="user")
            for found in identity(Held(user, held.policies, unseen=held.unseen)):
                yield replace(found, to_come=True, path=None)
