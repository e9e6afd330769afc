"""Whatever is wrong with a saved plan: one clear line, exit code 2, no traceback, and nothing on the disk."""

import io
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command_line import assert_refused, run
from tests.frontends.saved_plan.archives import field, members_of, path_of, plan_of, zipped
from tfkms.diagnostics import Refusal
from tfkms.frontends.plan import plan_document
from tfkms.frontends.saved_plan import archive

WAYS = Path(__file__).parents[2] / "fixtures" / "ways"
WHOLE = (WAYS / "update" / "plan.tfplan").read_bytes()
MEMBERS = members_of(WAYS / "jsonencode-known")
JUDGED = ("--check", "IAM-KMS-3", "--account-id", "111122223333", "--format", "json", "-q")
HUGE = b"\xdd\xff\xff\xff\xff"
"""The head of a list of four thousand million elements."""


def with_plan(plan: bytes) -> bytes:
    return zipped(MEMBERS | {"tfplan": plan})


def with_flag(members: dict[str, bytes], flag: int) -> bytes:
    """An archive whose members say that they are encrypted."""
    content = bytearray(zipped(members))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(mark)
        while start >= 0:
            content[start + place] |= flag
            start = content.find(mark, start + 1)
    return bytes(content)


def linked() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as target:
        for name, content in MEMBERS.items():
            target.writestr(name, content)
        link = zipfile.ZipInfo("tfconfig/m-/link.tf")
        link.external_attr = 0o120777 << 16
        target.writestr(link, "/etc/passwd")
    return written.getvalue()


def doubled() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as target:
        for name, content in MEMBERS.items():
            target.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            target.writestr("tfplan", b"\x08\x03")
    return written.getvalue()


def lists(depth: int) -> bytes:
    return b"\x91" * depth + b"\xc0"


