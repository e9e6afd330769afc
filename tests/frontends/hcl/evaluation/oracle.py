"""What the real Terraform says of expressions: values, types and what is unknown, by the thousand in one plan.

Development only: the tests read what was recorded from it (`record.py`).
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
FILES = HERE / "files"
# What the expressions may refer to: known values that cannot be written in place,
KNOWN = {
    "p": '"<$${a}>%%{ if b == null }n%%{ else }$${b}%%{ endif }"',
    "w": '{a = sensitive("x"), b = ["y", sensitive(2)], c = sensitive(["z"])}',
}
# unknown values of several types, and two ways in which they may turn out.
UNKNOWN = {
    "s": "terraform_data.u.id",
    "t": "terraform_data.t.id",
    "n": "length(terraform_data.u.id)",
    "b": 'terraform_data.u.id == "x"',
    "l": 'split(",", terraform_data.u.id)',
    "m": 'zipmap(split(",", terraform_data.u.id), split(",", terraform_data.u.id))',
    "d": "jsondecode(terraform_data.u.id)",
    "v": "sensitive(terraform_data.u.id)",
    **KNOWN,
}
COMPLETIONS = [
    {
        "s": '"arn:aws:iam::111122223333:role/App"',
        "t": '"b"',
        "n": "3",
        "b": "true",
        "l": 'tolist(["a", "b"])',
        "m": 'tomap({a = "x", k = "y"})',
        "d": '{a = 1, b = ["x"]}',
        "v": 'sensitive("arn:aws:iam::111122223333:role/App")',
        **KNOWN,
    },
    {
        "s": '"a"',
        "t": '"a"',
        "n": "10",
        "b": "false",
        "l": 'slice(tolist(["a"]), 0, 0)',
        "m": 'zipmap(slice(tolist(["a"]), 0, 0), slice(tolist(["a"]), 0, 0))',
        "d": '"text \\" and \\\\ more"',
        "v": 'sensitive("a")',
        **KNOWN,
    },
]
_ENVIRONMENT = {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}


@dataclass(frozen=True)
class Answer:
    """Terraform's value and type (as JSON), or `error`; `unknown` is True, or the tree that a plan has for it.

    `shown` is false where Terraform has a value that it cannot write as JSON.
    """

    value: Any = None
    type: Any = None
    unknown: Any = False
    error: bool = False
    shown: bool = True


class Variable(NamedTuple):
    """A variable of a module: type, what it is called with, and its default; None for what is left out."""

    type: str
    given: str | None
    default: str | None = None
    nullable: bool = True


class Number(str):
    """A number as its digits stand in JSON."""

    __slots__ = ()


def available() -> bool:
    """Whether terraform can be asked."""
    return shutil.which("terraform") is not None


def pass_on(variables: Sequence[Variable], names: dict[str, str]) -> list[Answer]:
    """What variables hold in a module that is called, `local` of the caller holding `names`."""
    found: list[Answer | None] = [None] * len(variables)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "m").mkdir()
        pending = list(range(len(variables)))
        while pending:
            refused = _call(folder, variables, pending, names, found)
            for number in refused:
                found[number] = Answer(error=True)
            if not refused:
                break
            pending = [number for number in pending if found[number] is None]
    return [answer or Answer(error=True) for answer in found]


def _call(
    folder: Path,
    variables: Sequence[Variable],
    pending: Sequence[int],
    names: dict[str, str],
    found: list[Answer | None],
) -> list[int]:
    """Plan a module with the pending variables; those that make the whole configuration invalid come back."""
    caller, called = _Text("main.tf"), _Text("m/main.tf")
    caller.add(None, *_beginning(names), 'module "m" {', '  source = "./m"')
    for number in pending:
        variable = variables[number]
        called.add(
            number,
            f'variable "v{number}" {{',
            f"  type = {variable.type}",
            *([f"  default = {variable.default}"] if variable.default is not None else []),
            *(["  nullable = false"] if not variable.nullable else []),
            "}",
            f'output "v{number}" {{',
            "  sensitive = true",
            f"  value = var.v{number}",
            "}",
        )
        if variable.given is not None:
            caller.add(number, f"  v{number} = {variable.given}")
    caller.add(None, "}")
    for number in pending:
        caller.add(number, f'output "e{number}" {{', "  sensitive = true", f"  value = module.m.v{number}", "}")
    return _answer(folder, (caller, called), pending, found)


def ask(expressions: Sequence[str], names: dict[str, str]) -> list[Answer]:
    """What Terraform makes of each expression, `local` holding `names`."""
    found: list[Answer | None] = [None] * len(expressions)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(FILES, folder, dirs_exist_ok=True)
        pending = list(range(len(expressions)))
        while pending:
            refused = _plan_in_parts(Path(folder), expressions, pending, names, found)
            for number in refused:
                found[number] = Answer(error=True)
            if not refused:
                break
            pending = [number for number in pending if found[number] is None]
    return [answer or Answer(error=True) for answer in found]


def _plan_in_parts(
    folder: Path, expressions: Sequence[str], pending: Sequence[int], names: dict[str, str], found: list[Answer | None]
) -> list[int]:
    """As `_plan`, halved as long as a value in it, an infinite number, keeps the plan from being shown."""
    try:
        return _plan(folder, expressions, pending, names, found)
    except json.JSONDecodeError:
        if len(pending) == 1:
            found[pending[0]] = Answer(shown=False)
            return []
    middle = len(pending) // 2
    return [
        *_plan_in_parts(folder, expressions, pending[:middle], names, found),
        *_plan_in_parts(folder, expressions, pending[middle:], names, found),
    ]


def _plan(
    folder: Path, expressions: Sequence[str], pending: Sequence[int], names: dict[str, str], found: list[Answer | None]
) -> list[int]:
    """Plan the pending expressions; those that make the whole configuration invalid come back."""
    text = _Text("main.tf")
    text.add(None, *_beginning(names))
    for number in pending:
        block = f'output "e{number}" {{\n  sensitive = true\n  value = {expressions[number]}\n}}'
        text.add(number, *block.split("\n"))
    return _answer(folder, (text,), pending, found)


def _beginning(names: dict[str, str]) -> list[str]:
    resources = ['resource "terraform_data" "u" {}', 'resource "terraform_data" "t" {}']
    return [*resources, "locals {", *(f"  {name} = {value}" for name, value in names.items()), "}"]


class _Text:
    """A file, and to which question each of its lines belongs."""

    def __init__(self, file: str):
        self.file = file
        self.lines: list[str] = []
        self.owner: dict[int, int] = {}

    def add(self, number: int | None, *lines: str) -> None:
        for line in lines:
            self.lines.append(line)
            if number is not None:
                self.owner[len(self.lines)] = number


def _answer(folder: Path, texts: Sequence[_Text], pending: Sequence[int], found: list[Answer | None]) -> list[int]:
    """Plan a configuration."""
    for text in texts:
        (folder / text.file).write_text("\n".join(text.lines) + "\n", encoding="utf-8", newline="\n")
    owner = {(text.file, line): number for text in texts for line, number in text.owner.items()}
    (folder / "p").unlink(missing_ok=True)
    _run(folder, "init", "-no-color")
    noted = _run(folder, "plan", "-json", "-refresh=false", "-lock=false", "-out=p").splitlines()
    if not (folder / "p").exists():
        refused = set()
        for line in noted:
            place = json.loads(line).get("diagnostic", {}).get("range", {})
            start = place.get("filename"), place.get("start", {}).get("line")
            if start in owner:
                refused.add(owner[start])
        if not refused:
            raise RuntimeError("\n".join(noted)[-4000:])
        return sorted(refused)
    plan = json.loads(_run(folder, "show", "-json", "p"), parse_float=Number, parse_int=Number)
    changes = plan.get("output_changes", {})
    planned = plan.get("planned_values", {}).get("outputs", {})
    for number in pending:
        name = f"e{number}"
        if "type" in planned.get(name, {}):
            found[number] = Answer(planned[name].get("value"), planned[name]["type"])
        elif name in changes:
            found[number] = Answer(changes[name].get("after"), None, changes[name]["after_unknown"])
        else:
            found[number] = Answer(error=True)
    return []


def _run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env={**os.environ, **_ENVIRONMENT},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout
