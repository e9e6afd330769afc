"""Whatever stands in a name, in a policy or in a message: no form of the report lets it be more than text."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.command_line import run
from tests.plan_builder import ROOT, block, change, plan, policy
from tests.report import made
from tfkms.report import formats
from tfkms.report.formats import markdown

HOSTILE = {
    "markup of rich": "[/red] [bold]x[/bold]",
    "a workflow command": "::error file=a::x",
    "a workflow command on a line of its own": "x\n::add-mask::x",
    "an older workflow command": "##[add-path]/tmp",
    "an Azure command": "x ##vso[task.setvariable variable=a]b",
    "a TeamCity command": "##teamcity[buildStatus text='x']",
    "a stop of commands": "::stop-commands::x",
    "the end of a script": "</script><script>alert(1)</script>",
    "an image": "<img src=x onerror=alert(1)>",
    "an end of details": "</details></summary><b>",
    "an end of a comment": "--> <b>x</b>",
    "backticks": "``` ` `` x ```` `",
    "one backtick": "a`b",
    "a fence": "\n```\n# heading\n",
    "colours": "\x1b[31mred\x1b[0m\x9b1m",
    "a hyperlink of a terminal": "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07",
    "right to left": "\u202egnp.exe\u2066\u200b\ufeff",
    "a line end": "a\nb\r\nc\rd\u2028e\u2029f\x85g",
    "a pipe": "a|b||c",
    "the end of a section": "]]>",
    "an entity": "&lt;b&gt; &#64;user",
    "an XML declaration": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>&b;',
    "control characters": "".join(map(chr, range(32))) + "\x7f",
    "half characters": "\ud800 \udfff x\udc00",
    "no characters": "\ufffe\uffff\U0001fffe",
    "far planes": "\U0001f600 \U000e0041",
    "a link": "[click](http://evil.example) ![x](http://evil.example/x.png)",
    "a link of SARIF": "[click](0) {0} {1}",
    "an address": "http://evil.example www.evil.example evil@example.com",
    "a mention": "@admin @org/team #123 !45 owner/repo#1 GH-1 :smile:",
    "a command of GitLab": "/close\n/approve",
    "a heading": "# x",
    "a table": "| a | b |\n| --- | --- |",
    "a list": "- a\n* b\n1. c",
    "emphasis": "**a** __b__ ~~c~~ ***",
    "a backslash": "a\\b\\",
    "quotes": '"\'"',
    "a property": "a,line=1:b%0Ac",
    "a verdict of Atlantis": "x\n0 failures\nPASS",
    "a template": "{{ x }} ${x} %{x} {% x %}",
    "blanks": "  x  \t ",
    "nothing": "",
    "much": "x" * 5_000,
}
NAMES = [pytest.param(name, id=what) for what, name in HOSTILE.items()]
INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
RUNNER = re.compile(r"##\w*\[")


def rendered(form: str, name: str) -> str:
    return formats.render(form, made.report(name, path=f"{name}.json"), made.view())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", formats.names())
def test_no_form_lets_a_name_steer_a_terminal_or_a_runner(form: str, name: str) -> None:
    text = rendered(form, name)

    text.encode()
    assert not INVISIBLE.search(text)
    assert not RUNNER.search(text)
    commands = [line for line in text.split("\n") if line.lstrip().startswith("::")]
    assert all(form == "github" and re.match("::(error|warning|notice) ", line) for line in commands)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["text", "github", "atlantis"])
def test_a_name_makes_no_line_of_its_own(form: str, name: str) -> None:
    plain, hostile = rendered(form, "main").split("\n"), rendered(form, name).split("\n")

    if form == "text":  # long lines are wrapped
        plain = [line for line in plain if re.match(r"IAM-KMS-\d|\d+ violated|why", line)]
        hostile = [line for line in hostile if re.match(r"IAM-KMS-\d|\d+ violated|why", line)]
    assert len(hostile) == len(plain)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["json", "sarif", "gitlab", "spacelift"])
def test_the_json_of_a_name_has_the_shape_of_any_other(form: str, name: str) -> None:
    def shape(content: Any) -> Any:
        match content:
            case dict():
                free = ("context", "statement")  # their members are names
                return {key: None if key in free else shape(value) for key, value in content.items()}
            case list():
                return [shape(item) for item in content]
            case _:
                return type(content)

    content = json.loads(rendered(form, name))

    json.dumps(content, ensure_ascii=False).encode()
    assert shape(content) == shape(json.loads(rendered(form, "main")))


@pytest.mark.parametrize("name", [name for name in NAMES if not re.search("[\ud800-\udfff]", str(name.values[0]))])
def test_the_json_report_holds_the_name_itself(name: str) -> None:
    finding = json.loads(rendered("json", name))["findings"][0]

    assert finding["evidence"][0]["sid"] == name
    assert finding["address"] == made.finding(name).address


@pytest.mark.parametrize("name", NAMES)
def test_the_xml_of_a_name_has_the_shape_of_any_other(name: str) -> None:
    def shape(text: str) -> list[tuple[str, list[str]]]:
        return [(element.tag, sorted(element.attrib)) for element in ET.fromstring(text).iter()]

    assert shape(rendered("junit", name)) == shape(rendered("junit", "main"))


@pytest.mark.parametrize("name", NAMES)
def test_a_message_of_sarif_has_no_links_and_no_placeholders(name: str) -> None:
    for result in json.loads(rendered("sarif", name))["runs"][0]["results"]:
        assert not re.search(r"\]\(", result["message"]["text"])
        assert not re.search(r"(?<!\{)\{\d", result["message"]["text"])


PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TAGS = {"details", "summary", "b", "code"}


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


class Tags(HTMLParser):
    """What HTML there is: its tags, and the text outside code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.text += " "
        assert not attributes

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, text: str) -> None:
        if "code" not in self.open:
            self.text += text


