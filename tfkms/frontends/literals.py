"""The literals of two configurations, compared: what a plan says it was made from, and what a directory holds."""

from collections.abc import Iterator, Mapping

from tfkms.frontends.plan_format import ConfigModule, ConfigResource, ModuleCall, decode
from tfkms.frontends.policy_texts import is_equivalent, is_policy
from tfkms.frontends.written import expression_of, expressions_of

COMPARED = ("aws_kms_", "aws_iam_")
"""The types of which literals are compared."""


def other_literal(planned: ConfigModule, written: ConfigModule) -> tuple[str, str] | None:
    """The address of a block and the argument of which both have literals, and not the same; None where all agree.

    Blocks are those of keys, of principals and of policy documents, and module calls. What is made of references is
    not compared: a plan does not tell how.
    """
    return next(_others(planned, written, ""), None)


def _others(planned: ConfigModule, written: ConfigModule, within: str) -> Iterator[tuple[str, str]]:
    theirs = {own.address: own for own in written.resources}
    for own in planned.resources:
        if own.type.startswith(COMPARED) and own.address in theirs:
            for argument in _differing(_expressions(own), _expressions(theirs[own.address])):
                yield f"{within}{own.address}", argument
    for name, call in planned.module_calls.items():
        other = written.module_calls.get(name)
        if other is None:
            continue
        for argument in _differing(_expressions(call), _expressions(other)):
            yield f"{within}module.{name}", argument
        if call.module is not None and other.module is not None:
            yield from _others(call.module, other.module, f"{within}module.{name}.")


def _expressions(own: ConfigResource | ModuleCall) -> Mapping[str, object]:
    """The arguments of a block, with those that say how many there are of it."""
    repeated = {"count": own.count_expression, "for_each": own.for_each_expression}
    counts = {name: decode(raw, object, "an expression of the configuration") for name, raw in repeated.items()}
    return {**counts, **expressions_of(own.expressions)}


def _differing(planned: Mapping[str, object], written: Mapping[str, object]) -> Iterator[str]:
    """The arguments of which the literals differ. Nested blocks are compared where both have as many."""
    for name, value in planned.items():
        if _differs(value, written.get(name)):
            yield name


def _differs(planned: object, written: object) -> bool:
    match planned, written:
        case list(), list() if len(planned) == len(written):
            return any(map(_differs, planned, written))
        case dict(), dict():
            one, other = expression_of(planned), expression_of(written)
            if one is None and other is None:
                return any(_differing(planned, written))
            return one is not None and other is not None and not _is_same(one.constant_value, other.constant_value)
        case _:
            return False


def _is_same(planned: object, written: object) -> bool:
    """Whether two literals are the same, or one is none. Line ends are as the directory was checked out."""
    match planned, written:
        case list(), list():
            return len(planned) == len(written) and all(map(_is_same, planned, written))
        case dict(), dict():
            return planned.keys() == written.keys() and all(
                _is_same(own, written[name]) for name, own in planned.items()
            )
        case str(), str():
            same = planned == written or planned.replace("\r\n", "\n") == written.replace("\r\n", "\n")
            return same or (is_policy(planned) and is_policy(written) and is_equivalent(planned, written))
        case bool() | int() | float(), bool() | int() | float():
            return planned == written
        case list() | dict() | str() | bool() | int() | float(), list() | dict() | str() | bool() | int() | float():
            return str(planned).lower() == str(written).lower()  # `7` and "7" are one to Terraform
        case _:
            return True
