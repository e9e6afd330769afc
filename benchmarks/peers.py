"""Other tools on the same input, where they are found on the path: what each takes for what it can be asked of keys."""

import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.processes import Taken, command

Peer = Callable[[Path, Path], Taken]
"""What a tool takes for a plan and a directory of the configuration of as many resources; it reads one of them."""


def peers(folder: Path) -> dict[str, Peer | None]:
    """The tools that one might use in place of tfkms; None of those that are not installed.

    Their rules are written to `folder`: two questions about keys and roles for those that come without any.
    """
    features, policies = folder / "features", folder / "policies"
    for place, name, content in ((features, "keys.feature", _FEATURE), (policies, "keys.yaml", _POLICIES)):
        place.mkdir(exist_ok=True)
        (place / name).write_text(content, encoding="utf-8")
    quiet = ("--quiet", "--compact", "--output", "json", "--skip-download")
    known: dict[str, Peer] = {
        "checkov": lambda plan, _: command(["checkov", *quiet, "--framework", "terraform_plan", "--file", plan]),
        "c7n-left": lambda _, source: command(["c7n-left", "run", "-p", policies, "-d", source]),
        "terraform-compliance": lambda plan, _: command(["terraform-compliance", "-f", features, "-p", plan]),
    }
    return {name: peer if shutil.which(name) else None for name, peer in known.items()}


_FEATURE = """\
Feature: keys
  Scenario: keys have a policy
    Given I have aws_kms_key defined
    Then it must contain policy
  Scenario: roles trust somebody
    Given I have aws_iam_role defined
    Then it must contain assume_role_policy
"""
_POLICIES = """\
policies:
  - name: key-policy
    resource: [terraform.aws_kms_key]
    filters:
      - policy: absent
  - name: role-trust
    resource: [terraform.aws_iam_role]
    filters:
      - assume_role_policy: absent
"""
