"""What the queries print for machines is described by files of the repository."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import run

PUBLISHED = Path(__file__).parents[2] / "docs" / "schema"


@pytest.mark.parametrize("name", ["can", "access"])
def test_the_schema_command_prints_the_schema_of_the_repository(
    name: str, golden: Callable[[Path, str], None], tmp_path: Path
) -> None:
    golden(PUBLISHED / f"{name}-1.json", run("schema", name, cwd=tmp_path).out)
