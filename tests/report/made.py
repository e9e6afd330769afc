"""Reports made by hand, with every member filled that a scan may fill."""

from datetime import date

from msgspec.structs import replace

from tfkms import catalogue
from tfkms.diagnostics import Diagnostic, Level
from tfkms.finding import (
    Evidence,
    Finding,
    Input,
    Judgement,
    Note,
    Report,
    Severity,
    UnseenPolicy,
    Verdict,
    Waiver,
    Witness,
)
from tfkms.gate import Gate
from tfkms.location import Origin, Span
from tfkms.report.view import View
from tfkms.values import Hole

CHECKS = ("IAM-KMS-1", "IAM-KMS-3", "IAM-KMS-8")
SOURCE = """resource "aws_kms_key" "main" {
  policy = jsonencode({
    Statement = [
      { Sid = "App", Effect = "Allow", Action = "kms:*" },
    ]
  })
}
"""
APP = "arn:aws:iam::111122223333:role/app"


PAGES = "https://wiki.example.com/guardrails/{id}.html"


def view(gate: Gate | None = None, directory: str = "", pages: str = "", *, job_summary: bool = False) -> View:
    """The report as it is looked at from the root of a repository, or from a directory in it."""
    rules = {rule.id: rule for rule in catalogue.rules()}
    return View(gate or Gate(), rules, directory=directory, pages=pages, job_summary=job_summary)


def finding(name: str = "main", **members: object) -> Finding:
    """A violation, with its statement in the source, called through a module; `name` stands wherever a name may."""
    address = f'module.keys["{name}"].aws_kms_key.{name}'
    origin = Origin(address, "/policy/Statement/0", Span("infra/kms.tf", 4, 7, 4, 58), ("main.tf:3",))
    made = Finding(
        check="IAM-KMS-3",
        verdict=Verdict.VIOLATED,
        severity=Severity.CRITICAL,
        address=address,
        keys=(address,),
        other_keys=False,
        principals=(f"{APP}{name}",),
        message=f"{APP}{name} may call kms:ScheduleKeyDeletion through `{name}`",
        new=True,
        witnesses=(Witness(f"{APP}{name}", "kms:ScheduleKeyDeletion", "*", {f"aws:PrincipalTag/{name}": (name,)}),),
        evidence=(Evidence(origin, name, {"Sid": name, "Effect": "Allow", "Action": "kms:*"}),),
        needs=(),
        remedy=f"take kms:ScheduleKeyDeletion out of `{name}`",
        fingerprint="0123456789abcdef0123456789abcdef",
    )
    return replace(made, **members)  # type: ignore[arg-type]


def undecided(name: str = "main", **members: object) -> Finding:
    """A question that hangs on what is known after apply, of a policy whose text is sensitive."""
    hole = Hole(f"aws_iam_role.{name}", "/arn", "known after apply", (f"aws_iam_role.{name}.arn",))
    origin = Origin(f"aws_iam_policy.{name}", "/policy/Statement/1", Span("infra/iam.tf", 10, 3, 14, 4))
    made = finding(
        name,
        check="IAM-KMS-8",
        verdict=Verdict.UNDECIDED,
        severity=Severity.MEDIUM,
        address=f"aws_iam_policy.{name}",
        message=f"it cannot be told whether {name} both administers and uses the key: `{name}` is known after apply",
        witnesses=(),
        evidence=(Evidence(origin, None, None),),
        needs=(hole,),
        new=False,
        fingerprint="fedcba9876543210fedcba9876543210",
    )
    return replace(made, **members)  # type: ignore[arg-type]


def waived(name: str = "main") -> Finding:
    """A violation that does not count for a while."""
    by = Waiver("settings", f"migration of {name} until autumn", f"team {name}", date(2027, 6, 30))
    return finding(name, waived=by, address=f"aws_kms_key.legacy_{name}", fingerprint="00" * 16)


def report(name: str = "main", *, errors: bool = True, path: str = "plan.json") -> Report:
    """Two inputs: findings that count, one that is waived, notes, warnings and, if wanted, an error."""
    findings = (finding(name), undecided(name), waived(name))
    subjects = [item.address for item in findings]
    error = Diagnostic(Level.ERROR, "policy-not-json", f"no JSON: {name}", f"aws_kms_key.{name}", hint=name, input=0)
    return Report(
        checks=CHECKS,
        inputs=(Input(path, "plan", 7), Input("infra", "hcl", 3)),
        verdicts=(
            Judgement("IAM-KMS-1", subjects[0], Verdict.PASS),
            Judgement("IAM-KMS-3", subjects[0], Verdict.VIOLATED),
            Judgement("IAM-KMS-3", subjects[2], Verdict.VIOLATED, waived=True),
            Judgement("IAM-KMS-8", subjects[0], Verdict.UNDECIDED),
            Judgement("IAM-KMS-8", subjects[1], Verdict.UNDECIDED),
            Judgement("IAM-KMS-8", f"aws_kms_key.{name}", Verdict.NOT_APPLICABLE, f"{name} is no key", input=1),
            Judgement("IAM-KMS-3", f"aws_kms_key.{name}", Verdict.PASS_IN_PLAN, input=1),
        ),
        findings=findings,
        notes=(Note("IAM-KMS-8", subjects[0], "can_grant_itself", f"{name} can give itself the use of the key"),),
        diagnostics=(
            *([error] if errors else []),
            Diagnostic(Level.WARNING, "policy-unreadable", f"AWS knows no member `{name}`", None, "infra/kms.tf", 4),
        ),
        unseen=(UnseenPolicy(f"arn:aws:iam::111122223333:policy/{name}", f"aws_iam_role.{name}", f"{APP}{name}"),),
        sources={"infra/kms.tf": SOURCE},
    )


def clean() -> Report:
    """A report on which nothing is to be told."""
    verdict = Judgement("IAM-KMS-3", "aws_kms_key.failover", Verdict.PASS)
    return Report(CHECKS, (Input("plan.json", "plan", 5),), (verdict,), (), (), ())
