"""JSON documents keep their structure around what is not known, and never more than is certain."""

import time

import pytest

from tests.frontends.hcl.evaluation.evaluating import evaluation, messages, unknown, value
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.export import document, places, span, to_value, via
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.syntax import SourceText
from tfkms.frontends.hcl.terms import Place
from tfkms.frontends.hcl.types import BOOL, NUMBER, STRING, ListType
from tfkms.values import Template, Unknown, plain

ARN = unknown(plain=True)
ANY = unknown("var.any")


def read(text: str, **names: terms.Term) -> object:
    return plain(to_value(document(value(text, **names))))


def test_jsonencode_is_read_back_with_a_hole_for_each_unknown() -> None:
    found = read('jsonencode({Statement = [{Principal = {AWS = u}, Action = "kms:*"}]})', u=ANY)

    assert found == {"Statement": [{"Principal": {"AWS": {"$unknown": "${var.any}"}}, "Action": "kms:*"}]}


def test_a_heredoc_with_a_plain_text_in_a_string_has_a_hole_there() -> None:
    found = read('<<EOT\n{"Principal": "arn:aws:iam::${u}:root"}\nEOT\n', u=ARN)

    assert found == {"Principal": {"$unknown": "arn:aws:iam::${aws_x.y.arn}:root"}}


def test_a_text_that_could_hold_a_quote_leaves_the_whole_document_unknown() -> None:
    found = to_value(document(value('<<EOT\n{"Action": "kms:*", "Principal": "${u}"}\nEOT\n', u=ANY)))

    assert isinstance(found, Unknown)
    assert found.hole.reason == "known after apply, and `var.any` is not escaped for the JSON text it stands in"
    assert "var.any" in found.hole.references


@pytest.mark.parametrize(
    "text",
    [
        '"{\\"a\\": ${u}}"',
        '"[${u}]"',
        '"{\\"a\\": 1${n}}"',
        '"{${u}}"',
        '"{\\"a\\" ${u}: 1}"',
        '"[1 ${u}]"',
        '"1 ${u}"',
        '"{\\"a\\": \\"\\\\${p}\\"}"',
        '"{\\"a\\": \\"${jsonencode(u)}\\"}"',
        '"{\\"a\\": \\"\\\\u00${p}\\"}"',
    ],
)
def test_a_hole_that_could_be_structure_leaves_the_whole_document_unknown(text: str) -> None:
    found = document(value(text, u=ANY, p=ARN, n=unknown("n", NUMBER)))

    assert isinstance(found, terms.Unknown)


def test_an_unknown_number_or_bool_stands_for_a_value() -> None:
    found = document(value('"{\\"a\\": ${n}, \\"b\\": [${b}]}"', n=unknown("n", NUMBER), b=unknown("b", BOOL)))

    assert isinstance(found, terms.Object)
    assert found.members["a"].type == NUMBER
    assert isinstance(found.members["b"], terms.Tuple)


def test_an_unknown_list_in_jsonencode_stands_for_a_value() -> None:
    assert read('"{\\"a\\": ${jsonencode(u)}}"', u=unknown("l", ListType(STRING))) == {"a": {"$unknown": "${l}"}}


def test_an_unknown_key_leaves_its_object_unknown_but_not_what_is_around() -> None:
    found = document(value('"{\\"a\\": {\\"${u}\\": 1}, \\"b\\": 2}"', u=ARN))

    assert isinstance(found, terms.Object)
    assert isinstance(found.members["a"], terms.Unknown)
    assert found.members["b"] == terms.Number(2)


def test_jsonencode_within_jsonencode_is_undone_layer_by_layer() -> None:
    found = value('jsondecode(jsondecode(jsonencode({a = jsonencode({b = "x-${u}"})})).a).b', u=ANY)

    assert to_value(found) == to_value(value('"x-${u}"', u=ANY))


