"""The roles, users and groups of a scan, and the ways in which other resources name them."""

from collections.abc import Container, Iterator, Mapping, Sequence

from msgspec import Struct, field

from tfkms.documents import Moment, attributes, hinted
from tfkms.model import Account, Mode, Resource, Scan
from tfkms.predicted import PRINCIPAL_WORDS, iam_arn, iam_arn_of, iam_name, iam_path
from tfkms.values import Hole, Text, Unknown, Value, beginning, text, text_parts

_READ = ("aws_iam_role", "aws_iam_user")
_PRINCIPALS = {**PRINCIPAL_WORDS, **{f"data.{kind}": PRINCIPAL_WORDS[kind] for kind in _READ}}
_POLICIES = ("aws_iam_policy", "data.aws_iam_policy")


class Principal(Struct):
    """A role, user or group: in view, or known by its name only."""

    word: str
    address: str | None
    account: Account
    name: Text
    path: Text | None
    arn: Text
    values: Mapping[str, Value]
    resource: Resource | None


class Meant(Struct, frozen=True):
    """A principal that an argument means; with a `hole` it may mean another one instead."""

    principal: Principal
    hole: Hole | None = None


class Reached(Struct, frozen=True):
    """Where the unknown part of an argument leads: to all of `addresses`, or with `sure` False to some of them at most.

    With `whole` False it may lead to what is not in view too.
    """

    hole: Hole
    addresses: tuple[str, ...]
    sure: bool
    whole: bool


