"""The table of AWS managed policies, and the script that renews it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tfkms import catalogue

PROJECT = Path(__file__).parent.parent
TABLE = PROJECT / "rules" / "data" / "aws-managed-kms.yaml"
PATHS = PROJECT / "rules" / "data" / "aws-managed-paths.yaml"
SCRIPT = PROJECT / "tools" / "renew_managed_policies.py"
DOCUMENT = {
    "Statement": [
        {"Sid": "Kept", "Effect": "Allow", "Action": ["s3:*", "KMS:Decrypt", "kms:Nothing"], "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:s3:::bucket"},
        {"Effect": "Deny", "NotAction": ["kms:*"], "Resource": "*"},
        {"Effect": "Deny", "NotAction": ["kms:List*"], "NotResource": "arn:aws:s3:::*"},
    ]
}


@pytest.mark.parametrize("table", [TABLE, PATHS], ids=lambda path: path.stem)
def test_a_table_says_of_which_day_it_is(table: Path) -> None:
    head = table.read_text(encoding="utf-8").partition("\n")[0]

    assert re.search(r"as of \d{4}-\d\d-\d\d \(mirror \S+ at [0-9a-f]{8}\)", head)


def test_the_script_keeps_of_each_policy_what_concerns_keys(tmp_path: Path) -> None:
    written = subprocess.run(
        [sys.executable, "-c", _RUN, str(SCRIPT), json.dumps(DOCUMENT)],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    ).stdout

    assert yaml.safe_load(written) == [
        {"Effect": "Allow", "Action": ["KMS:Decrypt"], "Resource": "*"},
        {"Effect": "Deny", "NotAction": ["kms:List*"], "NotResource": "arn:aws:s3:::*"},
    ]


def test_the_script_puts_the_names_of_all_policies_by_their_paths(tmp_path: Path) -> None:
    arns = [f"arn:aws:iam::aws:policy/{name}" for name in ("service-role/B", "ViewOnlyAccess", "service-role/A")]
    written = subprocess.run(
        [sys.executable, "-c", _PATHS, str(SCRIPT), json.dumps([{"Arn": arn} for arn in arns])],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    ).stdout

    assert json.loads(written) == {"/": "ViewOnlyAccess\n", "/service-role/": "A\nB\n"}


def test_a_policy_whose_statements_are_kept_and_that_is_listed_has_a_path() -> None:
    assert catalogue.managed_policy_path("ROSAKMSProviderPolicy") == "/service-role/"
    assert catalogue.managed_policy("ROSAKMSProviderPolicy") is not None


_PATHS = """
import json, runpy, sys
script = runpy.run_path(sys.argv[1])
print(json.dumps(script["names_by_path"](json.loads(sys.argv[2]))))
"""

_RUN = """
import json, runpy, sys
script = runpy.run_path(sys.argv[1])
print(json.dumps(list(script["kms_statements"](json.loads(sys.argv[2])))))
"""
