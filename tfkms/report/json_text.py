"""JSON as it may be written anywhere: every reader takes it, and no CI runner acts on a line of it."""

import json
import re

import msgspec

_LONE_SURROGATE = re.compile(r"\\\\|\\ud[89ab]\w\w\\ud[c-f]\w\w|(?P<lone>\\ud[89a-f]\w\w)")
"""Half a character, which JSON allows to be written and most readers refuse; the first two kinds are none."""

_COMMAND = re.compile(r"##(?=\w*\[)")
"""`##vso[`, `##[` and their like, on which Azure Pipelines and older runners act wherever they stand in a line."""


def written(content: object) -> str:
    """`content` as ASCII-only JSON, one line a member.

    Half characters become U+FFFD; a number sign that could begin a runner's command is written as an escape.
    """
    text = _COMMAND.sub(r"#\\u0023", json.dumps(content, separators=(",", ":")))
    text = _LONE_SURROGATE.sub(lambda found: "\\ufffd" if found["lone"] else found[0], text)
    return msgspec.json.format(text, indent=1) + "\n"
