"""One row of a listing: date, byline, lead, image and category, read from the row alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from operator import attrgetter

from feedhub.extract.bylines import looks_like_name, read_lines
from feedhub.extract.date_signs import looks_like_date
from feedhub.extract.facts import Facts
from feedhub.extract.furniture import weight
from feedhub.extract.selectolax_tree import Byline, LexborNode, Page, attribute, flat, fold, is_leaf, label_of, segments
from feedhub.model import RawCategory, RawPerson

_MOST_INSIDE = 120
"""Elements of one row that are looked at."""
_SHORT = 2_000
"""Characters of markup up to which a byline is remembered while a page is read."""
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
_SPEAKS = _Hints(speaks=True)


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
    if hints == _NONE:
        return None
    return _SPEAKS if hints == _SPEAKS else hints  # the one that is asked for by identity


def read_row(page: Page, title: str, link: str, nodes: Sequence[LexborNode]) -> tuple[Facts, dict[str, str]]:
    """What a row says besides its title and link, and by which selectors.

    :param nodes: the row's elements; more than one where rows have none of their own.
    """
    reading = _RowReading(page, title, link, nodes)
    for node in nodes:
        reading.visit(islice(filter(_IS_ELEMENT, node.traverse()), _MOST_INSIDE + 1))  # itself comes first
    return reading.facts(), reading.where


_IS_ELEMENT = attrgetter("is_element_node")


def _says_something(text: str) -> bool:
    """Whether it has six words."""
    return bool(_SIX_WORDS.search(text)) if text.isascii() else weight(text) >= 6


def _links_in(node: LexborNode) -> list[LexborNode]:
    """Of an element with little in it, which is walked through before a selector is put together."""
    if node.tag == "a":
        return [node]
    return [one for one in node.traverse() if one.tag == "a" and "href" in one.attributes][:20]


class _RowReading:
    def __init__(self, page: Page, title: str, link: str, nodes: Sequence[LexborNode]) -> None:
        self._page, self._nodes = page, nodes
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
                addresses = self._addresses([node] if node.tag == "a" else node.css("a[href]")[:20])
                self._people.extend(read_lines(text[at : at + 3], addresses=addresses, context="row").people[:1])
                return

    def _addresses(self, links: Sequence[LexborNode]) -> dict[str, str]:
        return {flat(one.text(separator=" ")): self._page.absolute(attribute(one, "href")) for one in links}

    def visit(self, nodes: Iterable[LexborNode]) -> None:
        """Reads elements in the order of the page. The first that says something wins, so that the rest is not asked."""
        for node in nodes:
            tag = node.tag or ""
            if tag == "img":
                if not self._image_at:
                    self._image(node)
                continue
            if tag in _NOT_READ:
                continue
            attributes = node.attributes
            hints = _hints(tag, attributes.get("class") or "")
            if (hints is None or (hints is _SPEAKS and not is_leaf(node))) and not (
                "rel" in attributes or "datetime" in attributes
            ):
                continue  # most elements are there for the looks
            self._read(node, tag, attributes, hints or _NONE)

    def _read(self, node: LexborNode, tag: str, attributes: Mapping[str, str | None], hints: _Hints) -> None:
        own = label_of(tag, attributes.get("class") or "")
        relations = (attributes["rel"] or "").split() if "rel" in attributes else ()
        if not self._published and (hints.date or "datetime" in attributes):
            self._date(node, own, attributes.get("datetime") or "")
        if not self._people and (hints.author or "author" in relations):
            self._author(node, own)
        if hints.category or "tag" in relations:
            self._category(node, own)
        if hints.lead and not self._summary:
            self._lead(node, own)
        if hints.speaks and not (self._published and self._summary) and is_leaf(node):
            if not self._published:
                self._date(node, own, "")
            if tag == "div" and not self._summary:
                self._lead(node, own)

    def _image(self, node: LexborNode) -> None:
        attributes = node.attributes
        for name in ("data-src", "data-original", "data-lazy-src", "src"):
            stated = attributes.get(name)
            address = self._page.absolute(stated) if stated else ""
            if address and not _NO_PICTURE.search(f"{address} {attributes.get('class') or ''}".lower()):
                self._image_at = address
                self.where.setdefault("image", f"img@{name}")
                return

    def _date(self, node: LexborNode, own: str, stated: str) -> None:
        text = flat(stated) or flat(node.text(separator=" "))
        if stated or looks_like_date(text):
            self._published = text
            self.where.setdefault("date", f"{own}@datetime" if stated else own)

    def _author(self, node: LexborNode, own: str) -> None:
        markup = node.html or ""
        said = self._page.bylines.get(markup)
        if said is None:
            said = self._byline(node, own)
            if len(markup) <= _SHORT:
                self._page.bylines[markup] = said
        if not said.text or self._has_title(said.text):
            return
        self._published = self._published or said.credited.published
        if said.credited.people:
            self._people.extend(said.credited.people)
            self.where.setdefault("author", said.where)

    def _byline(self, node: LexborNode, own: str) -> Byline:
        text = segments(node, 8)
        if not text or sum(map(len, text)) > 250:
            return Byline()
        links = _links_in(node)
        credited = read_lines(text, addresses=self._addresses(links), context="row")
        if credited.people:
            name = credited.people[0].name
            link = next((one for one in links[:8] if flat(one.text()) == name), None)
            if link is not None and link.mem_id != node.mem_id:  # a role or a date stands beside the name
                own = f"{own} {label_of('a', link.attributes.get('class') or '')}"
        return Byline(" ".join(text), credited, own)

    def _category(self, node: LexborNode, own: str) -> None:
        text = flat(node.text(separator=" "))
        if text and len(text) <= 60 and not looks_like_date(text) and fold(text) != self._title and weight(text) <= 5:
            if all(one.term != text for one in self._categories):
                self._categories.append(RawCategory(term=text))
            self.where.setdefault("categories", f"{own}[]")

    def _lead(self, node: LexborNode, own: str) -> None:
        text = self._page.read.get(node.mem_id) or flat(node.text(separator=" "))
        start = text[: len(self._title) + 120]  # a lead is long, and begins with the title or does not have it
        if _says_something(start) and not looks_like_date(text) and not self._has_title(start):
            self._summary = text[:2_000]
            self.where.setdefault("summary", own)

    def _has_title(self, text: str) -> bool:
        if text.isascii() and self._title.partition(" ")[0] not in text.lower():
            return False  # folding takes longer
        return self._title in fold(text)
