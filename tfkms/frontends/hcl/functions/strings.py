"""Functions over strings. Of texts known in parts they keep what is certain."""

import itertools
from collections.abc import Callable

from msgspec.structs import replace as changed

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.faults import Fault, check_size, check_text
from tfkms.frontends.hcl.functions.sequences import whole_number
from tfkms.frontends.hcl.functions.signature import Group, Parameter
from tfkms.frontends.hcl.graphemes import clusters_of
from tfkms.frontends.hcl.regex import compiled
from tfkms.frontends.hcl.terms import HoledText, Part, Term, Text, Unknown, holed, is_plain, text_parts
from tfkms.frontends.hcl.types import BOOL, NUMBER, STRING, ListType, Type
from tfkms.frontends.hcl.unknowns import derived

GROUP = Group()
_STRING = Parameter("str", STRING)
_HOLED = Parameter("str", STRING, holed=True)
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_JSON_LETTERS = frozenset('"\\/bfnrtu0123456789abcdefghijklmnopqrstuvwxyzABCDEF{}[],:-+. ')


def value_of(term: Term) -> str:
    """The text of a known string."""
    assert isinstance(term, Text)
    return term.value


def _derived_part(name: str, part: Part, *rest: Term) -> Part | None:
    """The hole that `name` makes of a hole; None where that cannot be told."""
    if part.encodings:
        return None
    return Part(derived(name, (part.unknown, *rest), STRING, plain=part.plain))


def _mapped(name: str, value: Text | HoledText, each: Callable[[str], str], *, keeps: tuple[Type, ...]) -> Term:
    """The text with every letter changed by `each`; holes of the types `keeps` stay what they are."""
    made: list[str | Part] = []
    for part in text_parts(value):
        if isinstance(part, str):
            made.append(each(part))
        elif not part.encodings and part.unknown.type in keeps:
            made.append(part)
        else:
            inner = _derived_part(name, part)
            if inner is None:
                return derived(name, (value,), STRING)
            made.append(inner)
    return holed(made)


def _text(term: Term) -> Text | HoledText:
    assert isinstance(term, Text | HoledText)
    return term


def lowered(text: str) -> str:
    """`text` in lower case, letter by letter as Go does."""
    return text.lower() if text.isascii() else "".join([_single(letter, letter.lower()[0]) for letter in text])


def uppered(text: str) -> str:
    """`text` in upper case, letter by letter as Go does."""
    if text.isascii():
        return text.upper()
    return "".join([letter.upper() if len(letter.upper()) == 1 else letter for letter in text])


def _single(letter: str, lower: str) -> str:
    return lower if letter.lower() != letter else letter


@GROUP.define("lower", _HOLED, result=STRING)
def lower(value: Term) -> Term:
    return _mapped("lower", _text(value), lowered, keeps=(NUMBER, BOOL))


@GROUP.define("upper", _HOLED, result=STRING)
def upper(value: Term) -> Term:
    return _mapped("upper", _text(value), uppered, keeps=(NUMBER,))


@GROUP.define("title", _STRING, result=STRING)
def title(value: Term) -> Term:
    made, before = [], " "
    for letter in value_of(value):
        made.append(letter if _in_word(before) or len(letter.title()) > 1 else letter.title())
        before = letter
    return terms.text("".join(made))


def _in_word(letter: str) -> bool:
    """Whether Go's `strings.Title` takes what follows `letter` for the same word."""
    if letter.isascii():
        return letter.isalnum() or letter == "_"
    return letter.isalpha() or letter.isdecimal() or not letter.isspace()


@GROUP.define("strrev", _STRING, result=STRING)
def strrev(value: Term) -> Term:
    return terms.text("".join(reversed(clusters_of(value_of(value)))))


def _stripped(name: str, value: Text | HoledText, cut: str, *rest: Term) -> Term:
    """The text without the letters of `cut` at its ends."""
    parts = text_parts(value)
    for side in (0, -1):
        while parts:
            part = parts[side]
            if isinstance(part, str):
                kept = part.lstrip(cut) if side == 0 else part.rstrip(cut)
                if kept:
                    parts[side] = kept
                    break
                parts.pop(side)
            else:
                inner = _derived_part(name, part, *rest)
                if inner is None:
                    return derived(name, (value, *rest), STRING)
                parts[side] = inner
                break
    return holed(parts)


@GROUP.define("trimspace", _HOLED, result=STRING)
def trimspace(value: Term) -> Term:
    return _stripped("trimspace", _text(value), _SPACE)


