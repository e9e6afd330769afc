"""What becomes of an unknown: new unknowns that say what they were made of."""

import hashlib
from collections.abc import Iterable

from msgspec.structs import replace

from tfkms.frontends.hcl import floats
from tfkms.frontends.hcl.terms import Bool, HoledText, Null, Number, Part, Term, Text, Unknown, first_hole, items
from tfkms.frontends.hcl.types import Type
from tfkms.values import Hole, hole_name

NAME_LIMIT = 160
_TEXT_LIMIT = 40
_NUMBER_BITS = 2 * floats.PRECISION


def derived(
    label: str, arguments: Iterable[Term], kind: Type, *, not_null: bool = True, plain: bool = False
) -> Unknown:
    """An unknown of type `kind` that `label`, a function or an operation, makes of `arguments`.

    Equal calls of equal arguments give equal holes: its first reference is the call as a person would write it. The
    reason and the other references are those of the first unknown argument.
    """
    given = tuple(arguments)
    hole = Hole("", "", "not known")
    for argument in given:
        found = first_hole(argument)
        if found is not None:
            hole = found
            break
    sensitive = any(argument.marked for argument in given)
    return Unknown(kind, made_of(hole, label, given), not_null, plain, sensitive=sensitive)


def made_of(hole: Hole, label: str, arguments: tuple[Term, ...]) -> Hole:
    """The hole of what `label` makes of `arguments`, among which `hole` is the one that decides."""
    shown, exact = [], True
    for argument in arguments:
        name, whole = _describe(argument)
        shown.append(name)
        exact = exact and whole
    call = f"{label}({', '.join(shown)})"
    if len(call) > NAME_LIMIT:
        call, exact = call[:NAME_LIMIT] + "…)", False
    path = "" if exact else "/" + _digest(arguments)
    return Hole("", path, hole.reason, (call, *hole.references), hole.fresh and label == "jsonencode")


def apart(term: Unknown, number: int) -> Unknown:
    """`term`, unequal to any other that was made alike: what it depends on cannot be told in full."""
    hole = term.hole
    return replace(term, hole=Hole(hole.address, f"/{number}", hole.reason, hole.references, hole.fresh))


def unknown(kind: Type, reason: str, reference: str, *, not_null: bool = True) -> Unknown:
    """An unknown for `reason`, a lower-case clause; `reference` is the expression that would tell."""
    return Unknown(kind, Hole("", "", reason, (reference,)), not_null)


def _describe(term: Term) -> tuple[str, bool]:
    """The term in few words, and whether they say all of it."""
    if term.marked and not isinstance(term, Unknown):
        return "(sensitive)", False
    match term:
        case Null():
            return "null", True
        case Bool(value):
            return str(value).lower(), True
        case Number(value) if value.numerator.bit_length() + value.denominator.bit_length() <= _NUMBER_BITS:
            return floats.plain(value), True
        case Text(value):
            return f'"{value[:_TEXT_LIMIT]}"', len(value) <= _TEXT_LIMIT
        case Unknown(hole=hole):
            return hole_name(hole), not hole.path
        case HoledText(parts):
            named = [part if isinstance(part, str) else f"${{{hole_name(part.unknown.hole)}}}" for part in parts]
            return f'"{"".join(named)}"', False
        case _:
            return "…", False


def _digest(arguments: tuple[Term, ...]) -> str:
    state = hashlib.blake2s(digest_size=6)
    pending = list(arguments)
    while pending:
        term = pending.pop()
        state.update(f"{type(term).__name__}\0".encode())
        match term:
            case Bool() | Number() | Text() if term.sensitive:
                state.update(b"secret")
            case Number(value):
                state.update(f"{value.numerator:x}/{value.denominator:x}\0".encode())
            case Bool(value) | Text(value):
                state.update(f"{value}\0".encode())
            case Unknown(hole=hole):
                state.update(repr(hole).encode())
            case HoledText(parts):
                for part in parts:
                    shown = part if isinstance(part, str) else repr((part.unknown.hole, part.encodings))
                    state.update(f"{shown}\0".encode())
            case Null():
                pass
            case _:
                state.update(f"{len(items(term))}{list(getattr(term, 'members', ()))}\0".encode())
                pending.extend(items(term))
    return state.hexdigest()


def part_hole(part: Part) -> Hole:
    """The hole that a part of a text is: that of its unknown, or of the JSON text made of it."""
    hole = part.unknown.hole
    for encoding in part.encodings:
        hole = Hole(hole.address, hole.path, hole.reason, (f"{encoding.value}({hole_name(hole)})", *hole.references))
    return hole
