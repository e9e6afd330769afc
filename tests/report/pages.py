"""A page of HTML as its reader's tools take it: a tree with every tag closed, and what it says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "col", "input", "wbr", "br"}


@dataclass
class Element:
    """An element; `children` are elements and texts."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    def all(self, tag: str = "", **attributes: str) -> list["Element"]:
        """Every element below it of the tag with these attributes; a class is one of several."""
        return [own for own in self.below() if own.is_a(tag, attributes)]

    def is_a(self, tag: str, attributes: dict[str, str]) -> bool:
        if tag and self.tag != tag:
            return False
        for name, value in attributes.items():
            own = self.attributes.get(name.rstrip("_").replace("_", "-"), "nothing") or ""
            if value not in (own, *own.split()):
                return False
        return True

    def below(self) -> Iterator["Element"]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.below()

    @property
    def text(self) -> str:
        """All that it says, on one line."""
        whole = "".join(child if isinstance(child, str) else child._said for child in self.children)
        return " ".join(whole.split())

    @property
    def _said(self) -> str:
        if self.tag in ("style", "script"):
            return ""
        return "".join(child if isinstance(child, str) else child._said for child in self.children)


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        assert len(element.attributes) == len(attrs)
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def parsed(text: str) -> Element:
    """The page as a tree. Fails for a tag that is not closed, or closed twice, and for a comment."""
    tree = _Tree()
    tree.feed(text)
    tree.close()
    assert len(tree.open) == 1
    return tree.open[0]


def bare(text: str) -> str:
    """The page without its style and script, for a golden file that tells of the page alone."""
    text = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", text, flags=re.DOTALL)
    return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", text)