@GROUP.define("trim", _HOLED, Parameter("cutset", STRING), result=STRING)
def trim(value: Term, cutset: Term) -> Term:
    return _stripped("trim", _text(value), value_of(cutset), cutset) if value_of(cutset) else value


@GROUP.define("chomp", _STRING, result=STRING)
def chomp(value: Term) -> Term:
    return terms.text(value_of(value).rstrip("\r\n"))


@GROUP.define("trimprefix", _HOLED, Parameter("prefix", STRING), result=STRING)
def trimprefix(value: Term, prefix: Term) -> Term:
    wanted = value_of(prefix)
    if isinstance(value, Text):
        return terms.text(value.value.removeprefix(wanted))
    assert isinstance(value, HoledText)
    known = value.prefix
    if known.startswith(wanted):
        return holed([known[len(wanted) :], *(value.parts[1:] if known else value.parts)])
    if not wanted.startswith(known):
        return value
    return derived("trimprefix", (value, prefix), STRING, plain=value.plain)


@GROUP.define("trimsuffix", _HOLED, Parameter("suffix", STRING), result=STRING)
def trimsuffix(value: Term, suffix: Term) -> Term:
    wanted = value_of(suffix)
    if isinstance(value, Text):
        return terms.text(value.value.removesuffix(wanted))
    assert isinstance(value, HoledText)
    known = value.suffix
    if known.endswith(wanted):
        return holed([*(value.parts[:-1] if known else value.parts), known.removesuffix(wanted)])
    if not wanted.endswith(known):
        return value
    return derived("trimsuffix", (value, suffix), STRING, plain=value.plain)


@GROUP.define("startswith", _HOLED, Parameter("prefix", STRING), result=BOOL)
def startswith(value: Term, prefix: Term) -> Term:
    assert isinstance(value, Text | HoledText)
    return _is_end("startswith", value, prefix, value.prefix, str.startswith)


@GROUP.define("endswith", _HOLED, Parameter("suffix", STRING), result=BOOL)
def endswith(value: Term, suffix: Term) -> Term:
    assert isinstance(value, Text | HoledText)
    return _is_end("endswith", value, suffix, value.suffix, str.endswith)


def _is_end(name: str, value: Term, end: Term, known: str, has: Callable[[str, str], bool]) -> Term:
    """Whether `end` is the end of `value` at which `known` stands, as `has` compares them."""
    wanted = value_of(end)
    if has(known, wanted):
        return terms.Bool(True)
    if value.whole or not has(wanted, known):
        return terms.Bool(False)
    return derived(name, (value, end), BOOL)


@GROUP.define("strcontains", _HOLED, Parameter("substr", STRING), result=BOOL)
def strcontains(value: Term, substr: Term) -> Term:
    wanted = value_of(substr)
    if isinstance(value, Text):
        return terms.Bool(wanted in value.value)
    if any(isinstance(part, str) and wanted in part for part in text_parts(value)):
        return terms.Bool(True)
    return derived("strcontains", (value, substr), BOOL)


@GROUP.define("substr", _HOLED, Parameter("offset", NUMBER), Parameter("length", NUMBER), result=STRING)
def substr(value: Term, offset: Term, length: Term) -> Term:
    start, count = whole_number("substr", "offset", offset), whole_number("substr", "length", length)
    if isinstance(value, HoledText):
        known = value.prefix
        if start >= 0 and count == 0:
            return Text("")
        if known.isascii() and 0 <= start < len(known):
            if count > 0 and start + count < len(known):
                return Text(known[start : start + count])
            if count < 0:
                return holed([known[start:], *value.parts[1:]])
        return derived("substr", (value, offset, length), STRING, plain=value.plain)
    clusters = clusters_of(value_of(value))
    if start < 0:
        start = max(start + len(clusters), 0)
    elif count == 0:
        return Text("")
    clusters = clusters[start:]
    found = clusters[:count] if count > 0 else clusters
    return terms.text(found if isinstance(found, str) else "".join(found))


@GROUP.define("indent", Parameter("spaces", NUMBER), _HOLED, result=STRING)
def indent(spaces: Term, value: Term) -> Term:
    width = whole_number("indent", "spaces", spaces)
    if width < 0:
        raise Fault("`indent`: the number of spaces must not be negative")
    made: list[str | Part] = []
    length = 0
    for part in text_parts(value):
        if isinstance(part, str):
            length += len(part) + part.count("\n") * width
            check_text(length)
            made.append(part.replace("\n", "\n" + " " * width))
        elif part.plain or part.encodings:
            made.append(part)
        else:
            made.append(Part(derived("indent", (spaces, part.unknown), STRING)))
    return holed(made)


