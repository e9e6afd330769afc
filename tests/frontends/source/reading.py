"""Configurations written down in tests, read as a user's would be."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfkms import catalogue
from tfkms.frontends.accounts import Assumed
from tfkms.frontends.source.read import Setting, read_source
from tfkms.frontends.source.variables import Given
from tfkms.identities import RESOURCE_TYPES
from tfkms.key_uses import KEY_ALIAS
from tfkms.model import Resource, Scan
from tfkms.values import Value, plain

ASSUMED = Assumed("111122223333", "us-east-1", "aws")


def wanted(kind: str) -> bool:
    return kind in {site.type for site in catalogue.sites()} | {KEY_ALIAS} | RESOURCE_TYPES


def scan(
    root: Path,
    files: Mapping[str, str],
    *,
    directory: str = ".",
    given: Given | None = None,
    workspace: str = "default",
    assumed: Assumed = ASSUMED,
) -> Scan:
    """The configuration of these files, by their paths below the root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    setting = Setting(root, given or Given(), workspace, "/work", assumed, managed_path=catalogue.managed_policy_path)
    return read_source(directory, directory, setting, wanted)


def resources(found: Scan) -> dict[str, Resource]:
    return {resource.address: resource for resource in found.resources}


def after(found: Scan, address: str) -> Mapping[str, Value]:
    values = resources(found)[address].after
    assert values is not None
    return values


def shown(value: Value) -> Any:
    """The value as reports have it."""
    return plain(value)


def errors(found: Scan) -> list[str]:
    return [item.message for item in found.diagnostics if item.level.value == "error"]
