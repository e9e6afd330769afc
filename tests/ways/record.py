"""Makes the plans of `tests/fixtures/ways` anew, saved and as JSON, with the terraform on the path.

`python -m tests.ways.record [NAME]…` wherever terraform can plan for AWS: with credentials of the account
111122223333, or with a stand-in for the provider that answers by TF_REATTACH_PROVIDERS. What is applied on the way
lives in a temporary directory and is gone afterwards.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WAYS = Path(__file__).parent.parent / "fixtures" / "ways"
PLAN, SHOWN = "plan.tfplan", "plan.json"
APPLIED = frozenset({"update", "ignored-changes", "destroy", "moved", "replaced-role"})
"""These are applied first; then they are planned with `step=2`."""

DESTROYED = frozenset({"destroy"})
LATER = {
    "moved": (
        ("aws_kms_key.old", "aws_kms_key.new"),
        "moved {\n  from = aws_kms_key.old\n  to   = aws_kms_key.new\n}\n",
    )
}
"""What stands under the first name when it is applied, and in `moved.tf` beside the rest when it is planned."""


def names() -> list[str]:
    """The configurations, in order."""
    return sorted(path.name for path in WAYS.iterdir() if path.is_dir())


def record(name: str) -> None:
    """Plans one configuration and keeps the plan."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary) / name
        shutil.copytree(WAYS / name, place, ignore=shutil.ignore_patterns(PLAN, SHOWN))
        terraform(place, "init", "-input=false")
        words: list[str] = []
        if name in APPLIED:
            apply(name, place)
            words = ["-destroy"] if name in DESTROYED else ["-var=step=2"]
        terraform(place, "plan", "-input=false", "-out", PLAN, *words)
        shown = terraform(place, "show", "-json", PLAN)
        shutil.copy(place / PLAN, WAYS / name / PLAN)
        (WAYS / name / SHOWN).write_bytes(shown)


def apply(name: str, place: Path) -> None:
    """Applies a configuration as it was before."""
    written = {path: path.read_text(encoding="utf-8") for path in place.glob("*.tf")}
    if name in LATER:
        (old, new), moved = LATER[name]
        for path, text in written.items():
            path.write_text(text.replace(moved, "").replace(declared(new), declared(old)), encoding="utf-8")
    terraform(place, "apply", "-input=false", "-auto-approve")
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")


def declared(address: str) -> str:
    """How a block of that address begins."""
    kind, name = address.split(".")
    return f'resource "{kind}" "{name}"'


def terraform(place: Path, *words: str) -> bytes:
    """What terraform prints; it is run in `place`."""
    return subprocess.run(["terraform", *words], cwd=place, check=True, capture_output=True).stdout


if __name__ == "__main__":
    for each in sys.argv[1:] or names():
        record(each)
