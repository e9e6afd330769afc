"""The page of HTML: whole without scripts and styles, closed to everything but itself, and saying what the scan found."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import tfkms
from tests.command_line import run
from tests.plan_builder import ACCOUNT, ROOT, block, change, key_plan, plan, policy
from tests.report import made
from tests.report.pages import Element, bare, parsed
from tests.report.test_hostile_names import NAMES, hostile_plan
from tests.report.workplace import workplace
from tfkms import catalogue
from tfkms.finding import Evidence, Report
from tfkms.location import Origin
from tfkms.queries.access import How
from tfkms.report import formats

FIXTURES = Path(__file__).parent.parent / "fixtures"
REPORTS = FIXTURES / "reports"
MIXED = FIXTURES / "plans" / "mixed-verdicts" / "plan.json"


def rendered(report: Report | None = None) -> str:
    return formats.render("html", report or made.report(), made.view())


def scanned(directory: Path, content: Any, *words: str) -> Element:
    """The page of a scan of the plan."""
    (directory / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    return parsed(run("scan", "plan.json", "--format", "html", *words, cwd=directory).out)


def accessed(directory: Path, content: Any) -> Element:
    """The page of `tfkms access` on the plan."""
    (directory / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    done = run("access", "plan.json", "--format", "html", cwd=directory)
    assert done.code == 0
    return parsed(done.out)


def hash_of(element: Element) -> str:
    text = "".join(str(child) for child in element.children)
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_a_page_admits_its_own_style_and_script_and_nothing_else() -> None:
    page = parsed(rendered())

    (policy,) = [own for own in page.all("meta") if own.attributes.get("http-equiv") == "Content-Security-Policy"]
    (style,), (script,) = page.all("style"), page.all("script")
    rules = dict(part.strip().split(" ", 1) for part in str(policy.attributes["content"]).split(";"))
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": hash_of(style),
        "script-src": hash_of(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_a_page_asks_for_nothing() -> None:
    page = parsed(rendered())

    loading = [name for own in page.below() for name in own.attributes if name in ("src", "srcset", "action", "style")]
    handlers = [name for own in page.below() for name in own.attributes if name.startswith("on")]
    assert not loading + handlers
    assert [own.attributes["href"] for own in page.all("link")] == ["data:,"]
    assert "url(" not in rendered()
    assert "@import" not in rendered()
    links = [str(own.attributes["href"]) for own in page.all("a")]
    assert all(link.startswith(("#", "https://docs.aws.amazon.com/")) for link in links)


def test_links_within_a_page_lead_somewhere(tmp_path: Path) -> None:
    page = scanned(tmp_path, workplace())

    ids = [own.attributes["id"] for own in page.below() if "id" in own.attributes]
    links = {str(own.attributes["href"])[1:] for own in page.all("a") if str(own.attributes["href"]).startswith("#")}
    assert len(ids) == len(set(ids))
    assert links <= set(ids)
    assert {name for name in links if name.startswith("f-")}
    assert {name for name in links if name.startswith("k")}


def test_every_finding_note_and_diagnostic_is_told() -> None:
    report = made.report()
    text = parsed(rendered(report)).text.replace("`", "")

    for finding in report.findings:
        assert finding.address in text
        assert finding.message.replace("`", "") in text
        assert finding.check in text
    assert report.findings[0].remedy.replace("`", "") in text
    assert "waived by the settings, owner team main, until 2027-06-30: migration of main until autumn" in text
    for told in ("no JSON: main", "AWS knows no member main", report.notes[0].message, report.unseen[0].arn):
        assert told in text
    assert "infra/kms.tf:4:7, called at main.tf:3" in text
    assert '"Action": "kms:*"' in text


def test_what_is_told_of_one_of_several_inputs_names_it() -> None:
    page = parsed(rendered())

    for part in ("waived", "notes", "unseen"):
        (section,) = page.all("section", id=part)
        assert all("plan.json: " in own.text for own in section.all("li"))


def test_a_finding_says_where_it_is_and_what_to_narrow_it_by() -> None:
    page = parsed(rendered())

    first, second = page.all("article")
    assert first.attributes["id"] == "f-0123456789ab"
    assert first.attributes["data-verdict"] == "violated"
    assert str(first.attributes["data-check"]).split() == ["IAM-KMS-3"]
    assert "data-new" in first.attributes
    assert "data-new" not in second.attributes
    assert f"{made.APP}main" in str(first.attributes["data-who"])


def test_no_principal_and_no_key_is_too_many_to_search_for() -> None:
    people = tuple(f"{made.APP}-{place}" for place in range(200))
    keys = tuple(f"aws_kms_key.k{place}" for place in range(300))
    many = made.finding(principals=people, keys=keys, witnesses=())

    (article,) = parsed(rendered(replace(made.report(), findings=(many,)))).all("article")
    assert set(people) <= set(str(article.attributes["data-who"]).split())
    assert set(keys) <= set(str(article.attributes["data-key"]).split())


def test_findings_that_are_alike_are_told_as_one_that_each_of_their_guardrails_finds(tmp_path: Path) -> None:
    admin = {"Sid": "A", "Effect": "Allow", "Principal": {"AWS": made.APP}, "Action": ["kms:Disable*"], "Resource": "*"}
    page = scanned(tmp_path, key_plan(policy(ROOT, admin)), "--check", "IAM-KMS-4,IAM-KMS-7")

    (article,) = page.all("article")
    assert str(article.attributes["data-check"]).split() == ["IAM-KMS-4", "IAM-KMS-7"]
    assert str(article.attributes["data-severity"]).split() == ["high", "medium"]


def test_a_statement_is_shown_once_and_then_referred_to(tmp_path: Path) -> None:
    page = scanned(
        tmp_path,
        key_plan(policy(ROOT, {"Effect": "Allow", "Principal": {"AWS": made.APP}, "Action": "kms:*", "Resource": "*"})),
    )

    shown = [own for own in page.all("figure") if own.all("pre")]
    referring = [own for own in page.all("figure") if not own.all("pre")]
    assert len(shown) == 1
    assert referring
    assert all("shown above" in own.text for own in referring)


def test_lines_of_the_source_are_shown_with_what_makes_the_finding_marked(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        """locals {
  people = ["arn:aws:iam::111122223333:role/deploy"]
}

