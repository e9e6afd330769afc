"""Names are resolved by need, once, and without running in circles."""

from collections.abc import Callable, Sequence

from tests.frontends.hcl.evaluation.evaluating import evaluation, messages, unknown, value
from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.evaluate import evaluate, meaning
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.files import NoFiles
from tfkms.frontends.hcl.parse import parse_expression
from tfkms.frontends.hcl.scope import Budget, Deferred, Memo, Names
from tfkms.frontends.hcl.syntax import SourceText
from tfkms.frontends.hcl.terms import Term


class Counted(Deferred):
    """A deferred object that remembers what was asked of it."""

    def __init__(self, members: dict[str, "Term | Counted"], *, open_index: bool = False, sequence: bool = False):
        self.members = members
        self.sequence = sequence
        self.asked: list[str] = []
        self.open_index = open_index

    def attribute(self, name: str) -> "Term | Counted":
        self.asked.append(name)
        if name not in self.members:
            raise Fault(f"there is no `{name}`")
        return self.members[name]

    def index(self, key: Term) -> "Term | Counted":
        if self.open_index:
            return unknown("instance")
        assert isinstance(key, terms.Text)
        return self.attribute(key.value)

    def elements(self) -> "Sequence[tuple[Term, Term | Counted]]":
        return [(terms.Text(name), member) for name, member in self.members.items()]

    def is_sequence(self) -> bool:
        return self.sequence

    def term(self) -> Term:
        self.asked.append("*")
        return terms.Object(
            {name: member.term() if isinstance(member, Counted) else member for name, member in self.members.items()}
        )


def test_only_what_is_named_is_asked_for() -> None:
    local = Counted({"a": terms.Text("x"), "b": terms.Text("y")})

    assert value('"${local.a}!"', local=local) == terms.Text("x!")
    assert local.asked == ["a"]


def test_a_splat_and_a_for_go_over_elements_without_evaluating_them_whole() -> None:
    one = Counted({"arn": terms.Text("1"), "policy": terms.Text("p")})
    instances = Counted({"0": one}, sequence=True)

    assert value("[aws_x.y[*].arn, [for r in aws_x.y : r.arn]]", aws_x=Counted({"y": instances})) == value(
        '[["1"], ["1"]]'
    )
    assert one.asked == ["arn", "arn"]


def test_a_splat_takes_what_is_no_list_for_a_single_thing() -> None:
    instance = Counted({"arn": terms.Text("1"), "policy": terms.Text("p")})

    assert value("aws_x.y[*].arn", aws_x=Counted({"y": instance})) == terms.Tuple((terms.Text("1"),))
    assert instance.asked == ["arn"]


def test_what_is_used_whole_is_evaluated_whole() -> None:
    local = Counted({"a": terms.Text("x")})

    assert value("keys(local)", local=local) == terms.Tuple((terms.Text("a"),))
    assert local.asked == ["*"]


def test_an_error_of_what_is_asked_for_can_be_caught() -> None:
    assert value('try(local.nosuch, "none")', local=Counted({})) == terms.Text("none")


def test_an_instance_that_may_not_exist_leaves_try_open() -> None:
    found = value('try(aws_x["k"], "none")', aws_x=Counted({}, open_index=True))

    assert isinstance(found, terms.Unknown)


def test_a_name_that_is_not_declared_cannot_be_caught() -> None:
    found = evaluation('try(locl.a, "none")', local=terms.Object({}))

    assert messages(found) == ["there is nothing called `locl` here"]
    assert found.diagnostics[0].hint == "did you mean `local`?"


def test_a_reference_can_be_taken_without_evaluating_it() -> None:
    local = Counted({"a": Counted({})})
    text = "local.a"

    found = meaning(parse_expression(text), SourceText("main.tf", text), Names({"local": local}, NoFiles(""), Budget()))

    assert isinstance(found, Deferred)
    assert local.asked == ["a"]


def circular() -> Term:
    return terms.Text("circular")


def test_a_memo_works_out_each_key_once() -> None:
    memo, count = Memo(), []

    def work_out() -> Term:
        count.append(1)
        return terms.Number(1)

    assert memo.get("a", work_out, circular) == memo.get("a", work_out, circular) == terms.Number(1)
    assert count == [1]


def test_a_memo_answers_a_key_that_comes_back_to_itself() -> None:
    memo = Memo()

    def through(key: str) -> Callable[[], Term]:
        return lambda: memo.get(key, through("a"), circular)

    assert memo.get("a", through("b"), circular) == terms.Text("circular")


def test_an_error_in_an_item_leaves_the_other_items() -> None:
    found = evaluation('[1, {a = [][0], b = "x"}]')

    assert messages(found) == ["there is no element 0 among 0"]
    assert isinstance(found.term, terms.Tuple)
    assert found.term.items[0] == terms.Number(1)
    assert isinstance(found.term.items[1], terms.Object)
    assert found.term.items[1].members["b"] == terms.Text("x")
    assert isinstance(found.term.items[1].members["a"], terms.Unknown)


def test_an_error_is_told_with_file_line_and_hint() -> None:
    found = evaluation("[\n  1,\n  lenght([1]),\n]")

    [diagnostic] = found.diagnostics
    assert (diagnostic.file, diagnostic.line) == ("main.tf", 3)
    assert (diagnostic.message, diagnostic.hint) == ("there is no function `lenght`", "did you mean `length`?")


class Locals(Deferred):
    """Local values, evaluated by need in a scope that holds them."""

    def __init__(self, written: dict[str, str]):
        self.written = written
        self.memo = Memo()
        self.scope = Names({"local": self}, NoFiles("are not there"), Budget())

    def attribute(self, name: str) -> Term:
        text = self.written[name]
        source = SourceText("main.tf", text)

        def work_out() -> Term:
            return evaluate(parse_expression(text), source, self.scope).term

        return self.memo.get(name, work_out, lambda: unknown(f"local.{name}"))

    def index(self, key: Term) -> Term:
        raise Fault("local values have names")

    def elements(self) -> None:
        return None

    def is_sequence(self) -> bool:
        return False

    def term(self) -> Term:
        return terms.Object({name: self.attribute(name) for name in self.written})


def test_long_chains_of_names_are_followed() -> None:
    written = {f"v{number}": f"local.v{number + 1}" for number in range(450)} | {"v450": '"end"'}

    assert Locals(written).attribute("v0") == terms.Text("end")


def test_chains_without_measure_end_in_an_unknown() -> None:
    written = {f"v{number}": f"local.v{number + 1}" for number in range(5_000)} | {"v5000": '"end"'}

    found = Locals(written).attribute("v0")

    assert isinstance(found, terms.Unknown)
    assert found.hole.reason == "the expression is nested more than 1000 deep"


def test_names_that_refer_to_each_other_in_a_circle_are_unknown() -> None:
    found = Locals({"a": "local.b", "b": '"x-${local.a}"'}).attribute("a")

    assert found == value('"x-${u}"', u=unknown("local.a"))
