from pathlib import Path

import pytest

from tfkms.frontends.hcl.directory import Declaration, DirectoryIndex, configuration_files, index_directory
from tfkms.frontends.hcl.syntax import Argument, Block, Template, Unreadable


def index_of(root: Path, **files: str) -> DirectoryIndex:
    for name, text in files.items():
        path = root / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return index_directory(root)


def declared(index: DirectoryIndex, *key: str) -> Declaration:
    found = index.declared(*key)
    assert found is not None
    return found


def text_of(declaration: Declaration, name: str) -> str | None:
    (value,) = (
        placed.item.value
        for placed in declaration.items
        if isinstance(placed.item, Argument) and placed.item.name == name
    )
    assert isinstance(value, Template)
    return value.literal


def test_files_are_read_in_the_order_of_names_overrides_last() -> None:
    names = ["z.tf", "override.tf", "a_override.tf", "b.tf.json", "a.tf", "override.tf.json", "x.tfvars", "c.tf.bak"]

    assert configuration_files(names) == [
        "a.tf",
        "b.tf.json",
        "z.tf",
        "a_override.tf",
        "override.tf",
        "override.tf.json",
    ]


def test_hidden_files_and_backups_are_no_configuration() -> None:
    assert configuration_files([".a.tf", "#a.tf#", "a.tf~", ".#a.tf"]) == []


def test_a_tofu_file_stands_in_for_the_tf_file_of_its_name() -> None:
    assert configuration_files(["a.tf", "a.tofu", "b.tf.json", "b.tofu.json", "c.tf"]) == [
        "a.tofu",
        "b.tofu.json",
        "c.tf",
    ]


def test_arguments_of_an_override_replace_arguments_and_the_others_stay(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        main__tf='resource "aws_kms_key" "k" {\n  policy = "a"\n  description = "b"\n}\n',
        override__tf='resource "aws_kms_key" "k" {\n  policy = "c"\n}\n',
    )

    key = declared(index, "resource", "aws_kms_key", "k")
    assert (text_of(key, "policy"), text_of(key, "description")) == ("c", "b")
    assert [placed.source.file for placed in key.items] == ["main.tf", "override.tf"]
    assert index.diagnostics == ()


def test_blocks_of_an_override_replace_all_blocks_of_their_type_dynamic_ones_too(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        main__tf='data "d" "x" {\n  s {\n  }\n  dynamic "s" {\n  }\n  t {\n  }\n}\n',
        x_override__tf='data "d" "x" {\n  s {\n    a = 1\n  }\n}\n',
    )

    items = [placed.item for placed in declared(index, "data", "d", "x").items]
    assert [item.type for item in items if isinstance(item, Block)] == ["t", "s"]


def test_later_overrides_win(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        main__tf='variable "v" {\n  default = "a"\n}\n',
        a_override__tf='variable "v" {\n  default = "b"\n}\n',
        b_override__tf__json='{"variable": {"v": {"default": "c"}}}',
    )

    assert text_of(declared(index, "variable", "v"), "default") == "c"


def test_local_values_are_overridden_by_name(tmp_path: Path) -> None:
    index = index_of(tmp_path, main__tf='locals {\n  a = "1"\n  b = "2"\n}\n', override__tf='locals {\n  a = "3"\n}\n')

    values = {name: value.argument.value for name, value in index.locals.items()}
    assert [value.literal for value in values.values() if isinstance(value, Template)] == ["3", "2"]


