"""Which account, partition and Region a provider block works in, by what the plan tells."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct, field

from tfkms.diagnostics import Diagnostic, Level
from tfkms.frontends.addresses import ModulePath
from tfkms.frontends.plan_format import Configuration, Expression, ProviderConfig, decode
from tfkms.frontends.written import given
from tfkms.model import Account
from tfkms.values import Hole, Value, text

DEFAULT_PARTITION = "aws"
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-isob-", "aws-iso-b"), ("us-iso-", "aws-iso"))
_SAME_CREDENTIALS = frozenset({"region", "default_tags", "ignore_tags", "endpoints", "max_retries", "retry_mode"})
"""Arguments of a provider block that do not change which account its credentials are of."""
_ARN_PARTS = 6
_REGION = re.compile(r"[a-z]+(-[a-z]+)+-[0-9]+")


class Assumed(Struct, frozen=True):
    """What the user says of the account where the input does not; `caller` is the ARN of who runs Terraform."""

    account: str | None = None
    region: str | None = None
    partition: str | None = None
    organization: str | None = None
    caller: str | None = None


class _Evidence(Enum):
    """What tells the account of a provider block, the best first."""

    PLAN = "the plan"
    IDENTITY = "the caller identity that was read"
    ROLE = "the role that it assumes"
    ALLOWED = "its allowed_account_ids"
    ARN = "the ARN of a resource that exists"
    SHARED = "a block with the same credentials"


class _Known(Struct):
    claims: dict[_Evidence, str] = field(default_factory=dict)
    partition: str | None = None
    region: str | None = None
    organization: str | None = None
    unknown_role: bool = False

    @property
    def account(self) -> str | None:
        """The account by the best evidence."""
        return next((self.claims[evidence] for evidence in _Evidence if evidence in self.claims), None)

    def claim(self, evidence: _Evidence, account: object) -> None:
        """Takes the account if it is a text, and the first that this evidence tells."""
        if isinstance(account, str) and account:
            self.claims.setdefault(evidence, account)

    def learn(self, partition: object = None, region: object = None, organization: object = None) -> None:
        """Takes what is a text and not known yet."""
        self.organization = self.organization or _nonempty(organization)
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
        """The Region, the assumed role and the only account allowed, where the block writes them out."""
        expressions = _expressions(block)
        known = self.known.setdefault(key, _Known())
        variables = {} if block.module_address else self.variables
        region = self.constant(expressions.get("region"), variables)
        known.learn(region=region if _is_region(region) else None)
        roles = expressions.get("assume_role")
        for assumed_role in roles if isinstance(roles, list) else ():
            if isinstance(assumed_role, dict):
                arn = self.constant(assumed_role.get("role_arn"), variables)
                account, partition = _account_and_partition(arn)
                known.claim(_Evidence.ROLE, account)
                known.learn(partition)
                known.unknown_role = account is None
        match self.constant(expressions.get("allowed_account_ids"), variables):
            case [str() as only]:
                known.claim(_Evidence.ALLOWED, only)
            case _:
                pass

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
                known.claim(_Evidence.IDENTITY, values.get("account_id"))
                known.learn(_account_and_partition(values.get("arn"))[1])
            case "aws_partition":
                known.learn(partition=values.get("partition"))
            case "aws_organizations_organization":
                known.learn(organization=values.get("id"))
            case "aws_region":
                known.learn(region=values.get("region") or values.get("name") or values.get("id"))
            case _:
                pass

    def learn_planned(self, key: str, account: Account) -> None:
        """What a plan of the same configuration says of a resource under the provider block."""
        known = self.known.setdefault(key, _Known())
        known.claim(_Evidence.PLAN, account.id)
        known.learn(account.partition, organization=account.organization)

    def learn_arns(self, key: str, arns: Iterable[Value]) -> None:
        """The account in the ARNs of resources that exist; weaker than what the provider block says."""
        known = self.known.setdefault(key, _Known())
        for arn in arns:
            account, partition = _account_and_partition(arn)
            known.claim(_Evidence.ARN, account)
            known.learn(partition)

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
                    known.claim(_Evidence.SHARED, *accounts)
                for other in group:
                    known.learn(partition=other.partition, organization=other.organization)

    @property
    def has_own_credentials(self) -> bool:
        """Whether some provider block works with the credentials at hand, or with a role that is known."""
        return any(not self.known[key].unknown_role for key, block in self.blocks.items() if block.name == "aws")

    def of(self, key: str, own_arn: Value, region: Value) -> Account:
        """The account of a resource under the provider block `key`; its own ARN and Region are the best evidence."""
        account, partition = _account_and_partition(own_arn)
        found = _Known()
        found.learn(partition, region)
        known = self.known.get(key, _Known())
        found.learn(known.partition, known.region)
        found.learn(self.assumed.partition, self.assumed.region)
        # What the user says of the account is about the credentials at hand, not about a role that leads elsewhere.
        told = None if known.unknown_role and self.has_own_credentials else self.assumed.account
        place = f"provider {key}".rstrip()
        return Account(
            id=account
            or known.account
            or told
            or text(Hole(place, "/account_id", "the account is not known; pass --account-id")),
            partition=found.partition or partition_of(found.region or "") or DEFAULT_PARTITION,
            region=found.region or text(Hole(place, "/region", "the Region is not known")),
            organization=known.organization or self.assumed.organization,
        )

    def caller(self, key: str) -> str | None:
        """The ARN of who runs Terraform, under the provider block `key`; None where nobody says so.

        Of a block that assumes a role or has credentials of its own nothing is said.
        """
        known = self.known.get(key, _Known())
        assumes = known.unknown_role or _Evidence.ROLE in known.claims
        account = _account_and_partition(self.assumed.caller)[0]
        elsewhere = known.account is not None and known.account != account
        return None if assumes or elsewhere else self.assumed.caller

    def conflicts(self) -> Iterator[Diagnostic]:
        """A warning for each block of which different things tell different accounts."""
        for key, known in self.known.items():
            told = [(evidence, known.claims[evidence]) for evidence in _Evidence if evidence in known.claims]
            for evidence, account in told[1:]:
                if account != told[0][1] and evidence is not _Evidence.SHARED:
                    message = (
                        f"provider {key} works in account {told[0][1]} by {told[0][0].value}, but in {account} by "
                        f"{evidence.value}; the first is taken"
                    )
                    hint = "if the plan was made with other credentials than it is applied with, make it again"
                    yield Diagnostic(Level.WARNING, "account-conflict", message, hint=hint)
                    break


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
