"""The answers of the independent simulator that are kept, so that every run is measured against them.

`answers.jsonl` has a line for each set of documents: the caller, the documents, and for each request what the simulator
said of it (1 allowed, 0 denied), asked in the form of `gaps.put`. A line with `decided` is one that the decision takes.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.oracle import comparing, simulator
from tests.oracle.gaps import Case, dropped, is_left_out, put
from tests.oracle.generator import Documents, Generator, Request

FILE = Path(__file__).with_name("answers.jsonl")


class Answered(Struct, frozen=True):
    """A request and what the simulator said of it."""

    case: Case
    allowed: bool


class Line(Struct, frozen=True):
    """Documents, and the requests that were asked with them."""

    documents: Documents
    decided: bool
    answers: tuple[Answered, ...]


def asked(seed: int, *, decided: bool, requests: int) -> list[Case]:
    """The cases that a seed makes: random requests, and with `decided` every witness of the decision besides."""
    generator = Generator(seed)
    documents = generator.documents()
    if decided:
        documents = comparing.decidable(documents)
    found = list(generator.requests(documents, requests))
    if decided:
        for action in comparing.actions(documents.caller):
            found += comparing.witnesses(comparing.case(documents, action))
    cases = [Case(documents, request) for request in found]
    return [case for case in cases if not is_left_out(case)]


def answers(installed: Path, cases: list[Case]) -> Iterator[Answered]:
    """What the simulator says of each case that it can judge whole."""
    lines = [simulator.asked(found.documents, found.request) for found in map(put, cases)]
    for case, answer in zip(cases, simulator.answers(installed, lines), strict=True):
        assert "error" not in answer, answer
        if not dropped(case, answer["ignored"]):
            yield Answered(case, answer["allowed"])


_RARE_SEEDS = range(10_001, 16_000, 2)


def is_rare(documents: Documents) -> bool:
    """Whether the documents hold what few do, and what the pages of AWS say least of."""
    text = str(documents)
    to_others = any(own["Effect"] == "Allow" and "NotPrincipal" in own for own in documents.key_policy["Statement"])
    return bool(re.search(r"ForAnyValue:\w+IfExists", text)) or (to_others and documents.boundary is not None)


def record(installed: Path, sets: int) -> str:
    """The text of the file, from as many sets of documents, and from rare ones besides; every second is `decided`."""
    seeds = [*range(sets), *(seed for seed in _RARE_SEEDS if is_rare(Generator(seed).documents()))]
    made = [asked(seed, decided=bool(seed % 2), requests=8) for seed in seeds]
    said = answers(installed, [case for cases in made for case in cases])
    by_documents: dict[int, list[Answered]] = {}
    for own in said:
        by_documents.setdefault(id(own.case.documents), []).append(own)
    lines = [
        _written(by_documents.get(id(cases[0].documents), []), decided=bool(seed % 2))
        for seed, cases in zip(seeds, made, strict=True)
        if cases
    ]
    return "".join(f"{line}\n" for line in lines if line)


def _written(said: list[Answered], *, decided: bool) -> str:
    if not said:
        return ""
    documents = said[0].case.documents
    own = {name: getattr(documents, name) for name in documents.__dataclass_fields__}
    content = {name: value for name, value in own.items() if value}
    content["asked"] = [
        [
            request.principal if request.principal != documents.caller else "",
            request.action,
            {key: values[0] if len(values) == 1 else values for key, values in request.chosen.items()},
            int(answer.allowed),
        ]
        for answer in said
        for request in (answer.case.request,)
    ]
    return json.dumps(content | ({"decided": 1} if decided else {}), separators=(",", ":"))


def lines() -> Iterator[Line]:
    """The lines of the file."""
    for text in FILE.read_text(encoding="utf-8").splitlines():
        content: dict[str, Any] = json.loads(text)
        asked_before, decided = content.pop("asked"), content.pop("decided", 0)
        for name in ("identity", "guards", "resource_guards"):
            content[name] = tuple(content.get(name, ()))
        documents = Documents(**content)
        yield Line(
            documents,
            bool(decided),
            tuple(
                Answered(
                    Case(documents, Request(principal or documents.caller, action, _several(chosen))), bool(allowed)
                )
                for principal, action, chosen, allowed in asked_before
            ),
        )


def _several(chosen: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {key: (own,) if isinstance(own, str) else tuple(own) for key, own in chosen.items()}
