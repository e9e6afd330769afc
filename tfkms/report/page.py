"""A page of HTML that stands alone: it asks for nothing, and runs and looks like nothing but what ships with tfkms.

Whatever a template prints is made harmless and escaped, unless it is `Markup`. The policy that the page carries admits
its own style and script by their hashes and nothing else, so that even markup that got in could neither run nor load.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Hashable
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from tfkms import __version__
from tfkms.report.display import shown
from tfkms.report.sentences import counted

_CODE = re.compile(r"(`[^`]+`)")
_EMPTY = re.compile(r"\n\s*\n")
_ARN = re.compile(r"(arn:[^:]*:[^:]*:[^:]*:)([^:]*:)(.+)", re.DOTALL)


def render(template: str, **members: object) -> str:
    """The page that the template makes of the members; the same members, the same bytes."""
    return _compact(_environment().get_template(template).render(members))


def prose(text: str) -> Markup:
    """A sentence: what stands in backticks as code."""
    return Markup().join(
        Markup("<code>{}</code>").format(_breaking(part[1:-1])) if place % 2 else _breaking(part)
        for place, part in enumerate(_CODE.split(shown(text)))
    )


def whole(text: str) -> Markup:
    """A text to search in, however long it is."""
    return escape(shown(text, 10 * len(text)))  # so long is the longest escape


def arn(text: str) -> Markup:
    """A name that may break after a slash; of an ARN the part that many share stands back behind its own."""
    parts = _ARN.fullmatch(text)
    own = _breaking(shown(parts[3] if parts else text))
    if parts is None:
        return Markup("<b>{}</b>").format(own)
    return Markup('<span class="pre">{}<wbr>{}</span><wbr><b>{}</b>').format(shown(parts[1]), shown(parts[2]), own)


def _breaking(text: str) -> Markup:
    """The text, which may go on in a new line after a slash."""
    return Markup("/<wbr>").join(text.split("/"))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tfkms.report"),
        autoescape=True,
        finalize=_harmless,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style, script = (_source(environment, name) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    environment.globals |= {"style": Markup(style), "script": Markup(script), "policy": Markup(policy)}  # noqa: S704 - ours
    environment.globals |= {"version": __version__, "once": _once}
    environment.filters |= {"prose": prose, "whole": whole, "arn": arn, "counted": counted}
    return environment


def _harmless(value: object) -> object:
    return value if isinstance(value, Markup) else shown(str(value))


@lru_cache(maxsize=8192)
def _once(macro: Callable[[object], Markup], member: Hashable) -> Markup:
    """What the macro makes of the member; of equal ones, of which large pages have many, it is asked once."""
    return macro(member)


def _source(environment: Environment, name: str) -> str:
    assert environment.loader
    text = environment.loader.get_source(environment, name)[0]
    return _compact("\n" + text.replace("\r\n", "\n"))  # as a browser reads it, whose hash is of that


def _compact(text: str) -> str:
    """The text without empty lines."""
    return _EMPTY.sub("\n", text)


def _hash(text: str) -> str:
    """The text as a Content-Security-Policy names it: https://www.w3.org/TR/CSP3/#grammardef-hash-source."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
