"""What is asked of the name of any user, asked of its ARN, at the end of which the name stands.

Asked apart, a request could be found whose user has one name in `aws:username` and another in `aws:PrincipalArn`.
Source: IAM User Guide, reference_identifiers, "IAM ARNs".
"""

from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import replace

from tfkms.iam.callers import NAME, Caller, CallerKind
from tfkms.iam.comparisons import Doubtful, Like, unsure
from tfkms.iam.conditions import Atom, Literal
from tfkms.iam.naming import PRINCIPAL_ARN
from tfkms.iam.pattern import OneOf, Pattern, Run, Symbol, Wild, literal, shape
from tfkms.values import Hole

USER_NAME = "aws:username"


def has_name_of_its_arn(caller: Caller) -> bool:
    """Whether the caller is any user, whose name is found with its ARN."""
    return caller.kind is CallerKind.USER and isinstance(caller.principal_arn, tuple)


def by_arn(clause: Sequence[Literal], caller: Caller) -> tuple[Literal, ...]:
    """The clause with the literals about a user's name as such about its ARN; one that compares it with anything but
    texts is not certain."""
    start = tuple(literal(f"arn:{caller.partition}:iam::").symbols) + literal(caller.account).symbols
    return tuple(_by_arn(own, (*start, *":user/")) for own in clause)


_NO_NAME = Hole("", "", "AWS does not say how it compares the name of a user with what is no text")


@lru_cache(maxsize=16_384)
def _by_arn(own: Literal, start: tuple[Symbol, ...]) -> Literal:
    if not isinstance(own, Atom) or own.key != USER_NAME:
        return own
    if not isinstance(own.test, Like):
        return unsure(_NO_NAME)
    patterns = tuple(arn for pattern in own.test.patterns for arn in _arns(pattern, start))
    doubtful = tuple(Doubtful(arn, odd.hole) for odd in own.test.doubtful for arn in _arns(odd.pattern, start))
    return replace(own, key=PRINCIPAL_ARN, test=Like(patterns, own.test.opaque, doubtful))


def _arns(name: Pattern, start: tuple[Symbol, ...]) -> tuple[Pattern, ...]:
    """The ARNs of the users whose names the pattern matches, with a path and without."""
    if "/" in name.symbols:
        return ()
    own = [_in_a_name(symbol) for symbol in name.symbols]
    return shape([*start, *own]), shape([*start, Run(NAME | {"/"}), "/", *own])


def _in_a_name(symbol: Symbol) -> Symbol:
    """The symbol as it matches in a name, which has no slash."""
    match symbol:
        case Wild.ANY | Wild.PART:
            return Run(NAME)
        case Wild.ONE | Wild.PART_ONE:
            return OneOf(NAME)
        case _:
            return symbol
