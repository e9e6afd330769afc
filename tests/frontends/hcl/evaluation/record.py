"""Record what Terraform says of the expressions in `expressions/` (development only; needs terraform).

    python -m tests.frontends.hcl.evaluation.record [NAME…]

Each `expressions/NAME.txt` holds one expression a line, or several lines each with `----` between them. The answers go
to `recorded/NAME.json`: [expression, value, type, unknown, error, the same for each completion of the unknowns]. Numbers
are kept as the digits that Terraform prints. Variables of modules are told in one line each, `##` between what it holds: type and default in `variables.txt`; type,
what the module is called with, default (`-` for each that is left out) and whether null may be given in `calls.txt`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.frontends.hcl.evaluation import oracle
from tests.frontends.hcl.evaluation.oracle import Answer, Number, Variable

HERE = Path(__file__).parent
VARIABLES = ("variables", "calls")


def expressions(name: str) -> list[str]:
    """The expressions of a file."""
    text = (HERE / "expressions" / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")
    return text.split("\n----\n") if "\n----\n" in text else text.split("\n")


def written(answer: Answer) -> list[Any]:
    """An answer as JSON."""
    return [_tagged(answer.value), answer.type, answer.unknown, answer.error]


def read(recorded: list[Any]) -> Answer:
    """An answer from JSON."""
    value, kind, unknown, error = recorded
    return Answer(_untagged(value), kind, unknown, error)


def _tagged(value: Any) -> Any:
    if isinstance(value, Number):
        return {"#": str(value)}
    if isinstance(value, list):
        return [_tagged(item) for item in value]
    if isinstance(value, dict):
        return {name: _tagged(member) for name, member in value.items()}
    return value


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"#"}:
            return Number(value["#"])
        return {name: _untagged(member) for name, member in value.items()}
    return value


def record(name: str) -> None:
    """Ask Terraform about all expressions of a file and write down what it says."""
    asked = expressions(name)
    answers = oracle.ask(asked, oracle.UNKNOWN)
    open_ones = [expression for expression in asked if "local." in expression]
    completed = [dict(zip(open_ones, oracle.ask(open_ones, names), strict=True)) for names in oracle.COMPLETIONS]
    lines = []
    for expression, answer in zip(asked, answers, strict=True):
        completions = [written(answers[expression]) for answers in completed if expression in answers]
        lines.append(json.dumps([expression, *written(answer), completions], ensure_ascii=False))
    _write(name, lines)


def variable(line: str) -> Variable:
    """What a line of `variables` or of `calls` declares."""
    kind, *others = line.split(" ## ")
    if len(others) == 1:
        return Variable(kind, None, others[0])
    given, default, nullable = others
    return Variable(kind, given if given != "-" else None, default if default != "-" else None, nullable == "nullable")


def record_variables(name: str) -> None:
    """Ask Terraform what the variables of a file hold."""
    lines = expressions(name)
    variables = [variable(line) for line in lines]
    answers = oracle.pass_on(variables, oracle.UNKNOWN)
    completed = [oracle.pass_on(variables, names) for names in oracle.COMPLETIONS]
    rows = []
    for number, line in enumerate(lines):
        completions = [written(answers[number]) for answers in completed] if "local." in line else []
        rows.append(json.dumps([line, *written(answers[number]), completions], ensure_ascii=False))
    _write(name, rows)


def _write(name: str, rows: list[str]) -> None:
    target = HERE / "recorded" / f"{name}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or [path.stem for path in sorted((HERE / "expressions").glob("*.txt"))]:
        record_variables(chosen) if chosen in VARIABLES else record(chosen)
