#!/usr/bin/env python3
"""Renew the tables of AWS managed policies from a clone of a public mirror of them.

    git clone https://github.com/zoph-io/MAMIP
    tools/renew_managed_policies.py MAMIP

Writes `rules/data/aws-managed-kms.yaml`: of every policy in the mirror's folder `policies/` the statements that concern
KMS keys, with the version and the date that AWS gives it. Read the difference like code: a policy that gains or loses
an administrative permission changes what plans are judged to do.
And `rules/data/aws-managed-paths.yaml`: the names of all policies that AWS lists, by the path in their ARNs.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tfkms.catalogue import actions  # noqa: E402 - of this checkout, not of an installed one
from tfkms.iam.automaton import matches  # noqa: E402
from tfkms.iam.pattern import glob  # noqa: E402
from tfkms.iam.search import find  # noqa: E402

TABLE = ROOT / "rules" / "data" / "aws-managed-kms.yaml"
PATHS = ROOT / "rules" / "data" / "aws-managed-paths.yaml"
KEY = glob("arn:*:kms:*:*:key/*")
HEAD = """\
# The KMS statements of the AWS managed policies that have any ({count} of {all}), as of {date} (mirror zoph-io/MAMIP at {commit}). Facts of AWS.
# Of each statement only the actions that match a kms permission are kept; statements that reach no key are left out. An AWS managed policy
# that is not listed here grants nothing in KMS as of that date. ARN: arn:PARTITION:iam::aws:policy/[path/]NAME; a job-function or service-role path may stand before NAME.
# Renewed by tools/renew_managed_policies.py.
"""  # noqa: E501 - it is the table's text

PATHS_HEAD = """\
# The names of the {count:,} policies that AWS manages and lists, by path, as of {date} (mirror zoph-io/MAMIP at {commit}). Facts of AWS.
# ARN: arn:PARTITION:iam::aws:policy, the path, the name. No two have the same name.
# Renewed by tools/renew_managed_policies.py.
"""  # noqa: E501 - it is the table's text


def listed(value: Any) -> list[Any]:
    """An element of a policy as a list."""
    return value if isinstance(value, list) else [value]


def covers_kms(pattern: str) -> bool:
    """Whether an action pattern matches a permission of KMS."""
    return any(matches(glob(pattern.lower()), f"kms:{name}".lower()) for name in actions())


def reaches_keys(statement: Mapping[str, Any]) -> bool:
    """Whether the statement's resources may hold a key."""
    if "NotResource" in statement:
        return find([[KEY]], [glob(pattern) for pattern in listed(statement["NotResource"])]) is not None
    return any(find([[KEY], [glob(pattern)]], ()) is not None for pattern in listed(statement["Resource"]))


def kms_statements(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements that concern KMS keys, of their actions only those that do, without their Sid."""
    for statement in listed(document["Statement"]):
        kept = {name: value for name, value in statement.items() if name not in ("Sid", "Action")}
        if "Action" in statement:
            kept["Action"] = [pattern for pattern in listed(statement["Action"]) if covers_kms(pattern)]
            concerned = bool(kept["Action"])
        else:
            spared = [glob(pattern.lower()) for pattern in listed(statement["NotAction"])]
            names = [f"kms:{name}".lower() for name in actions()]
            concerned = not all(any(matches(pattern, name) for pattern in spared) for name in names)
        if concerned and reaches_keys(statement):
            yield dict(sorted(kept.items()))


def renewed(clone: Path) -> str:
    """The table's text."""
    paths = sorted(path for path in (clone / "policies").iterdir() if path.is_file())
    found: dict[str, Any] = {}
    for path in paths:
        if path.stat().st_size == 0:
            print(f"{path.name} is empty in the mirror", file=sys.stderr)
            continue
        version = json.loads(path.read_text(encoding="utf-8"))["PolicyVersion"]
        statements = list(kms_statements(version["Document"]))
        if statements:
            found[path.name] = {
                "date": version["CreateDate"][:10],
                "statements": statements,
                "version": version["VersionId"],
            }
    commit, date = dated(clone)
    head = HEAD.format(count=len(found), all=f"{len(paths):,}", date=date, commit=commit)
    return head + yaml.safe_dump(found, default_flow_style=None, sort_keys=True, width=1_000_000, allow_unicode=True)


def dated(clone: Path) -> tuple[str, str]:
    """The commit of the mirror, and its day."""
    words = ["git", "-C", str(clone), "log", "-1", "--format=%h %cs", "--abbrev=8"]
    commit, date = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    return commit, date


def names_by_path(policies: list[dict[str, Any]]) -> dict[str, str]:
    """The names of listed policies, a line each, by the path in their ARNs."""
    found: dict[str, list[str]] = {}
    for policy in policies:
        path, _, name = policy["Arn"].removeprefix("arn:aws:iam::aws:policy").rpartition("/")
        found.setdefault(f"{path}/", []).append(name)
    return {path: "".join(f"{name}\n" for name in sorted(names)) for path, names in sorted(found.items())}


def renewed_paths(clone: Path) -> str:
    """The text of the table of paths."""
    policies = json.loads((clone / "policies-list.json").read_text(encoding="utf-8"))["Policies"]
    commit, date = dated(clone)
    head = PATHS_HEAD.format(count=len(policies), date=date, commit=commit)
    blocks = (
        f"{path}: |\n{''.join(f'  {name}' for name in names.splitlines(keepends=True))}"
        for path, names in names_by_path(policies).items()
    )
    return head + "".join(blocks)


def main(arguments: list[str]) -> int:
    """Writes the tables; 2 for wrong usage."""
    if len(arguments) != 1 or not Path(arguments[0], "policies").is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    TABLE.write_text(renewed(Path(arguments[0])), encoding="utf-8", newline="\n")
    PATHS.write_text(renewed_paths(Path(arguments[0])), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
