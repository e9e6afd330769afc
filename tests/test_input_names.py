"""Reports call inputs by names that tell them apart, and never by absolute paths."""

import contextlib
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command_line import run
from tfkms.cli.names import display_paths

PLAN = Path(__file__).parent / "fixtures" / "guardrails" / "IAM-KMS-1" / "deny-guard-forgets-root" / "plan.json"


@pytest.mark.parametrize(
    ("given_paths", "names"),
    [
        (["plan.json", "../a/plan.json", "../b/plan.json"], ["plan.json", "../a/plan.json", "../b/plan.json"]),
        (["/x/a/plan.json"], ["plan.json"]),
        (["/x/a/plan.json", "/x/b/plan.json"], ["a/plan.json", "b/plan.json"]),
        (["/x/a/plan.json", "/x/b/other.json"], ["plan.json", "other.json"]),
        (["/x/a/p/plan.json", "/x/b/p/plan.json", "/x/c/q/plan.json"], ["a/p/plan.json", "b/p/plan.json", "q/plan.json"]),
        (["plan.json", "/x/a/plan.json"], ["plan.json", "a/plan.json"]),
        (["a/plan.json", "/x/a/plan.json", "/x/b/plan.json"], ["a/plan.json", "x/a/plan.json", "b/plan.json"]),
        (["/x/a/plan.json", "/x/a/plan.json"], ["plan.json", "plan.json"]),
        (["-", "/x/a/plan.json"], ["-", "plan.json"]),
    ],
)  # fmt: skip
def test_an_input_is_called_by_the_shortest_name_that_tells_it_from_the_others(
    given_paths: list[str], names: list[str], tmp_path: Path
) -> None:
    with contextlib.chdir(tmp_path):
        assert display_paths(given_paths) == names


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=5).map(lambda steps: "/x/" + "/".join(steps))))
def test_no_two_files_have_one_name(paths: list[str]) -> None:
    names = display_paths(paths)

    assert len(set(names)) == len(set(paths))
    assert not any(name.startswith("/") for name in names)


@pytest.mark.parametrize("form", ["text", "json", "junit", "gitlab", "sarif", "markdown", "github"])
def test_every_form_of_the_report_tells_plans_elsewhere_apart(form: str, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(PLAN, tmp_path / folder / "plan.json")
    paths = [str(tmp_path / folder / "plan.json") for folder in ("a", "b")]

    out = run("scan", *paths, "--check", "IAM-KMS-1", "--format", form, "-q", cwd=here).out

    assert "a/plan.json" in out
    assert "b/plan.json" in out
    assert str(tmp_path) not in out
