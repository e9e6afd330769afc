"""The parsing tables of python-hcl2's grammar: its LALR automaton, as lark computes it, in JSON.

Computing them takes two seconds, so those of the grammar that this release was made with ship with it, named by the
grammar's hash. Another grammar's are computed in every run and kept nowhere: what lies in a cache somebody may have
put there, and tables decide what is read. Tables hold numbers and names of rules, no code.
"""

import hashlib
import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from tfkms.diagnostics import Refusal

SHIPPED = Path(__file__).with_name("tables.json")
FORMAT = 1
STARTS = ("start", "expression")


class Rule(Struct, frozen=True):
    """A production: `origin` is the nonterminal it makes, `name` what python-hcl2 calls the tree made of it."""

    origin: str
    name: str
    symbols: tuple[str, ...]


class Tables(Struct, frozen=True):
    """An LALR automaton.

    `states[state][symbol]` is the state after shifting or making the symbol, or, if negative, `~rule` to reduce by.
    `starts` are the states to begin in and to end in, for a `start` (a body) and for an `expression`.
    """

    rules: tuple[Rule, ...]
    states: tuple[dict[str, int], ...]
    starts: dict[str, tuple[int, int]]


@cache
def tables() -> Tables:
    """The tables of the installed python-hcl2; raises `Refusal` where its grammar is missing."""
    return load()


def load() -> Tables:
    """The tables, read anew: those that ship, or computed, if they are of another grammar."""
    grammar = grammar_text()
    return _shipped(grammar_key(grammar)) or _decode(json.loads(compute(grammar)))


def grammar_text() -> str:
    """The grammar file of python-hcl2, found without importing that library."""
    spec = importlib.util.find_spec("hcl2")
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        path = Path(place) / "hcl2.lark"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise Refusal(
        "no-grammar", "the grammar of python-hcl2 is missing", "reinstall tfkms: pip install --force-reinstall tfkms"
    )


def grammar_key(grammar: str) -> str:
    """What tables of a grammar are known by."""
    return hashlib.sha256(grammar.encode()).hexdigest()


def compute(grammar: str) -> str:
    """The tables of a grammar as JSON text, always the same; takes two seconds."""
    from lark import Lark
    from lark.grammar import Rule as LarkRule
    from lark.lexer import TerminalDef

    lark = Lark(grammar, parser="lalr", lexer="basic", start=["start", "expression"])
    serialized, memo = lark.memo_serialize([TerminalDef, LarkRule])
    parser = serialized["parser"]["parser"]
    symbols: dict[int, str] = parser["tokens"]
    productions = {
        key: Rule(
            entry["origin"]["name"],
            entry["alias"] or entry["origin"]["name"],
            tuple(symbol["name"] for symbol in entry["expansion"]),
        )
        for key, entry in memo.items()
        if entry["__type__"] == "Rule"
    }
    rules = sorted(set(productions.values()), key=lambda rule: (rule.origin, rule.symbols))
    number = {rule: index for index, rule in enumerate(rules)}
    # lark numbers states as they come; numbered by a walk from the first, they come out the same every time
    order = [parser["start_states"][start] for start in STARTS]
    lookaheads: dict[tuple[str, ...], int] = {}
    rows = []
    for state in order:
        actions = sorted((symbols[key], action) for key, action in parser["states"][state].items())
        shifts = {symbol: target for symbol, (kind, target) in actions if kind == 0}
        order.extend(target for target in dict.fromkeys(shifts.values()) if target not in order)
        reductions: dict[int, list[str]] = {}
        for symbol, (kind, target) in actions:
            if kind == 1:
                reductions.setdefault(number[productions[target["@"]]], []).append(symbol)
        rows.append(
            (shifts, {rule: lookaheads.setdefault(tuple(on), len(lookaheads)) for rule, on in reductions.items()})
        )
    place = {state: index for index, state in enumerate(order)}
    tables = {
        "format": FORMAT,
        "grammar": grammar_key(grammar),
        "starts": {start: [place[parser[side][start]] for side in ("start_states", "end_states")] for start in STARTS},
        "rules": [[rule.origin, rule.name, *rule.symbols] for rule in rules],
        "lookaheads": list(lookaheads),
        "states": [
            [{symbol: place[target] for symbol, target in shifts.items()}, list(reductions.items())]
            for shifts, reductions in rows
        ],
    }
    return json.dumps(tables, separators=(",", ":"), ensure_ascii=True) + "\n"


def _decode(stored: dict[str, Any]) -> Tables:
    lookaheads = [tuple(map(str, symbols)) for symbols in stored["lookaheads"]]
    states = []
    for shifts, reductions in stored["states"]:
        row: dict[str, int] = dict(shifts)
        for rule, symbols in reductions:
            row.update(dict.fromkeys(lookaheads[symbols], ~rule))
        states.append(row)
    rules = tuple(Rule(origin, name, tuple(symbols)) for origin, name, *symbols in stored["rules"])
    starts = {start: (begin, end) for start, (begin, end) in stored["starts"].items()}
    return Tables(rules, tuple(states), starts)


def _shipped(key: str) -> Tables | None:
    """The tables that ship, if they are those of the grammar."""
    try:
        stored = json.loads(SHIPPED.read_text(encoding="utf-8"))
        return _decode(stored) if stored["grammar"] == key and stored["format"] == FORMAT else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
