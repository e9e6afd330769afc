"""Where the current directory lies in the repository, for reports that are read from its root."""

import os
from pathlib import Path

_WORKSPACES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY")
"""The variables by which GitHub Actions, GitLab CI and Azure Pipelines name the checkout, which may lack its `.git`."""


def directory() -> str:
    """The current directory as seen from the root of the repository; empty at the root, and where there is none."""
    here = Path.cwd()
    named = [Path(os.environ[name]).resolve() for name in _WORKSPACES if os.environ.get(name)]
    for place in (here, *here.parents):
        if (place / ".git").exists() or place in named:
            relative = here.relative_to(place).as_posix()
            return "" if relative == "." else relative
    return ""
