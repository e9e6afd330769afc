import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfkms.diagnostics import Refusal
from tfkms.frontends.hcl import grammar, tables

SHIPPED = tables.SHIPPED.read_text(encoding="utf-8")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory of its own, and no tables that ship."""
    monkeypatch.setattr(tables, "_base", lambda: tmp_path)
    monkeypatch.setattr(tables, "SHIPPED", tmp_path / "none.json")
    return tmp_path


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


def test_the_tables_of_another_grammar_are_computed_once_and_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "compute", lambda grammar: SHIPPED)

    first = tables.load()
    monkeypatch.setattr(tables, "compute", lambda grammar: pytest.fail("computed again"))

    assert tables.load() == first
    assert [path.name for path in (cache / "tfkms").iterdir()] == [tables.cache_name(tables.grammar_text())]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"grammar": "other", "format": 1}', "\x00", '{"format": 1'])
def test_a_spoilt_cache_file_is_computed_anew(cache: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(tables, "compute", lambda grammar: SHIPPED)
    (cache / "tfkms").mkdir(mode=0o700)
    (cache / "tfkms" / tables.cache_name(tables.grammar_text())).write_text(content, encoding="utf-8")

    assert len(tables.load().states) > 100


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_a_cache_file_that_others_may_write_is_not_read(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned = json.loads(SHIPPED) | {"states": []}
    (cache / "tfkms").mkdir(mode=0o700)
    path = cache / "tfkms" / tables.cache_name(tables.grammar_text())
    path.write_text(json.dumps(poisoned), encoding="utf-8")
    path.chmod(0o666)
    monkeypatch.setattr(tables, "compute", lambda grammar: SHIPPED)

    assert len(tables.load().states) > 100


def test_where_nothing_can_be_kept_the_tables_are_computed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "compute", lambda grammar: SHIPPED)
    (cache / "tfkms").write_text("a file in the way", encoding="utf-8")

    assert len(tables.load().states) > 100


def test_a_grammar_with_a_rule_of_no_known_name_is_refused() -> None:
    with pytest.raises(Refusal, match="a grammar that is not known: rule new_thing"):
        grammar.maker_of(tables.Rule("new_thing", "new_thing", ("LPAR", "RPAR")))
