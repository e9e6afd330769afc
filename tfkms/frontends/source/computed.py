"""Attributes that no block gives: what data sources read, what AWS will call things, what a provider takes by default.

Sources: the pages of the AWS provider's data sources; what of AWS is predicted: `tfkms.predicted`.
"""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from tfkms.frontends.addresses import AnyKey
from tfkms.frontends.hcl.export import to_value
from tfkms.frontends.hcl.terms import Null, Term, Text, Unknown, with_sensitive
from tfkms.frontends.hcl.types import DYNAMIC, STRING
from tfkms.frontends.plan_values import PlanValues
from tfkms.frontends.policy_document import Rendered
from tfkms.frontends.source.configuration import Resource
from tfkms.frontends.source.documents import PlaceOf, minified_text_of, name_of, rendered, text_of
from tfkms.model import Account, Action, Mode, Source
from tfkms.model import Resource as Planned
from tfkms.predicted import AFTER_APPLY, NAMING, attribute
from tfkms.values import Hole, Value, text, text_parts
from tfkms.values import Unknown as UnknownValue

POLICY_DOCUMENT = "aws_iam_policy_document"
AT_PLAN = "read by Terraform when it plans"
_NAMES = frozenset({"arn", "id", "name", "key_id", "unique_id", "alias_arn", "target_key_arn", "url"})
"""Attributes that are texts without quotes, and never null."""

DEFAULTS: Mapping[str, Mapping[str, Value]] = {
    "aws_kms_key": {
        "enable_key_rotation": False,
        "is_enabled": True,
        "bypass_policy_lockout_safety_check": False,
        "customer_master_key_spec": "SYMMETRIC_DEFAULT",
        "key_usage": "ENCRYPT_DECRYPT",
    },
    "aws_kms_external_key": {"bypass_policy_lockout_safety_check": False},
    "aws_kms_replica_key": {"enabled": True, "bypass_policy_lockout_safety_check": False},
    "aws_kms_replica_external_key": {"bypass_policy_lockout_safety_check": False},
    "aws_kms_key_policy": {"bypass_policy_lockout_safety_check": False},
    "aws_iam_role": {"path": "/"},
    "aws_iam_user": {"path": "/"},
    "aws_iam_group": {"path": "/"},
    "aws_iam_policy": {"path": "/"},
}
"""What the AWS provider takes where an argument is left out, as far as guardrails or names depend on it."""