def test_an_override_of_nothing_is_an_error(tmp_path: Path) -> None:
    index = index_of(tmp_path, override__tf='resource "a" "b" {}\nlocals {\n  c = 1\n}\nprovider "aws" {}\n')

    assert [(found.code, found.message, found.line) for found in index.diagnostics] == [
        ("override-of-nothing", "a.b is overridden and declared nowhere", 1),
        ("override-of-nothing", "local.c is overridden and declared nowhere", 3),
    ]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('resouce "a" "b" {}', "`resouce` is no block of Terraform's"),
        ("module {}", "a block of type module has 1 label, and this one has 0"),
        ('module "a" "b" {}', "a block of type module has 1 label, and this one has 2"),
        ('resource "aws_kms_key" {}', "a block of type resource has 2 labels, and this one has 1"),
        ("variable {}", "a block of type variable has 1 label, and this one has 0"),
        ('terraform "x" {}', "a block of type terraform has no labels, and this one has 1"),
    ],
)
@pytest.mark.parametrize("name", ["main__tf", "override__tf"])
def test_a_block_that_terraform_does_not_know_is_an_error_and_declares_nothing(
    written: str, message: str, name: str, tmp_path: Path
) -> None:
    index = index_of(tmp_path, **{name: written + "\n"})

    assert [(found.code, found.message, found.line) for found in index.diagnostics] == [("block-unknown", message, 1)]
    assert index.declarations == ()


def test_what_is_declared_twice_is_an_error_and_a_local_value_has_none(tmp_path: Path) -> None:
    index = index_of(
        tmp_path,
        a__tf='resource "a" "b" {}\nlocals {\n  c = 1\n}\n',
        b__tf='resource "a" "b" {}\nlocals {\n  c = 2\n}\n',
    )

    assert [(found.message, found.file, found.line) for found in index.diagnostics] == [
        ("a.b is declared twice", "b.tf", 1),
        ("local.c is declared twice", "b.tf", 3),
    ]
    assert isinstance(index.locals["c"].argument.value, Unreadable)


def test_what_a_broken_file_may_have_declared_can_be_asked(tmp_path: Path) -> None:
    index = index_of(tmp_path, a__tf='resource "a" "b" {\n', b__tf='resource "a" "c" {}\n')

    assert index.declared("resource", "a", "b") is None
    assert index.may_have_held("resource", "a", "b")
    assert not index.may_have_held("resource", "a", "x")


def test_declarations_of_a_type_come_in_source_order(tmp_path: Path) -> None:
    index = index_of(tmp_path, b__tf='resource "a" "z" {}\nresource "b" "y" {}\n', a__tf='resource "a" "w" {}\n')

    assert [found.labels for found in index.of_type("resource", "a")] == [("a", "w"), ("a", "z")]


def test_a_link_out_of_the_scanned_directory_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.tf"
    outside.write_text('resource "a" "b" {}\n', encoding="utf-8")
    root = tmp_path / "root"
    root.mkdir()
    try:
        (root / "in.tf").symlink_to(outside)
    except OSError:
        pytest.skip("no links here")

    index = index_directory(root)

    assert [found.message for found in index.diagnostics] == ["the file is outside of the scanned directory"]
    assert index.may_have_held("resource", "a", "b")


def test_a_directory_beside_the_root_is_lost(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "main.tf").write_text('resource "a" "b" {}\n', encoding="utf-8")

    index = index_directory(tmp_path / "root", "../beside")

    assert index.declarations == ()
    assert index.may_have_held("resource", "a", "b")


def test_a_directory_is_no_file_of_configuration_and_a_link_to_one_is_lost(tmp_path: Path) -> None:
    (tmp_path / "a.tf").mkdir()
    (tmp_path / "b.tf").symlink_to("a.tf", target_is_directory=True)

    assert [(found.file, found.message) for found in index_directory(tmp_path).diagnostics] == [
        ("b.tf", "it is not a regular file")
    ]


def test_files_below_the_root_are_named_from_it(tmp_path: Path) -> None:
    (tmp_path / "modules" / "kms").mkdir(parents=True)
    (tmp_path / "modules" / "kms" / "main.tf").write_text("locals {\n", encoding="utf-8")

    assert [found.file for found in index_directory(tmp_path, "modules/kms").diagnostics] == ["modules/kms/main.tf"]
