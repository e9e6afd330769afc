"""Waivers in the source: `# tfkms:ignore IAM-KMS-3 reason="…" expires=2027-06-30 owner=… principal=…`.

One is for what it stands on or right above: a block, a statement, an element; on a module call for all below it.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from tfkms.diagnostics import Diagnostic, Level, did_you_mean
from tfkms.finding import Waiver
from tfkms.model import Annotation, Scan
from tfkms.settings.decisions import authorized, can_name
from tfkms.waivers import EVERYTHING, Scope, Stretch, Waiving

IGNORE, ALL = "ignore", "all"
WORDS = ("reason", "expires", "owner", "principal")
_FORM = 'write `tfkms:ignore IAM-KMS-3 reason="why" expires=2027-06-30`'
_PART = re.compile(r'\s*(?:([A-Za-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))|([^\s="]+))(?=\s|$)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class _MalformedError(Exception):
    """Why a comment is no waiver: a lower-case clause, and a hint."""

    def __init__(self, message: str, hint: str | None = _FORM):
        super().__init__(message)
        self.message = message
        self.hint = hint


class Inline(Struct, frozen=True):
    """Whether waivers in the source count, and the ids that there are for them to name."""

    checks: Sequence[str] = ()
    counted: bool = True

    def read(self, scan: Scan) -> tuple[list[Waiving], list[Diagnostic]]:
        """The waivers in the source of an input, and warnings: of malformed ones, or that they are left out."""
        if not scan.annotations:
            return [], []
        if not self.counted:
            count = len(scan.annotations)
            message = f"{count} {'waiver' if count == 1 else 'waivers'} in the source left out, as --no-inline says"
            return [], [Diagnostic(Level.WARNING, "waivers-left-out", message)]
        found: list[Waiving] = []
        malformed: list[Diagnostic] = []
        for annotation in scan.annotations:
            place = (annotation.span.file, annotation.span.line)
            told = scan.named is None or annotation.span.file in scan.named
            try:
                found += [replace(own, told=told) for own in self.waivings(annotation)]
            except _MalformedError as error:
                message = f"this waiver is not applied: {error.message}"
                if told:
                    malformed.append(Diagnostic(Level.WARNING, "waiver-malformed", message, None, *place, error.hint))
        return found, malformed

    def waivings(self, annotation: Annotation) -> Iterator[Waiving]:
        """The waivers that a comment amounts to, one for each guardrail that it names."""
        checks, words = _parts(annotation.text)
        if annotation.about is None:
            raise _MalformedError("it stands beside nothing", "put it on the line of what it is about, or right above")
        waiver = Waiver("inline", _reason(words), words.get("owner") or None, _day(words))
        principals = None
        if "principal" in words:
            if not can_name(words["principal"]):
                raise _MalformedError(f"`{words['principal']}` can never match a principal", None)
            principals = authorized([words["principal"]])
        stretch = Stretch(annotation.about, annotation.call)
        for check in dict.fromkeys(checks):
            scope = Scope(self.check(check), principals=principals, stretch=stretch)
            yield Waiving(scope, waiver, annotation.span.file, annotation.span.line)

    def check(self, written: str) -> str:
        """The pattern of a guardrail's id."""
        if written.lower() == ALL:
            return EVERYTHING
        for known in self.checks:
            if known.lower() == written.lower():
                return known
        raise _MalformedError(f"there is no guardrail `{written}`", did_you_mean(written.upper(), self.checks) or _FORM)


def _parts(text: str) -> tuple[list[str], dict[str, str]]:
    """The guardrails that a comment names, and its words with their values."""
    bare: list[str] = []
    words: dict[str, str] = {}
    place = 0
    text = text.rstrip()
    while place < len(text):
        part = _PART.match(text, place)
        if part is None:
            raise _MalformedError(f"`{text[place:].split()[0]}` cannot be read")
        place = part.end()
        name, quoted, plain, other = part.groups()
        if name is None:
            bare.append(other)
        elif name not in WORDS:
            raise _MalformedError(f"there is no word `{name}`", did_you_mean(name, WORDS) or _FORM)
        elif name in words:
            raise _MalformedError(f"`{name}` stands twice")
        else:
            words[name] = _ESCAPED.sub(r"\1", quoted) if quoted is not None else plain
    if bare[:1] != [IGNORE]:
        raise _MalformedError(f"there is no word `tfkms:{bare[0] if bare else ''}`")
    checks = [check for part in bare[1:] for check in part.split(",") if check]
    if not checks:
        raise _MalformedError(f"it names no guardrail, nor `{ALL}`")
    return checks, words


def _reason(words: dict[str, str]) -> str:
    reason = words.get("reason", "").strip()
    if not reason:
        raise _MalformedError("it gives no reason")
    return reason


def _day(words: dict[str, str]) -> date | None:
    """The last day of the waiver."""
    if "expires" not in words:
        return None
    written = words["expires"]
    try:
        day = date.fromisoformat(written)
    except ValueError:
        day = None
    if day is None or day.isoformat() != written:
        raise _MalformedError(f"`expires` takes a date like 2027-06-30, not `{written}`", None)
    return day
