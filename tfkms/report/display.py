"""Makes text from outside harmless to show: nothing that a terminal or a CI runner would act on gets through."""

import re
from collections.abc import Sequence

from tfkms.diagnostics import Diagnostic

_BRACKET_COMMAND = re.compile(r"##(?=\w*\[)")
"""What Azure Pipelines (`##vso[`, `##[`), GitHub's older runners and TeamCity (`##teamcity[`) act on, anywhere."""

_COLON_COMMAND = re.compile(r"(?:^|(?<=\s)):(?=:)|:(?=:[A-Za-z][\w-]*(?:\s|::))")
"""What GitHub acts on where a line begins (`::error::`), and what could come to stand there by wrapping."""

LENGTH_LIMIT = 2_000


def shown(text: str, limit: int = LENGTH_LIMIT) -> str:
    """`text` on one line: control, bidi and other invisible characters escaped, runner commands broken, cut at `limit`.

    A cut says how much is missing.
    """
    if not text.isascii() or not text.isprintable():
        text = "".join(_escaped(character) for character in text)
    text = _COLON_COMMAND.sub(r"\\x3a", _BRACKET_COMMAND.sub(r"#\\x23", text))
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"


def letters(text: str) -> list[str]:
    """What `shown` makes of a line, letter by letter, so that places in the line can be found again."""
    found = list(text) if text.isprintable() else [_escaped(letter) for letter in text]
    for match in _BRACKET_COMMAND.finditer(text):
        found[match.start() + 1] = "\\x23"
    for match in _COLON_COMMAND.finditer(text):
        found[match.start()] = "\\x3a"
    return found


def told(diagnostic: Diagnostic, inputs: Sequence[str] = ()) -> str:
    """A diagnostic in one harmless line: where, what, and what to do.

    `inputs` are the names of what was scanned; where there are several, the line begins with the one it is about.
    """
    places = [inputs[diagnostic.input]] if diagnostic.input is not None and len(inputs) > 1 else []
    if diagnostic.file and diagnostic.line:
        places.append(f"{diagnostic.file}:{diagnostic.line}")
    elif place := diagnostic.address or diagnostic.file:
        places.append(place)
    hint = f"; {shown(diagnostic.hint)}" if diagnostic.hint else ""
    return f"{': '.join(map(shown, [*places, diagnostic.message]))}{hint}"


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    short = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
