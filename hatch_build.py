"""Puts the catalogue into the wheel as JSON too: it is read at every start, and YAML takes ten times as long."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Catalogue(BuildHookInterface):
    """Makes `tfkms/_rules/….json` of every `rules/….yaml`. An editable install reads the YAML itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the files to those that go into the wheel."""
        if version == "editable":
            return
        self.made = TemporaryDirectory()
        rules = Path(self.root, "rules")
        for path in sorted(rules.rglob("*.yaml")):
            place = path.relative_to(rules).with_suffix(".json")
            made = Path(self.made.name, place)
            made.parent.mkdir(exist_ok=True)
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            made.write_text(json.dumps(content, separators=(",", ":"), default=str), encoding="utf-8")
            build_data["force_include"][str(made)] = f"tfkms/_rules/{place.as_posix()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Removes what was made for the build."""
        if version != "editable":
            self.made.cleanup()
