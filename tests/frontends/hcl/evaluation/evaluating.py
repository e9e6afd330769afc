"""Short ways to evaluate an expression in a test."""

from collections.abc import Sequence
from pathlib import Path

from tfkms.frontends.hcl.evaluate import Evaluation, evaluate
from tfkms.frontends.hcl.files import DirectoryFiles, Files
from tfkms.frontends.hcl.parse import parse_expression
from tfkms.frontends.hcl.scope import Budget, Meaning, Names
from tfkms.frontends.hcl.syntax import SourceText
from tfkms.frontends.hcl.terms import Term, Unknown
from tfkms.frontends.hcl.types import STRING, Type
from tfkms.values import Hole

FILES = Path(__file__).parent / "files"


def evaluation(text: str, files: Files | None = None, **names: Meaning) -> Evaluation:
    """What `text`, a file of its own called main.tf, evaluates to where it sees `names`."""
    scope = Names(names, files or DirectoryFiles(FILES), Budget())
    return evaluate(parse_expression(text), SourceText("main.tf", text), scope)


def value(text: str, files: Files | None = None, **names: Meaning) -> Term:
    """The value of an expression in which there is no error."""
    found = evaluation(text, files, **names)
    assert found.diagnostics == ()
    return found.term


def messages(found: Evaluation) -> Sequence[str]:
    """The messages of all diagnostics."""
    return [diagnostic.message for diagnostic in found.diagnostics]


def unknown(name: str = "aws_x.y.arn", kind: Type = STRING, *, plain: bool = False, not_null: bool = True) -> Unknown:
    """Something that is known after apply."""
    return Unknown(kind, Hole("", f"/{name}", "known after apply", (name,)), not_null, plain)
