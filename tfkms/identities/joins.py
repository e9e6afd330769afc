"""The joins: which document is on which principal, at one moment of the plan."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.documents import Document, Kind, Moment, State, aws_managed, hinted
from tfkms.extract import Estate
from tfkms.finding import UnseenPolicy
from tfkms.iam.document import Missing, Statement
from tfkms.iam.parse import parse_policy
from tfkms.identities.doubt import Doubtful
from tfkms.identities.elsewhere import Elsewhere
from tfkms.identities.held import Held, identity, of_permission_set
from tfkms.identities.holding import Attachment, Identities, Identity, IdentityKind
from tfkms.identities.kms_grants import kms_grants
from tfkms.identities.one_of import on_one_of_several, restrained
from tfkms.identities.organization import guards
from tfkms.identities.principals_in_view import Principal, Reached, View
from tfkms.identities.relevance import concerns_kms, writes_kms
from tfkms.identities.resource_types import ATTACHING, EXCLUSIVE, OWN
from tfkms.location import Origin
from tfkms.model import Mode, Omitted, Resource, Scan
from tfkms.values import Hole, Text, Unknown, Value, text, text_parts

Managed = Callable[[str], Value | None]
"""The KMS statements of an AWS managed policy by its name, as a document; None for one that has none."""


_REFERENCE = "customer_managed_policy_reference"
_NOTHING: Mapping[str, Value] = {"Version": "2012-10-17", "Statement": ()}


def identities(scan: Scan, estate: Estate, moment: Moment, managed: Managed) -> Identities:
    """The principals of the scan with their documents, and the documents that are on nobody in view."""
    view = View(scan, moment)
    joins = _Joins(view, estate, managed, Elsewhere(view))
    joins.join()
    return Identities(
        identities=tuple(joins.identities()),
        guards=tuple(guards(joins.view, joins.documents)),
        grants=tuple(kms_grants(joins.view, estate)),
        loose_key_policies=tuple(joins.loose_key_policies),
        unseen=tuple(dict.fromkeys(joins.unseen())),
    )


class _Joins(Struct):
    view: View
    estate: Estate
    managed: Managed
    elsewhere: Elsewhere
    held: dict[int, Held] = field(default_factory=dict)
    memberships: dict[int, list[tuple[Principal, Hole | None]]] = field(default_factory=dict)
    with_members: set[int] = field(default_factory=set)
    doubtful: Doubtful = field(default_factory=Doubtful)
    used: set[int] = field(default_factory=set)
    documents: dict[str, list[Document]] = field(default_factory=dict)
    loose: list[Attachment] = field(default_factory=list)
    loose_key_policies: list[Document] = field(default_factory=list)
    sets: dict[str, Held] = field(default_factory=dict)
    several: set[Hole] = field(default_factory=set)

    def join(self) -> None:
        """Puts every identity document where it belongs."""
        for document in self.estate.documents:
            self.documents.setdefault(document.address, []).append(document)
        for principal in {id(principal): principal for principal in self.view.by_address.values()}.values():
            self.of(principal)
            self.own(principal)
        for resource in self.view.scan.resources:
            if not self.view.values(resource):
                continue
            self.membership(resource)
            self.inline(resource)
            self.attached(resource)
            self.permission_set(resource)
        self.unattached()

    def of(self, principal: Principal) -> Held:
        return self.held.setdefault(id(principal), Held(principal))

    def own(self, principal: Principal) -> None:
        """The role's inline policies and managed policies, and the boundary of a role or user."""
        resource = principal.resource
        if resource is None:
            return
        held = self.of(principal)
        for document in self.documents.get(resource.address, ()):
            used = self.use(resource.address, document)
            if not self.elsewhere.has_document(principal, document):
                held.policies.append(used)
        argument = resource.argument("managed_policy_arns")
        value = principal.values.get("managed_policy_arns")
        if not (isinstance(argument, Omitted) and isinstance(value, Unknown) and resource.is_made):
            self.attach(resource, "managed_policy_arns", [(held, None)], self.elsewhere.arns(principal))
        boundary = principal.values.get("permissions_boundary")
        if isinstance(boundary, Unknown) or (isinstance(boundary, str) and boundary):
            held.bounded = True
            boundaries, unseen = self.policies_meant(resource, "permissions_boundary")
            held.boundaries += boundaries
            held.unseen += [UnseenPolicy(arn, resource.address, principal.arn, boundary=True) for arn in unseen]

    def use(self, address: str, document: Document) -> Attachment:
        self.used.add(id(document))
        return Attachment(address, document)

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
        for document in self.documents.get(resource.address, ()):
            for meant in self.view.named(resource, word, word):
                own = self.use(resource.address, document)
                self.of(meant.principal).policies.append(self.doubted(own, meant.hole))

    def doubted(self, attachment: Attachment, hole: Hole | None) -> Attachment:
        return replace(attachment, document=self.doubtful.of(attachment.document, hole))

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
        self.attach(resource, "policy_arns" if resource.block_type in EXCLUSIVE else "policy_arn", targets)

    def attach(
        self,
        resource: Resource,
        argument: str,
        targets: Sequence[tuple[Held, Hole | None]],
        but: Container[str] = (),
    ) -> None:
        """Puts the managed policies that an argument names, all `but` those ARNs, on the targets."""
        found, unseen = self.policies_meant(resource, argument, but)
        for held, hole in targets:
            held.policies += [self.doubted(attachment, hole) for attachment in found]
            held.unseen += [UnseenPolicy(arn, resource.address, held.principal.arn) for arn in unseen]

    def policies_meant(
        self, resource: Resource, argument: str, but: Container[str] = ()
    ) -> tuple[list[Attachment], list[str]]:
        """The documents of the managed policies that an argument names, and the ARNs of those that are not in view."""
        value = self.view.values(resource).get(argument)
        found: list[Attachment] = []
        unseen: list[str] = []
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, str) and item and item not in but:
                known = list(self.policies_of(item, resource))
                found += known
                if not known and ":aws:policy/" not in item:
                    unseen.append(item)
        for reached in self.view.reached(resource, argument, value, self.view.policies):
            found += self.policies_reached(reached, resource, argument)
        return found, unseen

    def policies_reached(self, reached: Reached, resource: Resource, argument: str) -> Iterator[Attachment]:
        """The documents of the policies that a hole may stand for, and one that may say anything where that is not
        all."""
        hole = None if reached.sure else reached.hole
        self.several |= set() if hole is None else {hole}
        for address in reached.addresses:
            for document in self.documents.get(address, ()):
                yield self.doubted(self.use(address, document), hole)
        if not reached.whole:
            yield self.opaque(resource, argument, reached.hole)

    def policies_of(self, arn: str, resource: Resource) -> Iterator[Attachment]:
        """The documents behind a managed policy's ARN: AWS's own, or those of a policy in view."""
        name = aws_managed(arn)
        addresses = self.view.by_arn.get(arn, ())
        in_view = [document for address in addresses for document in self.documents.get(address, ())]
        for document in in_view:
            yield self.use(document.address if name is None else resource.address, document)
        if name is not None and not in_view:
            content = self.managed(name)
            yield Attachment(resource.address, self.made(resource, arn, _NOTHING if content is None else content))

    def made(self, resource: Resource, arn: str, content: Value) -> Document:
        """The document of an AWS managed policy, as if the attaching resource held it."""
        attribute = f"/{arn.rpartition('/')[2]}"
        policy, _ = parse_policy(content, Origin(resource.address, attribute))
        moment, name = self.view.moment, aws_managed(arn)
        return Document(
            resource, attribute, Kind.IDENTITY, State.KNOWN, policy, content, False, moment, aws_managed=name
        )

    def opaque(self, resource: Resource, argument: str, hole: Hole) -> Attachment:
        """A policy of which not even the ARN is known: it may allow anything."""
        value = Unknown(hole)
        policy, _ = parse_policy(value, Origin(resource.address, f"/{argument}"))
        moment = self.view.moment
        document = Document(resource, f"/{argument}", Kind.IDENTITY, State.UNKNOWN, policy, value, False, moment)
        return Attachment(resource.address, document)

    def permission_set(self, resource: Resource) -> None:
        """Permission sets stand for the role that IAM Identity Center makes of each in the accounts assigned to it."""
        if resource.block_type == "aws_ssoadmin_permission_set":
            self.set_of(resource)
        if not resource.block_type.startswith("aws_ssoadmin_"):
            return
        sets = list(self.sets_meant(resource))
        if not sets and resource.block_type == "aws_ssoadmin_managed_policy_attachment":
            self.loose += self.policies_meant(resource, "managed_policy_arn")[0]
        for held, hole in sets:
            match resource.block_type:
                case "aws_ssoadmin_permission_set_inline_policy":
                    for document in self.documents.get(resource.address, ()):
                        held.policies.append(self.doubted(self.use(resource.address, document), hole))
                case "aws_ssoadmin_managed_policy_attachment":
                    self.attach(resource, "managed_policy_arn", [(held, hole)])
                case "aws_ssoadmin_customer_managed_policy_attachment":
                    referred = self.view.values(resource).get(_REFERENCE)
                    policies = self.policies_referred(resource, referred, _REFERENCE, held)
                    held.policies += [self.doubted(own, hole) for own in policies]
                case "aws_ssoadmin_permissions_boundary_attachment":
                    held.bounded = True
                    held.boundaries += self.set_boundary(resource, held)
                    held.boundaries += [] if hole is None else [self.opaque(resource, "permissions_boundary", hole)]
                case _:
                    pass

    def set_boundary(self, resource: Resource, held: Held) -> Iterator[Attachment]:
        """The documents of the permissions boundary of a permission set."""
        value = self.view.values(resource).get("permissions_boundary")
        for item in value if isinstance(value, tuple) else (value,):
            match item:
                case Unknown(hole):
                    yield self.opaque(resource, "permissions_boundary", hole)
                case Mapping():
                    match item.get("managed_policy_arn"):
                        case str() as arn if arn:
                            yield from self.policies_of(arn, resource)
                        case Unknown(hole):
                            yield self.opaque(resource, "permissions_boundary", hole)
                        case _:
                            path = f"permissions_boundary.{_REFERENCE}"
                            yield from self.policies_referred(resource, item.get(_REFERENCE), path, held)
                case _:
                    pass

    def policies_referred(self, resource: Resource, value: Value, path: str, held: Held) -> Iterator[Attachment]:
        """The customer managed policies that a permission set refers to by name: each account has its own."""
        for item in value if isinstance(value, tuple) else (value,):
            match item:
                case Mapping():
                    name, folder = item.get("name"), item.get("path") or "/"
                case _:
                    name, folder = item, "/"
            for reached in self.view.reached(resource, path, name, self.view.policies, f"{path}.name"):
                yield from self.policies_reached(reached, resource, path)
            if isinstance(name, str) and name:
                account = resource.account
                arn = text(f"arn:{account.partition}:iam::", *text_parts(account.id), f":policy{folder}{name}")
                found = list(self.view.by_arn.get(arn, ())) or self.named_policies(f":policy{folder}{name}")
                yield from (self.use(own, document) for own in found for document in self.documents.get(own, ()))
                if not found:
                    held.unseen.append(UnseenPolicy(str(arn), resource.address, held.principal.arn))

    def named_policies(self, end: str) -> list[str]:
        """The policies in view whose ARN ends so, whatever their account."""
        return [
            address
            for arn, addresses in self.view.by_arn.items()
            if isinstance(tail := text_parts(arn)[-1], str) and tail.endswith(end)
            for address in addresses
        ]

    def set_of(self, resource: Resource) -> Held:
        if resource.address not in self.sets:
            values = self.view.values(resource)
            name = values.get("name")
            known: Text = name if isinstance(name, str) else text(name.hole) if isinstance(name, Unknown) else "*"
            principal = Principal(
                "permission set", resource.address, resource.account, known, None, known, values, resource
            )
            self.sets[resource.address] = Held(principal)
        return self.sets[resource.address]

    def sets_meant(self, resource: Resource) -> Iterator[tuple[Held, Hole | None]]:
        """The permission sets that a resource may be about, each with the doubt; one that it surely is without."""
        arn = self.view.values(resource).get("permission_set_arn")
        every = [other for other in self.view.scan.resources if other.block_type == "aws_ssoadmin_permission_set"]
        if not isinstance(arn, Unknown):
            yield from ((self.set_of(own), None) for own in every if self.view.values(own).get("arn") == arn)
            return
        links = resource.links.get("permission_set_arn")
        reached = set(self.view.linked(resource, "permission_set_arn"))
        complete = links is not None and links.complete
        meant = [own for own in every if own.address in reached or not complete]
        sure = complete and len(meant) == 1
        yield from ((self.set_of(own), None if sure else hinted(resource, arn.hole)) for own in meant)

    def unattached(self) -> None:
        """Documents on nobody in view, and policy documents that nothing in view consumes."""
        contents = [d.content for d in self.estate.documents if d.kind is not Kind.DOCUMENT]
        for document in self.estate.documents:
            if id(document) in self.used or not concerns_kms(document.policy):
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
        for held in (*self.held.values(), *self.sets.values()):
            yield from held.unseen

    def identities(self) -> Iterator[Identity]:
        """Each principal with something that concerns KMS, then whoever the other documents will be attached to."""
        for held in on_one_of_several(list(self.held.values()), self.view, self.origin):
            options = self.view.may_mean.get(id(held.principal), ())
            for found in identity(restrained(held, map(self.of, options), self.doubtful), []):
                yield replace(found, to_come=True)
        for held in self.restrained():
            if held.principal.word == "group":
                yield from self.of_group(held)
            else:
                inherited = [
                    self.doubted(attachment, hole)
                    for group, hole in self.memberships.get(id(held.principal), ())
                    for attachment in self.of(group).policies
                ]
                unseen = [
                    policy
                    for group, hole in self.memberships.get(id(held.principal), ())
                    if hole is None
                    for policy in self.of(group).unseen
                ]
                yield from identity(replace(held, unseen=[*held.unseen, *unseen]), inherited)
        for held in self.sets.values():
            yield from self.of_set(held)
        loose = {(own.address, own.document.attribute): own for own in self.loose}
        for attachment in loose.values():
            account = attachment.document.resource.account
            nobody = Principal("role", None, account, "*", None, "*", {}, None)
            for found in identity(Held(nobody, [attachment]), []):
                yield replace(found, kind=IdentityKind.ANYONE, to_come=True)

    def restrained(self) -> list[Held]:
        """What is on each principal; those of which it is not known which one they are come first, with what may bind
        them."""
        may_mean = self.view.may_mean
        return [
            *(
                restrained(own, map(self.of, may_mean[id(own.principal)]), self.doubtful)
                for own in list(self.held.values())
                if may_mean.get(id(own.principal))
            ),
            *(own for own in self.held.values() if not may_mean.get(id(own.principal))),
        ]

    def origin(self, document: Document) -> tuple[Document, Hole] | None:
        """What a document was made of that may be on one of several principals, with the doubt; None for any other."""
        found = self.doubtful.origins.get(id(document))
        return found if found is not None and found[1] in self.several else None

    def of_group(self, held: Held) -> Iterator[Identity]:
        """A group without members in view stands for a user to come."""
        if id(held.principal) not in self.with_members:
            user = replace(held.principal, word="user")
            for found in identity(Held(user, held.policies, unseen=held.unseen), []):
                yield replace(found, to_come=True, path=None)

    def of_set(self, held: Held) -> Iterator[Identity]:
        """One identity for each account that the set is assigned in; without any, for its own.

        Where it is assigned in an account that is not known, that may be any which the scan works in. Keys of other
        accounts are not judged.
        """
        own = held.principal.account
        accounts = {resource.account.id for resource in self.view.scan.resources}
        targets: dict[Text, Hole | None] = {}
        told = True
        for resource in self.view.scan.resources:
            if resource.block_type != "aws_ssoadmin_account_assignment":
                continue
            for doubt in [hole for meant, hole in self.sets_meant(resource) if meant is held]:
                match self.view.values(resource).get("target_id"):
                    case str() as target:
                        targets[target] = doubt and targets.get(target, doubt)
                    case Unknown(hole):
                        told = False
                        for account in accounts:
                            targets.setdefault(account, hole)
                    case _:
                        pass
        if told and targets.keys() == {own.id}:
            targets[own.id] = None  # a set that is assigned nowhere in view stands for its own account all the same
        known = all(isinstance(account, str) for account in accounts)
        for assigned, doubt in (targets or {own.id: None}).items():
            if not known or assigned in accounts:
                policies = [self.doubted(attachment, doubt) for attachment in held.policies]
                yield from of_permission_set(replace(held, policies=policies), replace(own, id=assigned))
