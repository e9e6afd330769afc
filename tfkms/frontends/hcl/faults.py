"""What makes an expression fail, and how much one may ask of the evaluator."""

import sys

from tfkms.frontends.hcl.types import DYNAMIC, Type

DEPTH_LIMIT = 1_000
_FRAMES = 20_000
TEXT_LIMIT = 16 * 1024 * 1024
SIZE_LIMIT = 1_000_000
STEP_LIMIT = 1_000_000
WEIGHT_LIMIT = 512 * 1024 * 1024


class Fault(Exception):  # noqa: N818 - it is a value of the language: `try` and `can` catch it
    """An expression that has no value. `message` is one lower-case line.

    `start` and `end` are offsets into the text at hand, None until a node is known that the fault lies in. `type` is
    that of the expression that has no value, DYNAMIC where Terraform knows none: the other branch of a conditional
    must fit it. `ahead` is how far ahead of Terraform the evaluation was when the fault was noted (`Budget.ahead`).
    """

    def __init__(self, message: str, hint: str | None = None, start: int | None = None, end: int | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.start = start
        self.end = end
        self.type: Type = DYNAMIC
        self.ahead = 0


class UndeclaredFault(Fault):
    """A reference to what is not declared: Terraform refuses the configuration, whatever is around the reference."""


class Withheld(Exception):  # noqa: N818 - it is an answer
    """Raised for what Terraform knows and tfkms does not, for want of facts or because it asks for more than we give;
    and for what Terraform does not know yet, though tfkms sees that it is wrong.

    The message is a lower-case clause that says why. It is no error of the language, so that `try` and `can` do not
    catch it: the expression at hand is unknown for that reason.
    """


def check_text(length: int) -> None:
    """Refuse a text of so many letters if that is more than `TEXT_LIMIT`."""
    if length > TEXT_LIMIT:
        raise Withheld(f"the text would be longer than {TEXT_LIMIT // 1024 // 1024} MiB")


def check_size(size: int) -> None:
    """Refuse a collection of so many elements, nested ones included, if that is more than `SIZE_LIMIT`."""
    if size > SIZE_LIMIT:
        raise Withheld(f"the value would have more than {SIZE_LIMIT:,} elements")


class deep_recursion:  # noqa: N801 - a context manager; a generator would take four times as long, for every value
    """Room on Python's stack for values and expressions nested as deep as `DEPTH_LIMIT`."""

    __slots__ = ("before",)

    def __enter__(self) -> None:
        self.before = sys.getrecursionlimit()
        if self.before < _FRAMES:
            sys.setrecursionlimit(_FRAMES)

    def __exit__(self, *_: object) -> None:
        if self.before < _FRAMES:
            sys.setrecursionlimit(self.before)
