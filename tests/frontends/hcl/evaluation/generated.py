"""Expressions made up at random, most of them of sense: each kind of value from what makes such values."""

import re
from collections.abc import Callable, Sequence
from random import Random

_PLACE = re.compile("<([snblm*])>")
_STRINGS = ['""', '"a"', '"b"', '"aXb"', '"a,b,c"', '"x-y"', '"  pad "', '"é"', '"e\\u0301"', '"10"', '"true"', '"1.5"']
_STRINGS += [
    '"line\\nother"',
    '"q\\"uo\\\\te"',
    '"<&>"',
    '"A B"',
    '"arn:aws:iam::111122223333:role/x"',
    '"$${x}"',
    '"😀"',
]
_NUMBERS = ["0", "1", "2", "3", "-1", "10", "1.5", "0.1", "1e3", "100000000000000000001", "-0.25"]
_KEYS = ["a", "b", "k", "x"]
_PATTERNS = [
    '"a"',
    '"[a-z]+"',
    '"(a)(.)?"',
    '"(?P<k>[a-z])"',
    '"^$"',
    '"a*"',
    '"[^,]+"',
    '"\\\\d+"',
    '"x|y"',
    '"(?i)X"',
]
_FORMATS = [
    '"%s"',
    '"%v"',
    '"a-%s-b"',
    '"%q"',
    '"%5s|"',
    '"%-5v|"',
    '"%d"',
    '"%.2f"',
    '"%s%%"',
    '"%#v"',
    '"%e"',
    '"%g"',
]


class Writer:
    """Writes expressions, choosing by `random`; `depth` is how far they may still nest."""

    def __init__(self, random: Random):
        self.random = random
        self.bound: list[tuple[str, str]] = []

    def any(self, depth: int) -> str:
        return self.pick([self.string, self.number, self.bool, self.list, self.map, self.odd])(depth)

    def pick(self, choices: Sequence[Callable[[int], str]]) -> Callable[[int], str]:
        return self.random.choice(choices)

    def of(self, kind: str, depth: int) -> str:
        """An expression of a kind; now and then of another."""
        if self.random.random() < 0.06:
            return self.any(depth)
        bound = [name for name, bound_kind in self.bound if bound_kind == kind]
        if bound and self.random.random() < 0.4:
            return self.random.choice(bound)
        methods: dict[str, Callable[[int], str]] = {
            "s": self.string,
            "n": self.number,
            "b": self.bool,
            "l": self.list,
            "m": self.map,
            "*": self.any,
        }
        return methods[kind](depth)

    def odd(self, depth: int) -> str:
        return self.random.choice(
            ["null", "local.d", "local.d.x", "[]", "{}", "[null]", "local.l[0]", "local.m.k", "local.w"]
        )

    def fill(self, pattern: str, depth: int) -> str:
        """`pattern` with each `<kind>` replaced by an expression of that kind."""
        return _PLACE.sub(lambda found: self.of(found[1], depth - 1), pattern)

    def choose(self, depth: int, leaves: Sequence[str], patterns: Sequence[str]) -> str:
        if depth <= 0 or self.random.random() < 0.25:
            return self.random.choice(leaves)
        return self.fill(self.random.choice(patterns), depth)

    def string(self, depth: int) -> str:
        text = self.choose(depth, [*_STRINGS, "local.s", "local.t", "local.v", "local.w.a"], _TEXTS)
        return text.replace("@re", self.random.choice(_PATTERNS)).replace("@fmt", self.random.choice(_FORMATS))

    def number(self, depth: int) -> str:
        return self.choose(depth, [*_NUMBERS, "local.n"], _COUNTS)

    def bool(self, depth: int) -> str:
        return self.choose(depth, ["true", "false", "local.b"], _TESTS).replace("@re", self.random.choice(_PATTERNS))

    def list(self, depth: int) -> str:
        if depth > 0 and self.random.random() < 0.25:
            return self.iteration(depth, "[for {0} in {1} : {2}{3}]")
        made = self.choose(
            depth, ["[]", '["a", "b"]', '["b", "a", "b"]', "[1, 2]", "local.l", '[local.s, "a"]'], _LISTS
        )
        return made.replace("@re", self.random.choice(_PATTERNS)).replace("@fmt", self.random.choice(_FORMATS))

    def map(self, depth: int) -> str:
        if depth > 0 and self.random.random() < 0.2:
            return self.iteration(depth, "{{for {0} in {1} : {4} => {2}{5}{3}}}")
        made = self.choose(
            depth, ["{}", "{a = 1}", '{a = "x", b = 2}', "local.m", "{a = local.s}", "tomap({k = 1})"], _MAPS
        )
        return made.replace("@k", self.random.choice(_KEYS))

    def iteration(self, depth: int, pattern: str) -> str:
        collection = self.of(self.random.choice(["l", "m"]), depth - 1)
        number = len(self.bound)
        names = [(f"v{number}", self.random.choice(["s", "n"]))]
        if self.random.random() < 0.4:
            names.insert(0, (f"k{number}", "s"))
        self.bound.extend(names)
        condition = f" if {self.of('b', depth - 2)}" if self.random.random() < 0.3 else ""
        result = self.of(self.random.choice(["s", "n", "*"]), depth - 1)
        key = self.of("s", depth - 2)
        del self.bound[number:]
        group = "..." if self.random.random() < 0.5 else ""
        return pattern.format(", ".join(name for name, _ in names), collection, result, condition, key, group)


