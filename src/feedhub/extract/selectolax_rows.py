"""Rows of links that look alike: the articles that a page lists, when it does not say so in any other way.

Links are indexed once. Those that lead elsewhere on the site and read like a title are put together by where they stand
(the names of the elements around them); the row of a link is the largest element that leads to no other article. Title,
date, byline, lead and image are read from the row alone, so that no row gets what belongs to its neighbour.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from feedhub.extract.bylines import looks_like_name, read_lines
from feedhub.extract.date_signs import looks_like_date
from feedhub.extract.facts import Facts
from feedhub.extract.furniture import BLOCKED, RELATED, may_be_title, weight
from feedhub.extract.selectolax_tree import (
    MAX_NODES,
    LexborNode,
    Page,
    attribute,
    flat,
    fold,
    lines,
    names_of,
    same_place,
    segments,
)
from feedhub.model import RawCategory, RawPerson

MIN_ROWS = 3
MAX_ROWS = 300
_CLIMB = 14
_MOST_INSIDE = 120
"""Elements of one row that are looked at."""
_SPEAKING = frozenset({"p", "img", "time", "span", "small", "dd", "td"})
_OUTSIDE = frozenset({"nav", "footer", "aside", "form"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NO_ARTICLE = re.compile(
    r"/(?:author|authors|tac-gia|tacgia|profile|profiles|user|users|member|members|tag|tags|topic|topics|category|categories|chuyen-muc|search|login|signin|signup|"
    r"register|account|cart|checkout|about|contact|privacy|terms|wp-login\.php|wp-admin|feed|rss|page)(?:/|\.\w+$|$)|\.(?:jpe?g|png|gif|webp|svg|pdf|zip|mp3|mp4|xml)$",
    re.IGNORECASE,
)
_DATE_CLASS = re.compile(r"date|time|ngay|published|posted|ago")
_AUTHOR_CLASS = re.compile(
    r"author|byline|tac-?gia|writer|reporter|signature|(?:^|[\s_-])(?:by|user|username|poster|starter)(?:$|[\s_-])"
)
_CATEGORY_CLASS = re.compile(
    r"(?:^|[\s_-])(?:cat|category|categories|section|kicker|chuyen-?muc|label|topic)(?:$|[\s_-])"
)
_LEAD_CLASS = re.compile(r"summary|excerpt|sapo|lead|desc|teaser|intro|dek|standfirst")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The articles listed, in the order of the page, and selectors by which a user could find the same rows."""

    articles: tuple[Facts, ...] = ()
    items: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Link:
    node: LexborNode
    url: str
    title: str
    titled: LexborNode  # the element that the title is the text of
    in_heading: bool
    likeness: str


@dataclass(slots=True)
class _Row:
    link: _Link
    element: LexborNode
    nodes: list[LexborNode]


