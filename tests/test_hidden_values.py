"""The law of unknowns on true plans: a value that the plan does not tell makes a verdict undecided, never its opposite."""

import copy
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command_line import run

FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(
    path.parent for folder in ("guardrails/*", "deciding-cases") for path in FIXTURES.glob(f"{folder}/*/case.yaml")
)
OPPOSITE = {"violated": {"pass", "pass_in_plan"}, "pass": {"violated"}, "pass_in_plan": {"violated"}}

Place = tuple[int, tuple[str | int, ...]]
"""A change of the plan and the path to a value in its `after`."""


@cache
def plan_of(case: Path) -> Any:
    return json.loads((case / "plan.json").read_text(encoding="utf-8"))


@cache
def words_of(case: Path) -> tuple[str, ...]:
    stated = yaml.safe_load((case / "case.yaml").read_text(encoding="utf-8"))
    checks = stated.get("check") or ",".join(stated["expect"])
    return ("scan", "-", "--check", checks, *stated.get("options", []), "--format", "json")


def verdicts(case: Path, plan: Any) -> dict[str, str]:
    report = run(*words_of(case), cwd=case, content=json.dumps(plan).encode()).report
    return {f"{item['check']} {item['address']}": item["verdict"] for item in report["verdicts"]}


@cache
def known_verdicts(case: Path) -> dict[str, str]:
    return verdicts(case, plan_of(case))


def places(case: Path) -> list[Place]:
    """Every known value of what is there afterwards, and of documents read during apply, lists and blocks as wholes
    too."""
    return [
        (number, path)
        for number, entry in enumerate(plan_of(case).get("resource_changes", ()))
        if entry["change"]["after"] is not None and entry["type"].startswith("aws_")
        for path in paths(entry["change"]["after"], entry["change"]["after_unknown"])
    ]


def paths(value: Any, unknown: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if unknown is True or value is None:
        return
    if path:
        yield path
    match value:
        case dict():
            for key, item in value.items():
                mask = unknown.get(key, False) if isinstance(unknown, dict) else False
                yield from paths(item, mask, (*path, key))
        case list():
            for n, item in enumerate(value):
                mask = unknown[n] if isinstance(unknown, list) and n < len(unknown) else False
                yield from paths(item, mask, (*path, n))
        case _:
            return


def hidden(case: Path, place: Place) -> Any:
    """The plan in which the value is known after apply only, and so is every argument that refers to it."""
    plan = copy.deepcopy(plan_of(case))
    entry = plan["resource_changes"][place[0]]
    conceal(entry["change"], place[1])
    for other, argument in referring(plan, f"{entry['type']}.{entry['name']}", str(place[1][0])):
        if argument in (other["change"]["after"] or {}):
            conceal(other["change"], (argument,))
    return plan


def conceal(change: dict[str, Any], path: tuple[str | int, ...]) -> None:
    change["after"], change["after_unknown"] = hide(change["after"], change["after_unknown"], path)


def referring(plan: Any, block: str, attribute: str) -> Iterator[tuple[Any, str]]:
    """The changes whose block, in the root module, refers to the attribute, each with the argument that does."""
    names = {attribute} | ({"id"} if attribute == "name" else set())
    wanted = {f"{block}.{name}" for name in names}
    for resource in plan["configuration"]["root_module"].get("resources", ()):
        for argument, written in resource.get("expressions", {}).items():
            if wanted & set(re.findall(r'"([^"]+)"', json.dumps(written))):
                for entry in plan["resource_changes"]:
                    if f"{entry['type']}.{entry['name']}" == resource["address"] and entry["mode"] == resource["mode"]:
                        yield entry, argument


def hide(value: Any, unknown: Any, path: tuple[str | int, ...]) -> tuple[Any, Any]:
    if not path:
        return None, True
    first, *rest = path
    if isinstance(value, dict):
        mask = dict(unknown) if isinstance(unknown, dict) else {}
        item, mask[first] = hide(value[first], mask.get(first, False), tuple(rest))
        shown = {key: part for key, part in value.items() if key != first}
        return (shown | {first: item} if rest else shown), mask
    assert isinstance(first, int)
    marks = [*unknown, *[False] * len(value)][: len(value)] if isinstance(unknown, list) else [False] * len(value)
    item, marks[first] = hide(value[first], marks[first], tuple(rest))
    return [item if n == first else part for n, part in enumerate(value)], marks


def turned(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str, str | None]]:
    """The verdicts that became their opposite, or were violations and are gone."""
    return {
        address: (verdict, after.get(address))
        for address, verdict in before.items()
        if after.get(address) in OPPOSITE.get(verdict, ()) or (verdict == "violated" and address not in after)
    }


@st.composite
def hidden_values(draw: st.DrawFn) -> tuple[Path, Place]:
    case = draw(st.sampled_from([case for case in CASES if places(case)]))
    return case, draw(st.sampled_from(places(case)))


@given(hidden_values())
def test_hiding_a_value_never_turns_a_verdict(choice: tuple[Path, Place]) -> None:
    case, place = choice

    assert turned(known_verdicts(case), verdicts(case, hidden(case, place))) == {}


# The same for documents that are read during apply: of those a plan shows the arguments.

DEFERRED = FIXTURES / "deferred" / "documents"
WORDS = ("scan", "-", "--check", "IAM-KMS-1,IAM-KMS-3", "--authorized", "arn:aws:iam::*:role/app-*", "--format", "json")


@cache
def arguments() -> list[Place]:
    """Every known argument of a deferred document, blocks and lists as wholes too."""
    return [
        (number, path)
        for number, entry in enumerate(plan_of(DEFERRED)["resource_changes"])
        if entry["mode"] == "data"
        for path in paths(entry["change"]["after"], entry["change"]["after_unknown"])
    ]


def deferred_verdicts(plan: Any) -> dict[str, str]:
    report = run(*WORDS, cwd=DEFERRED, content=json.dumps(plan).encode()).report
    return {f"{item['check']} {item['address']}": item["verdict"] for item in report["verdicts"]}


@cache
def deferred_verdicts_as_known() -> dict[str, str]:
    return deferred_verdicts(plan_of(DEFERRED))


@settings(max_examples=20)
@given(st.sampled_from(arguments()))
def test_hiding_an_argument_of_a_deferred_document_never_turns_a_verdict(place: Place) -> None:
    plan = copy.deepcopy(plan_of(DEFERRED))
    conceal(plan["resource_changes"][place[0]]["change"], place[1])

    assert turned(deferred_verdicts_as_known(), deferred_verdicts(plan)) == {}