_PARTITION_SUFFIX = {
    "aws": ("amazonaws.com", "com.amazonaws"),
    "aws-cn": ("amazonaws.com.cn", "cn.com.amazonaws"),
    "aws-us-gov": ("amazonaws.com", "com.amazonaws"),
}
_ARN = re.compile(r"arn:([^:]*):([^:]*):([^:]*):([^:]*):(.*)", re.DOTALL)
_ARN_PARTS = ("partition", "service", "region", "account", "resource")
_ASSUMED = re.compile(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/(.+)", re.DOTALL)

OF_AN_ACCOUNT = frozenset(
    {
        "aws_caller_identity",
        "aws_partition",
        "aws_region",
        "aws_service_principal",
        "aws_organizations_organization",
        "aws_iam_role",
        "aws_iam_user",
        "aws_iam_policy",
    }
)
"""Data sources that tell of the account, the partition or the Region of their provider block."""

AccountOf = Callable[[Resource], Account]
CallerOf = Callable[[Resource], str | None]

ManagedPath = Callable[[str], str | None]
"""The path in the ARN of the policy of that name which AWS manages, from `/` to `/`; None where none is known."""


class Computation(Struct):
    """Works out attributes. `account` tells in which account and Region a resource is, `caller` as whom it is read,
    `managed_path` where policies are that AWS manages, `plan` what a plan of the configuration knows, None where there
    is none."""

    account: AccountOf
    caller: CallerOf
    managed_path: ManagedPath
    plan: PlanValues | None = None
    documents: dict[str, tuple[Rendered, PlaceOf]] = field(default_factory=dict)

    def attribute(self, resource: Resource, name: str) -> Term:
        """The attribute of a resource or data source that its block leaves out."""
        if resource.mode is Mode.DATA:
            return self.read(resource, name)
        value = self.predicted(resource, name)
        return _unknown(resource, name, AFTER_APPLY) if isinstance(value, UnknownValue) else name_of(value)

    def predicted(self, resource: Resource, name: str) -> Value:
        """What AWS or the provider will make of the attribute; `Unknown` where that cannot be told."""
        defaults = DEFAULTS.get(resource.type, {})
        if name in defaults:
            return defaults[name]
        hole = Hole(resource.address, f"/{name}", AFTER_APPLY, (f"{resource.local_address}.{name}",))
        values: dict[str, Value] = {name: UnknownValue(hole)}
        for own in (*NAMING, "arn", "key_id", "id"):
            value = to_value(resource.module.given_by_block(resource, own)) if own != name else None
            if value is not None:
                values[own] = value
        return attribute(self.planned(resource, values), values, name)

    def planned(self, resource: Resource, values: Mapping[str, Value]) -> Planned:
        """The resource as a plan that creates it would show it."""
        key = resource.instance.key
        return Planned(
            address=resource.address,
            type=resource.type,
            mode=resource.mode,
            module=resource.module.address,
            index=key if isinstance(key, int | str) else None,
            source=Source.SOURCE if self.plan is None else Source.PLAN,
            account=self.account(resource),
            actions=frozenset({Action.READ if resource.mode is Mode.DATA else self.action(resource)}),
            before=None,
            after=values,
            before_sensitive=False,
            after_sensitive=False,
            arguments=None,
            links={},
            presence=presence(resource),
        )

    def action(self, resource: Resource) -> Action:
        """What is done with a managed resource: it is made, unless a plan says otherwise."""
        return Action.CREATE if self.plan is None or self.plan.makes(resource.address) else Action.UPDATE

    def document(self, resource: Resource) -> tuple[Rendered, PlaceOf]:
        """The document of an `aws_iam_policy_document`, rendered once."""
        found = self.documents.get(resource.address)
        if found is None:
            arguments = resource.module.attributes(resource)
            found = self.documents[resource.address] = rendered(arguments, resource.address)
        return found

    def read(self, resource: Resource, name: str) -> Term:
        """An attribute of a data source, as far as it can be told without asking anybody."""
        account = self.account(resource)
        suffix, reverse = _PARTITION_SUFFIX.get(account.partition, ("", ""))
        match resource.type, name:
            case "aws_iam_policy_document", "json":
                return with_sensitive(text_of(*self.document(resource)), _is_marked(resource))
            case "aws_iam_policy_document", "minified_json":
                return with_sensitive(minified_text_of(*self.document(resource)), _is_marked(resource))
            case "aws_caller_identity", "account_id" | "id":
                return name_of(account.id)
            case "aws_caller_identity", "arn" if (caller := self.caller(resource)) is not None:
                return Text(caller)
            case "aws_service_principal", "name" | "suffix" if account.partition == "aws":
                return self.service_principal(resource, name)
            case "aws_partition", "partition" | "id":
                return Text(account.partition)
            case "aws_partition", "dns_suffix" if suffix:
                return Text(suffix)
            case "aws_partition", "reverse_dns_prefix" if reverse:
                return Text(reverse)
            case "aws_region", "name" | "id" | "region":
                return name_of(account.region)
            case "aws_organizations_organization", "id" if account.organization:
                return Text(account.organization)
            case "aws_arn", _ if name in _ARN_PARTS:
                return self.arn_part(resource, name)
            case "aws_iam_session_context", _:
                return self.session(resource, name)
            case "aws_iam_policy", "arn" | "id":
                return self.managed_policy(resource, name)
            case (("aws_iam_role" | "aws_iam_user"), "arn"):
                return self.existing(resource, name)
            case _:
                return _unknown(resource, name, AT_PLAN)

    @staticmethod
    def given(resource: Resource, name: str) -> str | None:
        """A text that the block of a data source gives, None where it gives none that is known."""
        term = resource.module.given_by_block(resource, name)
        return term.value if isinstance(term, Text) else None

    def arn_part(self, resource: Resource, name: str) -> Term:
        """A part of the ARN that an `aws_arn` is given."""
        found = _ARN.fullmatch(self.given(resource, "arn") or "")
        return _unknown(resource, name, AT_PLAN) if found is None else Text(found[_ARN_PARTS.index(name) + 1])

    def session(self, resource: Resource, name: str) -> Term:
        """An `aws_iam_session_context`: of what is no session it gives the ARN back."""
        arn = self.given(resource, "arn")
        if arn is None:
            return _unknown(resource, name, AT_PLAN)
        session = _ASSUMED.fullmatch(arn)
        match name:
            case "issuer_arn" if session is None:
                return Text(arn)
            case "session_name":
                return Text(session[4] if session else "")
            case "issuer_name":
                return Text(session[3] if session else "")
            case _:
                return _unknown(resource, name, AT_PLAN)

    def managed_policy(self, resource: Resource, name: str) -> Term:
        """An `aws_iam_policy` that is looked up by its ARN, or by the name of one that AWS manages.

        An account may have a policy of its own by that name: then the provider finds two and stops. Nothing is told
        where a path or tags narrow the search to others.
        """
        arn = self.given(resource, "arn")
        if arn is not None:
            return Text(arn)
        own = self.given(resource, "name")
        path = self.managed_path(own) if own is not None else None
        narrowed = [
            argument
            for argument in ("path_prefix", "tags")
            if not isinstance(resource.module.given_by_block(resource, argument), Null)
        ]
        if path is None or "tags" in narrowed or (narrowed and self.given(resource, "path_prefix") != path):
            return _unknown(resource, name, AT_PLAN)
        return Text(f"arn:{self.account(resource).partition}:iam::aws:policy{path}{own}")

    def service_principal(self, resource: Resource, name: str) -> Term:
        """An `aws_service_principal`: outside of China every service has the one suffix."""
        service = self.given(resource, "service_name")
        if service is None:
            return _unknown(resource, name, AT_PLAN)
        return Text("amazonaws.com" if name == "suffix" else f"{service}.amazonaws.com")

    def existing(self, resource: Resource, name: str) -> Term:
        """The ARN of a role or user that is looked up by name: all but its path is known."""
        known = self.given(resource, "user_name" if resource.type == "aws_iam_user" else "name")
        if known is None:
            return _unknown(resource, name, AT_PLAN)
        account = self.account(resource)
        word = resource.type.removeprefix("aws_iam_")
        path = Hole(resource.address, "/path", AT_PLAN, (f"{resource.local_address}.path",))
        start = text(f"arn:{account.partition}:iam::", *text_parts(account.id), f":{word}", path, known)
        return name_of(start)


def presence(resource: Resource) -> Hole | None:
    """Why there may be no such resource: its instances, or those of a module around it, are not known."""
    keys = (resource.instance.key, *(key for _, key in resource.module.path))
    if not any(isinstance(key, AnyKey) for key in keys):
        return None
    return Hole(resource.address, "", "whether there is any is not known before the plan")


def _is_marked(resource: Resource) -> bool:
    """Whether anything that the block gives is sensitive. Terraform shows what a data source makes of it, we do not."""
    return any(term.marked for term in resource.module.attributes(resource).values())


def _unknown(resource: Resource, name: str, reason: str) -> Term:
    hole = Hole(resource.address, f"/{name}", reason, (f"{resource.local_address}.{name}",))
    if name in _NAMES or name.endswith("_arn"):
        return Unknown(STRING, hole, not_null=True, plain=True)
    return Unknown(DYNAMIC, hole)
