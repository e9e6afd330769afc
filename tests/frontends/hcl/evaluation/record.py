"""Record what Terraform says of the expressions in `expressions/` (development only; needs terraform).

    python -m tests.frontends.hcl.evaluation.record [NAME…]

Each `expressions/NAME.txt` holds one expression a line, or several lines each with `----` between them. The answers go
to `recorded/NAME.json`: [expression, value, type, unknown, error, the same for each completion of the unknowns]. Numbers
are kept as the digits that Terraform prints. `variables.txt` holds types and defaults of variables, `##` between them.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.frontends.hcl.evaluation import oracle
from tests.frontends.hcl.evaluation.oracle import Answer, Number

HERE = Path(__file__).parent


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
    target = HERE / "recorded" / f"{name}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8", newline="\n")


def record_variables() -> None:
    """Ask Terraform what variables of certain types make of their defaults."""
    declared = [tuple(line.split(" ## ")) for line in expressions("variables")]
    pairs = [(kind, default) for kind, default in declared]
    lines = [
        json.dumps([kind, default, *written(answer)], ensure_ascii=False)
        for (kind, default), answer in zip(pairs, oracle.fit(pairs), strict=True)
    ]
    target = HERE / "recorded" / "variables.json"
    target.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or [path.stem for path in sorted((HERE / "expressions").glob("*.txt"))]:
        record_variables() if chosen == "variables" else record(chosen)