BAD = {
    "cut short": (lambda: WHOLE[:-30], "its archive cannot be read"),
    "half": (lambda: WHOLE[: len(WHOLE) // 2], "its archive cannot be read"),
    "no more than its first bytes": (lambda: WHOLE[:4], "its archive cannot be read"),
    "an archive of something else": (lambda: zipped({"word/document.xml": b"<x/>"}), "it holds no `tfplan`"),
    "an archive of nothing": (lambda: zipped({}), "binary"),
    "an encrypted archive": (lambda: with_flag(MEMBERS, 1), "encrypted"),
    "a plan that OpenTofu has encrypted": (
        lambda: with_plan(b'{"meta": {}, "encrypted_data": "x", "encryption_version": "v0"}'), "encrypted by OpenTofu"),
    "a state that OpenTofu has encrypted": (
        lambda: zipped(MEMBERS | {"tfstate": b'{"serial": 1, "lineage": "x", "encrypted_data": "x"}'}),
        "encrypted by OpenTofu"),
    "OpenTofu's encrypted plan by itself": (
        lambda: b'{"meta": {}, "encrypted_data": "x", "encryption_version": "v0"}', "encrypted by OpenTofu"),
    "an earlier format": (lambda: with_plan(b"\x08\x02" + MEMBERS["tfplan"][2:]), "format version 2"),
    "a later format": (lambda: with_plan(b"\x08\x04" + MEMBERS["tfplan"][2:]), "format version 4"),
    "a format of a huge number": (lambda: with_plan(b"\x08" + b"\xff" * 9 + b"\x01"), "format version"),
    "an empty plan": (lambda: with_plan(b""), "format version 0"),
    "a plan of noise": (lambda: with_plan(b"\xff" * 100), "its `tfplan` cannot be read"),
    "a plan without Terraform's version": (lambda: with_plan(b"\x08\x03"), "its `tfplan` cannot be read"),
    "an unknown action": (lambda: with_plan(plan_of(b"\x80", action=4)), "its `tfplan` cannot be read"),
    "a list that claims a huge length": (lambda: with_plan(plan_of(HUGE)), "its `tfplan` cannot be read"),
    "an object that claims a huge size": (lambda: with_plan(plan_of(b"\xdf\xff\xff\xff\xff")), "its `tfplan` cannot be read"),
    "a text that claims a huge length": (lambda: with_plan(plan_of(b"\xdb\xff\xff\xff\xff")), "its `tfplan` cannot be read"),
    "lists in lists": (lambda: with_plan(plan_of(lists(100_000))), "its `tfplan` cannot be read"),
    "lists somewhat deep": (lambda: with_plan(plan_of(b"\x81\xa1x" + lists(300))), "nested too deeply"),
    "a path of many steps": (
        lambda: with_plan(plan_of(b"\x80", path_of(*[field(1, b"a")] * 50_000))), "nested too deeply"),
    "a value that is no object": (lambda: with_plan(plan_of(b"\x01")), "is not an object"),
    "an unknown extension": (lambda: with_plan(plan_of(b"\x81\xa1x\xd4\x05\x00")), "its `tfplan` cannot be read"),
    "a type that is no JSON": (
        lambda: with_plan(plan_of(b"\x81\xa1x" + msgspec.msgpack.encode([b"{", 1]))), "its `tfplan` cannot be read"),
    "a state that is no JSON": (lambda: zipped(MEMBERS | {"tfstate": b"x"}), "the state in the saved plan is not valid JSON"),
    "a state of another version": (lambda: zipped(MEMBERS | {"tfstate": b'{"version": 3}'}), "only 4 is known"),
    "a path that leaves the archive": (lambda: zipped(MEMBERS | {"tfconfig/../../x.tf": b""}), "leaves the archive"),
    "an absolute path": (lambda: zipped(MEMBERS | {"tfconfig//etc/x.tf": b""}), "leaves the archive"),
    "a path of backslashes": (lambda: zipped(MEMBERS | {"tfconfig/a\\..\\x.tf": b""}), "leaves the archive"),
    "a path with a step that goes nowhere": (
        lambda: zipped(MEMBERS | {"tfconfig/m-/./x.tf": b""}), "leaves the archive"),
    "a path of Windows": (lambda: zipped(MEMBERS | {"tfconfig/c:/x.tf": b""}), "leaves the archive"),
    "a symbolic link": (linked, "leaves the archive"),
    "two members of one name": (doubled, "two members of one name"),
    "a method that Terraform does not use": (
        lambda: zipped(MEMBERS, zipfile.ZIP_BZIP2), "a member that Terraform would not write"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_it_is_refused_in_one_line_and_leaves_nothing_on_the_disk(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, words = BAD[name]
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "tfplan").write_bytes(made())

    assert_refused(run("scan", "tfplan", "--check", "IAM-KMS-3", "-q", cwd=tmp_path), words, str(tmp_path))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["temporary", "tfplan"]


def test_a_value_as_deep_as_any_of_terraforms_is_judged(tmp_path: Path) -> None:
    (tmp_path / "tfplan").write_bytes(with_plan(plan_of(b"\x81\xa1x" + lists(50))))

    assert "1 subject" in run("scan", "tfplan", "--check", "IAM-KMS-3", "-q", cwd=tmp_path).out


# bombs


def test_a_member_that_unpacks_to_more_than_the_limit_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "BYTE_LIMIT", 1 << 20)
    (tmp_path / "tfplan").write_bytes(zipped(MEMBERS | {"tfconfig/m-/zeros.tf": bytes(8 << 20)}))

    result = run("scan", "tfplan", "-q", cwd=tmp_path)

    assert_refused(result, "the saved plan unpacks to more than 1 MiB")


def test_many_members_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BYTE_LIMIT", 1 << 20)
    zeros = {f"tfconfig/m-/{number}.tf": bytes(1 << 18) for number in range(8)}
    (tmp_path / "tfplan").write_bytes(zipped(MEMBERS | zeros))

    assert_refused(run("scan", "tfplan", "-q", cwd=tmp_path), "the saved plan unpacks to more than 1 MiB")


def test_more_members_than_any_configuration_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MEMBER_LIMIT", 2)
    (tmp_path / "tfplan").write_bytes(zipped(MEMBERS))

    assert_refused(run("scan", "tfplan", "-q", cwd=tmp_path), f"has {len(MEMBERS)} members, more than 2")


def test_members_that_nobody_needs_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BYTE_LIMIT", 1 << 20)
    (tmp_path / "tfplan").write_bytes(zipped(MEMBERS | {"zeros": bytes(8 << 20)}))

    assert "1 subject" in run("scan", "tfplan", "--check", "IAM-KMS-3", "-q", cwd=tmp_path).out


def test_a_size_that_is_not_true_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory of the archive says one byte where there are many."""
    monkeypatch.setattr(archive, "BYTE_LIMIT", 1 << 20)
    content = bytearray(zipped(MEMBERS | {"tfconfig/m-/zeros.tf": bytes(8 << 20)}))
    place = content.rfind(b"PK\x01\x02", 0, content.rfind(b"zeros.tf"))
    content[place + 24 : place + 28] = (1).to_bytes(4, "little")
    (tmp_path / "tfplan").write_bytes(content)

    assert_refused(run("scan", "tfplan", "-q", cwd=tmp_path), "the saved plan")


# truncated messages


def changes(content: bytes) -> list[str] | None:
    """The addresses that a plan changes; None where it is refused."""
    try:
        return [change.address for change in plan_document(content).resource_changes or ()]
    except Refusal:
        return None


@pytest.mark.parametrize(("name", "step"), [("jsonencode-known", 1), ("null-variable", 1), ("update", 17)])
def test_a_message_cut_short_anywhere_never_hides_a_change(name: str, step: int) -> None:
    members = members_of(WAYS / name)
    whole = changes(zipped(members))
    plan = members["tfplan"]

    found = [changes(zipped(members | {"tfplan": plan[:end]})) for end in range(0, len(plan), step)]

    assert all(one in (None, whole) for one in found)
    assert found.count(None) > len(found) // 2


def test_an_archive_cut_short_anywhere_is_refused() -> None:
    for end in range(4, len(WHOLE) - 1, 11):
        assert changes(WHOLE[:end]) is None


@given(st.data())
def test_bytes_that_are_flipped_anywhere_never_crash(data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))

    try:
        plan_document(bytes(content))
    except Refusal:
        return


# a configuration that cannot be read


@pytest.mark.parametrize(
    "text", [b"resource {", b"\xff\xfe", b'resource "aws_kms_key" "main" {', b"<<<<<<< HEAD\n", b"\x00" * 100]
)
def test_a_configuration_that_cannot_be_parsed_is_an_error_and_the_plan_is_judged(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "tfplan").write_bytes(zipped(MEMBERS | {"tfconfig/m-/main.tf": text}))

    result = run("scan", "tfplan", *JUDGED, cwd=tmp_path)

    assert result.code == 2
    assert "Traceback" not in result.err
    errors: list[dict[str, Any]] = [item for item in result.report["diagnostics"] if item["level"] == "error"]
    assert {item["file"] for item in errors} == {"tfplan/main.tf"}
    assert [own["verdict"] for own in result.report["findings"]] == ["violated"]


@pytest.mark.parametrize(
    "manifest", [b"", b"[", b"{}", b"[7]", b'[{"Key": "", "Dir": 7}]', b'[{"Key": ""}]', b"[" * 90_000]
)
def test_a_list_of_modules_that_cannot_be_read_costs_no_more_than_names(manifest: bytes, tmp_path: Path) -> None:
    (tmp_path / "tfplan").write_bytes(zipped(MEMBERS | {"tfconfig/modules.json": manifest}))

    result = run("scan", "tfplan", *JUDGED, cwd=tmp_path)

    assert result.code == 1
    [finding] = result.report["findings"]
    assert finding["evidence"][0]["file"].startswith("tfplan/")


def test_a_plan_without_its_configuration_is_judged_by_its_values(tmp_path: Path) -> None:
    members = {name: content for name, content in MEMBERS.items() if not name.startswith("tfconfig/")}
    (tmp_path / "tfplan").write_bytes(zipped(members))

    result = run("scan", "tfplan", *JUDGED, cwd=tmp_path)

    [finding] = result.report["findings"]
    assert (finding["verdict"], finding["evidence"][0]["file"]) == ("violated", None)


@pytest.mark.parametrize("name", ["default.tfplan", "spacelift.plan", "plan", "x.json", "plan.tf.plan", "p.zip"])
def test_a_saved_plan_is_known_by_what_is_in_it_and_not_by_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(zipped(MEMBERS))

    result = run("scan", name, *JUDGED, cwd=tmp_path)

    assert result.report["inputs"] == [{"path": name, "kind": "saved_plan"}]


@pytest.mark.parametrize(("part", "words"), [("tfstate", "the prior state"), ("tfconfig/", "the configuration")])
def test_what_a_saved_plan_lacks_is_told(part: str, words: str, tmp_path: Path) -> None:
    left = {name: content for name, content in MEMBERS.items() if not name.startswith(part)}
    (tmp_path / "tfplan").write_bytes(zipped(left))

    told = run("scan", "tfplan", *JUDGED, cwd=tmp_path).report["diagnostics"]

    assert [item["message"] for item in told if item["code"] == "saved-plan-incomplete"] == [
        f"the saved plan does not hold {words}: it is judged without"
    ]
