"""Plans that somebody has changed: never a pass where the plan itself fails and its violating document is still there.

`python -m tests.hostile.test_mutants SEED NUMBER` tries so many new ones.
"""

import json
import random
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command_line import Run, run
from tests.frontends.saved_plan.archives import zipped
from tests.fuzz import mutants
from tests.plan_builder import ACCOUNT, ROOT, key_plan, policy
from tfkms import catalogue
from tfkms.diagnostics import Refusal
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.plan import read_plan

FIXTURES = Path(__file__).parents[1] / "fixtures"
CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus"
PLANS = [
    *sorted(FIXTURES.glob("plans/*/plan.json")),
    *sorted(FIXTURES.glob("guardrails/IAM-KMS-[3468]/*/plan.json")),
]
SMALL = 60_000
GONE = ("address", "mode", "type", "deposed", "previous_address")


@cache
def failing() -> tuple[tuple[Path, frozenset[str]], ...]:
    """The plans that fail, each with the addresses of the documents that its findings rest on."""
    return tuple(_failing(PLANS))


def _failing(plans: list[Path]) -> Iterator[tuple[Path, frozenset[str]]]:
    for path in plans:
        if path.stat().st_size < SMALL:
            result = scanned(path.read_bytes())
            if result.code == 1:
                found = [item for item in result.report["findings"] if item["verdict"] == "violated"]
                evidence = {own["address"] for item in found for own in item["evidence"]}
                yield path, frozenset(evidence)


def scanned(content: bytes) -> Any:
    return run("scan", "-", "-q", "--format", "json", cwd=FIXTURES, content=content)


def documents(plan: Any, addresses: frozenset[str]) -> list[Any]:
    """The resources that hold the violating documents, as far as they say what they are and hold."""
    changes = plan.get("resource_changes") if isinstance(plan, dict) else None
    held = [own for own in changes or () if isinstance(own, dict) and own.get("address") in addresses]
    return [
        [*(own.get(name) for name in GONE), own["change"].get("actions"), own["change"].get("after")]
        for own in held
        if isinstance(own.get("change"), dict)
    ]


def tried(path: Path, addresses: frozenset[str], seed: int) -> str | None:
    """What is wrong with what is said of a mutant; None where it is all right."""
    choose = random.Random(seed)
    plan = json.loads(path.read_bytes())
    places = list(mutants.paths(plan))
    place, kind = choose.choice(places), choose.choice(mutants.KINDS)
    changed = mutants.mutant(plan, place, kind, choose)
    result = scanned(json.dumps(changed).encode())
    what = f"{path.parent.name} {seed}: {kind.__name__} {place}"
    if result.code not in (0, 1, 2, 3) or "crashed" in result.err + result.out or "Traceback" in result.err:
        return f"{what}: {result.err}"
    if result.code == 0 and documents(changed, addresses) == documents(plan, addresses):
        return f"{what}: passes"
    return None


@settings(max_examples=150)
@given(st.data())
def test_a_mutant_of_a_failing_plan_fails_unless_its_document_is_gone(data: st.DataObject) -> None:
    path, addresses = data.draw(st.sampled_from(failing()))

    assert tried(path, addresses, data.draw(st.integers(0, 2**32))) is None


@cache
def resource_types() -> frozenset[str]:
    return frozenset(site.type for site in catalogue.sites())


@pytest.mark.parametrize("content", [json.dumps(key_plan(policy(ROOT))), (FIXTURES / "plans" / "mixed-verdicts" / "plan.json").read_text()], ids=["small", "true"])  # fmt: skip
def test_a_plan_cut_off_at_any_byte_is_refused(content: str) -> None:
    whole = content.rstrip().encode()
    step = 1 if len(whole) < 5_000 else 7
    for end in range(0, len(whole), step):
        with pytest.raises(Refusal):
            read_plan(whole[:end], "plan.json", resource_types().__contains__, Assumed(ACCOUNT))


def test_a_saved_plan_cut_off_at_any_byte_never_passes(tmp_path: Path) -> None:
    content = (CORPUS / "saved_plan" / "archive.zip").read_bytes()
    member = (CORPUS / "saved_plan" / "key.member").read_bytes()
    cut = [content[:end] for end in range(len(content))]
    cut += [zipped({"tfplan": member[:end]}) for end in range(len(member))]

    assert saved(content, tmp_path).code == 1
    for each in cut:
        found = saved(each, tmp_path)
        assert found.code == 2
        assert "Traceback" not in found.err
        assert "crashed" not in found.err


def saved(content: bytes, folder: Path) -> Run:
    (folder / "tfplan").write_bytes(content)
    return run("scan", "tfplan", "-q", "--check", "IAM-KMS-3", cwd=folder)


OPEN = """resource "aws_kms_key" "k" {
  policy = jsonencode({ Statement = [{ Effect = "Allow", Principal = "*", Action = "kms:*", Resource = "*" }] })
}
"""


def test_a_configuration_cut_off_at_any_byte_never_passes(tmp_path: Path) -> None:
    for end in range(len(OPEN)):
        (tmp_path / "main.tf").write_text(OPEN[:end], encoding="utf-8")
        found = run("scan", ".", "-q", "--check", "IAM-KMS-3", "--account-id", ACCOUNT, cwd=tmp_path)

        assert found.code in ((0, 2) if not OPEN[:end].strip() else (1, 2, 3) if end >= len(OPEN) - 1 else (2,)), end
        assert "Traceback" not in found.err
        assert "crashed" not in found.err


def main() -> None:
    """Tries new mutants and prints what is wrong with them, and how many there were."""
    seed, number = map(int, sys.argv[1:])
    plans = failing()
    choose = random.Random(seed)
    wrong = 0
    for _ in range(number):
        found = tried(*choose.choice(plans), choose.randrange(2**32))
        wrong += found is not None
        if found:
            print(found)
    print(f"{number} mutants of {len(plans)} plans, {wrong} of them judged wrongly")


if __name__ == "__main__":
    main()