class View(Struct):
    """What is in view, with look-ups by address and by name.

    `may_mean` tells of a principal that is known by a hole (by its `id`) which ones it may be.
    """

    scan: Scan
    moment: Moment
    by_address: dict[str, Principal] = field(default_factory=dict)
    by_name: dict[tuple[str, str, str], Principal] = field(default_factory=dict)
    policies: dict[str, Resource] = field(default_factory=dict)
    words: dict[str, set[str]] = field(default_factory=lambda: {word: set() for word in PRINCIPAL_WORDS.values()})
    by_arn: dict[Text, list[str]] = field(default_factory=dict)
    by_hole: dict[tuple[str, str, Hole], Principal] = field(default_factory=dict)
    may_mean: dict[int, list[Principal]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        managed_first = sorted(self.scan.resources, key=lambda resource: resource.mode is Mode.DATA)
        for resource in managed_first:
            values = attributes(resource, self.moment)
            if values is None:
                continue
            if resource.block_type in _PRINCIPALS:
                self.add(_principal(resource, values), resource)
            if resource.block_type in _POLICIES:
                self.policies[resource.address] = resource
                known = self.by_arn.setdefault(self.policy_arn(resource), [])
                if resource.mode is Mode.MANAGED or not known:
                    known.append(resource.address)

    def add(self, principal: Principal, resource: Resource) -> None:
        """Makes the principal of a resource known; one that is read and managed too is what it is managed as."""
        if isinstance(principal.name, str):
            known = self.by_name.setdefault((principal.word, str(principal.account.id), principal.name), principal)
            principal = known if resource.mode is Mode.DATA else principal
        self.by_address[resource.address] = principal
        self.words[principal.word].add(resource.address)

    def values(self, resource: Resource) -> Mapping[str, Value]:
        """The resource's attributes at the moment that is looked at."""
        return attributes(resource, self.moment) or {}

    def named(self, resource: Resource, argument: str, word: str) -> list[Meant]:
        """The principals that an argument (a name, or a list of names) means; one known by name only is made up.

        One whose name is a hole is a principal of that name; so are all that the hole may stand for, each with it.
        Where it can be no other than these, it is called by what their names begin with alike.
        """
        value = self.values(resource).get(argument)
        found = [
            Meant(self.of_name(item.rpartition("/")[2], word, resource.account))
            for item in (value if isinstance(value, tuple) else (value,))
            if isinstance(item, str) and item
        ]
        for reached in self.reached(resource, argument, value, self.words[word]):
            hole = None if reached.sure else reached.hole
            options = [self.by_address[address] for address in reached.addresses]
            if hole is not None and not reached.whole:
                options += [own for own in self.by_address.values() if self.may_be(own, word, resource)]
            found += [Meant(option, hole) for option in options]
            if hole is not None:
                of_hole = self.of_hole(hole, word, resource.account)
                self.may_mean.setdefault(id(of_hole), []).extend(options)
                found.append(Meant(self.one_of(options, hole) if reached.whole else of_hole))
        return list({(id(meant.principal), meant.hole is None): meant for meant in found}.values())

    @staticmethod
    def may_be(principal: Principal, word: str, resource: Resource) -> bool:
        """Whether a name that is not known, in an argument of the resource, may be the principal's."""
        one, other = principal.account.id, resource.account.id
        return principal.word == word and (one == other or not (isinstance(one, str) and isinstance(other, str)))

    def reached(
        self, resource: Resource, argument: str, value: Value, candidates: Container[str], path: str | None = None
    ) -> Iterator[Reached]:
        """Where the references of an argument lead among the candidates, if `value` has an unknown part.

        They lead to all of them where there are as many unknown parts and nothing else is referred to.
        """
        holes = [item.hole for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, Unknown)]
        if not holes:
            return
        links = resource.links.get(path or argument)
        addresses = tuple(
            dict.fromkeys(link.address for link in (links.links if links else ()) if link.address in candidates)
        )
        whole = bool(addresses) and links is not None and links.complete
        sure = whole and len(addresses) == len(holes)
        yield Reached(holes[0] if sure else hinted(resource, holes[0]), addresses, sure, whole)

    def one_of(self, options: Sequence[Principal], hole: Hole) -> Principal:
        """The principal that is one of these, which one is not known."""
        first = options[0]
        key = (first.word, ",".join(sorted(str(own.arn) for own in options)), hole)
        if key not in self.by_hole:
            name = text(beginning([own.name for own in options]), hole)
            alike = all(own.path == first.path for own in options)
            path = first.path if alike and first.path is not None else text(hole)
            arn = iam_arn_of(first.account, first.word, path, name)
            self.by_hole[key] = Principal(first.word, None, first.account, name, path, arn, {}, None)
            self.may_mean[id(self.by_hole[key])] = list(options)
        return self.by_hole[key]

    def of_hole(self, hole: Hole, word: str, account: Account) -> Principal:
        """The principal of which not even the name is known."""
        key = (word, str(account.id), hole)
        if key not in self.by_hole:
            arn = text(f"arn:{account.partition}:iam::", *text_parts(account.id), f":{word}/", hole)
            self.by_hole[key] = Principal(word, None, account, text(hole), text(hole), arn, {}, None)
        return self.by_hole[key]

    def of_name(self, name: str, word: str, account: Account) -> Principal:
        """The principal of that name in the account; one that is not in view is known by its name only."""
        key = (word, str(account.id), name)
        if key not in self.by_name:
            arn = text(f"arn:{account.partition}:iam::", *text_parts(account.id), f":{word}/{name}")
            self.by_name[key] = Principal(word, None, account, name, None, arn, {}, None)
        return self.by_name[key]

    @staticmethod
    def linked(resource: Resource, argument: str) -> Iterator[str]:
        """The addresses that the references of an argument lead to."""
        links = resource.links.get(argument)
        return (link.address for link in links.links) if links else iter(())

    def policy_arn(self, policy: Resource) -> Text:
        """The ARN of a customer managed policy, predicted where it is not known yet."""
        return iam_arn(policy, self.values(policy))


def _principal(resource: Resource, values: Mapping[str, Value]) -> Principal:
    word = PRINCIPAL_WORDS[resource.type]
    path, name = iam_path(resource, values), iam_name(resource, values)
    return Principal(word, resource.address, resource.account, name, path, iam_arn(resource, values), values, resource)
