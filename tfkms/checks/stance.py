"""What the owner of the gate has decided: who is authorized, what is in force besides the plan, how strictly to judge.

Every field has the default that holds without settings.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from tfkms.checks.authorized import NOBODY, Authorized
from tfkms.finding import Severity
from tfkms.iam.document import Missing, Policy, Statement
from tfkms.iam.grants import Guarding


class CountsAs(StrEnum):
    """Whether something makes the gate fail or is only noted."""

    VIOLATION = "violation"
    NOTE = "note"


class Unattached(StrEnum):
    """What a document that is attached to nobody in view is taken for.

    `VIOLATION`: it is judged as attached to somebody on no list. `UNDECIDED`: to whom decides. `IGNORE`: it is not
    judged.
    """

    VIOLATION = "violation"
    UNDECIDED = "undecided"
    IGNORE = "ignore"


class CheckStance(Struct, frozen=True):
    """What is decided of one guardrail; None leaves it as it is without a word of its own.

    `authorized` stands in place of the list for all.
    """

    authorized: Authorized | None = None
    severity: Severity | None = None
    enabled: bool | None = None


class ServiceAccess(Struct, frozen=True):
    """How IAM-KMS-6 takes principals that use a key beside the services.

    `direct_users` may. With `include_identity_policies` what delegation to IAM lets them do counts too.
    """

    direct_users: Authorized = NOBODY
    include_identity_policies: bool = False
    named_principals: CountsAs = CountsAs.NOTE


class Stance(Struct, frozen=True):
    """All that is decided. `duties_exempt` may both administer and use keys (IAM-KMS-8); `guards` are control policies
    in force over every account of the input."""

    authorized: Authorized = NOBODY
    checks: Mapping[str, CheckStance] = field(default_factory=dict)
    duties_exempt: Authorized = NOBODY
    service_access: ServiceAccess = field(default_factory=ServiceAccess)
    guards: tuple[Guarding, ...] = ()
    unattached_policies: Unattached = Unattached.VIOLATION
    inert_grants: CountsAs = CountsAs.VIOLATION
    plan_actions: CountsAs = CountsAs.NOTE

    def authorized_by(self, check: str) -> Authorized:
        """Who is authorized where the guardrail of that id is concerned."""
        own = self.of(check).authorized
        return self.authorized if own is None else own

    def of(self, check: str) -> CheckStance:
        """What is decided of the guardrail of that id."""
        return self.checks.get(check, CheckStance())

    def authorizing(self, more: Authorized) -> "Stance":
        """The stance with `more` on every list of authorized principals."""
        checks = {
            check: own if own.authorized is None else replace(own, authorized=own.authorized | more)
            for check, own in self.checks.items()
        }
        return replace(self, authorized=self.authorized | more, checks=checks)


def in_force(policy: Policy) -> Guarding:
    """A control policy given by itself, as one that is known to bind the account.

    One that names principals is for resources; a service control policy cannot (AWS Organizations User Guide,
    orgs_manage_policies_scps_syntax and orgs_manage_policies_rcps_syntax).
    """
    names = any(isinstance(own, Statement) and not isinstance(own.principals, Missing) for own in policy)
    return Guarding(policy, on_resources=names, sure=True)
