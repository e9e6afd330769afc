"""Functions over files and their paths."""

import base64
import posixpath

from tfkms.frontends.hcl import terms
from tfkms.frontends.hcl.conversion import CannotConvert, convert
from tfkms.frontends.hcl.faults import Fault, Withheld
from tfkms.frontends.hcl.functions.signature import Group, Parameter, Site, wrong
from tfkms.frontends.hcl.functions.strings import value_of
from tfkms.frontends.hcl.sets import set_of
from tfkms.frontends.hcl.syntax import SourceText
from tfkms.frontends.hcl.terms import Place, Stretch, Term, Text
from tfkms.frontends.hcl.types import BOOL, MAPPINGS, STRING, SetType

GROUP = Group()
_PATH = Parameter("path", STRING)


def _source(site: Site, path: str) -> SourceText:
    content = site.files.read(path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise Fault(f"`{path}` is not UTF-8", "read it with `filebase64`") from None
    return SourceText(site.files.shown(path), text)


@GROUP.define("file", _PATH, result=STRING, sited=True)
def file(site: Site, path: Term) -> Term:
    source = _source(site, value_of(path))
    place = Place(source, 0, len(source.text))
    return terms.with_trace(terms.text(source.text), (Stretch(0, place),))


@GROUP.define("filebase64", _PATH, result=STRING, sited=True, plain=True)
def filebase64(site: Site, path: Term) -> Term:
    return Text(base64.b64encode(site.files.read(value_of(path))).decode("ascii"))


@GROUP.define("fileexists", _PATH, result=BOOL, sited=True)
def fileexists(site: Site, path: Term) -> Term:
    return terms.Bool(site.files.exists(value_of(path)))


@GROUP.define("fileset", _PATH, Parameter("pattern", STRING), result=SetType(STRING), sited=True)
def fileset(site: Site, path: Term, pattern: Term) -> Term:
    found = site.files.matching(value_of(path), value_of(pattern))
    return set_of(STRING, [terms.text(name) for name in found])


@GROUP.define("templatefile", _PATH, Parameter("vars", unknown=True, marked=True), result=STRING, sited=True)
def templatefile(site: Site, path: Term, variables: Term) -> Term:
    return _rendered(site, _source(site, value_of(path)), variables, "templatefile")


@GROUP.define(
    "templatestring", Parameter("template", STRING), Parameter("vars", marked=True), result=STRING, sited=True
)
def templatestring(site: Site, template: Term, variables: Term) -> Term:
    source = SourceText("<templatestring>", value_of(template), in_file=False)
    made = _rendered(site, source, variables, "templatestring")
    try:
        return convert(made, STRING)
    except CannotConvert as reason:
        raise Fault(f"`templatestring`: the template does not give a string: {reason}") from None


def _rendered(site: Site, source: SourceText, variables: Term, caller: str) -> Term:
    if not isinstance(variables.type, MAPPINGS):
        if isinstance(variables, terms.Unknown):
            raise Withheld(f"the variables of `{caller}` are not known")
        raise wrong(caller, "vars", variables, "a map or object")
    if not isinstance(variables, terms.Map | terms.Object):
        raise Withheld(f"the variables of `{caller}` are not known")
    for name in variables.members:
        if not name.replace("-", "_").isidentifier():
            raise Fault(f"`{caller}`: `{name}` is no name for a variable of a template")
    made = site.render(source, variables.members, caller=caller)
    return terms.with_sensitive(made, variables.sensitive)


@GROUP.define("basename", _PATH, result=STRING)
def basename(path: Term) -> Term:
    text = value_of(path)
    stripped = text.rstrip("/")
    if not stripped:
        return Text("/" if text else ".")
    return terms.text(stripped.rsplit("/", 1)[-1])


@GROUP.define("dirname", _PATH, result=STRING)
def dirname(path: Term) -> Term:
    return terms.text(_cleaned(value_of(path)[: value_of(path).rfind("/") + 1]))


def _cleaned(path: str) -> str:
    made = posixpath.normpath(path) if path else "."
    return made[1:] if made.startswith("//") else made


@GROUP.define("abspath", _PATH, result=STRING)
def abspath(path: Term) -> Term:
    text = value_of(path)
    if not text.startswith("/"):
        raise Withheld("the directory that Terraform will run in is not known")
    return terms.text(_cleaned(text))


@GROUP.define("pathexpand", _PATH, result=STRING)
def pathexpand(path: Term) -> Term:
    if value_of(path).startswith("~"):
        raise Withheld("the home directory that Terraform will run with is not known")
    return path
