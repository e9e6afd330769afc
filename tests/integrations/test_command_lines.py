"""The command lines of every integration, run with the variables of its service: they gate, and leave their reports."""

import json
import os
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integrations.shell import CLEAN, FILES, PROJECT, VIOLATING, Ran, run
from tests.report.test_atlantis import failed_before_0_39, failed_since_0_39

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the services run these lines in a shell of Unix")

ATLANTIS = {"before 0.39": failed_before_0_39, "since 0.39": failed_since_0_39}


def content(name: str) -> Any:
    return yaml.safe_load((FILES / name).read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout of somebody's, outside of which lies the folder `temporary`."""
    (tmp_path / "temporary").mkdir()
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


class TestAtlantis:
    """`run` steps see PLANFILE; output and errors are one text."""

    def step(self, name: str, stage: str) -> str:
        (step,) = [step for step in content(name)["workflows"]["tfkms"][stage]["steps"] if isinstance(step, dict)]
        line: str = step["run"]
        return line

    def variables(self, project: Path, plan: Path) -> dict[str, str]:
        planned = project / "default.tfplan"
        planned.write_bytes(plan.read_bytes())
        names = {"WORKSPACE": "default", "PROJECT_NAME": "", "REPO_REL_DIR": ".", "PULL_NUM": "7"}
        return {"PLANFILE": str(planned), "SHOWFILE": str(planned.with_suffix(".json")), "DIR": str(project), **names}

    def plan_step(self, project: Path, plan: Path) -> Ran:
        return run(self.step("atlantis/plan-step.yaml", "plan"), project, plan, self.variables(project, plan))

    def policy_check(self, project: Path, plan: Path) -> Ran:
        line = self.step("atlantis/policy-check.yaml", "policy_check")
        return run(line, project, plan, self.variables(project, plan))

    def test_a_step_of_the_plan_stops_it(self, project: Path) -> None:
        ran = self.plan_step(project, VIOLATING)

        assert ran.code == 1
        assert "IAM-KMS-3 violated" in ran.out

    def test_and_lets_a_clean_plan_go_on(self, project: Path) -> None:
        assert self.plan_step(project, CLEAN).code == 0

    @pytest.mark.parametrize("version", sorted(ATLANTIS))
    def test_a_policy_check_has_failed_where_something_is_violated(self, project: Path, version: str) -> None:
        ran = self.policy_check(project, VIOLATING)

        assert ran.code == 0
        assert ATLANTIS[version](ran.out + ran.err)

    @pytest.mark.parametrize("version", sorted(ATLANTIS))
    def test_and_passed_where_nothing_is(self, project: Path, version: str) -> None:
        ran = self.policy_check(project, CLEAN)

        assert ran.code == 0
        assert ran.out.strip()
        assert not ATLANTIS[version](ran.out + ran.err)

    @pytest.mark.parametrize("version", sorted(ATLANTIS))
    def test_and_failed_where_there_is_no_plan(self, project: Path, version: str) -> None:
        line = self.step("atlantis/policy-check.yaml", "policy_check")
        ran = run(line, project, CLEAN, {"PLANFILE": str(project / "absent.tfplan")})

        assert ran.code == 0
        assert ATLANTIS[version](ran.out)

    @pytest.mark.parametrize("version", sorted(ATLANTIS))
    def test_and_failed_where_tfkms_is_not_installed(self, project: Path, version: str) -> None:
        line = self.step("atlantis/policy-check.yaml", "policy_check").replace("tfkms scan", "no-such-program scan")
        ran = run(line, project, CLEAN, self.variables(project, CLEAN))

        assert ran.code == 0
        assert ATLANTIS[version](ran.out)

    def test_an_approval_sticks_to_whole_lines_of_what_failed(self, project: Path) -> None:
        pattern = content("atlantis/policy-check.yaml")["policies"]["policy_item_regex"]

        items = re.findall(pattern, self.policy_check(project, VIOLATING).out)

        assert items
        assert all(item.startswith("FAIL - IAM-KMS-") for item in items)


class TestSpacelift:
    """The hooks of a phase are one line, chained; what a failing one leaves is a failed run."""

    def after_plan(self, project: Path, plan: Path) -> Ran:
        hooks = content("spacelift/config.yml")["stack_defaults"]["after_plan"]
        assert all("\n" not in hook for hook in hooks)
        (project / "spacelift.plan").write_bytes(plan.read_bytes())
        line = "{ " + " && ".join(hooks) + "; }"
        return run(line, project, plan, {"TF_VAR_spacelift_run_type": "PROPOSED"})

    def written(self, project: Path) -> Any:
        return json.loads((project / "tfkms.custom.spacelift.json").read_text(encoding="utf-8"))

    def test_what_is_violated_is_left_to_the_policy(self, project: Path) -> None:
        assert self.after_plan(project, VIOLATING).code == 0
        assert self.written(project)["blocking"] is True

    def test_a_clean_plan_blocks_nothing(self, project: Path) -> None:
        assert self.after_plan(project, CLEAN).code == 0
        assert self.written(project)["blocking"] is False

    def test_a_plan_that_cannot_be_read_fails_the_run(self, project: Path) -> None:
        broken = project / "broken"
        broken.write_bytes(VIOLATING.read_bytes()[:500])

        assert self.after_plan(project, broken).code == 2


class TestGitLab:
    def job(self, name: str, project: Path, plan: Path) -> Ran:
        return run(" && ".join(content("gitlab/tfkms.gitlab-ci.yml")[name]["script"]), project, plan, {"CI": "true"})

    @pytest.mark.parametrize(("plan", "code"), [(VIOLATING, 1), (CLEAN, 0)])
    def test_the_jobs_plan_and_judge_the_plan(self, project: Path, plan: Path, code: int) -> None:
        assert self.job("plan", project, plan).code == 0
        assert self.job("tfkms", project, plan).code == code

        reports = content("gitlab/tfkms.gitlab-ci.yml")["tfkms"]["artifacts"]["reports"]
        quality = json.loads((project / reports["codequality"]).read_text(encoding="utf-8"))
        assert any(item["severity"] != "info" for item in quality) == bool(code)
        assert ET.parse(project / reports["junit"]).getroot().tag == "testsuites"

    def test_the_job_judges_what_the_other_keeps(self) -> None:
        jobs = content("gitlab/tfkms.gitlab-ci.yml")

        assert jobs["tfkms"]["needs"] == ["plan"]
        assert jobs["plan"]["artifacts"]["paths"] == ["tfplan"]


class TestAzurePipelines:
    @pytest.mark.parametrize(("plan", "code"), [(VIOLATING, 1), (CLEAN, 0)])
    def test_the_steps_plan_and_judge_the_plan(self, project: Path, plan: Path, code: int) -> None:
        steps = content("azure-pipelines/azure-pipelines.yml")["steps"]
        lines = {step["displayName"]: step["script"] for step in steps if "script" in step}
        temporary = project.parent / "temporary"
        variables = {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(temporary), "BUILD_SOURCESDIRECTORY": str(project)}

        assert run(lines["Plan"], project, plan, variables).code == 0
        assert run(lines["Judge the plan"], project, plan, variables).code == code

        for step in steps:
            for name in ("testResultsFiles", "PathtoPublish"):
                if name in step.get("inputs", {}):
                    assert Path(step["inputs"][name].replace("$(Agent.TempDirectory)", str(temporary))).is_file()


class TestJenkins:
    @pytest.mark.parametrize(("plan", "code"), [(VIOLATING, 1), (CLEAN, 0)])
    def test_the_stages_plan_and_judge_the_plan(self, project: Path, plan: Path, code: int) -> None:
        text = (FILES / "jenkins/Jenkinsfile").read_text(encoding="utf-8")
        *before, judging = re.findall(r"sh '([^']*)'", text)

        assert [run(line, project, plan).code for line in before] == [0] * len(before)
        assert run(judging, project, plan).code == code

        for name in re.findall(r"(?:junit|pattern:|archiveArtifacts) '([^']*)'", text):
            assert (project / name).is_file()


class TestTheGitHubAction:
    """The step `scan` of `action.yml`, as the runner starts it: bash, with its inputs in variables."""

    ACTION = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))

    def scan(self, project: Path, plan: Path, **inputs: str) -> tuple[Ran, dict[str, str]]:
        (step,) = [step for step in self.ACTION["runs"]["steps"] if step.get("id") == "scan"]
        values = {name: given["default"] for name, given in self.ACTION["inputs"].items()}
        values |= {"input": str(plan)} | {name.replace("_", "-"): value for name, value in inputs.items()}
        outputs, summary = project.parent / "temporary" / "outputs", project.parent / "temporary" / "summary"
        outputs.write_text("", encoding="utf-8")
        variables = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ACTIONS": "true"}
        for name, value in step["env"].items():
            expression = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value)
            if expression:
                variables[name] = values[expression[1]]
        variables["TFKMS_BIN"] = str(Path(sys.executable).parent)
        ran = run(step["run"], project, plan, variables, shell="bash")
        return ran, dict(line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines())

    def test_a_violation_fails_the_step_after_its_reports_are_written(self, project: Path) -> None:
        ran, outputs = self.scan(project, VIOLATING)

        assert ran.code == 1
        assert outputs == {"exit-code": "1", "sarif-file": "tfkms.sarif"}
        assert json.loads((project / "tfkms.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
        assert "::error " in ran.out
        assert (project.parent / "temporary" / "summary").read_text(encoding="utf-8")

    def test_a_clean_plan_passes_and_closes_its_alerts(self, project: Path) -> None:
        ran, outputs = self.scan(project, CLEAN)

        assert ran.code == 0
        assert outputs["exit-code"] == "0"
        assert json.loads((project / "tfkms.sarif").read_text(encoding="utf-8"))["runs"][0]["results"] == []

    def test_words_with_blanks_and_quotes_stay_one_word(self, project: Path) -> None:
        settings = project.parent / "temporary" / "some settings.yaml"
        settings.write_text("fail_on: low\n", encoding="utf-8")

        ran, _ = self.scan(project, CLEAN, config=str(settings), args="--authorized\narn:aws:iam::*:role/a b'\"$(id)\n")

        assert ran.code == 0

    def test_an_input_that_looks_like_an_option_is_none(self, project: Path) -> None:
        ran, outputs = self.scan(project, Path("--exit-zero"))

        assert ran.code == 2
        assert outputs["exit-code"] == "2"

    def test_no_input_is_pasted_into_a_script(self) -> None:
        """The runner replaces expressions before the shell reads the script, so they would be code."""
        scripts = [step["run"] for step in self.ACTION["runs"]["steps"]]

        assert [script for script in scripts if "${{" in script] == []


def test_every_file_is_in_the_index() -> None:
    index = (FILES / "README.md").read_text(encoding="utf-8")
    files = [path for path in FILES.rglob("*") if path.is_file() and path.name != "README.md"]

    assert files
    assert [path for path in files if f"({path.relative_to(FILES).as_posix()})" not in index] == []
