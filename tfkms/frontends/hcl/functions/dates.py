"""Functions over timestamps in RFC 3339 syntax."""

import re
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tfkms.frontends.hcl import floats, terms
from tfkms.frontends.hcl.faults import Fault, Withheld
from tfkms.frontends.hcl.functions.signature import Group, Parameter
from tfkms.frontends.hcl.functions.strings import value_of
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.hcl.types import NUMBER, STRING

GROUP = Group()
_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:([.,])(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
_DURATION = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PIECE = re.compile(r"''|'(?:[^']|'')*+'?|([a-zA-Z])\1*|[^a-zA-Z']+")
_DIGITS = 19
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_LARGEST = 2**63 - 1
_LEAP_YEAR = 2000


class Moment(Struct, frozen=True):
    """A point in time as it is written: the clock at a place, how many minutes that is ahead of UTC, and nanoseconds
    after the second."""

    clock: datetime
    offset: int
    nanoseconds: int

    @property
    def universal(self) -> tuple[timedelta, int]:
        """What to compare it by, whatever its zone."""
        return self.clock - datetime.min - timedelta(minutes=self.offset), self.nanoseconds

    def zone(self, *, colon: bool) -> str:
        """`+05:30`."""
        hours, minutes = divmod(abs(self.offset), 60)
        return f"{'-' if self.offset < 0 else '+'}{hours:02}{':' if colon else ''}{minutes:02}"

    @property
    def shown(self) -> str:
        """In RFC 3339 syntax, without fractions of a second."""
        return f"{self.clock.isoformat('T', 'seconds')}{self.zone(colon=True) if self.offset else 'Z'}"


def parsed(name: str, term: Term, *, strict: bool = True) -> Moment:
    """The time that a text stands for. Raises `Fault` where it is no timestamp.

    Not `strict` is Go's `time.Parse`, which takes a comma for the point and zones of up to 24 hours and 60 minutes.
    """
    text = value_of(term)
    match = _STAMP.fullmatch(text)
    moment = _moment(match, strict=strict) if match is not None else None
    if moment is None:
        raise Fault(f"`{name}`: `{text}` is no timestamp in RFC 3339 syntax", "as 2026-01-31T12:00:00Z")
    return moment


def _moment(match: re.Match[str], *, strict: bool) -> Moment | None:
    year, month, day, hour, minute, second, mark, fraction, sign, zone_hour, zone_minute = match.groups(default="")
    hours, minutes = int(zone_hour or 0), int(zone_minute or 0)
    if hours > 24 or minutes > 60 or (strict and (mark == "," or hours == 24 or minutes == 60)):
        return None
    try:
        clock = datetime(int(year) or _LEAP_YEAR, int(month), int(day), int(hour), int(minute), int(second))
    except ValueError:
        return None
    if not int(year):
        raise Withheld("a time before the year 1 is not supported")
    offset = 60 * hours + minutes
    return Moment(clock, -offset if sign == "-" else offset, int(fraction[:9].ljust(9, "0")))


def _nanoseconds(text: str) -> int:
    """How long a duration is (Go's `time.ParseDuration`, with its limits and its loss of digits)."""
    body = text[1:] if text[:1] in ("+", "-") else text
    wrong = Fault(f"`timeadd`: `{text}` is no duration", "as 1h30m")
    if body == "0":
        return 0
    total, place = 0, 0
    while place < len(body):
        match = _DURATION.match(body, place)
        if match is None or not (match[1] or match[2]) or len(match[1].lstrip("0")) > _DIGITS:
            raise wrong
        unit = _UNITS[match[3]]
        total += int(match[1] or "0") * unit + _fraction(match[2] or "", unit)
        if total > _LARGEST + 1:
            raise wrong
        place = match.end()
    if not body or total > _LARGEST + text.startswith("-"):
        raise wrong
    return -total if text.startswith("-") else total


def _fraction(digits: str, unit: int) -> int:
    value, scale = 0, 1.0
    for digit in digits:
        if value > _LARGEST // 10:
            break
        value, scale = 10 * value + int(digit), scale * 10
    return int(float(value) * (float(unit) / scale))


@GROUP.define("timeadd", Parameter("timestamp", STRING), Parameter("duration", STRING), result=STRING, plain=True)
def timeadd(timestamp: Term, duration: Term) -> Term:
    moment = parsed("timeadd", timestamp)
    seconds = (moment.nanoseconds + _nanoseconds(value_of(duration))) // 10**9
    try:
        return terms.Text(replace(moment, clock=moment.clock + timedelta(seconds=seconds)).shown)
    except OverflowError:
        raise Withheld("a time before the year 1 or after the year 9999 is not supported") from None


@GROUP.define("timecmp", Parameter("timestamp_a", STRING), Parameter("timestamp_b", STRING), result=NUMBER)
def timecmp(first: Term, second: Term) -> Term:
    one = parsed("timecmp", first, strict=False).universal
    other = parsed("timecmp", second, strict=False).universal
    return terms.Number((one > other) - (one < other), precision=floats.INTEGER_PRECISION)


@GROUP.define("formatdate", Parameter("format", STRING), Parameter("time", STRING), result=STRING)
def formatdate(pattern: Term, time: Term) -> Term:
    moment = parsed("formatdate", time)
    made = []
    for match in _PIECE.finditer(value_of(pattern)):
        piece = match[0]
        if piece == "''":
            made.append("'")
        elif piece.startswith("'"):
            if len(piece) == 1 or not piece.endswith("'"):
                raise Fault("`formatdate`: a quotation in the format does not end")
            made.append(piece[1:-1].replace("''", "'"))
        elif match[1]:
            made.append(_verb(piece, moment))
        else:
            made.append(piece)
    return terms.text("".join(made))


def _verb(verb: str, moment: Moment) -> str:
    time = moment.clock
    hour = time.hour % 12 or 12
    number = {"D": time.day, "h": time.hour, "H": hour, "m": time.minute, "s": time.second, "M": time.month}
    letter, length = verb[0], len(verb)
    if letter in number and length <= 2:
        return str(number[letter]).rjust(length, "0")
    if letter == "M" and length <= 4:
        return _MONTHS[time.month - 1][: 3 if length == 3 else None]
    if letter == "Y" and length in (2, 4):
        return f"{time.year % 100:02}" if length == 2 else f"{time.year:04}"
    if letter == "E" and length in (3, 4):
        return _DAYS[time.weekday()][: 3 if length == 3 else None]
    if letter in "Aa" and length == 2:
        half = "AM" if time.hour < 12 else "PM"
        return half if letter == "A" else half.lower()
    if letter == "Z" and length in (1, 3, 4, 5):
        if not moment.offset and length in (1, 3):
            return "Z" if length == 1 else "UTC"
        return moment.zone(colon=length in (1, 5))
    raise Fault(f"`formatdate`: there is no verb `{verb}`", "put letters that stand for themselves in single quotes")
