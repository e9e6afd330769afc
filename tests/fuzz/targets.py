"""What is fuzzed: each target reads bytes as one kind of input, judges it, and writes two reports of it.

A target returns the exit code, or None where the input was refused in words. Whatever else it raises is a fault of
tfkms, and so is a diagnostic that tells of a crash. All guardrails judge it and two forms tell of it; but within
`thinly()`, where reading is what is looked at, one guardrail judges it, mostly the simplest, and one in sixteen is told.
"""

import io
import json
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.plan_builder import ROOT, block, change, plan, policy
from tfkms import catalogue, engine
from tfkms.catalogue import Rule
from tfkms.checks.stance import Stance
from tfkms.cli.guardrails import facts, selected
from tfkms.cli.inputs import Asked, Reader, Told, assumed
from tfkms.cli.targets import TEXT
from tfkms.diagnostics import Refusal
from tfkms.finding import Report
from tfkms.gate import Gate, exit_code
from tfkms.model import Scan
from tfkms.report import formats
from tfkms.report.view import View
from tfkms.settings import decisions
from tfkms.settings.inline import Inline
from tfkms.settings.load import read_settings
from tfkms.waivers import Waivers

FIXTURES = Path(__file__).parents[1] / "fixtures"
ACCOUNT = "111122223333"
VARIABLES = """
variable "policy" { type = any }
variable "names" { default = [] }
variable "text" { type = string }
resource "aws_kms_key" "main" {
  for_each = toset(var.names)
  policy   = jsonencode(var.policy)
}
resource "aws_kms_key" "text" {
  policy = var.text
}
"""


class CrashedError(Exception):
    """A crash that was caught and told."""


def plan_json(content: bytes) -> int | None:
    """The JSON of a plan or a state."""
    return _scanned({"plan.json": content}, "plan.json")


def policy_text(content: bytes) -> int | None:
    """The text of a key policy and of an identity policy."""
    text = content.decode("utf-8", "replace")
    names = {"arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1", "key_id": "1", "id": "1"}
    whole = plan(
        change("aws_kms_key.main", {"policy": text} | names, before={"policy": policy(ROOT)}, actions=("update",)),
        change("aws_iam_role_policy.app", {"role": "app", "name": "app", "policy": text}),
        blocks=(block("aws_kms_key.main", policy={}),),
    )
    return plan_json(json.dumps(whole).encode())


def configuration(content: bytes) -> int | None:
    """A file of configuration."""
    return _scanned({"main.tf": content}, ".")


def variables(content: bytes) -> int | None:
    """A file of variables."""
    return _scanned({"main.tf": VARIABLES.encode(), "terraform.tfvars": content}, ".")


def settings(content: bytes) -> int | None:
    """A settings file."""
    with _folder({".tfkms.yaml": content}) as folder:
        try:
            read = read_settings(Path(folder, ".tfkms.yaml"), ".tfkms.yaml")
            own = decisions.own_rules(read)
            ids = [rule.id for rule in (*catalogue.rules(), *own.rules)]
            stance = decisions.stance(read, ids)
            judged_by = facts(stance, Waivers(decisions.waivers(read, ids)), sites=own.sites, inline=Inline(ids))
            document = (FIXTURES / "plans" / "mixed-verdicts" / "plan.json").read_bytes()
            scan = Reader(Told(), assumed(Told(), read.form), own.sites).plan(document, "plan.json")
            return _judged(scan, selected((), (), stance, own.rules), judged_by, _share(content))
        except Refusal:
            return None


def saved_plan(content: bytes) -> int | None:
    """An archive, or, where the bytes are none, the member `tfplan` of one."""
    if not content.startswith(b"PK\x03\x04"):
        content = _archive(content)
    return _scanned({"tfplan": content}, "tfplan")


TARGETS: dict[str, Callable[[bytes], int | None]] = {
    "plan": plan_json,
    "policy": policy_text,
    "hcl": configuration,
    "variables": variables,
    "settings": settings,
    "saved_plan": saved_plan,
}


def _archive(member: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for name, content in _members().items():
            target.writestr(name, member if name == "tfplan" else content)
    return made.getvalue()


@cache
def _members() -> dict[str, bytes]:
    with zipfile.ZipFile(FIXTURES / "ways" / "jsonencode-known" / "plan.tfplan") as source:
        return {name: source.read(name) for name in source.namelist()}


@cache
def _judging() -> tuple[Reader, engine.Facts]:
    told = Told(account_id=ACCOUNT)
    return Reader(told, assumed(told), ()), facts(Stance())


def _folder(files: dict[str, bytes]) -> tempfile.TemporaryDirectory[str]:
    memory = Path("/dev/shm")
    made = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
    for name, content in files.items():
        Path(made.name, name).write_bytes(content)
    return made


@contextmanager
def thinly() -> Iterator[None]:
    """Judges few of the inputs: what takes long is judging, and what a byte of the input changes is mostly reading."""
    global _thin  # noqa: PLW0603 - a fuzzer has one target and calls it by its bytes alone
    _thin = True
    try:
        yield
    finally:
        _thin = False


_thin = False


def _scanned(files: dict[str, bytes], asked: str) -> int | None:
    reader, judged_by = _judging()
    share = _share(*files.values())
    with _folder(files) as folder:
        try:
            scan = reader.scan(Asked(str(Path(folder, asked)), asked))
            return _judged(scan, selected((), (), judged_by.stance), judged_by, share)
        except Refusal:
            return None


def _another(report: Report) -> str:
    """One of the other forms, which one depends on what is told."""
    others = [name for name in formats.names() if name != TEXT]
    return others[(len(report.findings) + len(report.diagnostics) + len(report.verdicts)) % len(others)]


def _share(*content: bytes) -> int:
    """A number that the input itself gives, so that it is judged the same way every time."""
    return zlib.crc32(b"".join(content))


def _judged(scan: Scan, rules: Sequence[Rule], judged_by: engine.Facts, share: int) -> int:
    told = share % 16 == 0 or not _thin
    if _thin:
        rules = [rules[share // 8 % len(rules) if share % 8 == 0 else 0]]
    report = engine.report([engine.judged(scan, rules, judged_by)], rules, judged_by, ())
    crashes = [own.message for own in report.diagnostics if own.code == "check-crashed"]
    if crashes:
        raise CrashedError(crashes[0])
    gate = Gate()
    view = View(gate=gate, rules={rule.id: rule for rule in rules}, verbose=True)
    for form in (TEXT, _another(report)) if told else ():
        formats.render(form, report, view)
    return exit_code(report, gate)
