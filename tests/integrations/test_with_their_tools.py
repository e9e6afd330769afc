"""The integrations by the tools of others: published schemas, the real pre-commit, an engine of Rego, pip."""

import json
import os
import re
import shutil
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integrations.shell import CLEAN, FILES, PROJECT, VIOLATING, run
from tests.report import made
from tfkms.finding import Report
from tfkms.report import formats

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(os.name == "nt", reason="the services run in Unix"),
]
PACKAGES = ["check-jsonschema>=0.29", "pre-commit>=4", "regopy>=1"]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the installed programs."""
    home = tmp_path_factory.mktemp("tools")
    venv.create(home, with_pip=True)
    subprocess.run(
        [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
        check=True,
        capture_output=True,
    )
    return home / "bin"


SCHEMAS = {
    "vendor.github-actions": PROJECT / "action.yml",
    "vendor.github-workflows": FILES / "github/tfkms.yml",
    "vendor.gitlab-ci": FILES / "gitlab/tfkms.gitlab-ci.yml",
    "vendor.azure-pipelines": FILES / "azure-pipelines/azure-pipelines.yml",
}
OPTIONS = {
    "vendor.gitlab-ci": ["--data-transform", "gitlab-ci"],
    "vendor.azure-pipelines": ["--data-transform", "azure-pipelines", "--regex-variant", "nonunicode"],
}


def valid(tools: Path, schema: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [str(tools / "check-jsonschema"), "--builtin-schema", schema]
    return subprocess.run([*command, *OPTIONS.get(schema, []), str(path)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("schema", "path"), SCHEMAS.items(), ids=SCHEMAS)
def test_each_file_keeps_to_the_schema_of_its_service(tools: Path, schema: str, path: Path) -> None:
    said = valid(tools, schema, path)

    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_schema_would_refuse_another_file(tools: Path, schema: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.yml").write_text(
        "jobs: 7\nruns: {using: composite}\nsteps: yes\nstages: {a: 1}\n", encoding="utf-8"
    )

    assert valid(tools, schema, tmp_path / "wrong.yml").returncode == 1


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of git that holds this project as it stands; pre-commit clones it."""
    if shutil.which("git") is None:
        pytest.skip("git, from which hooks and actions are taken, is not here")
    home = tmp_path_factory.mktemp("checkout") / "tfkms"
    left_out = shutil.ignore_patterns(".*", "tests", "benchmarks", "__pycache__", "build", "dist", "*.egg-info")
    shutil.copytree(PROJECT, home, ignore=left_out)
    shutil.copy(PROJECT / ".pre-commit-hooks.yaml", home)
    commit(home)
    return home


def commit(home: Path) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet"], ["add", "--all"], [*identity, "commit", "--quiet", "--no-verify", "-m", "x"]):
        subprocess.run(["git", *words], cwd=home, check=True, capture_output=True)


KEY = """resource "aws_kms_key" "{name}" {{
  policy = jsonencode({{ Version = "2012-10-17", Statement = [
    {{ Effect = "Allow", Principal = {{ AWS = "{principal}" }}, Action = "kms:*", Resource = "*" }}
  ] }})
}}
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """Somebody's repository with the hook set up: a good key and a bad one, in directories of their own."""
    home = tmp_path_factory.mktemp("repository")
    settings = (FILES / "pre-commit/.pre-commit-config.yaml").read_text(encoding="utf-8")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, check=True, capture_output=True, text=True)
    settings = settings.replace("REPOSITORY", str(checkout)).replace("rev: v0", f"rev: {head.stdout.strip()}")
    (home / ".pre-commit-config.yaml").write_text(settings, encoding="utf-8")
    for name, principal in (("good", "arn:aws:iam::111122223333:root"), ("bad", "*")):
        (home / name).mkdir()
        (home / name / "main.tf").write_text(KEY.format(name=name, principal=principal), encoding="utf-8")
        (home / name / "notes.md").write_text("nothing\n", encoding="utf-8")
    (home / ".tfkms.yaml").write_text('account_id: "111122223333"\n', encoding="utf-8")
    commit(home)
    return home


