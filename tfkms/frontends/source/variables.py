"""The values of the root module's variables: from files and from the caller, in Terraform's order.

Source: Terraform's documentation, "Input Variables on the Root Module": the environment, `terraform.tfvars`, its JSON
form, `*.auto.tfvars` and its JSON form by name, then `-var` and `-var-file` in the order in which they are given.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from msgspec import Struct, field

from tfkms.diagnostics import Diagnostic, Level, Refusal
from tfkms.frontends.hcl import syntax
from tfkms.frontends.hcl.directory import Declaration, DirectoryIndex
from tfkms.frontends.hcl.evaluate import evaluate
from tfkms.frontends.hcl.export import to_value
from tfkms.frontends.hcl.faults import Fault, Withheld
from tfkms.frontends.hcl.files import READ_LIMIT, DirectoryFiles, NoFiles
from tfkms.frontends.hcl.json_syntax import json_variables
from tfkms.frontends.hcl.parse import parse_body, parse_expression
from tfkms.frontends.hcl.scan import SyntaxProblem
from tfkms.frontends.hcl.scope import Budget, Names
from tfkms.frontends.hcl.syntax import Argument, SourceText
from tfkms.frontends.hcl.terms import Term, Text
from tfkms.frontends.source.declarations import argument
from tfkms.frontends.source.documents import term_of
from tfkms.values import Value

FILE_LIMIT = READ_LIMIT
"""Bytes of a file of variables."""
_FILES = ("terraform.tfvars", "terraform.tfvars.json")
PRIMITIVES = frozenset({"string", "number", "bool"})
_AUTO = (".auto.tfvars", ".auto.tfvars.json")


class Assigned(Struct, frozen=True):
    """`--var NAME=VALUE`."""

    name: str
    value: str


class FromFile(Struct, frozen=True):
    """`--var-file FILE`: its content, and how messages call it."""

    file: str
    content: bytes


Option: TypeAlias = Assigned | FromFile


class Given(Struct, frozen=True):
    """What the caller gives: variables of the environment (`TF_VAR_`) by name, and options in order."""

    environment: Mapping[str, str] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def values(self, root: Path, directory: str, index: DirectoryIndex) -> dict[str, Term]:
        """The values by name; of a name that is given several times the last one."""
        kinds = {declaration.labels[0]: declaration for declaration in index.of_type("variable") if declaration.labels}
        found: dict[str, Term] = {}
        reading = _Reading(self.diagnostics)
        for name, text in self.environment.items():
            if name in kinds:
                found[name] = reading.written(name, text, _is_text(kinds[name]), f"TF_VAR_{name}")
        files = DirectoryFiles(root, directory)
        for file in _automatic(root / directory):
            try:
                found.update(reading.file(files.shown(file), files.read(file)))
            except (Fault, Withheld) as error:
                message = f"the variables are not read: {error}"
                self.diagnostics.append(Diagnostic(Level.ERROR, "variables-unreadable", message))
        for option in self.options:
            match option:
                case Assigned(name, text):
                    if name not in kinds:
                        message = f"--var: the root module has no variable `{name}`"
                        self.diagnostics.append(Diagnostic(Level.ERROR, "variable-unknown", message))
                        continue
                    found[name] = reading.written(name, text, _is_text(kinds[name]), f"--var {name}")
                case FromFile(file, content):
                    found.update(reading.file(file, content))
        return found


def _automatic(directory: Path) -> Iterator[str]:
    """The files that Terraform reads unasked, in its order."""
    with os.scandir(directory) as entries:
        names = {entry.name for entry in entries if ".tfvars" in entry.name and not entry.is_dir()}
    yield from (name for name in _FILES if name in names)
    yield from sorted(name for name in names if name.endswith(_AUTO))


def _is_text(declaration: Declaration) -> bool:
    """Whether a variable takes the words of the command line as they are: its type is a primitive one, or not said."""
    placed = argument(declaration, "type")
    if placed is None:
        return True
    match placed.item:
        case Argument(value=syntax.Name(name=name)):
            return name in PRIMITIVES
        case Argument(value=syntax.Template() as text):
            return text.literal in PRIMITIVES
        case _:
            return False


class _Reading(Struct):
    """Reads values that stand in files and on the command line: literals, without names and functions."""

    diagnostics: list[Diagnostic]

    def written(self, name: str, text: str, plain: bool, where: str) -> Term:
        """A value of the command line or the environment: of a simple variable the text itself, else an expression."""
        if plain:
            return Text(text)
        return self.value(parse_expression(text), SourceText(where, text, in_file=False), name)

    def file(self, file: str, content: bytes) -> dict[str, Term]:
        """The values that a file of variables gives."""
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.diagnostics.append(Diagnostic(Level.ERROR, "variables-unreadable", "it is not UTF-8", file=file))
            return {}
        source = SourceText(file, text)
        if file.endswith(".json"):
            return self.json_file(source)
        body = parse_body(text)
        for lost in body.unreadable:
            self.tell(source, lost, lost.message)
        found: dict[str, Term] = {}
        for item in body.items:
            if isinstance(item, Argument):
                found[item.name] = self.value(item.value, source, item.name)
            else:
                self.tell(source, item, "a file of variables holds arguments only")
        return found

    def json_file(self, source: SourceText) -> dict[str, Term]:
        """The values that a file of variables in JSON gives."""
        try:
            body = json_variables(source.text)
        except SyntaxProblem as problem:
            self.tell(source, problem, f"the variables are not valid JSON: {problem.message}")
            return {}
        for lost in body.unreadable:
            self.tell(source, lost, lost.message)
        return {name: self.value(own.value, source, name) for name, own in body.arguments.items()}

    def value(self, expression: syntax.Expression, source: SourceText, name: str) -> Term:
        """A literal value."""
        scope = Names({}, NoFiles(f"the value of `{name}` reads no files"), Budget())
        evaluated = evaluate(expression, source, scope)
        self.diagnostics += evaluated.diagnostics
        return evaluated.term

    def tell(self, source: SourceText, node: object, message: str) -> None:
        """Keeps an error about a place in a file."""
        span = source.span(getattr(node, "start", 0), getattr(node, "end", 0))
        self.diagnostics.append(Diagnostic(Level.ERROR, "variables-unreadable", message, None, span.file, span.line))


def as_planned(values: Mapping[str, Value], root: Path | None, index: DirectoryIndex) -> dict[str, Term]:
    """The values of variables that a plan tells, as terms: where the files of variables or a default say the same, with
    the places that they have there.

    `root` is the directory outside of which nothing is read, None where there are no such files.
    """
    files = Given().values(root, index.directory, index) if root is not None else {}
    found: dict[str, Term] = {}
    reading = _Reading([])
    for name, value in values.items():
        written = [files[name]] if name in files else []
        declaration = index.declared("variable", name)
        default = argument(declaration, "default") if declaration is not None else None
        if default is not None and isinstance(default.item, Argument):
            written.append(reading.value(default.item.value, default.source, name))
        found[name] = next((own for own in written if own.whole and to_value(own) == value), None) or term_of(value)
    return found


def assigned(written: str) -> Assigned:
    """The option `NAME=VALUE`. Raises Refusal."""
    name, equals, value = written.partition("=")
    if not equals or not name.strip():
        raise Refusal("usage", f"--var takes NAME=VALUE, not `{written}`")
    return Assigned(name.strip(), value)


def shown(path: str) -> str:
    """How messages call a file of variables."""
    return PurePosixPath(path.replace("\\", "/")).as_posix()