@GROUP.define("join", Parameter("separator", STRING), rest=Parameter("lists", ListType(STRING)), result=STRING)
def join(separator: Term, *lists: Term) -> Term:
    if not lists:
        raise Fault("`join` takes at least one list")
    made: list[str | Part] = []
    length = 0
    for value in lists:
        assert isinstance(value, terms.List)
        for item in value.items:
            if isinstance(item, terms.Null):
                raise Fault("`join`: an element is null")
            pieces = [*([value_of(separator)] if made else []), *text_parts(item)]
            length += sum([len(piece) if isinstance(piece, str) else 1 for piece in pieces])
            check_text(length)
            made.extend(pieces)
    return holed(made)


@GROUP.define("split", Parameter("separator", STRING), _HOLED, result=ListType(STRING))
def split(separator: Term, value: Term) -> Term:
    wanted = value_of(separator)
    if isinstance(value, Text):
        check_size(value.value.count(wanted) if wanted else len(value.value))
        pieces = value.value.split(wanted) if wanted else list(value.value)
        return terms.List(STRING, tuple([terms.text(piece) for piece in pieces]))
    assert isinstance(value, HoledText)
    if not wanted or any(letter in "0123456789.-" for letter in wanted):
        return derived("split", (separator, value), ListType(STRING))
    made: list[list[str | Part]] = [[]]
    for part in value.parts:
        if isinstance(part, str):
            first, *others = part.split(wanted)
            made[-1].append(first)
            made.extend([[other] for other in others])
        elif part.unknown.type is NUMBER and not part.encodings:
            made[-1].append(part)
        else:
            return derived("split", (separator, value), ListType(STRING))
    return terms.List(STRING, tuple([holed(pieces) for pieces in made]))


@GROUP.define(
    "replace",
    _HOLED,
    Parameter("substr", STRING),
    Parameter("replace", STRING, unknown=True, holed=True),
    result=STRING,
)
def replace(value: Term, substr: Term, new: Term) -> Term:
    old = value_of(substr)
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        if isinstance(value, Text) and isinstance(new, Text):
            made = compiled(old[1:-1]).replaced(value.value, new.value)
            check_text(len(made))
            return terms.text(made)
        return derived("replace", (value, substr, new), STRING)
    parts = text_parts(value)
    if len(parts) > 1 and (not old or _straddles(parts, old)):
        return derived("replace", (value, substr, new), STRING)
    joined: list[str | Part] = []
    length = 0
    for part in parts:
        if isinstance(part, str):
            for piece in _replaced(part, old, text_parts(new)):
                length += len(piece) if isinstance(piece, str) else 1
                check_text(length)
                joined.append(piece)
        else:
            joined.append(_replaced_hole(part, substr, new))
    return holed(joined)


def _replaced(text: str, old: str, new: list[str | Part]) -> list[str | Part]:
    check_size(text.count(old) if old else len(text))
    pieces = text.split(old) if old else ["", *text, ""]
    made: list[str | Part] = [pieces[0]]
    for piece in pieces[1:]:
        made.extend([*new, piece])
    return made


def _straddles(parts: list[str | Part], old: str) -> bool:
    """Whether `old` could stand across the border of a hole."""
    for place, part in enumerate(parts):
        if not isinstance(part, str):
            continue
        for cut in range(1, len(old)):
            if place + 1 < len(parts) and part.endswith(old[:cut]):
                return True
            if place > 0 and part.startswith(old[cut:]):
                return True
        if part in old and 0 < place < len(parts) - 1:
            return True
    return any(isinstance(one, Part) and isinstance(other, Part) for one, other in itertools.pairwise(parts))


def _replaced_hole(part: Part, substr: Term, new: Term) -> Part:
    old = value_of(substr)
    plain = is_plain(new.value) if isinstance(new, Text) else isinstance(new, Unknown | HoledText) and new.plain
    unknown = part.unknown
    if not part.encodings and unknown.type is NUMBER and not set(old) <= set("0123456789.-"):
        return part
    safe = is_plain(old) and old[:1] not in _JSON_LETTERS
    if part.encodings and not (plain and (safe or unknown.plain)):
        return Part(derived("replace", (HoledText((part,)), substr, new), STRING))
    kind = STRING if not part.encodings else unknown.type
    made = derived("replace", (unknown, substr, new), kind, not_null=unknown.not_null, plain=unknown.plain and plain)
    return changed(part, unknown=made)