resource "aws_kms_key" "main" {
  policy = jsonencode({
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = local.people }
      Action    = ["kms:Decrypt", "kms:ScheduleKeyDeletion"]
      Resource  = "*"
    }]
  })
}
""",
        encoding="utf-8",
    )
    words = ("--check", "IAM-KMS-3", "--account-id", ACCOUNT, "--region", "us-east-1", "--format", "html")
    page = parsed(run("scan", ".", *words, cwd=tmp_path).out)

    (figure,) = page.all("figure")
    lines, read = figure.all("pre")
    assert [own.text for own in lines.all("mark")] == [
        '"arn:aws:iam::111122223333:role/deploy"',
        '"kms:ScheduleKeyDeletion"',
    ]
    assert [own.text for own in lines.all(class_="number")] == ["2", "10"]
    assert '10  Action = ["kms:Decrypt", "kms:ScheduleKeyDeletion"]' in lines.text.replace("  ", " ").replace(
        "10 ", "10  "
    )
    assert [own.text for own in figure.all(class_="place")] == ["main.tf:2:13"]
    assert "open" not in figure.all("details")[0].attributes
    assert '"kms:ScheduleKeyDeletion"' in read.text


@pytest.mark.parametrize("name", NAMES)
def test_a_source_is_no_markup(name: str) -> None:
    report = replace(made.report(), sources={"infra/kms.tf": f"{name} here\n" * 9})
    page = parsed(rendered(report))

    assert {own.tag for figure in page.all("figure") for own in figure.below()} <= {
        "figcaption", "code", "span", "a", "p", "pre", "mark", "details", "summary",
    }  # fmt: skip
    assert len(page.all("script")) == 1


def test_nothing_of_a_sensitive_policy_is_shown() -> None:
    text = formats.render("html", replace(made.report(), findings=(made.undecided(),)), made.view())

    (figure,) = parsed(text).all("figure")
    assert "sensitive" in figure.text
    assert not figure.all("pre")


def test_many_findings_are_folded_and_few_are_not() -> None:
    def folded(number: int) -> set[bool]:
        findings = [made.finding(f"k{place}", fingerprint=f"{place:032x}") for place in range(number)]
        page = parsed(rendered(replace(made.report(), findings=tuple(findings))))
        return {
            "open" not in own.attributes
            for article in page.all("article")
            for own in article.all("details")
            if "class" not in own.attributes
        }

    assert folded(30) == {False}
    assert folded(31) == {True}


def test_findings_of_one_fingerprint_have_places_of_their_own() -> None:
    twice = (made.finding(), made.finding(address="aws_kms_key.other"))
    page = parsed(rendered(replace(made.report(), findings=twice)))

    assert [own.attributes["id"] for own in page.all("article")] == ["f-0123456789ab", "f-0123456789ab-2"]


@pytest.mark.parametrize(
    ("report", "title"),
    [
        (made.report(), "Could not read everything"),
        (made.report(errors=False), "1 violated, 2 undecided"),
        (made.clean(), "Nothing violated"),
        (replace(made.clean(), verdicts=()), "Nothing to judge"),
    ],
)
def test_the_heading_says_what_came_of_it(report: Report, title: str) -> None:
    page = parsed(rendered(report))

    assert [own.text for own in page.all("h1")] == [title]
    assert [own.text for own in page.all("title")] == [f"tfkms: {title}"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_markup(name: str) -> None:
    def shape(text: str) -> list[tuple[str, list[str]]]:
        return [(own.tag, sorted(own.attributes)) for own in parsed(text).below() if own.tag not in ("code", "wbr")]

    own, plain = rendered(made.report(name, path=f"{name}.json")), rendered()

    assert shape(own) == shape(plain)
    assert bare(own).count("<script") == 1


@given(st.text(alphabet="<>&\"'`/=-! {}%#\nab", max_size=30))
def test_no_text_is_markup(name: str) -> None:
    own = parsed(rendered(made.report(name)))

    assert [one.tag for one in own.below() if one.tag not in ("code", "wbr")] == [
        one.tag for one in parsed(rendered()).below() if one.tag not in ("code", "wbr")
    ]


@pytest.mark.parametrize("name", [own for own in NAMES if own.id != "half characters"])
def test_a_name_in_a_matrix_is_no_markup(name: str, tmp_path: Path) -> None:
    page = accessed(tmp_path, hostile_plan(name))

    assert {own.tag for own in page.all("table")[0].below()} <= {
        "caption", "colgroup", "col", "thead", "tbody", "tr", "th", "td", "span", "b", "i", "wbr", "sup",
    }  # fmt: skip


def test_no_path_of_the_machine_is_in_a_page(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(workplace()), encoding="utf-8")

    done = run("scan", str(tmp_path / "plan.json"), "--format", "html", cwd=tmp_path.parent)

    assert str(tmp_path) not in done.out
    assert "plan.json" in done.out


def test_the_libraries_are_imported_for_a_page_only(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(workplace()), encoding="utf-8")
    code = "import sys; from tfkms.cli import main\ntry: main()\nexcept SystemExit: print('jinja2' in sys.modules, file=sys.stderr)"

    def imports(*words: str) -> bool:
        command = [sys.executable, "-c", code, *words]
        return "True" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stderr

    assert not imports("scan", "-q", "--no-progress", "plan.json")
    assert imports("scan", "-q", "--no-progress", "plan.json", "--format", "html")


def words_of(cell: Element) -> str:
    """What a cell says after the plan, in the words of the text form."""
    marks = cell.all(class_="mark")
    was = {id(own) for outer in cell.all(class_="was") for own in outer.below()}
    now = [own for own in marks if id(own) not in was]
    if not now:
        return "-"
    classes = str(now[0].attributes["class"]).split()
    said = now[0].text.partition(",")[0]
    some = "~" if "some" in classes else ""
    return (said.split()[-1] if said != "–" else "-") + some


@pytest.mark.parametrize("form", ["access", "scan"])
def test_a_matrix_says_what_the_table_of_the_terminal_says(tmp_path: Path, form: str) -> None:
    content = workplace()
    page = accessed(tmp_path, content) if form == "access" else scanned(tmp_path, content)
    table = run("access", "plan.json", cwd=tmp_path).out

    told = {}
    for block_of_key in table.split("\n\n"):
        head, *lines = block_of_key.splitlines()
        if not lines or not lines[0].endswith("principal"):
            continue
        for line in lines[1:]:
            if line[2:3] != " ":
                words = line[2:].split(maxsplit=8)
                told[head.partition(" (")[0], words[8].partition(" (")[0]] = (line[0].strip(), words[:8])
    drawn = {}
    for key in page.all("details", class_="key"):
        for row in key.all("tr", data_row=""):
            name = row.all(class_="name")[0].text
            change = {"added": "+", "removed": "-", "changed": "~"}.get(str(row.attributes.get("data-change")), "")
            drawn[str(key.attributes["data-key"]), name] = (change, [words_of(cell) for cell in row.all("td")])
    gone = {place for place in drawn if place[0] == "aws_kms_key.gone"}

    assert len(told) > 10
    assert {place: own for place, own in drawn.items() if place not in gone} == told
    assert len(gone) == 2


def test_what_the_plan_changes_stands_beside_what_was(tmp_path: Path) -> None:
    page = accessed(tmp_path, workplace())

    (key,) = [
        own for own in page.all("details") if own.attributes.get("data-key") == "module.payments.aws_kms_key.main"
    ]
    rows = {row.all(class_="name")[0].text: row for row in key.all("tr", data_row="")}
    app = rows[f"arn:aws:iam::{ACCOUNT}:role/app"]
    assert [cell.text for cell in app.all("td", class_="moved")] == ["direct was –", "direct, some actions was –"]
    legacy = rows[f"arn:aws:iam::{ACCOUNT}:role/legacy"]
    assert [cell.text for cell in legacy.all("td", class_="moved")] == ["– was direct, some actions"]
    worker = rows[f"arn:aws:iam::{ACCOUNT}:role/worker"]
    assert [cell.text for cell in worker.all("td", class_="moved")] == [
        "direct, some actions was direct via, some actions"
    ]


def test_what_narrows_a_cell_is_numbered_and_told_below(tmp_path: Path) -> None:
    page = accessed(tmp_path, workplace())

    (key,) = [
        own for own in page.all("details") if own.attributes.get("data-key") == "module.payments.aws_kms_key.main"
    ]
    notes = [own.text for own in key.all("li")]
    (row,) = [own for own in key.all("tr") if "role/batch" in own.text]
    assert {own.text for own in row.all("sup")} == {
        str(notes.index("by the key policy, only via sqs.us-east-1.amazonaws.com") + 1)
    }
    assert "by the key policy, for example with aws:MultiFactorAuthPresent = true" in notes


def test_a_cell_that_a_violation_is_about_leads_to_it(tmp_path: Path) -> None:
    page = scanned(tmp_path, workplace(), "--check", "IAM-KMS-3")

    articles = {str(own.attributes["id"]): own for own in page.all("article")}
    (key,) = [
        own for own in page.all("details") if own.attributes.get("data-key") == "module.payments.aws_kms_key.main"
    ]
    linked = {}
    for row in key.all("tr", data_row=""):
        for place, cell in enumerate(row.all("td")):
            for link in cell.all("a"):
                linked[row.all(class_="name")[0].text, place] = articles[str(link.attributes["href"])[1:]]
    assert {place for _, place in linked} == {1}
    assert {name.rpartition("/")[2] for name, _ in linked} == {"KeyAdmin", "app", "batch"}
    assert all(name in article.text for (name, _), article in linked.items())


def test_a_table_can_be_read_by_ear(tmp_path: Path) -> None:
    """Every cell has a heading for its column and its row; the table has a name, and marks are words."""
    page = accessed(tmp_path, workplace())

    for table in page.all("table"):
        (caption,) = table.all("caption")
        assert caption.text.startswith("Who may do what with ")
        heads = table.all("th", scope="col")
        assert [own.text for own in heads] == [
            "principal", "material", "delete", "disable", "policy", "rotation", "other", "use", "grant",
        ]  # fmt: skip
        for row in table.all("tr", data_row=""):
            assert len(row.all("th", scope="row")) == 1
            assert len(row.all("td")) == 8
            assert all(cell.text for cell in row.all("td"))


def test_every_way_and_extent_has_its_mark_and_stands_in_the_legend(tmp_path: Path) -> None:
    page = accessed(tmp_path, workplace())

    (legend,) = page.all(class_="legend")
    fills = {name for own in legend.all(class_="mark") for name in str(own.attributes["class"]).split()}
    assert {"direct", "iam", "bygrant", "freely", "via", "if", "unknown", "some"} <= fills
    style = str(page.all("style")[0].children[0])
    for name in fills - {"mark", "iam", "if"}:  # a square and a ring are what a mark is by itself
        assert f".{name}::before" in style
    assert {How.FREELY, How.VIA, How.CONDITIONS, How.UNKNOWN, How.NONE} == set(How)


def test_a_sensitive_key_policy_says_what_it_leaves_out(tmp_path: Path) -> None:
    content = plan(
        change("aws_kms_key.main", {"policy": policy(ROOT)}, sensitive={"policy": True}),
        blocks=(block("aws_kms_key.main", policy={}),),
    )

    assert "the key policy is sensitive: principals that only it names are left out" in accessed(tmp_path, content).text


def test_an_input_without_keys_says_so(tmp_path: Path) -> None:
    assert "There are no keys in the input." in accessed(tmp_path, plan()).text
    assert "There are no keys in the input." in scanned(tmp_path, plan()).text


def test_processes_make_the_same_page(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(json.dumps(workplace()), encoding="utf-8")

    alone = run("scan", "one.json", "two.json", "--format", "html", cwd=tmp_path)
    by_two = run("scan", "one.json", "two.json", "--format", "html", "--jobs", "2", cwd=tmp_path)

    assert alone.out == by_two.out
    assert [own.text for own in parsed(alone.out).all(class_="input")] == ["one.json"] * 4 + ["two.json"] * 4


def test_the_matrices_of_a_page_are_as_before(tmp_path: Path, golden: Callable[[Path, str], None]) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(workplace()), encoding="utf-8")
    done = run("access", "plan.json", "--format", "html", cwd=tmp_path)

    golden(REPORTS / "access.html", bare(done.out).replace(tfkms.__version__, "VERSION"))


def test_the_sources_of_a_page_have_no_place_of_ours(tmp_path: Path) -> None:
    """A statement of a plan alone has no line; one of the source has its own."""
    alone = made.finding(evidence=(Evidence(Origin("aws_kms_key.main", "/policy/Statement/0"), "App", {"Sid": "App"}),))

    assert not parsed(rendered(replace(made.report(), findings=(alone,)))).all(class_="at")
    assert re.search(r"infra/kms.tf:4:7", parsed(rendered()).text)


def test_the_columns_are_those_of_the_catalogue() -> None:
    from tfkms.report.rows import HEADS, columns

    assert list(columns(None, list(catalogue.actions().values()))) == list(HEADS)


def test_a_picture_that_cannot_be_drawn_fails_the_gate_and_takes_no_finding_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    (tmp_path / "plan.json").write_text(json.dumps(workplace()), encoding="utf-8")
    monkeypatch.setattr("tfkms.queries.access.matrices", fail)

    done = run("scan", "plan.json", "--format", "html", cwd=tmp_path)

    assert done.code == 2
    assert "tfkms crashed (ZeroDivisionError)" in done.err
    assert len(parsed(done.out).all("article")) > 5
    assert run("scan", "plan.json", cwd=tmp_path).code == 1


def test_a_cell_whose_unknown_decides_leads_to_what_is_undecided_about_it(tmp_path: Path) -> None:
    page = scanned(tmp_path, json.loads(MIXED.read_text(encoding="utf-8")))
    undecided = {own.attributes["id"] for own in page.all("article") if own.attributes["data-verdict"] == "undecided"}
    (ledger,) = [own for own in page.all(class_="key") if own.attributes["data-key"] == "aws_kms_key.ledger"]
    cells = [cell for row in ledger.all("tr") for cell in row.all("td")]

    unknown = [cell for cell in cells if "?" in cell.text]
    linked = {link.attributes["href"].removeprefix("#") for cell in unknown for link in cell.all("a")}

    assert unknown
    assert linked
    assert linked <= undecided
    assert not [cell for cell in cells if cell not in unknown and cell.all("a")]
