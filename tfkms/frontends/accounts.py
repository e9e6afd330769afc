"""Which account, partition and Region a provider block works in, by what the plan tells."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tfkms.frontends.addresses import ModulePath
from tfkms.frontends.plan_format import Configuration, Expression, ProviderConfig, decode
from tfkms.frontends.references import given
from tfkms.model import Account
from tfkms.values import Hole, Value, text

DEFAULT_PARTITION = "aws"
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-isob-", "aws-iso-b"), ("us-iso-", "aws-iso"))
_SAME_CREDENTIALS = frozenset({"region", "default_tags", "ignore_tags", "endpoints", "max_retries", "retry_mode"})
"""Arguments of a provider block that do not change which account its credentials are of."""
_ARN_PARTS = 6
_REGION = re.compile(r"[a-z]+(-[a-z]+)+-[0-9]+")


@dataclass(frozen=True, slots=True)
class Assumed:
    """What the user says of the account where the input does not."""

    account: str | None = None
    region: str | None = None
    partition: str | None = None
    organization: str | None = None


@dataclass(slots=True)
class _Known:
    account: str | None = None
    partition: str | None = None
    region: str | None = None
    organization: str | None = None

    def learn(
        self, account: object = None, partition: object = None, region: object = None, organization: object = None
    ) -> None:
        """Takes what is a text and not known yet."""
        self.organization = self.organization or _nonempty(organization)
        self.account = self.account or _nonempty(account)
        self.partition = self.partition or _nonempty(partition)
        self.region = self.region or _nonempty(region)


class Accounts:
    """Gathers the evidence, provider block by provider block, then answers for each resource."""

    def __init__(self, configuration: Configuration, variables: Mapping[str, object], assumed: Assumed):
        self.blocks = configuration.provider_config
        self.variables = variables
        self.assumed = assumed
        self.known: dict[str, _Known] = {}
        for key, block in self.blocks.items():
            self.learn_block(key, block)

    def learn_block(self, key: str, block: ProviderConfig) -> None:
        """The Region and the assumed role that the block writes out."""
        expressions = _expressions(block)
        known = self.known.setdefault(key, _Known())
        variables = {} if block.module_address else self.variables
        region = self.constant(expressions.get("region"), variables)
        known.learn(region=region if _is_region(region) else None)
        roles = expressions.get("assume_role")
        for assumed_role in roles if isinstance(roles, list) else ():
            if isinstance(assumed_role, dict):
                arn = self.constant(assumed_role.get("role_arn"), variables)
                known.learn(*_account_and_partition(arn))

    def block_key(self, written: str, module: ModulePath) -> str:
        """The key of the provider block that a resource in `module` names by `written`.

        Terraform before 1.1 writes `NAME:aws` in a module that has no such block of its own: there it is the block of
        the nearest module around it that has one, unless the root has several of which one may have been passed.
        """
        name = written.rpartition(":")[2]
        if written in self.blocks or written == name:
            return written
        for depth in range(len(module), 0, -1):
            nearest = f"{'.'.join(f'module.{call}' for call, _ in module[:depth])}:{name}"
            if nearest in self.blocks:
                return nearest
        kind = name.partition(".")[0]
        several = sum(block.name == kind and not block.module_address for block in self.blocks.values()) > 1
        return written if several else name

    @staticmethod
    def constant(value: Any, variables: Mapping[str, object]) -> object:
        """The value that a provider block writes out, or takes from one of `variables`; None for any other."""
        try:
            expression = msgspec.convert(value, Expression)
        except msgspec.ValidationError:
            return None
        if expression.references:
            name = expression.references[0].removeprefix("var.")
            return variables.get(name) if len(expression.references) == 1 else None
        return expression.constant_value

    def learn_data(self, key: str, kind: str, values: Mapping[str, Value]) -> None:
        """What a data source that was read says of its provider block."""
        known = self.known.setdefault(key, _Known())
        match kind:
            case "aws_caller_identity":
                known.learn(values.get("account_id"), _account_and_partition(values.get("arn"))[1])
            case "aws_partition":
                known.learn(partition=values.get("partition"))
            case "aws_organizations_organization":
                known.learn(organization=values.get("id"))
            case "aws_region":
                known.learn(region=values.get("region") or values.get("name") or values.get("id"))
            case _:
                pass

    def learn_arns(self, key: str, arns: Iterable[Value]) -> None:
        """The account in the ARNs of resources that exist; weaker than what the provider block says."""
        for arn in arns:
            self.known.setdefault(key, _Known()).learn(*_account_and_partition(arn))

    def share(self) -> None:
        """Lets blocks with the same credentials, Region aside, share what is known of their account."""
        by_credentials: dict[bytes, list[_Known]] = {}
        for key, block in self.blocks.items():
            expressions = _expressions(block)
            own = {name: value for name, value in expressions.items() if name not in _SAME_CREDENTIALS}
            signature = msgspec.json.encode((block.name, own), order="deterministic")
            by_credentials.setdefault(signature, []).append(self.known[key])
        for group in by_credentials.values():
            accounts = {known.account for known in group if known.account}
            for known in group:
                if len(accounts) == 1:
                    known.learn(*accounts)
                for other in group:
                    known.learn(partition=other.partition, organization=other.organization)

    def of(self, key: str, own_arn: Value, region: Value) -> Account:
        """The account of a resource under the provider block `key`; its own ARN and Region are the best evidence."""
        account, partition = _account_and_partition(own_arn)
        found = _Known()
        found.learn(account, partition, region)
        known = self.known.get(key, _Known())
        found.learn(known.account, known.partition, known.region)
        found.learn(self.assumed.account, self.assumed.partition, self.assumed.region)
        place = f"provider {key}".rstrip()
        return Account(
            id=found.account or text(Hole(place, "/account_id", "the account is not known; pass --account-id")),
            partition=found.partition or partition_of(found.region or "") or DEFAULT_PARTITION,
            region=found.region or text(Hole(place, "/region", "the Region is not known")),
            organization=known.organization or self.assumed.organization,
        )


def partition_of(region: str) -> str | None:
    """The partition that a Region's name tells, None for an empty one."""
    for prefix, partition in _PARTITIONS:
        if region.startswith(prefix):
            return partition
    return DEFAULT_PARTITION if region else None


def _is_region(value: object) -> bool:
    return isinstance(value, str) and _REGION.fullmatch(value) is not None


def _account_and_partition(arn: object) -> tuple[str | None, str | None]:
    if not isinstance(arn, str):
        return None, None
    parts = arn.split(":", _ARN_PARTS - 1)
    if len(parts) != _ARN_PARTS or parts[0] != "arn":
        return None, None
    return (parts[4] if parts[4].isdecimal() else None), parts[1]


def _nonempty(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _expressions(block: ProviderConfig) -> dict[str, Any]:
    if not given(block.expressions):
        return {}
    return decode(block.expressions, dict[str, Any], "a provider's configuration")