def hook(tools: Path, repository: Path, *files: str, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(tools / "pre-commit"), "run", "tfkms", "--files", *files],
        cwd=repository,
        env={**os.environ, "PRE_COMMIT_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_hook_judges_the_files_that_change(
    tools: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.mktemp("cache")

    good = hook(tools, repository, "good/main.tf", cache=cache)
    bad = hook(tools, repository, "bad/main.tf", "good/main.tf", cache=cache)
    neither = hook(tools, repository, "bad/notes.md", cache=cache)

    assert (good.returncode, "Passed" in good.stdout) == (0, True), good.stdout + good.stderr
    assert bad.returncode == 1
    assert "IAM-KMS-3 violated (critical)  aws_kms_key.bad" in bad.stdout
    assert "aws_kms_key.good" not in bad.stdout
    assert (neither.returncode, "Skipped" in neither.stdout) == (0, True)


def test_every_hook_is_one_by_its_schema(tools: Path) -> None:
    said = subprocess.run(
        [str(tools / "pre-commit"), "validate-manifest", str(PROJECT / ".pre-commit-hooks.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 0, said.stdout + said.stderr


EVALUATE = """
import json, sys, regopy
engine = regopy.Interpreter()
engine.add_module("plan", sys.stdin.read())
engine.set_input_term(sys.argv[1])
answer = json.loads(str(engine.query("data.spacelift")))
print(json.dumps(answer["expressions"][0]))
"""


def decide(tools: Path, custom: Any) -> Any:
    """What the plan policy says, with that as the custom input of tfkms; None for none."""
    metadata = {} if custom is None else {"tfkms": custom}
    ran = subprocess.run(
        [str(tools / "python"), "-c", EVALUATE, json.dumps({"third_party_metadata": {"custom": metadata}})],
        input=(FILES / "spacelift/plan-policy.rego").read_text(encoding="utf-8"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def spacelift(report: Report) -> Any:
    return json.loads(formats.render("spacelift", report, made.view()))


def test_the_plan_policy_denies_what_fails_the_gate(tools: Path) -> None:
    said = decide(tools, spacelift(made.report(errors=False)))

    assert "tfkms found what fails the gate" in said["deny"]
    assert any(line.startswith("IAM-KMS-") for line in said["deny"])


def test_the_plan_policy_lets_a_clean_plan_pass(tools: Path) -> None:
    said = decide(tools, spacelift(made.clean()))

    assert (said["deny"], said["warn"]) == ([], [])


def test_the_plan_policy_denies_where_tfkms_did_not_run(tools: Path) -> None:
    assert decide(tools, None)["deny"] == ["tfkms did not run"]


def test_the_plan_policy_denies_what_could_not_be_read(tools: Path) -> None:
    custom = spacelift(made.report())

    assert custom["errors"]
    assert set(custom["errors"]) <= set(decide(tools, custom)["deny"])


def test_the_plan_policy_warns_where_findings_are_left_out(tools: Path) -> None:
    custom = spacelift(made.report(errors=False)) | {"omitted": 3}

    assert "tfkms: 3 findings more than there is room for" in decide(tools, custom)["warn"]
    assert not [line for line in decide(tools, custom | {"omitted": 0})["warn"] if "room" in line]


def test_the_action_installs_tfkms_from_its_own_checkout(checkout: Path, tmp_path: Path) -> None:
    action = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
    (step,) = [step for step in action["runs"]["steps"] if step.get("id") == "install"]
    output = tmp_path / "output"
    variables = {"TFKMS_PROJECT": str(checkout), "TFKMS_HOME": str(tmp_path / "home"), "GITHUB_OUTPUT": str(output)}

    ran = run(step["run"], tmp_path, CLEAN, variables, shell="bash")

    assert ran.code == 0, ran.err
    installed = Path(output.read_text(encoding="utf-8").strip().removeprefix("bin="))
    assert (
        subprocess.run([installed / "tfkms", "scan", "-q", VIOLATING], capture_output=True, check=False).returncode == 1
    )


def test_the_container_is_made_of_wheels_alone(checkout: Path, tmp_path: Path) -> None:
    """Its commands, in a folder in place of an image."""
    text = (FILES / "container/Dockerfile").read_text(encoding="utf-8")
    build, install = re.findall(r"^RUN (python .*)$", text, re.MULTILINE)
    home = tmp_path / "home"
    venv.create(home, with_pip=True)
    for written in (build, install):
        line = written.replace("/wheels", str(tmp_path / "wheels")).replace("/project", str(checkout))
        ran = run(line.replace("python -m", f"{home / 'bin' / 'python'} -m"), tmp_path, CLEAN)
        assert ran.code == 0, ran.err

    entry = json.loads(re.findall(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)[0])
    ran = run(f"{home / 'bin' / entry[0]} scan -q {VIOLATING}", tmp_path, CLEAN)

    assert ran.code == 1
    assert not (tmp_path / "wheels").exists()
