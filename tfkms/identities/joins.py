"""The joins: which document is on which principal, at one moment of the plan."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tfkms.extract import Document, Estate, Kind, Moment, State
from tfkms.iam.document import Missing, OpaqueStatement, Patterns, Policy, Statement
from tfkms.iam.parse import parse_policy
from tfkms.iam.pattern import find, glob
from tfkms.identities.holding import Attachment, Identities, Identity, IdentityKind
from tfkms.identities.kms_grants import kms_grants
from tfkms.identities.organization import guards
from tfkms.identities.principals_in_view import Principal, View
from tfkms.location import Origin
from tfkms.model import Omitted, Resource, Scan
from tfkms.values import Hole, Text, Unknown, Value

Managed = Callable[[str], Value | None]
"""The KMS statements of an AWS managed policy by its name, as a document; None for one that has none."""

RESOURCE_TYPES = frozenset(
    {
        "aws_iam_role",
        "aws_iam_user",
        "aws_iam_group",
        "aws_iam_policy",
        "aws_iam_role_policy",
        "aws_iam_user_policy",
        "aws_iam_group_policy",
        "aws_iam_role_policy_attachment",
        "aws_iam_user_policy_attachment",
        "aws_iam_group_policy_attachment",
        "aws_iam_policy_attachment",
        "aws_iam_role_policy_attachments_exclusive",
        "aws_iam_user_policy_attachments_exclusive",
        "aws_iam_group_policy_attachments_exclusive",
        "aws_iam_group_membership",
        "aws_iam_user_group_membership",
        "aws_ssoadmin_permission_set",
        "aws_ssoadmin_permission_set_inline_policy",
        "aws_ssoadmin_managed_policy_attachment",
        "aws_ssoadmin_customer_managed_policy_attachment",
        "aws_ssoadmin_account_assignment",
        "aws_organizations_policy",
        "aws_organizations_policy_attachment",
        "aws_kms_grant",
    }
)
"""The resource types that take part."""

_OWN = {"aws_iam_role_policy": "role", "aws_iam_user_policy": "user", "aws_iam_group_policy": "group"}
_EXCLUSIVE = tuple(f"aws_iam_{word}_policy_attachments_exclusive" for word in ("role", "user", "group"))
_ATTACHING = {
    "aws_iam_role_policy_attachments_exclusive": (("role_name", "role"),),
    "aws_iam_user_policy_attachments_exclusive": (("user_name", "user"),),
    "aws_iam_group_policy_attachments_exclusive": (("group_name", "group"),),
    "aws_iam_role_policy_attachment": (("role", "role"),),
    "aws_iam_user_policy_attachment": (("user", "user"),),
    "aws_iam_group_policy_attachment": (("group", "group"),),
    "aws_iam_policy_attachment": (("roles", "role"), ("users", "user"), ("groups", "group")),
}


def identities(scan: Scan, estate: Estate, moment: Moment, managed: Managed) -> Identities:
    """The principals of the scan with their documents, and the documents that are on nobody in view."""
    joins = _Joins(View(scan, moment), estate, managed)
    joins.join()
    return Identities(
        identities=tuple(joins.identities()),
        guards=tuple(guards(joins.view, joins.documents)),
        grants=tuple(kms_grants(joins.view)),
        loose_key_policies=tuple(joins.loose_key_policies),
        diagnostics=(),
    )


@dataclass(slots=True)
class _Held:
    """What is on one principal."""

    principal: Principal
    policies: list[Attachment] = field(default_factory=list)
    boundaries: list[Attachment] = field(default_factory=list)
    bounded: bool = False
    unseen: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Joins:
    view: View
    estate: Estate
    managed: Managed
    held: dict[int, _Held] = field(default_factory=dict)
    members: dict[int, list[Principal]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    documents: dict[str, list[Document]] = field(default_factory=dict)
    loose: list[Attachment] = field(default_factory=list)
    loose_key_policies: list[Document] = field(default_factory=list)
    sets: dict[str, _Held] = field(default_factory=dict)

    def join(self) -> None:
        """Puts every identity document where it belongs."""
        for document in self.estate.documents:
            self.documents.setdefault(document.address, []).append(document)
        for principal in list(self.view.by_address.values()):
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

    def of(self, principal: Principal) -> _Held:
        return self.held.setdefault(id(principal), _Held(principal))

    def own(self, principal: Principal) -> None:
        """The role's inline policies and managed policies, and the boundary of a role or user."""
        resource = principal.resource
        if resource is None:
            return
        held = self.of(principal)
        for document in self.documents.get(resource.address, ()):
            held.policies.append(self.use(resource.address, document))
        argument = resource.argument("managed_policy_arns")
        value = principal.values.get("managed_policy_arns")
        if not isinstance(argument, Omitted) or not isinstance(value, Unknown):
            self.attach(resource, "managed_policy_arns", [held])
        boundary = principal.values.get("permissions_boundary")
        if isinstance(boundary, Unknown) or (isinstance(boundary, str) and boundary):
            held.bounded = True
            held.boundaries += self.policies_meant(resource, "permissions_boundary")[0]
            self.used |= {id(attachment.document) for attachment in held.boundaries}

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
            self.members.setdefault(id(group), []).extend(users)
            for principal in (group, *users):
                self.of(principal)

    def inline(self, resource: Resource) -> None:
        word = _OWN.get(resource.block_type)
        if word is None:
            return
        for document in self.documents.get(resource.address, ()):
            for principal in self.view.named(resource, word, word):
                self.of(principal).policies.append(self.use(resource.address, document))

    def attached(self, resource: Resource) -> None:
        arguments = _ATTACHING.get(resource.block_type)
        if arguments is None:
            return
        targets = [
            self.of(principal)
            for argument, word in arguments
            for principal in self.view.named(resource, argument, word)
        ]
        argument = "policy_arns" if resource.block_type in _EXCLUSIVE else "policy_arn"
        self.attach(resource, argument, targets)
        if not targets or any(self.view.unresolved(resource, name) for name, _ in arguments):
            self.loose += self.policies_meant(resource, argument)[0]

    def attach(self, resource: Resource, argument: str, targets: Sequence[_Held]) -> None:
        found, unseen = self.policies_meant(resource, argument)
        for held in targets:
            held.policies += found
            held.unseen += unseen
        if targets:
            self.used |= {id(attachment.document) for attachment in found}

    def policies_meant(self, resource: Resource, argument: str) -> tuple[list[Attachment], list[str]]:
        """The documents of the managed policies that an argument names, and the ARNs of those that are not in view."""
        value = self.view.values(resource).get(argument)
        found: list[Attachment] = []
        unseen: list[str] = []
        items = value if isinstance(value, tuple) else (value,)
        for item in items:
            if isinstance(item, str) and item:
                known = list(self.policies_of(item, resource))
                found += known
                if not known and ":aws:policy/" not in item:
                    unseen.append(item)
        holes = [item.hole for item in items if isinstance(item, Unknown)]
        if holes:
            linked = [address for address in self.view.linked(resource, argument) if address in self.view.policies]
            found += [Attachment(address, d) for address in linked for d in self.documents.get(address, ())]
            if not linked:
                found += [self.opaque(resource, argument, hole) for hole in holes]
        return found, unseen

    def policies_of(self, arn: str, resource: Resource) -> Iterator[Attachment]:
        """The documents behind a managed policy's ARN: AWS's own, or those of a policy in view."""
        owner, _, name = arn.partition(":policy/")
        if owner.endswith(":aws"):
            nothing: Value = {"Version": "2012-10-17", "Statement": ()}
            content = self.managed(name.rpartition("/")[2])
            yield Attachment(resource.address, self.made(resource, arn, nothing if content is None else content))
            return
        for address, policy in self.view.policies.items():
            if self.view.policy_arn(policy) == arn:
                yield from (Attachment(address, document) for document in self.documents.get(address, ()))

    def made(self, resource: Resource, arn: str, content: Value) -> Document:
        """The document of an AWS managed policy, as if the attaching resource held it."""
        attribute = f"/{arn.rpartition('/')[2]}"
        policy, _ = parse_policy(content, Origin(resource.address, attribute))
        return Document(resource, attribute, Kind.IDENTITY, State.KNOWN, policy, content, False, self.view.moment)

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
        sets = self.sets_meant(resource)
        if not sets and resource.block_type == "aws_ssoadmin_managed_policy_attachment":
            self.loose += self.policies_meant(resource, "managed_policy_arn")[0]
        for held in sets:
            match resource.block_type:
                case "aws_ssoadmin_permission_set_inline_policy":
                    for document in self.documents.get(resource.address, ()):
                        held.policies.append(self.use(resource.address, document))
                case "aws_ssoadmin_managed_policy_attachment":
                    self.attach(resource, "managed_policy_arn", [held])
                case _:
                    pass

    def set_of(self, resource: Resource) -> _Held:
        if resource.address not in self.sets:
            values = self.view.values(resource)
            name = values.get("name")
            known: Text = name if isinstance(name, str) else "*"
            principal = Principal(
                "permission set", resource.address, resource.account, known, None, known, values, resource
            )
            self.sets[resource.address] = _Held(principal)
        return self.sets[resource.address]

    def sets_meant(self, resource: Resource) -> list[_Held]:
        arn = self.view.values(resource).get("permission_set_arn")
        return [
            self.set_of(other)
            for other in self.view.scan.resources
            if other.block_type == "aws_ssoadmin_permission_set"
            and (
                (isinstance(arn, str) and self.view.values(other).get("arn") == arn)
                or (isinstance(arn, Unknown) and other.address in set(self.view.linked(resource, "permission_set_arn")))
            )
        ]

    def unattached(self) -> None:
        """Documents on nobody in view, and policy documents that nothing in view consumes."""
        consumed = {
            link.address
            for resource in self.view.scan.resources
            for links in resource.links.values()
            for link in links.links
        }
        contents = [d.content for d in self.estate.documents if d.kind is not Kind.DOCUMENT]
        for document in self.estate.documents:
            if id(document) in self.used or not concerns_kms(document.policy):
                continue
            free = document.address not in consumed and document.content not in contents
            if document.kind is Kind.IDENTITY:
                self.loose.append(Attachment(document.address, document))
            elif document.kind is Kind.DOCUMENT and document.state is State.KNOWN and free:
                self.sort_loose(document)

    def sort_loose(self, document: Document) -> None:
        statements = [own for own in document.policy if isinstance(own, Statement)]
        if all(isinstance(own.principals, Missing) for own in statements):
            self.loose.append(Attachment(document.address, document))
        elif any(_writes_kms(own) for own in statements):
            self.loose_key_policies.append(document)

    def identities(self) -> Iterator[Identity]:
        """Each principal with something that concerns KMS, then whoever the other documents will be attached to."""
        for held in self.held.values():
            if held.principal.word == "group":
                yield from self.of_group(held)
            else:
                inherited = [
                    attachment
                    for group in self.held.values()
                    if held.principal in self.members.get(id(group.principal), ())
                    for attachment in group.policies
                ]
                yield from _identity(held, inherited)
        for held in self.sets.values():
            yield from self.of_set(held)
        loose = {(own.address, own.document.attribute): own for own in self.loose}
        for attachment in loose.values():
            account = attachment.document.resource.account
            nobody = Principal("role", None, account, "*", None, "*", {}, None)
            for identity in _identity(_Held(nobody, [attachment]), []):
                yield replace(identity, kind=IdentityKind.ANYONE, to_come=True)

    def of_group(self, held: _Held) -> Iterator[Identity]:
        """A group without members in view stands for a user to come."""
        if not self.members.get(id(held.principal)):
            user = replace(held.principal, word="user")
            for identity in _identity(_Held(user, held.policies, unseen=held.unseen), []):
                yield replace(identity, to_come=True, path=None)

    def of_set(self, held: _Held) -> Iterator[Identity]:
        """One identity for each account that the set is assigned in; without any, for its own."""
        own = held.principal.account
        targets: list[Text] = []
        for resource in self.view.scan.resources:
            if resource.block_type == "aws_ssoadmin_account_assignment" and held in self.sets_meant(resource):
                target = self.view.values(resource).get("target_id")
                if isinstance(target, str):
                    targets.append(target)
        for target in dict.fromkeys(targets) or [own.id]:
            if isinstance(target, str) and isinstance(own.id, str) and target != own.id:
                continue  # keys of other accounts are not judged
            account = replace(own, id=target)
            name = held.principal.name
            pattern = f"arn:{own.partition}:iam::{target}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_{name}_*"
            for identity in _identity(held, []):
                yield replace(
                    identity, kind=IdentityKind.PERMISSION_SET, account=account, arn=pattern, arn_pattern=pattern
                )


