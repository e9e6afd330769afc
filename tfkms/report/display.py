"""Makes text from outside harmless to show: nothing that a terminal or a CI runner would act on gets through."""

import re

_RUNNER_COMMAND = re.compile(r"##(?=\[|vso\[)")
LENGTH_LIMIT = 2_000


def shown(text: str, limit: int = LENGTH_LIMIT) -> str:
    """`text` on one line: control, bidi and other invisible characters escaped, runner commands broken, cut at `limit`.

    A cut says how much is missing.
    """
    if not text.isascii() or not text.isprintable():
        text = "".join(_escaped(character) for character in text)
    text = _RUNNER_COMMAND.sub("#\\\\x23", text)
    if text.lstrip().startswith("::"):
        text = text.replace("::", "\\x3a:", 1)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    short = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
