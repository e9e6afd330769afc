"""Tokens to nodes: python-hcl2's grammar, run as an LALR automaton that makes our nodes as it goes.

There is no recursion but for templates in holes of templates: states and values are on lists.
"""

import re
from functools import cache, partial
from typing import Any

from msgspec import Struct

from tfkms.diagnostics import Refusal
from tfkms.frontends.hcl import template
from tfkms.frontends.hcl.lexer import Token, tokens
from tfkms.frontends.hcl.nodes import MAKERS, PASSING, UNUSED, Maker, Source, checked_depth
from tfkms.frontends.hcl.scan import SyntaxProblem
from tfkms.frontends.hcl.syntax import Body, Expression, Template
from tfkms.frontends.hcl.tables import Rule, tables

MAX_TEMPLATES = 40
"""How deep templates may nest in each other's holes. Real ones nest four deep."""


_BYTE_ORDER_MARK = "\ufeff"
_KEYWORDS = frozenset({"TRUE", "FALSE", "NULL", "FOR", "IN", "IF"})


def expression_at(text: str, start: int, end: int) -> Expression:
    """The expression that is `text[start:end]`; raises `SyntaxProblem`."""
    return _expression(text, 0, start, end)


def template_at(text: str, start: int, end: int) -> Template:
    """`text[start:end]` as a template, by the rules of template files and JSON syntax; raises `SyntaxProblem`."""
    begin = start + text.startswith(_BYTE_ORDER_MARK, start, end)
    found = template.file(text, begin, end, _source(text).hole)
    checked_depth(found)
    return found


def body_at(text: str, start: int, end: int) -> Body:
    """The arguments and blocks in `text[start:end]`, with all comments; raises `SyntaxProblem`."""
    found, comments = tokens(text, start, end, body=True)
    body: Body = _run("start", _source(text), found, end)
    return Body(body.items, tuple(comments))


def _source(text: str, depth: int = 0) -> Source:
    return Source(text, partial(_expression, text, depth + 1))


def _expression(text: str, depth: int, start: int, end: int) -> Expression:
    """An expression in `depth` templates, one in the hole of the other."""
    if depth > MAX_TEMPLATES:
        raise SyntaxProblem(start, end, f"templates nest more than {MAX_TEMPLATES} deep", limited=True)
    found, _ = tokens(text, start, end, body=False)
    expression: Expression = _run("expression", _source(text, depth), found, end)
    return checked_depth(expression)


class _Automaton(Struct, frozen=True):
    """The tables with our functions in them.

    `reductions` has for each rule its nonterminal, its length and its maker, None where a value passes unchanged. Such
    rules, a dozen for every operand, are skipped: `shortcuts` keeps where they lead.
    """

    actions: tuple[dict[str, int], ...]
    reductions: tuple[tuple[str, int, Maker | None], ...]
    starts: dict[str, tuple[int, int]]
    shortcuts: dict[tuple[int, str, str], int]

    def settle(self, state: int, made: str, ahead: str) -> int:
        """The state to be in when `made` stands after `state`, once the rules that change nothing are done."""
        target = self.actions[state][made]
        while not (ahead == "$END" and any(target == end for _, end in self.starts.values())):
            action = self.actions[target].get(ahead, 0)
            if action >= 0:
                break
            origin, _, maker = self.reductions[~action]
            if maker is not None:
                break
            target = self.actions[state][origin]
        self.shortcuts[state, made, ahead] = target
        return target


@cache
def _automaton() -> _Automaton:
    found = tables()
    reductions = tuple((rule.origin, len(rule.symbols), maker_of(rule)) for rule in found.rules)
    return _Automaton(found.states, reductions, found.starts, {})


def _run(start: str, source: Source, found: list[Token], end: int) -> Any:
    automaton = _automaton()
    actions, reductions, shortcuts = automaton.actions, automaton.reductions, automaton.shortcuts
    first, last = automaton.starts[start]
    states = [first]
    values: list[Any] = []
    found.append(("$END", end, end, ""))
    for token in found:
        kind = token[0]
        if kind in _KEYWORDS and kind not in actions[states[-1]]:
            kind = "NAME"
        while True:
            if kind == "$END" and states[-1] == last:
                return values[0]
            action = actions[states[-1]].get(kind)
            if action is None:
                raise _unexpected(token)
            if action >= 0:
                states.append(action)
                values.append(token)
                break
            origin, length, maker = reductions[~action]
            if maker is None:
                states.pop()
            elif length:
                arguments = values[-length:]
                del values[-length:], states[-length:]
                values.append(maker(source, arguments))
            else:
                values.append(maker(source, []))
            state = states[-1]
            target = shortcuts.get((state, origin, kind))
            states.append(automaton.settle(state, origin, kind) if target is None else target)
    raise AssertionError("an automaton ends with its text")


def _unexpected(token: Token) -> SyntaxProblem:
    kind, start, end, text = token
    match kind:
        case "$END":
            return SyntaxProblem(start, end, "the text ends where more must follow")
        case "NL_OR_COMMENT":
            return SyntaxProblem(start, end, "the line ends where more must follow")
        case "DBLQUOTE" | "HEREDOC_TEMPLATE" | "HEREDOC_TEMPLATE_TRIM":
            return SyntaxProblem(start, end, "a string does not belong here")
        case _:
            return SyntaxProblem(start, end, f"`{text}` does not belong here")


def maker_of(rule: Rule) -> Maker | None:
    """What makes a value by a rule; None where it is that of its only part. Raises `Refusal` for a rule of no name."""
    name = re.sub(r"(?<=star|plus)_[0-9]+$", "", rule.name)
    if len(rule.symbols) == 1 and (
        name in PASSING or (name == "expr_term" and rule.symbols[0] not in {"identifier", "literal_value"})
    ):
        return None
    if name in UNUSED:
        return MAKERS["new_line_or_comment"]
    if name not in MAKERS:
        raise Refusal(
            "unknown-grammar",
            f"the installed python-hcl2 has a grammar that is not known: rule {rule.name}",
            "install python-hcl2 of version 8.1",
        )
    return MAKERS[name]
