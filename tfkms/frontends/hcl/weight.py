"""What values weigh: about how many bytes it takes to keep them."""

from tfkms.frontends.hcl.terms import HoledText, List, Map, Object, Set, Term, Text, Tuple, items

ELEMENT = 256
"""What keeping an element takes, with its share of the list that it is in and of its type."""


def weight(term: Term, *, texts: bool = True) -> int:
    """What a value weighs; without `texts`, whose letters are shared with the values that it was made of."""
    match term:
        case Text(value):
            return ELEMENT + (len(value) if value.isascii() else value.__sizeof__()) * texts
        case HoledText(parts):
            return ELEMENT * len(parts) + sum([len(part) for part in parts if isinstance(part, str)]) * texts
        case List() | Set() | Tuple() | Map() | Object():
            return ELEMENT * term.size + (_letters(term) if texts else 0)
        case _:
            return ELEMENT


def _letters(term: Term) -> int:
    found, pending = 0, [term]
    while pending:
        match pending.pop():
            case Text(value):
                found += len(value) if value.isascii() else value.__sizeof__()
            case HoledText(parts):
                found += sum([len(part) for part in parts if isinstance(part, str)])
            case List() | Set() | Tuple() | Map() | Object() as collection:
                pending.extend(items(collection))
            case _:
                pass
    return found
