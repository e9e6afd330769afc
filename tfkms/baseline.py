"""A baseline: the findings that an estate had when the gate was put up. They are shown, and do not count.

A finding is covered as long as it grants nothing more than it did then: the same statements, to nobody else, on no
other key.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from tfkms.diagnostics import Refusal
from tfkms.finding import Finding, Report, Waiver

VERSION = 1
_WAIVER = Waiver("baseline")


class _Entry(Struct, frozen=True, forbid_unknown_fields=True):
    fingerprint: Annotated[str, Meta(min_length=1)]
    check: str
    address: str
    principals: list[str]
    keys: list[str]
    other_keys: bool


class _File(Struct, frozen=True):
    version: Literal[1]
    findings: list[_Entry]


class Baseline(Struct, frozen=True):
    """The entries by fingerprint; two findings whose statements read alike have the same one."""

    entries: Mapping[str, Sequence[_Entry]] = field(default_factory=dict)

    def waiver(self, finding: Finding) -> Waiver | None:
        """The waiver of a finding that the baseline covers, None for one that it does not."""
        return _WAIVER if any(_covers(entry, finding) for entry in self.entries.get(finding.fingerprint, ())) else None


def _covers(entry: _Entry, finding: Finding) -> bool:
    return (
        {str(principal) for principal in finding.principals} <= set(entry.principals)
        and set(finding.keys) <= set(entry.keys)
        and (entry.other_keys or not finding.other_keys)
    )


def read_baseline(content: bytes, name: str) -> Baseline:
    """The baseline in a file; `name` is how messages call it. Raises Refusal."""
    try:
        file = msgspec.json.decode(content, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error).splitlines()[0] if isinstance(error, msgspec.ValidationError) else "it is not valid JSON"
        message = f"this is no baseline of tfkms: {reason[:1].lower()}{reason[1:]}"
        raise Refusal("baseline-malformed", message, "make it with --write-baseline", name) from None
    entries: dict[str, list[_Entry]] = {}
    for entry in file.findings:
        entries.setdefault(entry.fingerprint, []).append(entry)
    return Baseline(entries)


def written(report: Report) -> bytes:
    """The baseline of a report: its findings that are not waived otherwise, in a form that is made for review."""
    counted = (finding for finding in report.findings if finding.waived is None or finding.waived == _WAIVER)
    lines = [msgspec.json.encode(entry) for entry in _entries(counted)]
    return b'{"version": 1, "findings": [\n' + b",\n".join(lines) + b"\n]}\n"


def _entries(findings: Iterable[Finding]) -> list[_Entry]:
    entries = [
        _Entry(
            fingerprint=finding.fingerprint,
            check=finding.check,
            address=finding.address,
            principals=sorted({str(principal) for principal in finding.principals}),
            keys=sorted(finding.keys),
            other_keys=finding.other_keys,
        )
        for finding in findings
    ]
    return sorted(entries, key=lambda entry: (entry.check, entry.address, entry.fingerprint, entry.principals))
