"""The settings for people: a page that documents each, and a file to begin with. Both are made from the form."""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfkms.settings.form import schema

_WIDTH = 100


def page() -> str:
    """The page on settings, as Markdown."""
    return "\n".join([_INTRODUCTION, *_groups(schema()["$defs"]), _INLINE]) + "\n"


_INTRODUCTION = """# Settings

tfkms reads `.tfkms.yaml` (or `.tfkms.yml`, or `[tool.tfkms]` in `pyproject.toml`) from the directory that is scanned
or, for plans, from `--source` or the current directory, and else from the nearest directory above it, up to the one
that has `.git`.
The file that is used is named on standard error; `--config FILE` names another one. Options of the command line win
over variables of the environment (`TFKMS_SCAN_FAIL_ON=high`), these over the file. A member that is not known, or of a
wrong type, is refused with its line and column. The form is described by [a JSON Schema](schema/settings-1.json),
which `tfkms schema settings` prints; `tfkms init` writes a file to begin with.

This page is made from that schema.
"""

_INLINE = """## Waivers in the source

```hcl
# tfkms:ignore IAM-KMS-3 reason="retired with the legacy stack" expires=2027-06-30 owner=platform
resource "aws_kms_key" "legacy" {
```

A comment that begins with `tfkms:ignore` waives what begins on its line or, if it stands alone, on the line below: a
block, a statement, or a `module` block, for everything below the call. Beside a principal, or a list of them, it is for
these principals alone, wherever the list is used; beside an action or a value of a condition for the findings that it
makes, and of several actions that make one each needs a waiver.

It names guardrails, separated by commas, or `all`; a `reason`; and, where they are wanted, `expires`, `owner` and
`principal`, which leaves all other principals as they are. Values with blanks stand in quotes. In `.tf.json` it is
the value of the key `"//"` of the object that it is for, `"//": "tfkms:ignore IAM-KMS-3 reason=\\"retired\\""`, or
one of a list of values.

It covers the findings whose first statement, the element of it that makes them, or whose resource stands there: in
directories, in saved plans, and in the JSON of plans with `--source DIR`. In a configuration that is not the one of the
plan it counts for nothing.
One that gives no reason, names no guardrail that there is, or stands beside nothing is told with its line and waives
nothing; so is one that has expired, that covers nothing, or that is for `all` guardrails and everyone in a module.

## Who decides

In a pull request its author controls the settings as well as the source. A gate that shall not be opened from there
names its own file with `--config` and leaves out the waivers in the source with `--no-inline`."""

_TITLES = {
    "SettingsFile": "The file",
    "SeparationOfDuties": "`separation_of_duties`",
    "ServiceAccess": "`service_access`",
    "Check": "`checks`, for each guardrail",
    "Waiver": "`waivers`, each",
}


def _groups(definitions: Mapping[str, Any]) -> Iterator[str]:
    for name, title in _TITLES.items():
        node = definitions[name]
        yield f"## {title}\n\n{node['description']}\n\n| setting | default | what it does |\n| --- | --- | --- |"
        for member, described in node["properties"].items():
            default = "required" if member in node.get("required", ()) else f"`{_default(described, definitions)}`"
            yield f"| `{member}` | {default} | {_said(described, definitions)} |"
        yield ""


def _said(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    parts = [str(node.get("description") or definitions[_target(node)]["description"])]
    choices = _choices(node)
    if choices:
        parts.append(f"One of {', '.join(f'`{choice}`' for choice in choices)}.")
    if node.get("examples"):
        parts.append(f"For example `{_written(node['examples'][0])}`.")
    return " ".join(parts).replace("|", "\\|")


def _choices(node: Mapping[str, Any]) -> Sequence[str]:
    options = [node, *node.get("anyOf", ())]
    return next((option["enum"] for option in options if "enum" in option), ())


def _default(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in node:
        members = definitions[_target(node)]["properties"]
        return _written({name: own["default"] for name, own in members.items()})
    return "none" if node.get("default") is None else _written(node["default"])


def _target(node: Mapping[str, Any]) -> str:
    reference = node.get("$ref") or next(option["$ref"] for option in node.get("allOf", ()) if "$ref" in option)
    return str(reference).rpartition("/")[2]


def _written(value: Any) -> str:
    """The value as YAML on one line has it; what JSON writes is YAML too."""
    return value if isinstance(value, str) else json.dumps(value)


def starter(proposed: Mapping[str, Sequence[str]]) -> str:
    """A settings file to begin with: every setting commented out with its default and what it does.

    `proposed` are principals that were seen to administer keys, with the addresses of those keys: they are written down
    as authorized, for the owner of the gate to strike out whom it does not mean.
    """
    definitions = schema()["$defs"]
    lines = ["# Settings of tfkms. Each is shown with its default; take out the `#` before what you change."]
    for name, node in definitions["SettingsFile"]["properties"].items():
        lines += ["", *_comment(_said(node, definitions))]
        if name == "authorized_principals":
            lines += list(_authorized(proposed))
        elif name == "waivers":
            lines += ["# waivers:", *_EXAMPLE_WAIVER]
        else:
            default = _default(node, definitions)
            lines.append(f"# {name}: {'' if default == 'none' else default}".rstrip())
    return "\n".join(lines) + "\n"


_EXAMPLE_WAIVER = (
    "#   - check: IAM-KMS-3",
    '#     address: "module.legacy.aws_kms_key.*"',
    '#     principal: "arn:aws:iam::*:role/legacy"',
    '#     reason: "retired with the legacy stack"',
    "#     owner: platform",
    "#     expires: 2027-06-30",
)


def _authorized(proposed: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if not proposed:
        yield from ("# authorized_principals:", "#   default:", '#     - "arn:aws:iam::*:role/KeyAdmin"')
        return
    yield from ("# Those below administer keys by what was scanned. Strike out whom you do not mean.",)
    yield from ("authorized_principals:", "  default:")
    for principal, addresses in proposed.items():
        yield from (f"    # by {address}" for address in addresses)
        yield f"    - {json.dumps(principal)}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
