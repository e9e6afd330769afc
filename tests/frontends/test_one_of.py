"""What is known of a value that is one of several."""

from typing import Any

import pytest

from tfkms.frontends.one_of import one_of
from tfkms.values import Hole, Template, Unknown, plain

HOLE = Hole("aws_kms_key.k", "/policy", "one of 2 instances", ("data.d",))
ALLOW = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}


def told(*values: Any) -> object:
    return plain(one_of(values, HOLE))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("a", "a"), "a"),
        (("role/app-a", "role/app-b"), {"$unknown": "role/app-${data.d}"}),
        ((ALLOW, ALLOW | {"Action": "s3:*"}), ALLOW | {"Action": {"$unknown": "${data.d}"}}),
        ((ALLOW, ALLOW | {"Sid": "A"}), ALLOW | {"Sid": {"$unknown": "${data.d}"}}),
        ((ALLOW, ALLOW | {"Condition": {"Bool": {}}}), ALLOW | {"Condition": {"$unknown": "${data.d}"}}),
        ((ALLOW | {"Principal": "*"}, ALLOW | {"NotPrincipal": "*"}), {"$unknown": "${data.d}"}),
        ((("a",), ("a", "b")), {"$unknown": "${data.d}"}),
        ((("a", "x"), ("a", "y")), ["a", {"$unknown": "${data.d}"}]),
        (("a", ("a",)), {"$unknown": "${data.d}"}),
    ],
)
def test_what_is_alike_stays_and_what_differs_is_a_hole(values: tuple[Any, ...], expected: object) -> None:
    assert told(*values) == expected


def test_what_differs_in_two_places_is_two_holes() -> None:
    found = one_of(({"a": "x", "b": "x"}, {"a": "y", "b": "y"}), HOLE)
    assert isinstance(found, dict)
    first, second = found.values()

    assert first != second


def test_a_text_with_a_hole_counts_by_what_is_known_of_it() -> None:
    found = one_of((Template(("app-", HOLE)), "app-x"), HOLE)

    assert isinstance(found, Template)
    assert found.parts[0] == "app-"


def test_what_is_not_known_of_one_is_not_known_of_either() -> None:
    assert isinstance(one_of((Unknown(HOLE), "a"), HOLE), Unknown)
