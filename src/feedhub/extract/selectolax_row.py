"""One row of a listing: date, byline, lead, image and category, read from the row alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from feedhub.extract.bylines import looks_like_name, read_lines
from feedhub.extract.date_signs import looks_like_date
from feedhub.extract.facts import Facts
from feedhub.extract.furniture import weight
from feedhub.extract.selectolax_tree import LexborNode, Page, attribute, flat, fold, segments
from feedhub.model import RawCategory, RawPerson

_MOST_INSIDE = 120
"""Elements of one row that are looked at."""
_SPEAKING = frozenset({"p", "time", "span", "small", "dd", "td", "div"})
_SIX_WORDS = re.compile(r"(?:[^\W_]+[\W_]+){5}[^\W_]")
_NO_PICTURE = re.compile(r"avatar|icon|logo|pixel|blank|spacer")
_NOT_READ = frozenset({"script", "style", "svg", "path"})
_DATE_CLASS = re.compile(r"date|time|ngay|published|posted|ago")
_AUTHOR_CLASS = re.compile(
    r"author|byline|tac-?gia|writer|reporter|signature|(?:^|[\s_-])(?:by|user|username|poster|starter)(?:$|[\s_-])"
)
_CATEGORY_CLASS = re.compile(
    r"(?:^|[\s_-])(?:cat|category|categories|section|kicker|chuyen-?muc|label|topic|tag)(?:$|[\s_-])"
)
_LEAD_CLASS = re.compile(r"summary|excerpt|sapo|lead|desc|teaser|intro|dek|standfirst")


@dataclass(frozen=True, slots=True)
class _Hints:
    """What the kind and the class of an element in a row say of it. ``speaks``: its text may be a date or a lead."""

    speaks: bool = False
    date: bool = False
    author: bool = False
    category: bool = False
    lead: bool = False


_NONE = _Hints()


@lru_cache(maxsize=4096)
def _hints(tag: str, classes: str) -> _Hints | None:
    """None: it says nothing."""
    names = classes.lower()
    hints = _Hints(
        speaks=tag in _SPEAKING,
        date=tag == "time" or bool(_DATE_CLASS.search(names)),
        author=bool(_AUTHOR_CLASS.search(names)),
        category=bool(_CATEGORY_CLASS.search(names)),
        lead=tag in {"p", "dd"} or bool(_LEAD_CLASS.search(names)),
    )
    return None if hints == _Hints() else hints


def read_row(
    page: Page, title: str, link: str, nodes: Sequence[LexborNode], label: Callable[[LexborNode], str]
) -> tuple[Facts, dict[str, str]]:
    """What a row says besides its title and link, and by which selectors.

    :param nodes: the row's elements; more than one where rows have none of their own.
    :param label: the selector of an element.
    """
    reading = _RowReading(page, title, link, nodes, label)
    for node in nodes:
        for near in node.css("*")[: _MOST_INSIDE + 1]:  # itself comes first
            reading.visit(near)
    return reading.facts(), reading.where


def _is_leaf(node: LexborNode) -> bool:
    child = node.first_child
    return child is not None and child.next is None and child.tag == "-text"


def _says_something(text: str) -> bool:
    """Whether it has six words."""
    return bool(_SIX_WORDS.search(text)) if text.isascii() else weight(text) >= 6


def _links_in(node: LexborNode) -> Sequence[LexborNode]:
    return [node] if node.tag == "a" else node.css("a[href]")[:20]


class _RowReading:
    def __init__(
        self, page: Page, title: str, link: str, nodes: Sequence[LexborNode], label: Callable[[LexborNode], str]
    ) -> None:
        self._page, self._nodes, self._label = page, nodes, label
        self._said, self._link = title, link
        self._title = fold(title)
        self._published = self._summary = self._image_at = ""
        self._people: list[RawPerson] = []
        self._categories: list[RawCategory] = []
        self.where: dict[str, str] = {}

    def facts(self) -> Facts:
        if not self._people:
            self._people_said_twice()
        return Facts(
            title=self._said,
            link=self._link,
            summary=self._summary,
            published=self._published,
            authors=tuple(self._people),
            categories=tuple(self._categories),
            images=(self._image_at,) if self._image_at else (),
        )

    def _people_said_twice(self) -> None:
        """A picture's alternative text and the link beside it say one name: that is a byline, and a role may follow."""
        for node in self._nodes:
            alts = {flat(attribute(one, "alt")) for one in node.css("img[alt]")[:6]}
            names = {alt for alt in alts if looks_like_name(alt) and fold(alt) != self._title}
            if not names:
                continue
            text = segments(node)
            at = next((at for at, line in enumerate(text) if line in names), None)
            if at is not None:
                addresses = self._addresses(_links_in(node))
                self._people.extend(read_lines(text[at : at + 3], addresses=addresses, context="row").people[:1])
                return

    def _addresses(self, links: Sequence[LexborNode]) -> dict[str, str]:
        return {flat(one.text(separator=" ")): self._page.absolute(attribute(one, "href")) for one in links}

    def visit(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _NOT_READ:
            return
        if tag == "img":
            self._image(node)
            return
        attributes = node.attributes
        hints = _hints(tag, attributes.get("class") or "")
        if hints is None:
            if "rel" not in attributes and "datetime" not in attributes:
                return
            hints = _NONE
        relations = (attributes.get("rel") or "").split()
        if hints.date or "datetime" in attributes:
            self._date(node, attributes.get("datetime") or "")
        if hints.author or "author" in relations:
            self._author(node)
        if hints.category or "tag" in relations:
            self._category(node)
        if hints.lead and not self._summary:
            self._lead(node)
        if hints.speaks and (not self._published or not self._summary) and _is_leaf(node):
            self._date(node, "")
            if tag == "div" and not self._summary:
                self._lead(node)

    def _image(self, node: LexborNode) -> None:
        if self._image_at:
            return
        attributes = node.attributes
        for name in ("data-src", "data-original", "data-lazy-src", "src"):
            address = self._page.absolute(attributes.get(name) or "")
            if address and not _NO_PICTURE.search(f"{address} {attributes.get('class') or ''}".lower()):
                self._image_at = address
                self.where.setdefault("image", f"img@{name}")
                return

    def _date(self, node: LexborNode, stated: str) -> None:
        if self._published:
            return
        text = flat(stated) or flat(node.text(separator=" "))
        if stated or looks_like_date(text):
            self._published = text
            self.where.setdefault("date", self._selector(node) + ("@datetime" if stated else ""))

    def _author(self, node: LexborNode) -> None:
        if self._people:
            return
        text = segments(node, 8)
        if not text or sum(map(len, text)) > 250 or self._has_title(" ".join(text)):
            return
        links = _links_in(node)
        credited = read_lines(text, addresses=self._addresses(links), context="row")
        self._published = self._published or credited.published
        if credited.people:
            self._people.extend(credited.people)
            self.where.setdefault("author", self._name_selector(node, links, credited.people[0].name))

    def _name_selector(self, node: LexborNode, links: Sequence[LexborNode], name: str) -> str:
        """The link with the name, where a role or a date stands beside it in the byline."""
        link = next((one for one in links[:8] if flat(one.text()) == name), None)
        own = self._selector(node)
        return own if link is None or link.mem_id == node.mem_id else f"{own} {self._label(link)}"

    def _category(self, node: LexborNode) -> None:
        text = flat(node.text(separator=" "))
        if text and len(text) <= 60 and not looks_like_date(text) and fold(text) != self._title and weight(text) <= 5:
            if all(one.term != text for one in self._categories):
                self._categories.append(RawCategory(term=text))
            self.where.setdefault("categories", self._selector(node) + "[]")

    def _lead(self, node: LexborNode) -> None:
        text = flat(node.text(separator=" "))
        start = text[: len(self._title) + 120]  # a lead is long, and begins with the title or does not have it
        if _says_something(start) and not looks_like_date(text) and not self._has_title(start):
            self._summary = text[:2_000]
            self.where.setdefault("summary", self._selector(node))

    def _has_title(self, text: str) -> bool:
        if text.isascii() and self._title.partition(" ")[0] not in text.lower():
            return False  # folding takes longer
        return self._title in fold(text)

    def _selector(self, node: LexborNode) -> str:
        return self._label(node)
