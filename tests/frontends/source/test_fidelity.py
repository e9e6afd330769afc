"""Terraform is the measure: on every policy that it knows when it plans, the source alone says the same."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tfkms import catalogue
from tfkms.documents import Moment, State
from tfkms.extract import extract
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.plan import read_plan
from tfkms.frontends.source.read import Setting, read_source
from tfkms.frontends.source.variables import Assigned, Given
from tfkms.identities import RESOURCE_TYPES
from tfkms.key_uses import KEY_ALIAS
from tfkms.model import Mode, Scan, Source
from tfkms.values import Value, plain

FIXTURES = Path(__file__).parents[2] / "fixtures"
ACCOUNT, ORGANIZATION = "111122223333", "o-exampleorgid"
ASSUMED = Assumed(ACCOUNT, "us-east-1", "aws", ORGANIZATION)


UNORDERED = ("documents",)
"""There several blocks name principals of one type: they come out in the order of the provider's set."""

REFUSED = {"document-rules": {("policy-document-refused", "data.aws_iam_policy_document.refused")}}
"""What the provider will stop at, by configuration."""


def changes(directory: Path) -> list[dict[str, Any]]:
    return list(json.loads((directory / "plan.json").read_text(encoding="utf-8")).get("resource_changes") or ())


def is_creation(directory: Path) -> bool:
    """Whether the plan makes everything anew: what a state tells besides, no source says."""
    return all(entry["change"]["before"] is None for entry in changes(directory))


CONFIGURATIONS = [
    path.parent
    for path in sorted(FIXTURES.rglob("main.tf"))
    if (path.parent / "plan.json").is_file() and is_creation(path.parent)
]


def given(directory: Path) -> Given:
    """The variables that the plan was made with."""
    variables = json.loads((directory / "plan.json").read_text(encoding="utf-8")).get("variables", {})
    return Given(
        options=tuple(
            Assigned(name, own["value"] if isinstance(own["value"], str) else json.dumps(own["value"]))
            for name, own in variables.items()
            if own.get("value") is not None
        )
    )


def wanted(kind: str) -> bool:
    return kind in {site.type for site in catalogue.sites()} | {KEY_ALIAS} | RESOURCE_TYPES


def in_order(value: Value) -> object:
    """A value with its lists of texts in order."""
    match value:
        case Mapping():
            return {name: in_order(item) for name, item in value.items()}
        case tuple():
            items = [in_order(item) for item in value]
            return sorted(items, key=str) if all(isinstance(item, str) for item in items) else items
        case _:
            return plain(value)


def policies(scan: Scan) -> dict[tuple[str, str], Any]:
    """The managed resources' policies by place, with how much of each is known."""
    return {
        (document.address, document.attribute): document
        for document in extract(scan, catalogue.sites(), Moment.AFTER).documents
        if document.resource.mode is Mode.MANAGED
    }


@pytest.mark.parametrize("directory", CONFIGURATIONS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_a_policy_is_the_one_that_terraform_plans(directory: Path) -> None:
    planned = policies(read_plan((directory / "plan.json").read_bytes(), "plan.json", wanted, ASSUMED))
    managed = catalogue.managed_policy_path
    setting = Setting(directory, given=given(directory), assumed=ASSUMED, managed_path=managed)
    scan = read_source(".", ".", setting, wanted)
    written = policies(scan)

    errors = {(item.code, item.address) for item in scan.diagnostics if item.level.value == "error"}
    assert errors == REFUSED.get(directory.name, set())
    assert written.keys() == planned.keys()
    for place, theirs in planned.items():
        ours = written[place]
        if theirs.state is State.KNOWN and theirs.resource.source is Source.PLAN:
            assert ours.state is State.KNOWN, place
            said = in_order if directory.name in UNORDERED else plain
            assert said(ours.content) == said(theirs.content), place
        if theirs.state is State.DEFAULT:
            assert ours.state is State.DEFAULT, place
