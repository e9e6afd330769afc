"""The hash by which GitHub code scanning knows a line again after others have moved.

The algorithm is that of the action `github/codeql-action/upload-sarif` (`src/fingerprints.ts`), which computes it where
a result lacks it, and warns where it finds another.
"""

import re
import sys
from array import array
from collections import Counter
from collections.abc import Sequence

_BLOCK = 100
_BASE = 37
_MODULUS = 2**64
_END = 65535


def line_hashes(text: str) -> list[str]:
    """For each line of `text`, the first line first, its hash and which of the lines with that hash it is (`c1297:1`).

    A line's hash is over the 100 UTF-16 code units from its start on, spaces and tabs left out, so it depends on the
    lines below.
    """
    units: list[int] = []
    starts: list[int] = []
    begins = True
    for unit in _code_units(re.sub("[ \t]", "", re.sub("\r\n?", "\n", text))):
        if begins:
            starts.append(len(units))
        units.append(unit)
        begins = unit == ord("\n")
    if begins:
        starts.append(len(units))
    units += [_END, *[0] * _BLOCK]
    seen: Counter[int] = Counter()
    found = []
    for start in starts:
        value = 0
        for unit in units[start : start + _BLOCK]:
            value = (value * _BASE + unit) % _MODULUS
        seen[value] += 1
        found.append(f"{value:x}:{seen[value]}")
    return found


def _code_units(text: str) -> Sequence[int]:
    units = array("H", text.encode("utf-16-le", "surrogatepass"))
    if sys.byteorder == "big":
        units.byteswap()
    return units
