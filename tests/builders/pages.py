"""The Markdown pages of this repository, as far as the tests read them: anchors, links, code, bullets."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
_LINK = re.compile(r"\]\(<?([^()\s<>]+)>?(?: +\"[^\"]*\")?\)")
_WORDS = re.compile(r"\[([^\]]*)\]\([^)]*\)")


class Page:
    """One Markdown file. *name* is its path from the root of the repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path.relative_to(ROOT))
        self.text = path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without blocks of code."""
        return _FENCE.sub("", self.text)

    @cached_property
    def blocks(self) -> list[str]:
        """The blocks of code, without their fences."""
        return [found[0].partition("\n")[2].rpartition("\n")[0] for found in _FENCE.finditer(self.text)]

    @cached_property
    def spans(self) -> list[str]:
        """What stands in backticks in the prose, with single blanks."""
        return [" ".join(found[2].split()) for found in _CODE.finditer(self.prose)]

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What a link may name after ``#``: explicit anchors, and headings as GitHub names them."""
        found = set(_ANCHOR.findall(self.prose))
        times: Counter[str] = Counter()
        for heading in _HEADING.findall(self.prose):
            name = slug(heading)
            found.add(f"{name}-{times[name]}" if times[name] else name)
            times[name] += 1
        return frozenset(found)

    @cached_property
    def links(self) -> list[str]:
        """Where its links and pictures lead."""
        return _LINK.findall(_CODE.sub("", self.prose))

    @cached_property
    def bullets(self) -> list[str]:
        """Its list items, each as one line."""
        items = re.findall(r"^- (.+?)(?=^- |^\n|^[^ \n-]|\Z)", self.prose, re.MULTILINE | re.DOTALL)
        return [" ".join(item.split()) for item in items]


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading: lower case, blanks as hyphens, without markup and punctuation."""
    words = _WORDS.sub(r"\1", _ANCHOR.sub("", heading)).replace("`", "")
    return re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")


def pages() -> list[Page]:
    """Every page that a reader may follow links through."""
    return [Page(path) for path in sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob(".github/**/*.md")))]
