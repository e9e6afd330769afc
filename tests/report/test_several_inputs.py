"""Where several inputs were scanned, whatever is told of one of them names it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from tests.report import made
from tfkms.finding import Input, Report
from tfkms.report import formats

NAMES = ("plans/eu.json", "plans/us.json")


def report(*names: str) -> Report:
    """The same findings, waivers, notes and policies out of view in each of the inputs."""
    one = made.report(errors=False)
    inputs = range(len(names))
    return replace(
        one,
        inputs=tuple(Input(name, "plan", 5) for name in names),
        verdicts=tuple(replace(verdict, input=number) for number in inputs for verdict in one.verdicts),
        findings=tuple(replace(finding, input=number) for number in inputs for finding in one.findings),
        notes=tuple(replace(note, input=number) for number in inputs for note in one.notes),
        unseen=tuple(replace(policy, input=number) for number in inputs for policy in one.unseen),
        diagnostics=(),
    )


def told(form: str, *names: str) -> Iterator[str]:
    """What is told, a text for each thing."""
    text = formats.render(form, report(*names), made.view())
    match form:
        case "text":
            yield from (block for block in text.split("\n\n") if " at infra/" in block)
            yield from (line for line in text.splitlines() if line.startswith(("IAM-KMS-3 waived", "not in view")))
            yield from (line for line in text.splitlines() if "note  " in line)
        case "markdown":
            yield from re.findall("<details>.*?</details>", text, re.DOTALL)
            yield from (line for line in text.splitlines() if line.startswith("- IAM-KMS") or "attached to" in line)
        case "github":
            yield from (line for line in text.splitlines() if line.startswith("::"))
        case "atlantis":
            yield from text.splitlines()[: 5 * len(names)]
        case "gitlab":
            yield from (item["description"] for item in json.loads(text))
        case "spacelift":
            content: dict[str, Any] = json.loads(text)
            yield from (own["input"] for own in (*content["findings"], *content["notes"]))
            yield from content["policies_not_in_view"]
        case "sarif":
            (log,) = json.loads(text)["runs"]
            yield from (own["properties"]["input"] for own in log["results"])
            yield from (own["message"]["text"] for own in log["invocations"][0]["toolExecutionNotifications"])


FORMS = ["text", "markdown", "github", "atlantis", "gitlab", "spacelift", "sarif"]
THINGS = {"github": 4, "gitlab": 3, "sarif": 4}
"""How many things each input has to tell where it is not five: a waived finding is not in every form."""


@pytest.mark.parametrize("form", FORMS)
def test_each_thing_names_its_input(form: str) -> None:
    every = list(told(form, *NAMES))

    for name in NAMES:
        assert len([text for text in every if name in text]) == THINGS.get(form, 5)
    assert len(every) == 2 * THINGS.get(form, 5)


@pytest.mark.parametrize("form", ["text", "markdown", "github", "atlantis", "gitlab"])
def test_of_a_single_input_nothing_does(form: str) -> None:
    assert not [text for text in told(form, NAMES[0]) if NAMES[0] in text]
