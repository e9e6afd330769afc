"""Modules sit on floors and import downward, or from their own package."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "tfkms"
FLOORS = [
    {"__init__"},
    {"values", "location", "diagnostics", "strict_yaml", "yaml_document", "selectors"},
    {"finding", "model", "predicted"},
    {"iam"},
    {"frontends", "documents", "extract", "identities", "key_uses"},
    {"checks"},
    {"catalogue", "waivers", "baseline", "fingerprint", "elements", "gate"},
    {"settings", "waiving", "findings"},
    {"engine"},
    {"queries"},
    {"report"},
    {"serve"},
    {"cli"},
    {"__main__"},
]
SIDEWAYS = {
    ("extract", "documents"),
    ("identities", "documents"),
    ("identities", "extract"),
    ("key_uses", "documents"),
    ("key_uses", "extract"),
    ("strict_yaml", "diagnostics"),
    ("strict_yaml", "yaml_document"),
    ("selectors", "values"),
    ("location", "values"),
    ("model", "finding"),
    ("predicted", "model"),
}
FLOOR = {part: number for number, parts in enumerate(FLOORS) for part in parts}
MODULES = sorted(ROOT.rglob("*.py"))


def part_of(path: Path) -> str:
    """The top-level module or package that a file belongs to."""
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The parts of tfkms that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module == "tfkms":
            names = [f"tfkms.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        found |= {name.split(".")[1] for name in names if name.startswith("tfkms.")}
    return {part if part in FLOOR else "__init__" for part in found}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_from_below(path: Path) -> None:
    own = part_of(path)

    wrong = {
        other for other in imports(path) if other != own and FLOOR[other] >= FLOOR[own] and (own, other) not in SIDEWAYS
    }

    assert not wrong


def test_every_module_has_a_floor() -> None:
    assert {part_of(path) for path in MODULES} == set(FLOOR)


def test_the_second_evaluator_shares_no_code_with_the_decision() -> None:
    allowed = {"tfkms.iam.document", "tfkms.values", "tfkms.location"}
    for path in (ROOT / "iam").glob("simulate*.py"):
        modules = {
            node.module
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tfkms")
        }

        assert {module for module in modules if not module.startswith("tfkms.iam.simulate")} <= allowed


@pytest.mark.parametrize("package", ["frontends", "checks", "iam", "extract"])
def test_only_reports_and_the_command_line_write(package: str) -> None:
    paths = [path for path in MODULES if part_of(path) == package]
    calls = {
        node.func.id
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    assert "print" not in calls
