"""Functions over timestamps in RFC 3339 syntax."""

import re
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from tfkms.frontends.hcl import floats, terms
from tfkms.frontends.hcl.faults import Fault
from tfkms.frontends.hcl.functions.signature import Group, Parameter
from tfkms.frontends.hcl.functions.strings import value_of
from tfkms.frontends.hcl.terms import Term
from tfkms.frontends.hcl.types import NUMBER, STRING

GROUP = Group()
_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
_DURATION = re.compile(r"([0-9]*(?:\.[0-9]*)?)(ns|us|µs|μs|ms|s|m|h)")
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PIECE = re.compile(r"'(?:[^']|'')*'|'|([a-zA-Z])\1*|[^a-zA-Z']+")
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
_HOURS_IN_DAY = 24


def parsed(name: str, term: Term) -> tuple[datetime, int]:
    """The time, and the nanoseconds after its second. Raises `Fault` where it is no timestamp."""
    text = value_of(term)
    match = _STAMP.fullmatch(text)
    if match is not None:
        year, month, day, hour, minute, second, fraction, sign, zone_hour, zone_minute = match.groups()
        offset = timedelta(hours=int(zone_hour or 0), minutes=int(zone_minute or 0))
        try:
            zone = timezone(-offset if sign == "-" else offset)
            time = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=zone)
        except ValueError:
            pass
        else:
            return time, int((fraction or "")[:9].ljust(9, "0"))
    raise Fault(f"`{name}`: `{text}` is no timestamp in RFC 3339 syntax", "as 2026-01-31T12:00:00Z")


def _zone(time: datetime, *, colon: bool) -> str:
    offset = time.utcoffset() or timedelta()
    minutes = abs(int(offset.total_seconds())) // 60
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}{':' if colon else ''}{minutes % 60:02}"


def shown(time: datetime) -> str:
    """The time in RFC 3339 syntax, without fractions of a second."""
    zone = _zone(time, colon=True)
    return f"{time:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + ("Z" if zone == "+00:00" else zone)


def _nanoseconds(text: str) -> int:
    body = text[1:] if text[:1] in ("+", "-") else text
    total, place = Fraction(0), 0
    while place < len(body):
        match = _DURATION.match(body, place)
        if match is None or match[1] in ("", "."):
            raise Fault(f"`timeadd`: `{text}` is no duration", "as 1h30m")
        total += Fraction(match[1].rstrip(".") if match[1][0] != "." else "0" + match[1]) * _UNITS[match[2]]
        place = match.end()
    if not body or (total == 0 and body != "0" and not _DURATION.match(body)):
        raise Fault(f"`timeadd`: `{text}` is no duration", "as 1h30m")
    return -int(total) if text.startswith("-") else int(total)


@GROUP.define("timeadd", Parameter("timestamp", STRING), Parameter("duration", STRING), result=STRING, plain=True)
def timeadd(timestamp: Term, duration: Term) -> Term:
    time, fraction = parsed("timeadd", timestamp)
    given = value_of(duration)
    total = fraction + (0 if given in ("0", "+0", "-0") else _nanoseconds(given))
    try:
        later = time + timedelta(seconds=total // 10**9)
    except OverflowError:
        raise Fault("`timeadd`: the result is beyond the year 9999") from None
    return terms.Text(shown(later))


@GROUP.define("timecmp", Parameter("timestamp_a", STRING), Parameter("timestamp_b", STRING), result=NUMBER)
def timecmp(first: Term, second: Term) -> Term:
    one, other = parsed("timecmp", first), parsed("timecmp", second)
    return terms.Number((one > other) - (one < other), precision=floats.INTEGER_PRECISION)


@GROUP.define("formatdate", Parameter("format", STRING), Parameter("time", STRING), result=STRING)
def formatdate(pattern: Term, time: Term) -> Term:
    moment, _ = parsed("formatdate", time)
    made = []
    for match in _PIECE.finditer(value_of(pattern)):
        piece = match[0]
        if piece == "''":
            made.append("'")
        elif piece.startswith("'"):
            if len(piece) == 1:
                raise Fault("`formatdate`: a quotation in the format does not end")
            made.append(piece[1:-1].replace("''", "'"))
        elif match[1]:
            made.append(_verb(piece, moment))
        else:
            made.append(piece)
    return terms.text("".join(made))


def _verb(verb: str, time: datetime) -> str:
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
        zone = _zone(time, colon=length in (1, 5))
        if zone.strip("+-0:") == "" and length in (1, 3):
            return "Z" if length == 1 else "UTC"
        return zone
    raise Fault(f"`formatdate`: there is no verb `{verb}`", "put letters that stand for themselves in single quotes")
