"""The page of HTML as a reader has it before them: opened, narrowed, followed, printed, heard."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.command_line import run
from tests.report import made
from tests.report.workplace import workplace
from tfkms import catalogue
from tfkms.queries.access import Cell, How, KeyAccess, Row
from tfkms.queries.can import Access
from tfkms.queries.people import Kind
from tfkms.report import formats

Open = Callable[..., Any]

MAIN = "module.payments.aws_kms_key.main"
WIDTHS = (390, 820, 1280)
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a scan."""
    work = tmp_path_factory.mktemp("page")
    (work / "plan.json").write_text(json.dumps(workplace()), encoding="utf-8")
    done = run("scan", "plan.json", "--output", "html=report.html", cwd=work)
    assert done.code == 1
    return work / "report.html"


@pytest.fixture(scope="module")
def access(report: Path) -> Path:
    """The page of `tfkms access` on the same plan."""
    path = report.with_name("access.html")
    path.write_text(run("access", "plan.json", "--format", "html", cwd=report.parent).out, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a scan that found something in a source, of which the lines are shown."""
    path = tmp_path_factory.mktemp("written") / "report.html"
    path.write_text(formats.render("html", made.report(), made.view()), encoding="utf-8")
    assert "<mark>" in path.read_text(encoding="utf-8")
    return path


@pytest.fixture
def served(report: Path) -> Iterator[str]:
    """The address of the page on a server."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(report.parent))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{report.name}"
        server.shutdown()


def shown(page: Any, selector: str) -> list[str]:
    """The texts of the elements that are not hidden."""
    texts: list[str] = page.locator(selector).evaluate_all(
        "all => all.filter(own => !own.closest('[hidden]')).map(own => own.textContent.replace(/\\s+/g, ' ').trim())"
    )
    return texts


def keys(page: Any) -> list[str]:
    return shown(page, ".key > summary h3")


def rows(page: Any) -> set[str]:
    return {text.rpartition("role/")[2] for text in shown(page, "tr[data-row] .name")}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_runs_out_of_the_page_or_out_of_its_cell(opened: Open, report: Path, width: int, scheme: str) -> None:
    page = opened(report.as_uri(), width, scheme)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.matrix td > *, .matrix th > *, dd > *, .tally dd, .kinds > *')]
        .filter(own => !own.closest('.aside') && own.getBoundingClientRect().right > own.parentElement.getBoundingClientRect().right + 1)
        .map(own => own.outerHTML)"""
    )
    assert outside == []


def test_a_server_can_give_the_page_as_it_is(opened: Open, served: str) -> None:
    page = opened(served)

    assert page.title().startswith("tfkms: ")
    assert page.locator("form#filter").is_visible()


def test_findings_are_narrowed_by_each_of_their_sides(opened: Open, report: Path) -> None:
    page = opened(report.as_uri())
    every = page.locator("article").count()

    for name in ("verdict", "severity", "check"):
        for value in page.locator(f"select[name={name}] option").evaluate_all("all => all.map(own => own.value)"):
            page.select_option(f"select[name={name}]", value)
            left = page.locator(
                f"article:not([hidden]):not([data-{name}~='{value}'])" if value else "article[hidden]"
            ).count()
            assert left == 0
            gone = page.locator("article[hidden]").count()
            assert gone == page.locator(f"article:not([data-{name}~='{value}'])").count() if value else gone == 0
        page.select_option(f"select[name={name}]", "")
    page.select_option("select[name=verdict]", "violated")
    page.select_option("select[name=check]", "IAM-KMS-5")
    shown_now = page.locator("article:not([hidden])").count()
    assert 0 < shown_now < every
    assert page.locator("output").text_content().startswith(f"{shown_now} of {every} findings, ")


def test_a_principal_narrows_findings_and_rows(opened: Open, report: Path) -> None:
    page = opened(report.as_uri())

    page.get_by_label("Principal").fill("role/Batch")

    assert rows(page) == {"batch"}
    assert keys(page) == [MAIN]
    assert page.locator("article:not([hidden])").count() > 0
    assert all("role/batch" in text for text in shown(page, "article .message"))

    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("!document.querySelector('article[hidden], .key[hidden], tr[hidden]')")
    assert page.get_by_label("Principal").input_value() == ""


def test_a_key_narrows_findings_and_matrices(opened: Open, report: Path) -> None:
    page = opened(report.as_uri())

    page.get_by_label("Key", exact=True).fill("LEDGER")

    assert keys(page) == ["aws_kms_key.ledger"]
    assert all("aws_kms_key.ledger" in str(text) for text in shown(page, "article:not([hidden]) .proof"))
    page.get_by_label("Key", exact=True).fill("no such key")
    assert page.locator("output").text_content() == f"0 of {page.locator('article').count()} findings, 0 of 4 keys"


def test_what_the_plan_brings_about_can_be_looked_at_alone(opened: Open, report: Path) -> None:
    page = opened(report.as_uri())

    page.get_by_label("Only what this plan brings about").check()

    assert keys(page) == [MAIN]
    assert rows(page) >= {"app", "batch", "legacy", "worker"}
    assert "KeyAdmin" not in rows(page)
    assert page.locator("article:not([hidden]):not([data-new])").count() == 0
    assert page.locator("article[hidden]").count() == page.locator("article:not([data-new])").count() > 0


def test_a_mark_leads_to_its_finding_whatever_the_page_is_narrowed_to(opened: Open, report: Path) -> None:
    page = opened(report.as_uri())
    page.get_by_label("Principal").fill("role/app")
    page.select_option("select[name=verdict]", "undecided")
    mark = page.locator("tr:not([hidden]) td a").first
    finding = str(mark.get_attribute("href"))
    assert page.locator(finding).is_hidden()

    mark.click()

    page.locator(finding).wait_for(state="visible")
    top = page.locator(finding).evaluate("own => own.getBoundingClientRect().top")
    assert 0 <= top < 900


def test_an_address_with_a_place_opens_the_page_there(opened: Open, report: Path) -> None:
    page = opened(f"{report.as_uri()}#k4")

    assert page.locator("#k4").evaluate("own => own.open")
    assert page.locator("#k4").evaluate("own => own.getBoundingClientRect().top") < 900


def test_keys_open_and_close_together(opened: Open, access: Path) -> None:
    page = opened(access.as_uri())

    page.get_by_role("button", name="Close all").click()
    assert page.locator(".key[open]").count() == 0
    page.get_by_role("button", name="Open all").click()
    assert page.locator(".key[open]").count() == 4


def test_the_form_is_used_by_the_keyboard_alone(opened: Open, report: Path) -> None:
    page = opened(report.as_uri())

    page.locator("nav a").last.focus()
    page.keyboard.press("Tab")
    page.keyboard.type("role/legacy")
    page.keyboard.press("Enter")

    assert page.get_by_label("Principal").input_value() == "role/legacy"
    assert rows(page) == {"legacy"}


def test_without_scripts_and_styles_the_page_says_all_of_it(opened: Open, report: Path, tmp_path: Path) -> None:
    text = report.read_text(encoding="utf-8")
    bare = tmp_path / "bare.html"
    bare.write_text(text[: text.index("<style>")] + text[text.index("</style>") + 8 :], encoding="utf-8")

    page = opened(bare.as_uri(), java_script_enabled=False)

    said = page.locator("body").inner_text()
    assert "may call kms:ScheduleKeyDeletion through Use" in said
    assert not page.locator("form#filter").is_visible()
    row = page.locator(f"[data-key='{MAIN}'] tr", has_text="role/worker")
    assert "direct, some actions was direct via, some actions" in " ".join(row.inner_text().split())
    assert page.locator("article .proof").count() == page.locator("article .proof:visible").count()


def test_on_paper_everything_is_open_and_what_only_scripts_do_is_gone(opened: Open, report: Path) -> None:
    page = opened(report.as_uri(), scheme="dark")
    page.get_by_role("button", name="Close all").click()

    page.emulate_media(media="print")

    assert page.locator("table.matrix").count() == page.locator("table.matrix:visible").count()
    assert not page.locator("form#filter").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(page.pdf(format="A4")) > 10_000


LUMINANCE = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const light = (rgb) => {
  const [r, g, b] = rgb.slice(0, 3).map((own) => { own /= 255; return own <= 0.04045 ? own / 12.92 : ((own + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (one, two) => { const [a, b] = [light(one), light(two)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); };
const ground = (element) => {
  for (let own = element; own; own = own.parentElement) {
    const colour = parse(getComputedStyle(own).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
    if (colour[3] !== 0) throw new Error("see-through: " + own.outerHTML.slice(0, 80));
  }
  throw new Error("no ground");
};
"""


@pytest.mark.parametrize("form", ["report", "written"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_every_text_stands_out_from_its_ground(
    opened: Open, request: pytest.FixtureRequest, form: str, width: int, scheme: str
) -> None:
    """By the formula of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio: 4.5 to 1, whatever the size."""
    page = opened(request.getfixturevalue(form).as_uri(), width, scheme)

    told = page.evaluate(
        f"""() => {{ {LUMINANCE}
        const found = {{}};
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {{
          const own = walk.currentNode.parentElement;
          if (!walk.currentNode.data.trim() || own.closest('script, style, [hidden]')) continue;
          const style = getComputedStyle(own);
          if (style.opacity !== '1') throw new Error('opacity');
          const at = ratio(parse(style.color), ground(own));
          found[style.color + ' on ' + ground(own)] = at;
        }}
        return found; }}"""
    )

    assert len(told) >= 6
    assert {pair: ratio for pair, ratio in told.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_mark_and_control_stands_out_from_its_ground(opened: Open, report: Path, scheme: str) -> None:
    """https://www.w3.org/TR/WCAG22/#non-text-contrast: 3 to 1."""
    page = opened(report.as_uri(), 1280, scheme)

    told = page.evaluate(
        f"""() => {{ {LUMINANCE}
        const found = {{}};
        for (const own of document.querySelectorAll('.mark, input, select, button')) {{
          const style = own.matches('.mark') ? getComputedStyle(own, '::before') : getComputedStyle(own);
          if (own.matches('[type=checkbox], .none')) continue;
          found[own.className + own.tagName + style.borderLeftColor] = ratio(parse(style.borderLeftColor), ground(own.parentElement));
        }}
        return found; }}"""
    )

    assert len(told) > 8
    assert {pair: ratio for pair, ratio in told.items() if ratio < 3} == {}


def test_marks_differ_without_colour(opened: Open, access: Path) -> None:
    """No two marks of the legend have one shape."""
    page = opened(access.as_uri())

    shapes = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('.legend .mark')].map((own) => {
          const style = getComputedStyle(own, '::before');
          const sides = ['Top', 'Right', 'Bottom', 'Left'].map((side) => style['border' + side + 'Width']);
          return [own.className, JSON.stringify([style.borderTopLeftRadius, style.borderTopStyle, style.width, style.transform, sides])];
        }))"""
    )

    assert len(shapes) == 7  # filled and direct are one
    assert len(set(shapes.values())) == len(shapes)


def test_parts_have_names_and_cells_have_headings(opened: Open, report: Path) -> None:
    page = opened(report.as_uri())

    for role, name in (
        ("search", "Narrow this page"),
        ("searchbox", "Principal"),
        ("searchbox", "Key"),
        ("combobox", "Verdict"),
        ("combobox", "Severity"),
        ("combobox", "Guardrail"),
        ("checkbox", "Only what this plan brings about"),
        ("button", "Show all"),
        ("navigation", "Parts of this page"),
        ("region", "Findings"),
        ("region", "Who may do what"),
        ("table", f"Who may do what with {MAIN}"),
        ("columnheader", "rotation"),
    ):
        assert page.get_by_role(role, name=name, exact=True).count() >= 1, (role, name)
    table = page.get_by_role("table", name=f"Who may do what with {MAIN}")
    row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="role/batch"))
    cells = row.get_by_role("cell").all_inner_texts()
    assert len(cells) == 8
    assert all("direct via" in text for text in cells)
    levels = page.locator("h1, h2, h3").evaluate_all("all => all.map(own => own.tagName)")
    assert levels[0] == "H1"
    assert levels.count("H1") == 1


@pytest.mark.parametrize(("form", "width", "scheme"), [("access", 390, "dark"), ("report", 1280, "light")])
def test_axe_finds_nothing_to_object_to(
    opened: Open, request: pytest.FixtureRequest, form: str, width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    result = axe.run(opened(request.getfixturevalue(form).as_uri(), width, scheme))

    assert [(own["id"], own["nodes"][0]["html"]) for own in result.response["violations"]] == []
    assert len(result.response["passes"]) > 30


def estate(number: int, people: int) -> tuple[KeyAccess, ...]:
    """Keys with so many principals each, most of whom may use them."""
    actions = list(catalogue.actions().values())
    direct, by_iam = Cell(How.FREELY, Access.DIRECTLY), Cell(How.VIA, Access.BY_IAM, ("s3.us-east-1.amazonaws.com",))

    def row(place: int) -> Row:
        cells = {own.name: direct if place % 3 else by_iam for own in actions[place % 4 :: 2]}
        return Row(f"arn:aws:iam::111122223333:role/role-{place}", Kind.ROLE, cells)

    drawn = tuple(row(place) for place in range(people))
    return tuple(KeyAccess(f"aws_kms_key.key_{place}", "*", drawn, drawn) for place in range(number))


def test_a_page_of_200_keys_and_40_principals_opens_and_narrows_quickly(opened: Open, tmp_path: Path) -> None:
    """The bounds are wide: they are met many times over on a machine that has nothing else to do."""
    findings = [made.finding(f"k{place}", fingerprint=f"{place:032x}") for place in range(500)]
    content = made.report()
    view = replace(made.view(), access=(estate(200, 40), ()))
    path = tmp_path / "large.html"
    path.write_text(formats.render("html", replace(content, findings=tuple(findings)), view), encoding="utf-8")

    page = opened(path.as_uri())

    assert page.locator("tr[data-row]").count() == 8_000
    paint, loaded = page.evaluate(
        "[performance.getEntriesByName('first-contentful-paint')[0].startTime,"
        " performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd]"
    )
    assert paint < 5_000
    assert loaded < 15_000
    took = page.evaluate(
        """() => { const form = document.getElementById('filter'); const start = performance.now();
        form.elements.who.value = 'role-7'; form.dispatchEvent(new Event('input')); document.body.offsetHeight;
        return performance.now() - start; }"""
    )
    assert took < 3_000
    assert rows(page) == {"role-7"}
