"""The roles, users and groups of a scan, and the ways in which other resources name them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tfkms.extract import Moment, attributes
from tfkms.model import Account, Resource, Scan
from tfkms.values import Hole, Template, Text, Unknown, Value, text, text_parts

_PRINCIPALS = {"aws_iam_role": "role", "aws_iam_user": "user", "aws_iam_group": "group"}
POLICY = "aws_iam_policy"
AFTER_APPLY = "known after apply"


@dataclass(slots=True)
class Principal:
    """A role, user or group: in view, or known by its name only."""

    word: str
    address: str | None
    account: Account
    name: Text
    path: Text | None
    arn: Text
    values: Mapping[str, Value]
    resource: Resource | None


@dataclass(slots=True)
class View:
    """What is in view, with look-ups by address and by name."""

    scan: Scan
    moment: Moment
    by_address: dict[str, Principal] = field(default_factory=dict)
    by_name: dict[tuple[str, str, str], Principal] = field(default_factory=dict)
    policies: dict[str, Resource] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for resource in self.scan.resources:
            values = attributes(resource, self.moment)
            if values is None:
                continue
            if resource.block_type in _PRINCIPALS:
                self.add(_principal(resource, values))
            if resource.block_type == POLICY:
                self.policies[resource.address] = resource

    def add(self, principal: Principal) -> None:
        """Makes a principal known."""
        if principal.address is not None:
            self.by_address[principal.address] = principal
        if isinstance(principal.name, str):
            self.by_name[principal.word, str(principal.account.id), principal.name] = principal

    def values(self, resource: Resource) -> Mapping[str, Value]:
        """The resource's attributes at the moment that is looked at."""
        return attributes(resource, self.moment) or {}

    def named(self, resource: Resource, argument: str, word: str) -> list[Principal]:
        """The principals that an argument (a name, or a list of names) means; one known by name only is made up."""
        value = self.values(resource).get(argument)
        found = [
            self.of_name(item.rpartition("/")[2], word, resource.account)
            for item in (value if isinstance(value, tuple) else (value,))
            if isinstance(item, str) and item
        ]
        unknown = isinstance(value, Unknown) or (
            isinstance(value, tuple) and any(isinstance(i, Unknown) for i in value)
        )
        if unknown:
            found += [self.by_address[link] for link in self.linked(resource, argument) if link in self.by_address]
        return list({id(principal): principal for principal in found if principal.word == word}.values())

    def of_name(self, name: str, word: str, account: Account) -> Principal:
        """The principal of that name in the account; one that is not in view is known by its name only."""
        key = (word, str(account.id), name)
        if key not in self.by_name:
            arn = text(f"arn:{account.partition}:iam::", *text_parts(account.id), f":{word}/{name}")
            self.by_name[key] = Principal(word, None, account, name, None, arn, {}, None)
        return self.by_name[key]

    def unresolved(self, resource: Resource, argument: str) -> bool:
        """Whether the argument may mean principals that cannot be told."""
        value = self.values(resource).get(argument)
        items = value if isinstance(value, tuple) else (value,)
        return any(isinstance(item, Unknown) for item in items) and not any(self.linked(resource, argument))

    @staticmethod
    def linked(resource: Resource, argument: str) -> Iterator[str]:
        """The addresses that the references of an argument lead to."""
        links = resource.links.get(argument)
        return (link.address for link in links.links) if links else iter(())

    def policy_arn(self, policy: Resource) -> Text | None:
        """The ARN of a customer managed policy, predicted where it is not known yet."""
        values = self.values(policy)
        arn = values.get("arn")
        if isinstance(arn, str):
            return arn
        name = _name(policy, values)
        return _arn(policy.account, "policy", _path(values), name)


def _principal(resource: Resource, values: Mapping[str, Value]) -> Principal:
    word = _PRINCIPALS[resource.block_type]
    path, name = _path(values), _name(resource, values)
    known = values.get("arn")
    arn = known if isinstance(known, str) else _arn(resource.account, word, path, name)
    return Principal(word, resource.address, resource.account, name, path, arn, values, resource)


def _path(values: Mapping[str, Value]) -> Text:
    match values.get("path"):
        case str() as path if path:
            return path
        case Template() as path:
            return path
        case Unknown(hole):
            return text(hole)
        case _:
            return "/"


def _name(resource: Resource, values: Mapping[str, Value]) -> Text:
    """The name, known or with the part that AWS or Terraform makes up as a hole."""
    match values.get("name"):
        case str() as name if name:
            return name
        case Template() as name:
            return name
        case value:
            made_up = not isinstance(value, Unknown) or not value.hole.references
            references = value.hole.references if isinstance(value, Unknown) else ()
            hole = Hole(resource.address, "/name", AFTER_APPLY, references, fresh=made_up)
            prefix = values.get("name_prefix")
            return text(prefix, hole) if isinstance(prefix, str) else text(hole)


def _arn(account: Account, word: str, path: Text, name: Text) -> Text:
    """The ARN that IAM will give (IAM User Guide, reference_identifiers)."""
    parts: Sequence[str | Hole] = (
        f"arn:{account.partition}:iam::",
        *text_parts(account.id),
        f":{word}",
        *text_parts(path),
        *text_parts(name),
    )
    return text(*parts)