class _Index:
    """Names and standing of elements, asked of each once."""

    def __init__(self, *, related: bool) -> None:
        self._related = related
        self._blocked: dict[int, bool] = {}
        self._labels: dict[int, str] = {}
        self._standings: dict[int, str] = {}

    def label(self, node: LexborNode) -> str:
        known = self._labels.get(node.mem_id)
        if known is None:
            names = (node.attributes.get("class") or "").split()
            first = next((name for name in names if _PLAIN.fullmatch(name)), "")
            known = self._labels[node.mem_id] = f"{node.tag}.{first}" if first else node.tag or ""
        return known

    def standing(self, node: LexborNode | None) -> str:
        """The labels of an element and the two around it."""
        if node is None:
            return ""
        known = self._standings.get(node.mem_id)
        if known is None:
            parts: list[str] = []
            at: LexborNode | None = node
            while at is not None and len(parts) < 3 and at.tag not in {"body", "main"}:
                parts.append(self.label(at))
                at = at.parent
            known = self._standings[node.mem_id] = " ".join(parts)
        return known

    def is_blocked(self, node: LexborNode) -> bool:
        """Whether the element, or one around it, is furniture. A header within an article is none."""
        way: list[LexborNode] = []
        at: LexborNode | None = node
        verdict = False
        while at is not None and len(way) < 200:
            known = self._blocked.get(at.mem_id)
            if known is not None:
                verdict = known
                break
            way.append(at)
            at = at.parent
        for one in reversed(way):
            verdict = verdict or self._blocks(one)
            self._blocked[one.mem_id] = verdict
        return verdict

    def _blocks(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        if tag in {"html", "body", "main", "article", "-document"}:
            return False
        if tag in _OUTSIDE and not (self._related and tag == "aside"):
            return True
        if tag == "header":
            parent = node.parent
            return not (parent is not None and parent.tag in {"article", "li", "section"})
        return _is_furniture(names_of(node), self._related)


@lru_cache(maxsize=4096)
def _is_furniture(names: str, related: bool) -> bool:
    """Asked of each class once: a page has few, and says them often."""
    return bool(names.strip()) and (bool(BLOCKED.search(names)) or (not related and bool(RELATED.search(names))))


@dataclass(frozen=True, slots=True)
class _Hints:
    """What the class of an element in a row says of it."""

    date: bool = False
    author: bool = False
    category: bool = False
    lead: bool = False


@lru_cache(maxsize=4096)
def _hints(names: str) -> _Hints:
    return _Hints(
        date=bool(_DATE_CLASS.search(names)),
        author=bool(_AUTHOR_CLASS.search(names)),
        category=bool(_CATEGORY_CLASS.search(names)),
        lead=bool(_LEAD_CLASS.search(names)),
    )


_PLAIN = re.compile(r"[A-Za-z][A-Za-z_-]*")


def find_rows(page: Page, root: LexborNode | None, *, least: int = MIN_ROWS, related: bool = False) -> Rows:
    """The rows within an element, at most :data:`MAX_ROWS`; none when fewer than ``least`` links look alike.

    :param related: the element is known to lead to other articles, so that its name does not speak against it.
    """
    if root is None:
        return Rows()
    index = _Index(related=related)
    links = _links(page, root, index)
    chosen = _alike(links, least)
    if not chosen:
        return Rows()
    rows = _rows(chosen, root)[:MAX_ROWS]
    read = [_read(page, row, index) for row in rows]
    kept = [facts for facts, _where in read]
    if any(len(row.nodes) > 1 for row in rows):  # rows without an element of their own: no selector says where one ends
        return Rows(articles=tuple(kept))
    items, selectors = _selectors(rows, [where for _facts, where in read], index)
    return Rows(articles=tuple(kept), items=items, fields=selectors)


# ---------------------------------------------------------------- links and what they have in common


def _links(page: Page, root: LexborNode, index: _Index) -> list[_Link]:
    found = []
    own_path = urlsplit(page.url).path.rstrip("/")
    for node in root.css("a[href]")[:MAX_NODES]:
        attributes = node.attributes
        href = (attributes.get("href") or "").strip()
        if href.startswith(("#", "javascript:", "mailto:", "tel:")) or "author" in (attributes.get("rel") or ""):
            continue
        url = page.absolute(href).partition("#")[0]
        if not url or not page.is_here(url) or _is_no_article(url) or index.is_blocked(node):
            continue
        if url.partition("?")[0].rstrip("/").endswith(own_path) and same_place(url, page.url):
            continue
        title, titled, in_heading = _title(node)
        if title:
            found.append(_Link(node, url, title, titled, in_heading, _likeness(node, index)))
    return found


def _is_no_article(url: str) -> bool:
    path = url.split("/", 3)[-1] if url.count("/") > 2 else ""
    return not path or bool(_NO_ARTICLE.search("/" + path.partition("?")[0]))


def _title(node: LexborNode) -> tuple[str, LexborNode, bool]:
    """The title a link gives, the element it is the text of, and whether that is a heading."""
    text = flat(node.text(separator=" "))
    parent = node.parent
    if parent is not None and (parent.tag or "") in _HEADINGS:
        return (text, node, True) if may_be_title(text) or weight(text) >= 2 else ("", node, False)
    if len(text) < 8 and weight(text) < 3:
        return "", node, False
    heading = (
        node.css_first("h1, h2, h3, h4, h5, h6, [class*=title], [class*=headline]")
        if node.first_child is not None
        else None
    )
    if heading is not None and heading.mem_id != node.mem_id:
        text = flat(heading.text(separator=" "))
        return (text, heading, True) if may_be_title(text) else ("", node, False)
    if len(text) > 160:  # the link is the whole row: its first line is the title
        text = next(iter(lines(node, 3)), "")
    elif node.css_first("span, div, time, em, small, p") is not None:  # a date or a section stands in the link, too
        text = max((one for one in segments(node, 8) if may_be_title(one)), key=len, default="")
    return (text, node, False) if may_be_title(text) else ("", node, False)


def _likeness(node: LexborNode, index: _Index) -> str:
    return f"{index.label(node)} {index.standing(node.parent)}"


def _alike(links: list[_Link], least: int) -> list[_Link]:
    """The links of the strongest group, and of every other that is nearly as strong; single headings go with them."""
    groups: dict[str, list[_Link]] = defaultdict(list)
    for link in links:
        groups[link.likeness].append(link)
    scored: list[tuple[float, float, list[_Link]]] = []
    for group in groups.values():
        urls = {link.url for link in group}
        mean = sum(weight(link.title) for link in group) / len(group)
        if len(urls) >= least and mean >= 3:
            heading = sum(link.in_heading for link in group) / len(group)
            scored.append((len(urls) * min(mean, 20) * (1 + heading), mean, group))
    if not scored:
        return []
    _score, best_mean, best = max(scored, key=lambda one: one[0])
    headed = any(link.in_heading for link in best)
    taken = {
        id(link)
        for _s, mean, group in scored
        if mean >= best_mean * 0.4
        for link in group
        if link.in_heading or not headed or mean >= best_mean * 0.7
    }
    return [link for link in links if id(link) in taken or (link.in_heading and weight(link.title) >= 3)]


# ---------------------------------------------------------------- rows


def _rows(links: list[_Link], root: LexborNode) -> list[_Row]:
    """One row for each address: the largest element around its link that leads to no other of the links."""
    around: dict[int, set[str]] = defaultdict(set)
    for link in links:
        at: LexborNode | None = link.node
        for _step in range(_CLIMB):
            if at is None or at.tag in {"body", "main"}:
                break
            around[at.mem_id].add(link.url)
            if at.mem_id == root.mem_id:
                break
            at = at.parent
    best: dict[str, _Link] = {}
    for link in links:
        known = best.get(link.url)
        if known is None or (link.in_heading, len(link.title)) > (known.in_heading, len(known.title)):
            best[link.url] = link
    rows = []
    for link in best.values():
        element = link.node
        at = link.node.parent
        while at is not None and around.get(at.mem_id) == {link.url}:
            element = at
            at = at.parent
        rows.append(_Row(link, element, [element, *_followers(element, around)]))
    return rows


def _followers(element: LexborNode, around: Mapping[int, set[str]]) -> list[LexborNode]:
    """Where rows have no element of their own (``h3 p h3 p``), what stands behind a heading up to the next is its row."""
    if element.tag not in _HEADINGS and element.tag != "dt":
        return []
    found: list[LexborNode] = []
    at = element.next
    while at is not None and len(found) < 6:
        if at.tag in _HEADINGS or at.tag in {"hr", "dt"} or around.get(at.mem_id):
            break
        if at.is_element_node:
            found.append(at)
        at = at.next
    return found


def _read(page: Page, row: _Row, index: _Index) -> tuple[Facts, dict[str, str]]:
    """What a row says, and by which selectors."""
    reading = _RowReading(page, row, index)
    for node in row.nodes:
        reading.visit(node)
        for near in node.css("*")[:_MOST_INSIDE]:
            reading.visit(near)
    return reading.facts(), reading.where


def _is_leaf(node: LexborNode) -> bool:
    child = node.first_child
    return child is not None and child.next is None and child.tag == "-text"


class _RowReading:
    def __init__(self, page: Page, row: _Row, index: _Index) -> None:
        self._page, self._row, self._index = page, row, index
        self._title = fold(row.link.title)
        self._published = self._summary = self._image_at = ""
        self._people: list[RawPerson] = []
        self._categories: list[RawCategory] = []
        self.where: dict[str, str] = {}

    def facts(self) -> Facts:
        if not self._people:
            self._people_said_twice()
        return Facts(
            title=self._row.link.title,
            link=self._row.link.url,
            summary=self._summary,
            published=self._published,
            authors=tuple(self._people),
            categories=tuple(self._categories),
            images=(self._image_at,) if self._image_at else (),
        )

    def _people_said_twice(self) -> None:
        """A picture's alternative text and the link beside it say one name: that is a byline, and a role may follow."""
        for node in self._row.nodes:
            alts = {flat(attribute(one, "alt")) for one in node.css("img[alt]")[:6]}
            names = {alt for alt in alts if looks_like_name(alt) and fold(alt) != self._title}
            if not names:
                continue
            text = segments(node)
            at = next((at for at, line in enumerate(text) if line in names), None)
            if at is not None:
                addresses = self._addresses(node)
                self._people.extend(read_lines(text[at : at + 3], addresses=addresses, context="row").people[:1])
                return

    def _addresses(self, node: LexborNode) -> dict[str, str]:
        links = [node] if node.tag == "a" else node.css("a[href]")[:20]
        return {flat(one.text(separator=" ")): self._page.absolute(attribute(one, "href")) for one in links}

    def visit(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "img":
            self._image(node)
            return
        attributes = node.attributes
        if not attributes and tag not in _SPEAKING:
            return
        hints = _hints((attributes.get("class") or "").lower())
        relations = (attributes.get("rel") or "").split()
        if tag == "time" or hints.date or "datetime" in attributes:
            self._date(node, attributes.get("datetime") or "")
        if hints.author or "author" in relations:
            self._author(node)
        if hints.category or "tag" in relations:
            self._category(node)
        if not self._summary and (hints.lead or tag in {"p", "dd"}):
            self._lead(node)
        if not self._published and tag in {"span", "small", "p", "td", "dd"} and _is_leaf(node):
            self._date(node, "")

    def _image(self, node: LexborNode) -> None:
        if self._image_at:
            return
        attributes = node.attributes
        for name in ("data-src", "data-original", "data-lazy-src", "src"):
            address = self._page.absolute(attributes.get(name) or "")
            if address and not re.search(
                r"avatar|gravatar|icon|logo|pixel|blank|spacer",
                f"{address} {attributes.get('class') or ''}",
                re.IGNORECASE,
            ):
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
        if not text or sum(map(len, text)) > 250 or self._title in fold(" ".join(text)):
            return
        credited = read_lines(text, addresses=self._addresses(node), context="row")
        self._published = self._published or credited.published
        if credited.people:
            self._people.extend(credited.people)
            self.where.setdefault("author", self._name_selector(node, credited.people[0].name))

    def _name_selector(self, node: LexborNode, name: str) -> str:
        """The link with the name, where a role or a date stands beside it in the byline."""
        link = next((one for one in node.css("a[href]")[:8] if flat(one.text()) == name), None)
        own = self._selector(node)
        return own if link is None or link.mem_id == node.mem_id else f"{own} {self._index.label(link)}"

    def _category(self, node: LexborNode) -> None:
        text = flat(node.text(separator=" "))
        if text and len(text) <= 60 and not looks_like_date(text) and fold(text) != self._title and weight(text) <= 5:
            if all(one.term != text for one in self._categories):
                self._categories.append(RawCategory(term=text))
            self.where.setdefault("categories", self._selector(node) + "[]")

    def _lead(self, node: LexborNode) -> None:
        text = flat(node.text(separator=" "))
        start = text[: len(self._title) + 120]  # a lead is long, and begins with the title or does not have it
        if weight(start) >= 6 and not looks_like_date(text) and self._title not in fold(start):
            self._summary = text[:2_000]
            self.where.setdefault("summary", self._selector(node))

    def _selector(self, node: LexborNode) -> str:
        return self._index.label(node)


def _selectors(rows: list[_Row], where: Iterable[dict[str, str]], index: _Index) -> tuple[str, dict[str, str]]:
    """The selectors that most rows share; nothing when rows have no element in common."""
    labels = Counter(index.label(row.element) for row in rows)
    items, count = labels.most_common(1)[0]
    if count * 2 < len(rows) or items in {"a", "div", "li", "td", "h1", "h2", "h3", "h4"}:
        items = _qualified(rows, items, index)
    titles = Counter(_title_selector(row, index) for row in rows)
    fields: dict[str, str] = dict(titles.most_common(1)[0][0])
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for one in where:
        for name, selector in one.items():
            votes[name][selector] += 1
    for name, counted in votes.items():
        selector, number = counted.most_common(1)[0]
        if number * 3 >= len(rows):
            fields[name] = selector
    return items, fields


def _qualified(rows: list[_Row], label: str, index: _Index) -> str:
    """An element without a class of its own is told by the one it stands in."""
    parents = Counter(
        index.label(row.element.parent)
        for row in rows
        if row.element.parent is not None and index.label(row.element) == label
    )
    parent = parents.most_common(1)[0][0] if parents else ""
    return f"{parent} > {label}" if parent else label


def _title_selector(row: _Row, index: _Index) -> tuple[tuple[str, str], ...]:
    link, titled = row.link.node, row.link.titled
    if link.mem_id == row.element.mem_id:
        return (("title", index.label(titled) if titled.mem_id != link.mem_id else ""), ("link", "@href"))
    own = index.label(link)
    if row.link.in_heading and titled.mem_id == link.mem_id and link.parent is not None:
        own = f"{index.label(link.parent)} {link.tag}"
    title = own if titled.mem_id == link.mem_id else index.label(titled)
    return (("title", title), ("link", f"{own}@href"))
