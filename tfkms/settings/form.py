"""The form of a settings file. The loader, the JSON Schema, the template and the page on settings are made from it.

Every field's description says what it does; its default is what holds without it.
"""

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

AccountId: TypeAlias = Annotated[
    str, Meta(pattern="^[0-9]{12}$", description="An account: twelve digits, in quotes.", examples=["111122223333"])
]
OrganizationId: TypeAlias = Annotated[
    str, Meta(pattern="^o-[a-z0-9]{10,32}$", description="An organization's id.", examples=["o-a1b2c3d4e5"])
]
PrincipalPattern: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        description=(
            "A pattern over `aws:PrincipalArn` with `*` and `?` (`${account_id}` stands for the key's account), or the "
            "name of a service."
        ),
        examples=["arn:aws:iam::*:role/KeyAdmin", "logs.us-east-1.amazonaws.com"],
    ),
]
PagesAddress: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r'^https?://[^\s{}"<>\\^`|]+\{id\}[^\s{}"<>\\^`|]*$',
        description="An address with `{id}` in it.",
        examples=["https://wiki.example.com/guardrails/{id}"],
    ),
]
Patterns: TypeAlias = list[PrincipalPattern]
CheckId: TypeAlias = Annotated[str, Meta(min_length=1, description="The id of a guardrail.", examples=["IAM-KMS-3"])]
PartitionName: TypeAlias = Literal[
    "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"
]
PARTITIONS: tuple[str, ...] = get_args(PartitionName)
SeverityName: TypeAlias = Literal["low", "medium", "high", "critical"]


class SeparationOfDuties(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """IAM-KMS-8."""

    exempt: Annotated[Patterns, Meta(description="Principals that may both manage and use keys.")] = []


class ServiceAccess(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """IAM-KMS-6."""

    direct_users: Annotated[Patterns, Meta(description="Principals that use keys directly, by design.")] = []
    include_identity_policies: Annotated[
        bool, Meta(description="Whether what identity policies grant through delegation is judged as well.")
    ] = False
    named_principals: Annotated[
        Literal["note", "violation"],
        Meta(description="What it is that a named principal uses a key directly which services use in the plan."),
    ] = "note"


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One guardrail."""

    severity: Annotated[SeverityName | None, Meta(description="The severity of its findings in place of its own.")] = (
        None
    )
    enabled: Annotated[bool | None, Meta(description="Whether it is judged where no guardrail is named.")] = None


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Findings that do not count. All members that are given must match."""

    check: Annotated[str, Meta(min_length=1, description="The guardrail's id; `*` stands for any characters.")]
    address: Annotated[
        str, Meta(min_length=1, description="The address of the finding; `*` stands for any characters.")
    ] = "*"
    principal: Annotated[
        PrincipalPattern | None,
        Meta(description="The principals that it is for; whatever else a statement grants is still a finding."),
    ] = None
    reason: Annotated[str, Meta(min_length=1, description="Why it is waived.")]
    owner: Annotated[str | None, Meta(description="Who answers for it.")] = None
    expires: Annotated[
        date | None, Meta(description="The last day on which it holds; a finding counts again on the day after.")
    ] = None


class SettingsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A settings file: `.tfkms.yaml`, or `[tool.tfkms]` in `pyproject.toml`."""

    account_id: Annotated[AccountId | None, Meta(description="The account, where the input does not tell it.")] = None
    region: Annotated[
        str | None, Meta(description="The Region, where the input does not tell it.", examples=["us-east-1"])
    ] = None
    partition: Annotated[
        PartitionName | None,
        Meta(description="The partition, where the input does not tell it; without a word it is `aws`."),
    ] = None
    organization_id: Annotated[
        OrganizationId | None,
        Meta(description="The organization that the account belongs to, where the input does not tell it."),
    ] = None
    authorized_principals: Annotated[
        dict[str, Patterns],
        Meta(
            description=(
                "Who may do what IAM-KMS-2, 3, 4, 5, 7 and 9 guard: `default` for all of them, and under the id of a "
                "guardrail a list in place of the default. The root user of the key's account always may."
            ),
            examples=[{"default": ["arn:aws:iam::*:role/KeyAdmin"]}],
        ),
    ] = {}
    separation_of_duties: SeparationOfDuties = SeparationOfDuties()
    service_access: ServiceAccess = ServiceAccess()
    guards: Annotated[
        list[str],
        Meta(
            description=(
                "Files, relative to the settings file, that hold service or resource control policies in force over "
                "the account."
            ),
            examples=[["policies/scp-kms.json"]],
        ),
    ] = []
    undecided: Annotated[
        Literal["fail", "warn"], Meta(description="Whether what could not be decided fails the gate.")
    ] = "fail"
    fail_on: Annotated[SeverityName, Meta(description="The severity from which on a finding fails the gate.")] = "low"
    unattached_policies: Annotated[
        Literal["violation", "undecided", "ignore"],
        Meta(description="What a document is taken for that is attached to nobody in view."),
    ] = "violation"
    inert_grants: Annotated[
        Literal["violation", "note"],
        Meta(description="What a grant is that KMS does not honour today; a violation of it has severity `low`."),
    ] = "violation"
    plan_actions: Annotated[
        Literal["note", "violation"],
        Meta(description="What it is that the plan itself deletes, replaces or disables a key, or stops its rotation."),
    ] = "note"
    rules_dir: Annotated[
        str | None,
        Meta(
            description=(
                "A directory, relative to the settings file, with guardrails of one's own (`*.yaml`, of the kinds that "
                "the catalogue has) and with `sites.yaml`, which says where else resources hold policies."
            ),
            examples=["guardrails/"],
        ),
    ] = None
    guardrail_pages: Annotated[
        PagesAddress | None,
        Meta(
            description=(
                "Where you publish the pages on the guardrails (`docs/guardrails`, or your own), with `{id}` in place "
                "of a guardrail's id: reports then link them. Without it they name `tfkms explain ID`, which prints "
                "what stands there."
            ),
            examples=["https://wiki.example.com/guardrails/{id}"],
        ),
    ] = None
    checks: Annotated[
        dict[str, Check],
        Meta(
            description="Severity and enablement of single guardrails, by id.",
            examples=[{"IAM-KMS-7": {"severity": "high"}}],
        ),
    ] = {}
    waivers: Annotated[list[Waiver], Meta(description="Findings that do not count, each with its reason.")] = []


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a settings file."""
    made = msgspec.json.schema(SettingsFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Settings of tfkms", **made}