def test_replacing_in_encoded_text_keeps_the_structure() -> None:
    found = read('replace(jsonencode({r = "arn:$P:x", u = u}), "$P", "aws")', u=ARN)

    assert isinstance(found, dict)
    assert found["r"] == "arn:aws:x"


def test_replacing_what_could_stand_in_an_escape_gives_up_the_structure() -> None:
    text = value('replace(jsonencode({u = u}), "n", "x")', u=ANY)

    assert isinstance(document(text), terms.Unknown)


def test_replacing_what_could_stand_across_the_border_of_a_hole_is_unknown() -> None:
    assert isinstance(terms.text_parts(value('replace("a-${u}-b", "-b", "")', u=ANY))[0], terms.Part)


def test_a_file_with_unknowns_spliced_in_is_read_back() -> None:
    found = read('templatefile("policy.json.tftpl", {arn = u, n = 1})', u=ARN)

    assert found == {
        "Statement": [
            {"Action": "kms:*", "Principal": {"AWS": {"$unknown": "${aws_x.y.arn}"}}, "Effect": "Allow", "n": 1}
        ]
    }


def test_what_is_no_json_is_told_with_its_line() -> None:
    found = evaluation('jsondecode(<<EOT\n{\n  "a": 1,\n}\nEOT\n)')

    assert messages(found) == ["the text is not JSON: a member's name is missing at line 4 of main.tf"]


def test_an_error_before_any_hole_is_certain() -> None:
    with pytest.raises(Fault):
        document(value('"{]${u}"', u=ANY))


def test_parts_of_a_heredoc_stand_on_their_lines() -> None:
    text = '<<-EOT\n    {\n      "Statement": [\n        {"Action": "${u}"}\n      ]\n    }\n  EOT\n'

    found = places(document(value(text, u=ARN)))

    assert {path: (span(place).line, span(place).end_line) for path, place in found.items()} == {
        "": (2, 6),
        "/Statement": (3, 5),
        "/Statement/0": (4, 4),
        "/Statement/0/Action": (4, 4),
    }


def test_parts_of_an_encoded_object_stand_where_they_were_written() -> None:
    found = places(document(value('jsonencode({\n  Statement = [\n    { Action = "a" },\n  ]\n})')))

    assert [span(found[path]).line for path in ("", "/Statement", "/Statement/0", "/Statement/0/Action")] == [
        1,
        2,
        3,
        3,
    ]


def test_parts_of_a_file_stand_in_that_file() -> None:
    found = places(document(value('file("doc.json")')))

    assert span(found["/a/1"]).file == "doc.json"
    assert (span(found["/a/1"]).line, span(found["/a/1"]).column) == (1, 9)


def test_a_place_tells_the_module_calls_that_lead_to_it() -> None:
    source = SourceText("main.tf", "module\nmodule")
    call = Place(source, 7, 13)

    assert via(Place(SourceText("modules/kms/main.tf", "x"), 0, 1, (call,))) == ("main.tf:2",)


def test_places_and_documents_take_no_part_in_equality() -> None:
    assert value('jsonencode({a = "x"})') == value('"{\\"a\\":\\"x\\"}"')


def test_numbers_become_ints_where_they_are_whole() -> None:
    assert to_value(value("[1, 2.0, 0.5]")) == (1, 2, 0.5)


def test_a_text_with_holes_becomes_a_template() -> None:
    found = to_value(value('"a-${u}"', u=ANY))

    assert isinstance(found, Template)
    assert str(found) == "a-${var.any}"


def test_a_large_heredoc_is_read_in_time_that_grows_with_its_length() -> None:
    lines = ",\n".join(f'    {{"Sid": "S{number}", "Action": ["kms:*", "$${{x}}"]}}' for number in range(4_000))
    text = f"<<-EOT\n    [\n{lines}\n    ]\n  EOT\n"

    begin = time.process_time()
    found = document(value(text))

    assert isinstance(found, terms.Tuple)
    assert len(found.items) == 4_000
    assert span(places(found)["/3999/Action/1"]).line == 4_002
    assert time.process_time() - begin < 10
