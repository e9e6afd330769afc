import json
import subprocess
import sys
from pathlib import Path

import pytest

from tfkms.diagnostics import Refusal
from tfkms.frontends.hcl import grammar, tables

SHIPPED = tables.SHIPPED.read_text(encoding="utf-8")


def test_the_tables_that_ship_are_those_of_the_grammar(request: pytest.FixtureRequest) -> None:
    computed = tables.compute(tables.grammar_text())

    if request.config.getoption("--update-golden"):
        tables.SHIPPED.write_text(computed, encoding="utf-8", newline="\n")
    assert tables.SHIPPED.read_text(encoding="utf-8") == computed


def test_parsing_imports_neither_lark_nor_hcl2() -> None:
    code = (
        "import sys; from tfkms.frontends.hcl.parse import parse_body; parse_body('a = 1');"
        "print([name for name in ('lark', 'hcl2') if name in sys.modules])"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"grammar": "other", "format": 1}', "\x00", '{"format": 1'])
def test_tables_that_are_not_those_of_the_grammar_are_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "tables.json").write_text(content, encoding="utf-8")
    monkeypatch.setattr(tables, "SHIPPED", tmp_path / "tables.json")
    monkeypatch.setattr(tables, "compute", lambda grammar: SHIPPED)

    assert len(tables.load().states) > 100


def test_tables_come_from_no_directory_of_the_user_and_go_to_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(tables, "SHIPPED", tmp_path / "none.json")
    monkeypatch.setattr(tables, "compute", lambda grammar: SHIPPED)
    key = tables.grammar_key(tables.grammar_text())
    poisoned = json.dumps(json.loads(SHIPPED) | {"states": []})
    for folder in (tmp_path / "tfkms", tmp_path / ".cache" / "tfkms"):
        folder.mkdir(parents=True)
        (folder / f"grammar-{key[:16]}-{tables.FORMAT}.json").write_text(poisoned, encoding="utf-8")

    assert len(tables.load().states) > 100
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def test_a_grammar_with_a_rule_of_no_known_name_is_refused() -> None:
    with pytest.raises(Refusal, match="a grammar that is not known: rule new_thing"):
        grammar.maker_of(tables.Rule("new_thing", "new_thing", ("LPAR", "RPAR")))