_KINDS = {"role": IdentityKind.ROLE, "user": IdentityKind.USER, "permission set": IdentityKind.PERMISSION_SET}


def _identity(held: _Held, inherited: Iterable[Attachment]) -> Iterator[Identity]:
    """The identity, if anything on it concerns KMS."""
    principal = held.principal
    policies = tuple(
        {
            (attachment.address, attachment.document.attribute): attachment
            for attachment in (*held.policies, *inherited)
            if concerns_kms(attachment.document.policy)
        }.values()
    )
    if not policies and not held.bounded:
        return
    yield Identity(
        kind=_KINDS[principal.word],
        address=principal.address,
        account=principal.account,
        name=principal.name,
        path=principal.path,
        arn=principal.arn,
        arn_pattern=None,
        policies=policies,
        boundaries=tuple(held.boundaries),
        bounded=held.bounded,
        unseen=tuple(dict.fromkeys(held.unseen)),
        tags=_tags(principal.values),
        to_come=False,
    )


def _tags(values: Mapping[str, Value]) -> Mapping[str, Text] | None:
    tags = values.get("tags_all", values.get("tags"))
    if isinstance(tags, Mapping):
        return {name: value for name, value in tags.items() if isinstance(value, str)}
    return {} if tags is None and "tags" in values else None


def concerns_kms(policy: Policy) -> bool:
    """Whether a statement of the policy can cover a permission of KMS."""
    return any(isinstance(own, OpaqueStatement) or _can_cover_kms(own.actions) for own in policy)


_KMS = "kms:*"


def _can_cover_kms(actions: Patterns | Missing) -> bool:
    if isinstance(actions, Missing):
        return False
    patterns = [glob(str(action).lower()) for action in actions.texts]
    if actions.opaque:
        return True
    if actions.negated:
        return find([[glob(_KMS)]], patterns) is not None
    return bool(patterns) and find([[glob(_KMS)], patterns], ()) is not None


def _writes_kms(statement: Statement) -> bool:
    return isinstance(statement.actions, Patterns) and any(
        str(action).lower().startswith("kms:") for action in statement.actions.texts
    )
