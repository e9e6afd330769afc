"""Reads a settings file into what the engine is told: checked against its form, with the place of every fault."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tfkms.diagnostics import Refusal
from tfkms.settings.faults import Fault, first_fault
from tfkms.settings.form import SettingsFile, schema
from tfkms.settings.locate import PROJECT
from tfkms.strict_yaml import SIZE_LIMIT, YamlDocument, read_yaml

_MALFORMED = "settings-malformed"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a settings file says, and where it lies.

    `name` is how messages call it, `base` the directory that it names files from; `document` tells the places.
    """

    form: SettingsFile = field(default_factory=SettingsFile)
    name: str = ""
    base: Path = Path()
    document: YamlDocument = field(default_factory=lambda: YamlDocument(None, {}))

    def line(self, path: tuple[str | int, ...]) -> int | None:
        """The line of what stands at a path, or around it; None where lines cannot be told."""
        return self.document.place(path)[0] if self.document.places else None


def read_settings(path: Path, name: str) -> Settings:
    """The settings in a file; `name` is how messages call it. An empty file is all defaults.

    Raises Refusal for a file that cannot be read or departs from the form, with line and column in YAML.
    """
    text = _text(path, name)
    document = _project_table(text, name) if path.name == PROJECT else read_yaml(text, name)
    content = {} if document.content is None else document.content
    form = schema()
    fault = first_fault(content, form)
    if fault is not None:
        raise refusal(fault, document, name)
    read = msgspec.convert(content, SettingsFile)
    return Settings(read, name, path.parent, document)


def refusal(fault: Fault, document: YamlDocument, name: str) -> Refusal:
    """The refusal that tells of a fault: what, and where in the file."""
    where = "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in fault.path).removeprefix(".")
    message = f"{where or 'the settings'}: {fault.message}"
    if not document.places:
        return Refusal(_MALFORMED, message, fault.hint, name)
    line, column = document.place(fault.path)
    return Refusal(_MALFORMED, f"{message} (column {column})", fault.hint, name, line)


def _text(path: Path, name: str) -> str:
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise Refusal(_MALFORMED, f"the settings are larger than {SIZE_LIMIT // 1024} KiB", None, name)
        return path.read_text(encoding="utf-8-sig")
    except IsADirectoryError:
        raise Refusal("settings-unreadable", "the settings are a directory, not a file", None, name) from None
    except FileNotFoundError:
        raise Refusal("settings-unreadable", "there is no such settings file", None, name) from None
    except UnicodeDecodeError:
        raise Refusal("settings-unreadable", "the settings are not UTF-8", None, name) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise Refusal("settings-unreadable", f"the settings cannot be read: {reason}", None, name) from None


def _project_table(text: str, name: str) -> YamlDocument:
    """The table `[tool.tfkms]`; TOML's reader tells no places."""
    try:
        whole: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refusal(_MALFORMED, f"not valid TOML: {str(error)[:1].lower()}{str(error)[1:]}", None, name) from None
    tools = whole.get("tool", {})
    return YamlDocument(tools.get("tfkms") if isinstance(tools, Mapping) else None, {})
