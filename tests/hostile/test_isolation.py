"""Nothing but files below the root is read: no network, no other program, no other file, whatever the input asks for."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.plan_builder import ACCOUNT, ROOT, key_plan, policy

PROJECT = Path(__file__).parents[2]
SAVED = PROJECT / "tests" / "fixtures" / "ways" / "file-in-module"
SECRET = "hunter2-9f8e"

WATCHED = """
import json, os, sys
seen = {"open": [], "forbidden": []}
forbidden = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.startfile",
             "ftplib.", "smtplib.", "urllib.", "http.", "ctypes.dlopen", "pty.", "webbrowser.", "marshal.loads_",
             "pickle.", "os.remove", "os.rmdir", "os.link", "os.symlink", "shutil.", "tempfile.")
def watch(event, arguments):
    if event in ("open", "os.listdir", "os.scandir"):
        if isinstance(arguments[0], (str, bytes)):
            writing = event == "open" and (any(c in (arguments[1] or "") for c in "wax+")
                      or bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)))
            seen["open"].append([event, os.path.realpath(os.fsdecode(arguments[0])), writing])
    elif event.startswith(forbidden):
        seen["forbidden"].append([event, str(arguments)[:200]])
from tfkms.cli import main
log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
sys.addaudithook(watch)
try:
    code = main(sys.argv[2:], prog_name="tfkms", standalone_mode=False)
except SystemExit as left:
    code = left.code
os.write(log, json.dumps({**seen, "code": code}).encode())
"""

TRAPS = """
variable "text" { default = "" }
variable "secret_file" { default = "../secret.json" }
locals {
  outside = [try(file("../secret.json"), ""), try(file("%(secret)s"), ""), try(file("link.json"), ""),
    try(templatefile("../secret.json", {}), ""), try(filebase64("folder/secret.json"), ""), try(filesha256("../secret.json"), ""),
    try(file(var.secret_file), ""), try(file(pathexpand("~/.aws/credentials")), ""), fileexists("../secret.json"),
    try(fileset("..", "*"), []), try(fileset("folder", "**"), []), try(file("/proc/self/environ"), ""), try(file("/dev/zero"), "")]
}
resource "aws_kms_key" "k" { policy = file("../secret.json") }
resource "aws_kms_key" "link" { policy = file("link.json") }
resource "aws_kms_key" "absolute" { policy = file("%(secret)s") }
resource "aws_kms_key" "all" { policy = jsonencode(local.outside) }
module "above" { source = "../outside" }
module "far" { source = "../../../../../../.." }
module "installed" { source = "example/module/aws" }
module "linked" { source = "./folder" }
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with traps of every kind, and secrets beside it."""
    secret = json.dumps({"Statement": [{"Sid": SECRET, "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]})  # fmt: skip
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "main.tf").write_text(f'resource "aws_kms_key" "{SECRET}" {{}}\n', encoding="utf-8")
    for folder in (tmp_path, outside):
        (folder / "secret.json").write_text(secret, encoding="utf-8")
    (tmp_path / "secret.tfvars").write_text(f'text = "{SECRET}"\n', encoding="utf-8")
    (tmp_path / "modules.json").write_text(json.dumps({"Modules": [{"Key": "installed", "Dir": "../outside"}]}), encoding="utf-8")  # fmt: skip
    made = tmp_path / "root"
    (made / ".terraform" / "modules").mkdir(parents=True)
    (made / "main.tf").write_text(TRAPS % {"secret": (tmp_path / "secret.json").as_posix()}, encoding="utf-8")
    (made / "plan.json").write_text(json.dumps(key_plan(policy(ROOT))), encoding="utf-8")
    (made / "tfplan").write_bytes((SAVED / "plan.tfplan").read_bytes())
    links = {
        "link.json": tmp_path / "secret.json",
        "link.tf": outside / "main.tf",
        "folder": outside,
        "link.auto.tfvars": tmp_path / "secret.tfvars",
        ".terraform/modules/modules.json": tmp_path / "modules.json",
    }
    for name, target in links.items():
        (made / name).symlink_to(target)
    return made


def watched(root: Path, *words: str) -> tuple[dict[str, Any], str]:
    """What a run opened, and what it said."""
    log = root.parent / "log.json"
    result = subprocess.run(
        [sys.executable, "-c", WATCHED, str(log), *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in result.stderr
    found: dict[str, Any] = json.loads(log.read_text(encoding="utf-8"))
    return found, result.stdout + result.stderr


def python_itself() -> list[Path]:
    places = [sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()]
    places += [one for one in sys.path if one and Path(one).name in ("site-packages", "dist-packages")]
    return [Path(place).resolve() for place in places]


INPUTS = {
    "configuration": ("scan", ".", "--account-id", ACCOUNT, "--var", "secret_file=../secret.json"),
    "configurations below": ("scan", ".", "--recursive", "--account-id", ACCOUNT),
    "a plan": ("scan", "plan.json"),
    "a plan beside its configuration": ("scan", "plan.json", "--source", "."),
    "a saved plan": ("scan", "tfplan"),
    "access": ("access", "."),
}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("words", INPUTS.values(), ids=INPUTS)
def test_only_files_below_the_root_and_of_python_are_opened(words: tuple[str, ...], root: Path) -> None:
    outputs = ("--output", "json=out.json", "--output", "html=out.html") if words[0] == "scan" else ()
    found, said = watched(root, *words, *outputs)

    allowed = [root.resolve(), PROJECT / "tfkms", PROJECT / "rules", *python_itself()]
    strange = [one for one in found["open"] if not any(Path(one[1]).is_relative_to(place) for place in allowed)]
    assert [one for one in strange if one[1] not in (os.devnull, str(PROJECT))] == []
    assert [one for one in found["open"] if Path(one[1]).parent == root.resolve() and not one[2]]
    assert found["forbidden"] == []
    written = {Path(path).name for _, path, writing in found["open"] if writing}
    assert all(name.lstrip(".").startswith(("out.json", "out.html")) for name in written)
    assert SECRET not in said
    assert all(SECRET not in path.read_text(encoding="utf-8") for path in root.glob("out.*"))
    if words[1] == "." and words[0] == "scan":
        assert found["code"] in (2, None)


def test_a_link_to_settings_elsewhere_is_refused_and_not_quoted(root: Path) -> None:
    (root / ".tfkms.yaml").symlink_to(root.parent / "secret.json")
    found, said = watched(root, "scan", "plan.json")

    assert "the settings are a link to elsewhere" in said
    assert SECRET not in said
    assert not [one for one in found["open"] if one[1] == str((root.parent / "secret.json").resolve())]
