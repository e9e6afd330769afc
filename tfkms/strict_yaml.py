"""Reads YAML as it is meant: no duplicate members, no aliases, scalars of digits kept as text, errors with a place."""

import re
from typing import Any

import yaml

from tfkms.diagnostics import Refusal
from tfkms.yaml_document import SIZE_LIMIT, YamlDocument

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEPTH_LIMIT = 64
_ID_LENGTH = 11
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]")
_TAG = "tag:yaml.org,2002:"
_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


class _Reader:
    def __init__(self, file: str):
        self.file = file
        self.places: dict[tuple[str | int, ...], tuple[int, int]] = {}
        self.names: dict[tuple[str | int, ...], tuple[int, int]] = {}
        self.constructor = yaml.constructor.SafeConstructor()

    def refuse(self, node: yaml.Node, message: str) -> Refusal:
        line, column = _place(node.start_mark)
        return Refusal("yaml-malformed", f"{message} (column {column})", None, self.file, line)

    def value(self, node: yaml.Node, path: tuple[str | int, ...]) -> Any:
        self.places[path] = _place(node.start_mark)
        match node:
            case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
                members: dict[str, Any] = {}
                for key_node, value_node in node.value:
                    key = key_node.value
                    if not isinstance(key_node, yaml.ScalarNode) or key in members:
                        raise self.refuse(
                            key_node, f"`{key}` stands twice" if isinstance(key, str) else "a key is no text"
                        )
                    self.names[*path, key] = _place(key_node.start_mark)
                    members[key] = self.value(value_node, (*path, key))
                return members
            case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
                return [self.value(item, (*path, place)) for place, item in enumerate(node.value)]
            case yaml.ScalarNode():
                return self.scalar(node)
            case _:
                raise self.refuse(node, f"the tag `{node.tag.replace(_TAG, '!!')}` is not read here")

    def scalar(self, node: yaml.ScalarNode) -> Any:
        """Booleans, nulls and numbers by their tags; a number as long as an account id is refused.

        Dates, times of day and digits after a leading zero stay the text that they are written as.
        """
        match node.tag.removeprefix(_TAG):
            case "int" if len(node.value) >= _ID_LENGTH:
                raise self.refuse(node, f'write account ids in quotes: "{node.value}"')
            case "int" | "float" if ":" in node.value or _LEADING_ZERO.match(node.value):
                return node.value
            case "str" | "timestamp" | "value" | "merge":
                return node.value
            case "null" | "bool" | "int" | "float":
                try:
                    return self.constructor.construct_object(node)
                except (ValueError, KeyError):
                    raise self.refuse(node, f"`{node.value}` does not fit its tag") from None
            case _:
                raise self.refuse(node, f"the tag `{node.tag.replace(_TAG, '!!')}` is not read here")


def load_trusted(text: str) -> Any:
    """The content of a document that tfkms ships: quick, and without places. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is the safe loader


def read_yaml(text: str, file: str) -> YamlDocument:
    """The document in `text`; `file` is how messages call it. Raises Refusal."""
    if len(text) > SIZE_LIMIT:
        raise Refusal("yaml-malformed", f"`{file}` is larger than {SIZE_LIMIT // 1024} KiB", None, file)
    try:
        depth = 0
        for token in yaml.scan(text, Loader=_Loader):
            depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
            line = token.start_mark.line + 1
            if depth > DEPTH_LIMIT:
                raise Refusal("yaml-malformed", "nested too deeply", None, file, line)
            if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
                raise Refusal("yaml-malformed", "anchors and aliases are not read here", None, file, line)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line, column = _place(error.problem_mark) if error.problem_mark else (None, None)
        where = f" (column {column})" if column else ""
        raise Refusal("yaml-malformed", f"not valid YAML: {error.problem}{where}", None, file, line) from None
    except yaml.YAMLError:
        raise Refusal("yaml-malformed", "not valid YAML", None, file) from None
    reader = _Reader(file)
    return YamlDocument(None if node is None else reader.value(node, ()), reader.places, reader.names)


def _place(mark: yaml.Mark) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1