_TEXTS = [
    '"a${<*>}b"', '"${<s>}"', '"${<s>}-${<n>}"', "upper(<s>)", "lower(<s>)", "title(<s>)", "trimspace(<s>)",
    'trim(<s>, "a ")', "trimprefix(<s>, <s>)", "trimsuffix(<s>, <s>)", "replace(<s>, <s>, <s>)",
    'replace(<s>, "/[a-z]/", "<$0>")', "substr(<s>, <n>, <n>)", "strrev(<s>)", "chomp(<s>)", 'indent(2, <s>)',
    'join(<s>, <l>)', 'join(",", <l>)', "format(@fmt, <*>)", "format(@fmt, <s>)", "format(@fmt, <n>)",
    'format("%s-%v", <s>, <*>)', "jsonencode(<*>)", "jsonencode(<m>)", "yamlencode(<*>)", "tostring(<*>)", "sha1(<s>)",
    "base64encode(<s>)", "base64decode(base64encode(<s>))", "urlencode(<s>)", "<b> ? <s> : <s>", "coalesce(<s>, <s>)",
    "coalesce(<*>, <s>)", "try(<s>, <s>)", "try(<*>.a, <s>)", "try(<l>[<n>], <s>)", "element(<l>, <n>)", "<l>[<n>]",
    "<m>.a", "<m>[<s>]", 'lookup(<m>, <s>, <s>)', "one(<l>)", "regex(@re, <s>)", '"%{ if <b> }<%{ else }${<s>}%{ endif }"',
    '"%{ for x in <l> }${x};%{ endfor }"', "nonsensitive(sensitive(<s>))", "jsondecode(jsonencode(<s>))", "md5(<s>)",
    '(<s>)', 'basename(<s>)', 'dirname(<s>)', 'core::upper(<s>)', "sensitive(<s>)", "nonsensitive(<s>)",
    "ephemeralasnull(<s>)", "templatestring(local.p, {a = <*>, b = <s>})", "templatestring(local.p, <m>)",
    'templatefile("alone.tftpl", {})', 'templatefile("greet.tftpl", <m>)', "<l>[*][<n>]", "local.d[<*>]", "<m>[<*>].a",
    "try(format(@fmt, <*>), <s>)", 'format("%s%s", <s>)', 'sha256(<s>)', 'cidrhost("10.0.0.0/8", <n>)',
    'cidrsubnet("10.0.0.0/8", 8, <n>)', 'timeadd("2024-01-01T00:00:00Z", <s>)', 'textencodebase64(<s>, "UTF-16LE")',
    'pathexpand(<s>)',
]  # fmt: skip
_COUNTS = [
    "<n> + <n>", "<n> - <n>", "<n> * <n>", "(<n>) / 3", "<n> % 7", "-(<n>)", "length(<l>)", "length(<m>)", "length(<s>)",
    "length(<*>)", "max(<n>, <n>)", "min(<n>, <n>)", "abs(<n>)", "ceil(<n>)", "floor(<n>)", "signum(ceil(<n>))",
    "tonumber(<s>)", "tonumber(tostring(<n>))", "parseint(<s>, 10)", "sum(<l>)", "<b> ? <n> : <n>", "index(<l>, <s>)",
    "try(tonumber(<s>), <n>)", "try(<n>, <n>)", "(<n>)", "jsondecode(jsonencode(<n>))", "length(regexall(\"a\", <s>))",
]  # fmt: skip
_TESTS = [
    "<b> && <b>", "<b> || <b>", "!(<b>)", "<*> == <*>", "<s> == <s>", "<n> == <n>", "<s> != <s>", "<l> == <l>",
    "<n> < <n>", "<n> >= <n>", "contains(<l>, <s>)", "contains(<l>, <*>)", "startswith(<s>, <s>)", "endswith(<s>, <s>)",
    "strcontains(<s>, <s>)", "can(<*>)", "can(<s>.a)", "can(<m>.a)", "can(regex(@re, <s>))", "can(tonumber(<s>))",
    "alltrue(<l>)", "alltrue([<b>, <b>])", "anytrue([<b>, <b>])", "tobool(<s>)", "<b> ? <b> : <b>", "<*> == null",
    "issensitive(<s>)", "length(<l>) > 0", "(<b>)", "can(length([<*>]))", "can([<*>][*])", "can({a = <*>}.a.b)",
    "issensitive(<*>)", "issensitive(<l>)", "issensitive(<m>.a)", "alltrue([for x in <l> : issensitive(x)])",
    "anytrue([for k, x in <m> : issensitive(x)])", "issensitive(<b> ? <*> : <*>)", "issensitive([<s>][*])",
    "issensitive(\"${<s>}x\")", "can(keys({a = <*>}))", "can(format(@fmt, <*>))", "can(<l>[<n>])", "can([<*>, <*>])",
    "<*> != null", "<l> == null", "sensitive(<b>)", "can(nonsensitive(<*>))", "can(length([<s>, <n> + 1]))",
    "can([for x in <l> : x.a])", "can(one(<l>))", "can(sum(<l>))", "can(sort(<l>))", "can(tomap(<m>))", "can(toset(<l>))",
]  # fmt: skip
_LISTS = [
    "[<s>, <s>]", "[<*>, <*>]", "[<n>]", "concat(<l>, <l>)", "flatten([<l>, <l>])", "flatten(<l>)", "distinct(<l>)",
    "compact(<l>)", "compact([<s>, <s>])", "sort(<l>)", "sort([<s>, <s>])", "reverse(<l>)", "slice(<l>, 0, 1)",
    "split(\",\", <s>)", "split(<s>, <s>)", "keys(<m>)", "values(<m>)", "tolist(<l>)", "toset(<l>)", "toset([<s>, <s>])",
    "setunion(<l>, <l>)", "setintersection(<l>, <l>)", "setsubtract(<l>, <l>)", "setproduct(<l>, <l>)", "<l>[*]", "<s>[*]",
    "<l>[*].a", "[<m>, <m>][*].a", "formatlist(@fmt, <l>)", "formatlist(\"%s-%s\", <s>, <l>)", "chunklist(<l>, 2)",
    "regexall(@re, <s>)", "range(3)", "coalescelist(<l>, <l>)", "<b> ? <l> : <l>", "<b> ? [<s>] : []", "try(<l>, <l>)",
    "jsondecode(jsonencode(<l>))", "yamldecode(yamlencode(<l>))", "tolist([<s>, <n>])", "(<l>)", "concat(<l>, [<s>]...)",
    "matchkeys(<l>, <l>, <l>)", "sensitive(<l>)", "nonsensitive(<l>)", "[sensitive(<s>), <s>]",
    "[for x in sensitive(<l>) : x]", "sensitive(<l>)[*]", "local.w[*].a", "local.w.b", "local.w.c", "[local.w, <m>][*].a",
    "values(local.w)", "slice(<l>, <n>, <n>)", "range(<n>)", "ephemeralasnull(<l>)", "[for i, x in <l> : issensitive(i)]",
    "setproduct([<s>], <l>)", "flatten([<*>, [<*>]])", "coalescelist([], <l>)", "chunklist(<l>, <n>)", "split(<s>, \"a,b\")",
    "[<*>, <*>, <*>][*]", "<*>[*]", "distinct([<*>, <*>])", "concat([<*>], <l>)", "setunion([<s>], [<*>])",
    "reverse([<*>, <*>])", "zipmap([<s>], [<*>])[*]", "formatlist(@fmt, <l>, <l>)", "formatlist(@fmt, <*>)",
    "cidrsubnets(\"10.0.0.0/8\", 4, 8)",
]  # fmt: skip
_MAPS = [
    "{@k = <*>}", "{@k = <s>, b = <n>}", "{(<s>) = <*>}", "merge(<m>, <m>)", "merge(<m>, {@k = <s>})", "merge([<m>, <m>]...)",
    "tomap({a = <s>, b = <s>})", "tomap(<m>)", "zipmap(<l>, <l>)", "zipmap([\"a\", \"b\"], [<*>, <*>])", "<b> ? <m> : <m>",
    "<b> ? {a = <s>} : {a = <s>}", "<b> ? {a = <*>} : {}", "try(<m>, <m>)", "try(<m>.a, <m>)", "jsondecode(jsonencode(<m>))",
    "yamldecode(yamlencode(<m>))", "{a = {b = <*>}}.a", "lookup({@k = <m>}, <s>, <m>)", "(<m>)", "transpose({a = <l>})",
    "{a = <s>, b = [<s>, {c = <*>}]}", "local.w", "sensitive(<m>)", "nonsensitive(<m>)", "merge(local.w, <m>)",
    "{for k, v in sensitive(<m>) : k => v}", "{for k, v in <m> : k => sensitive(v)}", "merge(<m>, <*>)", "tomap({@k = <*>})",
    "{(sensitive(<s>)) = <*>}", "ephemeralasnull(<m>)", "zipmap(keys(<m>), values(<m>))", "{@k = [<*>], b = {a = <*>}}",
    "zipmap(<l>, [<*>, <*>])", "setproduct(<l>, <l>)[0]", "[<m>, <m>][<n>]", "regex(\"(?P<a>.)\", <s>)",
]  # fmt: skip


def expression(random: Random, depth: int = 4) -> str:
    """One expression on one line."""
    return Writer(random).any(depth)


_WAYS = (
    "can(length([{0}]))", "can(length([{0}]))", "can({0})", "can([{0}, {1}])", "can(length([try({0}, {1})]))",
    "try({0}, {1})", 'try(length([{0}]), "no")', "can(length([try(length([{0}]), 0).a]))",
)  # fmt: skip


def hidden(random: Random) -> str:
    """Whether an expression is in error, asked in most ways so that an unknown value of it hides none that is there."""
    way = random.choice(_WAYS)
    return way.format(expression(random, random.choice((2, 2, 3))), expression(random, 2))
