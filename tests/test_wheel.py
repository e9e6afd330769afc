"""The wheel is whole: installed alone, in a fresh environment, it scans."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PLAN = PROJECT / "tests" / "fixtures" / "plans" / "terraform-aws-kms-complete.json"


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TFKMS"))} | more
    result = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts folder of an environment that holds the wheel and its dependencies, and nothing of the clone."""
    work = tmp_path_factory.mktemp("wheel")
    source = work / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", "*cache*", "__pycache__", "fixtures")
    shutil.copytree(PROJECT, source, ignore=ignored)
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", work, source, cwd=work)
    shutil.rmtree(source)
    venv.create(work / "venv", with_pip=True)
    scripts = work / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run(scripts / "python", "-m", "pip", "install", "--quiet", next(work.glob("tfkms-*.whl")), cwd=work)
    return scripts


@pytest.mark.network
def test_two_builds_of_one_source_are_the_same_bytes(tmp_path: Path) -> None:
    sums = []
    for number in (1, 2):
        source, made = tmp_path / f"source{number}", tmp_path / f"made{number}"
        ignored = shutil.ignore_patterns(".git", ".venv", "*cache*", "__pycache__", "fixtures")
        shutil.copytree(PROJECT, source, ignore=ignored)
        command = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", made, source)
        run(*command, cwd=tmp_path, SOURCE_DATE_EPOCH="1700000000")
        sums.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in made.glob("tfkms-*.whl")])

    assert len(sums[0]) == 1
    assert sums[0] == sums[1]


@pytest.mark.network
def test_the_installed_wheel_scans_a_plan(scripts: Path, tmp_path: Path) -> None:
    output = run(scripts / "tfkms", "scan", "--check", "IAM-KMS-1", PLAN, cwd=tmp_path)

    assert "8 pass" in output


@pytest.mark.network
def test_the_installed_wheel_writes_a_page(scripts: Path, tmp_path: Path) -> None:
    page = run(scripts / "tfkms", "access", PLAN, "--format", "html", cwd=tmp_path)

    assert "<style>\n:root {" in page
    assert "<script>\n(() => {" in page


@pytest.mark.network
def test_the_installed_wheel_holds_the_whole_catalogue(scripts: Path, tmp_path: Path) -> None:
    listed = run(scripts / "tfkms", "rules", cwd=tmp_path)

    assert [line.split()[0] for line in listed.splitlines()] == [f"IAM-KMS-{number}" for number in range(1, 10)]


@pytest.mark.network
def test_the_installed_wheel_is_typed(scripts: Path, tmp_path: Path) -> None:
    where = run(
        scripts / "python", "-c", "import tfkms, pathlib; print(pathlib.Path(tfkms.__file__).parent)", cwd=tmp_path
    )

    assert (Path(where.strip()) / "py.typed").is_file()
