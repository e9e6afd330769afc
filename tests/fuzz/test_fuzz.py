"""Whatever bytes come in: an exit code or a refusal in words. `tools/fuzz.py` looks for more of them, by coverage."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import mutants, targets

HERE = Path(__file__).parent
KEPT = sorted(path for folder in ("corpus", "found") for path in (HERE / folder).glob("*/*"))
SEEDS = {
    "plan": [HERE / "corpus" / "plan" / "partly-unknown.json"],
    "saved_plan": sorted(targets.FIXTURES.glob("ways/*/plan.tfplan"))[:5],
} | {name: sorted((HERE / "corpus" / name).glob("*")) for name in ("policy", "hcl", "variables", "settings")}
PIECES = (
    b"${", b"%{", b"}", b"<<-E\n", b"\\u", b"\x00", b"\xff", b"[" * 300, b"{" * 300, b"9" * 5000, b"*?*", b"\r\n", b"...",
    b"&a ", b"*a", b"!!python/object:os.system", b": ", b"- ", b'"', b"'", b"\xe2\x80\xae", b"kms:*", b"arn:aws:iam::", b"null",
)  # fmt: skip


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_is_kept_is_judged_or_refused(path: Path) -> None:
    assert targets.TARGETS[path.parent.name](path.read_bytes()) in (0, 1, 2, 3, None)


def spliced(content: bytes, seed: int) -> bytes:
    """The bytes with a few stretches taken out, doubled, or replaced by pieces that mean something."""
    choose = random.Random(seed)
    for _ in range(choose.randint(1, 6)):
        start = choose.randrange(len(content) + 1)
        end = min(len(content), start + choose.choice((0, 1, 2, 8, 40)))
        middle = choose.choice((b"", content[start:end] * 2, choose.choice(PIECES), bytes([choose.randrange(256)])))
        content = content[:start] + middle + content[end:]
    return content


@pytest.mark.parametrize("target", sorted(SEEDS))
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32), by_structure=st.booleans())
def test_what_is_made_of_a_seed_is_judged_or_refused(target: str, seed: int, by_structure: bool) -> None:
    content = random.Random(seed).choice(SEEDS[target]).read_bytes()
    made = mutants.reshaped(content, seed) if by_structure else spliced(content, seed)

    assert targets.TARGETS[target](made if made != content else spliced(content, seed)) in (0, 1, 2, 3, None)
