"""The forms of a report: each is the module of its name, with a function `render(report, view)`.

One whose reader takes only so much has a function `left_out(report, view)` besides, which says what it does not hold.
None of them reads anything but the report, writes anything, or knows of the others unless it is made of one.
"""

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfkms.finding import Report
    from tfkms.report.view import View


def names() -> list[str]:
    """All forms, sorted; none is imported."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def render(name: str, report: "Report", view: "View") -> str:
    """The report in the form of that name, one of `names()`."""
    text: str = import_module(f"{__name__}.{name}").render(report, view)
    return text


def job_summary(report: "Report", view: "View") -> str:
    """What GitHub Actions is to add to the summary of the job."""
    from tfkms.report.formats import github

    return github.summary(report, view)


def left_out(name: str, report: "Report", view: "View") -> str:
    """What the form of that name leaves out for its reader's limits, in a few words; empty where it leaves out nothing.

    The report itself says it too.
    """
    tell = getattr(import_module(f"{__name__}.{name}"), "left_out", None)
    words: str = tell(report, view) if tell else ""
    return words