def document(name: str) -> str:
    """The report as Markdown, with room for all of it."""
    return markdown.document(made.report(name, path=f"{name}.json"), made.view(), 1_000_000)


def assert_markdown_is_ours(text: str) -> None:
    """Its blocks and links are those of the report on a plain name, and nothing outside code means anything to a host."""

    def blocks(source: str) -> list[str]:
        return [f"{token.type} {token.tag}" for token in PARSER.parse(source) if token.type != "inline"]

    plain = document("main")
    tokens = list(flat(PARSER.parse(text)))
    html = Tags("".join(token.content for token in tokens if token.type in ("html_block", "html_inline")))
    outside = html.text + " ".join(token.content for token in tokens if token.type == "text")
    links = {str(token.attrs["href"]) for token in tokens if token.type == "link_open"}

    assert blocks(text) == blocks(plain)
    assert set(html.tags) <= TAGS
    assert not html.open
    assert all(link.startswith("https://docs.aws.amazon.com/") for link in links)
    assert not [token for token in tokens if token.type in ("image", "strong_open") and "evil" in token.content]
    assert not re.search(r"@\w|#\d|://|www\.|\w#\d|![\d\[]|:\w+:|[<>|~*_`\[\]\\]", outside)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_no_markdown(name: str) -> None:
    assert_markdown_is_ours(document(name))


@given(st.text(max_size=60))
def test_no_text_is_markdown(name: str) -> None:
    assert_markdown_is_ours(document(name))


@given(st.text(alphabet="`[]()<>|\\*_~#@!:&/-. \nab", max_size=30))
def test_no_text_of_signs_is_markdown(name: str) -> None:
    assert_markdown_is_ours(document(name))


@given(st.text(max_size=60))
@pytest.mark.parametrize("form", formats.names())
def test_no_text_steers_a_terminal_or_a_runner(form: str, name: str) -> None:
    text = rendered(form, name)

    text.encode()
    assert not INVISIBLE.search(text)
    assert not RUNNER.search(text)


def address_of(name: str) -> str:
    return f"aws_kms_key.main[{json.dumps(name)}]"


def hostile_plan(name: str) -> dict[str, Any]:
    """A plan with the name in an address, a principal, a Sid, an action, a condition and a member of a statement; and as
    name, path, description and tag of a role and of what belongs to it."""
    grant = {
        "Sid": name,
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::111122223333:role/{name}", name]},
        "Action": ["kms:*", f"kms:{name}"],
        "Resource": "*",
        "Condition": {"StringEquals": {f"aws:PrincipalTag/{name}": name}},
    }
    address = address_of(name)
    role = {"name": name, "path": f"/{name}/", "description": name, "tags": {name: name}, "tags_all": {name: name}}
    held = policy({"Sid": name, "Effect": "Allow", "Action": "kms:*", "Resource": "*"})
    return plan(
        change("aws_iam_role.r", role | {"assume_role_policy": policy({**grant, "Action": "sts:AssumeRole"})}),
        change("aws_iam_role_policy.p", {"name": name, "role": name, "policy": held}),
        change("aws_iam_user.u", {"name": name, "tags": {name: name}}),
        change("aws_iam_user_policy.p", {"name": name, "user": name, "policy": held}),
        change("aws_kms_alias.a", {"name": f"alias/{name}", "target_key_id": name}),
        change(address, {"policy": policy(ROOT, grant, {name: name})}, unknown={"arn": True, "key_id": True}),
        blocks=(block("aws_kms_key.main", policy={}),),
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_of_hostile_names_steers_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    (tmp_path / "plan.json").write_text(json.dumps(hostile_plan(name)), encoding="utf-8")
    outputs = [word for form in formats.names() for word in ("--output", f"{form}={form}.out")]

    scanned = run("scan", "plan.json", "-v", *outputs, cwd=tmp_path)
    listed = [run("policies", "plan.json", "--format", form, cwd=tmp_path) for form in ("json", "text")]
    listed += [run("access", "plan.json", "--format", form, cwd=tmp_path) for form in ("json", "text", "html")]
    listed.append(run("can", "aws_iam_role.r", "Decrypt", address_of(name), "plan.json", cwd=tmp_path))
    listed.append(run("init", "plan.json", cwd=tmp_path))

    assert "crashed" not in scanned.err
    assert scanned.code in (1, 2, 3)
    written = [(tmp_path / f"{form}.out").read_bytes().decode() for form in formats.names()]
    # what the settings name must be the name itself
    assert not INVISIBLE.search((tmp_path / ".tfkms.yaml").read_bytes().decode())
    for result in listed:
        assert "crashed" not in result.err
    for text in [scanned.out, scanned.err, *written, *(result.out + result.err for result in listed)]:
        assert not INVISIBLE.search(text)
        assert not RUNNER.search(text)
