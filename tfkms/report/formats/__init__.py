"""The forms of a report: each is the module of its name, with one function `render(report, view)`.

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
