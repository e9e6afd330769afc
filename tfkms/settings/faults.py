"""Says where a settings file departs from its form, and what would be right there."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from tfkms.diagnostics import did_you_mean

Path = tuple[str | int, ...]


class Fault(Struct, frozen=True):
    """One departure from the form. `path` leads to the member, `message` is a lower-case clause, `hint` what to do.

    `in_name`: it is the member's name that is wrong, not what it says.
    """

    path: Path
    message: str
    hint: str | None = None
    in_name: bool = False


def first_fault(content: object, schema: Mapping[str, Any]) -> Fault | None:
    """The first departure of `content` from the JSON Schema of the form, in document order; None where it fits."""
    return _Walk(schema["$defs"]).check(content, schema, ())


_TYPES: Mapping[str, tuple[type, str]] = {
    "object": (dict, "a mapping"),
    "array": (list, "a list"),
    "string": (str, "a text"),
    "boolean": (bool, "true or false"),
    "null": (type(None), "nothing"),
}


class _Walk(Struct, frozen=True):
    definitions: Mapping[str, Any]

    def check(self, value: object, node: Mapping[str, Any], path: Path) -> Fault | None:
        if "$ref" in node:
            return self.check(value, self.definitions[node["$ref"].rpartition("/")[2]], path)
        if "anyOf" in node:
            if value is None and {"type": "null"} in node["anyOf"]:
                return None
            [only] = [option for option in node["anyOf"] if option != {"type": "null"}]
            return self.check(value, only, path)
        if "enum" in node:
            return self.choice(value, node["enum"], path)
        kind, words = _TYPES[node["type"]]
        if node.get("format") == "date" and isinstance(value, date):
            return None  # TOML has dates of its own
        if not isinstance(value, kind):
            return Fault(path, f"expected {words}, not {_shown(value)}", _example(node))
        match value:
            case dict():
                return self.members(value, node, path)
            case list():
                found = (self.check(item, node["items"], (*path, place)) for place, item in enumerate(value))
                return next((fault for fault in found if fault is not None), None)
            case str():
                return self.text(value, node, path)
            case _:
                return None

    def choice(self, value: object, choices: list[str], path: Path) -> Fault | None:
        if value in choices:
            return None
        near = did_you_mean(value, choices) if isinstance(value, str) else None
        return Fault(path, f"expected one of {', '.join(choices)}, not {_shown(value)}", near)

    def members(self, value: Mapping[str, object], node: Mapping[str, Any], path: Path) -> Fault | None:
        known = node.get("properties", {})
        for name, item in value.items():
            if name in known:
                fault = self.check(item, known[name], (*path, name))
            elif isinstance(node.get("additionalProperties"), Mapping):
                fault = self.check(item, node["additionalProperties"], (*path, name))
            else:
                hint = did_you_mean(name, known) or f"known are {', '.join(known)}"
                fault = Fault((*path, name), "there is no such setting", hint, in_name=True)
            if fault is not None:
                return fault
        missing = [name for name in node.get("required", ()) if name not in value]
        return Fault(path, f"`{missing[0]}` is missing") if missing else None

    def text(self, value: str, node: Mapping[str, Any], path: Path) -> Fault | None:
        if node.get("format") == "date":
            return None if _is_date(value) else Fault(path, f"{_shown(value)} is no date", "write it as 2027-06-30")
        if "pattern" in node and re.search(node["pattern"], value) is None:
            return Fault(path, f"{_shown(value)} is not of the form that is expected here", _example(node))
        if len(value) < node.get("minLength", 0):
            return Fault(path, "the text is empty", _example(node))
        return None


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _example(node: Mapping[str, Any]) -> str | None:
    examples = node.get("examples")
    return f"for example `{examples[0]}`" if examples and isinstance(examples[0], str) else None


_SHOWN_LENGTH = 40


def _shown(value: object) -> str:
    match value:
        case str():
            return f"`{value[:_SHOWN_LENGTH]}`"
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return f"`{value}`"
