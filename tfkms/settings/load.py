"""Reads a settings file into what the engine is told: checked against its form, with the place of every fault."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from tfkms.diagnostics import Refusal
from tfkms.settings.faults import Fault, first_fault
from tfkms.settings.form import SettingsFile, schema
from tfkms.settings.locate import PROJECT
from tfkms.yaml_document import SIZE_LIMIT, YamlDocument

_MALFORMED = "settings-malformed"


class Settings(Struct, frozen=True):
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

    def refusal(
        self, code: str, path: tuple[str | int, ...], message: str, hint: str | None = None, *, in_name: bool = False
    ) -> Refusal:
        """The refusal of what stands at a path, with line and column where they can be told."""
        return _placed(code, Fault(path, message, hint, in_name), message, self.document, self.name)


def read_settings(path: Path, name: str) -> Settings:
    """The settings in a file; `name` is how messages call it. An empty file is all defaults.

    Raises Refusal for a file that cannot be read or departs from the form, with line and column in YAML.
    """
    from tfkms.strict_yaml import read_yaml

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
    return _placed(_MALFORMED, fault, message, document, name)


def _placed(code: str, fault: Fault, message: str, document: YamlDocument, name: str) -> Refusal:
    if not document.places:
        return Refusal(code, message, fault.hint, name)
    line, column = document.name(fault.path) if fault.in_name else document.place(fault.path)
    return Refusal(code, f"{message} (column {column})", fault.hint, name, line)


def _text(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)  # a device has no size
        if len(content) > SIZE_LIMIT:
            raise Refusal(_MALFORMED, f"the settings are larger than {SIZE_LIMIT // 1024} KiB", None, name)
        return content.decode("utf-8-sig").replace("\r\n", "\n")
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
    import tomllib

    try:
        whole: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refusal(_MALFORMED, f"not valid TOML: {str(error)[:1].lower()}{str(error)[1:]}", None, name) from None
    tools = whole.get("tool", {})
    return YamlDocument(tools.get("tfkms") if isinstance(tools, Mapping) else None, {})
