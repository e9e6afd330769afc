"""Permission sets, which stand for the role that IAM Identity Center makes of each in the accounts assigned to it."""

from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.documents import hinted
from tfkms.finding import UnseenPolicy
from tfkms.identities.held import Held, of_permission_set
from tfkms.identities.holding import Attachment, Identity
from tfkms.identities.policies_meant import Policies
from tfkms.identities.principals_in_view import Principal, View
from tfkms.model import Resource
from tfkms.values import Hole, Text, Unknown, Value, text, text_parts

_REFERENCE = "customer_managed_policy_reference"


class PermissionSets(Struct):
    """The permission sets of a view with what is on each; `loose` are the policies of sets that are not in view."""

    view: View
    policies: Policies
    sets: dict[str, Held] = field(default_factory=dict)
    loose: list[Attachment] = field(default_factory=list)

    def identities(self) -> Iterator[Identity]:
        """Each set in each of its accounts, if anything on it concerns KMS."""
        for held in self.sets.values():
            yield from self.in_accounts(held)

    def take(self, resource: Resource) -> None:
        """Permission sets stand for the role that IAM Identity Center makes of each in the accounts assigned to it."""
        if resource.block_type == "aws_ssoadmin_permission_set":
            self.of(resource)
        if not resource.block_type.startswith("aws_ssoadmin_"):
            return
        sets = list(self.meant(resource))
        if not sets and resource.block_type == "aws_ssoadmin_managed_policy_attachment":
            self.loose += self.policies.meant(resource, "managed_policy_arn")[0]
        for held, hole in sets:
            match resource.block_type:
                case "aws_ssoadmin_permission_set_inline_policy":
                    for document in self.policies.documents.get(resource.address, ()):
                        held.policies.append(self.policies.doubted(self.policies.use(resource.address, document), hole))
                case "aws_ssoadmin_managed_policy_attachment":
                    self.policies.attach(resource, "managed_policy_arn", [(held, hole)])
                case "aws_ssoadmin_customer_managed_policy_attachment":
                    referred = self.view.values(resource).get(_REFERENCE)
                    policies = self.referred(resource, referred, _REFERENCE, held)
                    held.policies += [self.policies.doubted(own, hole) for own in policies]
                case "aws_ssoadmin_permissions_boundary_attachment":
                    held.bounded = True
                    held.boundaries += self.boundary(resource, held)
                    held.boundaries += (
                        [] if hole is None else [self.policies.opaque(resource, "permissions_boundary", hole)]
                    )
                case _:
                    pass

    def boundary(self, resource: Resource, held: Held) -> Iterator[Attachment]:
        """The documents of the permissions boundary of a permission set."""
        value = self.view.values(resource).get("permissions_boundary")
        for item in value if isinstance(value, tuple) else (value,):
            match item:
                case Unknown(hole):
                    yield self.policies.opaque(resource, "permissions_boundary", hole)
                case Mapping():
                    match item.get("managed_policy_arn"):
                        case str() as arn if arn:
                            yield from self.policies.of_arn(arn, resource)
                        case Unknown(hole):
                            yield self.policies.opaque(resource, "permissions_boundary", hole)
                        case _:
                            path = f"permissions_boundary.{_REFERENCE}"
                            yield from self.referred(resource, item.get(_REFERENCE), path, held)
                case _:
                    pass

    def referred(self, resource: Resource, value: Value, path: str, held: Held) -> Iterator[Attachment]:
        """The customer managed policies that a permission set refers to by name: each account has its own."""
        for item in value if isinstance(value, tuple) else (value,):
            match item:
                case Mapping():
                    name, folder = item.get("name"), item.get("path") or "/"
                case _:
                    name, folder = item, "/"
            for reached in self.view.reached(resource, path, name, self.view.policies, f"{path}.name"):
                yield from self.policies.reached(reached, resource, path)
            if isinstance(name, str) and name:
                account = resource.account
                arn = text(f"arn:{account.partition}:iam::", *text_parts(account.id), f":policy{folder}{name}")
                found = list(self.view.by_arn.get(arn, ())) or self.ending(f":policy{folder}{name}")
                yield from (
                    self.policies.use(own, document)
                    for own in found
                    for document in self.policies.documents.get(own, ())
                )
                if not found:
                    held.unseen.append(UnseenPolicy(str(arn), resource.address, held.principal.arn))

    def ending(self, end: str) -> list[str]:
        """The policies in view whose ARN ends so, whatever their account."""
        return [
            address
            for arn, addresses in self.view.by_arn.items()
            if isinstance(tail := text_parts(arn)[-1], str) and tail.endswith(end)
            for address in addresses
        ]

    def of(self, resource: Resource) -> Held:
        """What is on the set that the resource makes."""
        if resource.address not in self.sets:
            values = self.view.values(resource)
            name = values.get("name")
            known: Text = name if isinstance(name, str) else text(name.hole) if isinstance(name, Unknown) else "*"
            principal = Principal(
                "permission set", resource.address, resource.account, known, None, known, values, resource
            )
            self.sets[resource.address] = Held(principal)
        return self.sets[resource.address]

    def meant(self, resource: Resource) -> Iterator[tuple[Held, Hole | None]]:
        """The permission sets that a resource may be about, each with the doubt; one that it surely is without."""
        arn = self.view.values(resource).get("permission_set_arn")
        every = [other for other in self.view.scan.resources if other.block_type == "aws_ssoadmin_permission_set"]
        if not isinstance(arn, Unknown):
            yield from ((self.of(own), None) for own in every if self.view.values(own).get("arn") == arn)
            return
        links = resource.links.get("permission_set_arn")
        reached = set(self.view.linked(resource, "permission_set_arn"))
        complete = links is not None and links.complete
        meant = [own for own in every if own.address in reached or not complete]
        sure = complete and len(meant) == 1
        yield from ((self.of(own), None if sure else hinted(resource, arn.hole)) for own in meant)

    def in_accounts(self, held: Held) -> Iterator[Identity]:
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
            for doubt in [hole for meant, hole in self.meant(resource) if meant is held]:
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
                policies = [self.policies.doubted(attachment, doubt) for attachment in held.policies]
                yield from of_permission_set(replace(held, policies=policies), replace(own, id=assigned))
