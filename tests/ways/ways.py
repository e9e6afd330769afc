"""The ways in which one configuration can be scanned."""

import json
from functools import cache
from pathlib import Path

from tests.command_line import Run, run
from tests.ways.record import PLAN, SHOWN, WAYS, names

ACCOUNT = ("--account-id", "111122223333", "--region", "us-east-1")
NAMES = names()
DECIDED = {"violated": "violated", "pass": "pass", "pass_in_plan": "pass", "not_applicable": "pass"}
Verdicts = dict[tuple[str, str], str]


@cache
def scanned(name: str, way: str) -> Run:
    """The report on a configuration by one way: plan, joined (plan + source), saved (the saved plan, with the source
    beside it), brought (the saved plan with --source) or source (that alone, with the variables of the plan)."""
    words = {
        "plan": (SHOWN,),
        "joined": (SHOWN, "--source", "."),
        "saved": (PLAN,),
        "brought": (PLAN, "--source", "."),
        "source": (".", *variables(WAYS / name)),
    }[way]
    return run("scan", *words, *ACCOUNT, "--format", "json", "-q", cwd=WAYS / name)


def variables(folder: Path) -> list[str]:
    """The options that set the variables as the plan has them."""
    told = json.loads((folder / SHOWN).read_text(encoding="utf-8")).get("variables", {})
    values = {name: own["value"] for name, own in told.items() if own.get("value") is not None}
    return [
        word
        for name, value in values.items()
        for word in ("--var", f"{name}={value if isinstance(value, str) else json.dumps(value)}")
    ]


def verdicts(name: str, way: str) -> Verdicts:
    """The verdict of each guardrail on each subject."""
    return {(item["check"], item["address"]): item["verdict"] for item in scanned(name, way).report["verdicts"]}
