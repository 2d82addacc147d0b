"""Rows of links that look alike: the articles that a page lists, when it does not say so in any other way.

Links are indexed once. Those that lead elsewhere on the site and read like a title are put together by where they stand
(the names of the elements around them); the row of a link is the largest element that leads to no other article. Title,
date, byline, lead and image are read from the row alone, so that no row gets what belongs to its neighbour.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from urllib.parse import urlsplit

from feedhub.extract.facts import Facts
from feedhub.extract.furniture import BLOCKED, RELATED, may_be_short_title, may_be_title, weight
from feedhub.extract.selectolax_row import read_row
from feedhub.extract.selectolax_tree import (
    MAX_NODES,
    LexborNode,
    Page,
    flat,
    fold,
    label_of,
    lines,
    names_in,
    same_place,
    segments,
)

MIN_ROWS = 3
MAX_ROWS = 300
_CLIMB = 14
_OUTSIDE = frozenset({"nav", "footer", "aside", "form"})
_NEVER_OUTSIDE = frozenset({"html", "body", "main", "article", "-document"})
_LINKS_OUTSIDE = "nav, footer, form"
_BOXES = 20
"""Of :data:`_LINKS_OUTSIDE` whose links are left out at once; those of others are when the elements around are asked."""
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NO_ARTICLE = re.compile(
    r"/(?:author|authors|tac-gia|tacgia|profile|profiles|user|users|member|members|tag|tags|topic|topics|category|categories|chuyen-muc|search|login|signin|signup|"
    r"register|account|cart|checkout|about|contact|privacy|terms|wp-login\.php|wp-admin|feed|rss|page)(?:/|\.\w+$|$)|\.(?:jpe?g|png|gif|webp|svg|pdf|zip|mp3|mp4|xml)$",
)


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
            known = self._labels[node.mem_id] = label_of(node.tag or "", node.attributes.get("class") or "")
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
                parts.append(self._labels.get(at.mem_id) or self.label(at))
                at = at.parent
            known = self._standings[node.mem_id] = " ".join(parts)
        return known

    def is_blocked(self, node: LexborNode) -> bool:
        """Whether the element, or one around it, is furniture. A header within an article is none."""
        blocked = self._blocked
        way: list[tuple[int, LexborNode]] = []
        at: LexborNode | None = node
        verdict = False
        while at is not None and len(way) < 200:
            place = at.mem_id
            if place in blocked:
                verdict = blocked[place]
                break
            way.append((place, at))
            at = at.parent
        for place, one in reversed(way):
            verdict = verdict or self._blocks(one, place)
            blocked[place] = verdict
        return verdict

    def _blocks(self, node: LexborNode, place: int) -> bool:
        tag = node.tag or ""
        attributes = node.attributes
        classes = attributes.get("class") or ""
        self._labels[place] = label_of(tag, classes)  # will be asked for
        if tag == "header":
            parent = node.parent
            return not (parent is not None and parent.tag in {"article", "li", "section"})
        return _is_furniture(tag, classes, attributes.get("id") or "", attributes.get("role") or "", self._related)


@lru_cache(maxsize=4096)
def _is_furniture(tag: str, classes: str, identity: str, role: str, related: bool) -> bool:
    """Asked of each class once: a page has few, and says them often."""
    if tag in _NEVER_OUTSIDE:
        return False
    if tag in _OUTSIDE and not (related and tag == "aside"):
        return True
    names = names_in(classes, identity, role)
    return bool(names.strip()) and (bool(BLOCKED.search(names)) or (not related and bool(RELATED.search(names))))


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
    read = [read_row(page, row.link.title, row.link.url, row.nodes) for row in rows]
    kept = [facts for facts, _where in read]
    if related or any(
        len(row.nodes) > 1 for row in rows
    ):  # rows without an element of their own: no selector says where one ends
        return Rows(articles=tuple(kept))
    items, selectors = _selectors(page, rows, read, index)
    return Rows(articles=tuple(kept), items=items, fields=selectors)


# ---------------------------------------------------------------- links and what they have in common


def _links(page: Page, root: LexborNode, index: _Index) -> list[_Link]:
    found = []
    own_path = urlsplit(page.url).path.rstrip("/")
    outside = {node.mem_id for box in root.css(_LINKS_OUTSIDE)[:_BOXES] for node in box.css("a[href]")}
    for node in root.css("a[href]")[:MAX_NODES]:
        if node.mem_id in outside:
            continue
        text = flat(node.text(separator=" "))
        if len(text) < 2:  # a picture's
            continue
        attributes = node.attributes
        href = (attributes.get("href") or "").strip()
        if href.startswith(("#", "javascript:", "mailto:", "tel:")) or "author" in (attributes.get("rel") or ""):
            continue
        url = page.absolute(href).partition("#")[0]
        if not url or not page.is_here(url) or _is_no_article(url):
            continue
        if url.partition("?")[0].rstrip("/").endswith(own_path) and same_place(url, page.url):
            continue
        if index.is_blocked(node):
            continue
        title, titled, in_heading = _title(node, text)
        if title:
            found.append(_Link(node, url, title, titled, in_heading, _likeness(node, index)))
    return found


def _is_no_article(url: str) -> bool:
    parts = url.split("/", 3)
    if len(parts) < 4 or not parts[3]:
        return True
    return bool(_NO_ARTICLE.search("/" + parts[3].partition("?")[0].casefold()))


def _title(node: LexborNode, text: str) -> tuple[str, LexborNode, bool]:
    """The title a link gives, the element it is the text of, and whether that is a heading; "" when it gives none."""
    parent = node.parent
    if parent is not None and (parent.tag or "") in _HEADINGS:
        return (text if may_be_short_title(text) else "", node, True)
    heading = node.css_first("h1, h2, h3, h4, h5, h6, [class*=title], [class*=headline]")
    if heading is not None and heading.mem_id != node.mem_id:
        text = flat(heading.text(separator=" "))
        return (text if may_be_short_title(text) else "", heading, True)
    if len(text) > 160:  # the link is the whole row: its first line is the title
        text = next(iter(lines(node, 3)), "")
    elif node.css_first("span, div, time, em, small, p") is not None:  # a date or a section stands in the link, too
        text = max((one for one in segments(node, 8) if may_be_title(one)), key=len, default="")
        own = next((one for one in node.css("span, div, p, em, strong, b") if flat(one.text()) == text), node)
        return (text if may_be_short_title(text) else "", own, False)
    return (text if may_be_short_title(text) else "", node, False)


def _likeness(node: LexborNode, index: _Index) -> str:
    return f"{index.label(node)} {index.standing(node.parent)}"


def _alike(links: list[_Link], least: int) -> list[_Link]:
    """The links of the strongest group, and of every other that is nearly as strong; single headings go with them."""
    groups: dict[str, list[_Link]] = defaultdict(list)
    for link in links:
        groups[link.likeness].append(link)
    scored: list[tuple[float, float, list[_Link]]] = []
    for group in groups.values():
        weights = [weight(link.title) for link in group]
        mean = sum(weights) / len(group)
        urls = {link.url for link, number in zip(group, weights, strict=True) if number >= 3}
        if len(urls) >= least and mean >= 3 and len(urls) * 2 >= len({link.url for link in group}):
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


_SEVERAL = "several"
"""Stands for the address that an element leads to; it is none."""


def _rows(links: list[_Link], root: LexborNode) -> list[_Row]:
    """One row for each address: the largest element around its link that leads to no other of the links."""
    around: dict[int, str] = {}
    outermost = root.mem_id
    for link in links:
        at: LexborNode | None = link.node
        for _step in range(_CLIMB):
            if at is None or at.tag in {"body", "main"}:
                break
            place = at.mem_id
            if around.setdefault(place, link.url) != link.url:
                around[place] = _SEVERAL
            if place == outermost:
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
        while at is not None and around.get(at.mem_id) == link.url:
            element = at
            at = at.parent
        rows.append(_Row(link, element, [element, *_followers(element, around)]))
    return rows


def _followers(element: LexborNode, around: Mapping[int, str]) -> list[LexborNode]:
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


def _selectors(
    page: Page, rows: list[_Row], read: list[tuple[Facts, dict[str, str]]], index: _Index
) -> tuple[str, dict[str, str]]:
    """The selectors that most rows share; nothing when rows have no element in common."""
    labels = Counter(index.label(row.element) for row in rows)
    items, count = labels.most_common(1)[0]
    if count * 2 < len(rows):
        return "", {}
    items = _qualified(page, rows, items, index)
    titles = Counter(_title_selector(row, index) for row in rows)
    fields: dict[str, str] = dict(titles.most_common(1)[0][0])
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for (name, selector), number in Counter(chain.from_iterable(one.items() for _facts, one in read)).items():
        votes[name][selector] = number
    for name, counted in votes.items():
        selector, number = counted.most_common(1)[0]
        if number * 3 >= len(rows) and _leads_there(rows, read, name, selector):
            fields[name] = selector
    return items, fields


def _leads_there(rows: list[_Row], read: list[tuple[Facts, dict[str, str]]], name: str, selector: str) -> bool:
    """Whether a selector finds what was read, in the first row that was read by it: ``div`` may be another one."""
    path, _, attribute_ = selector.removesuffix("[]").partition("@")
    for row, (facts, where) in zip(rows, read, strict=True):
        if where.get(name) != selector or attribute_:
            continue
        found = row.element.css_first(path)
        if found is None or found.mem_id == row.element.mem_id:
            return False
        text = flat(found.text(separator=" "))
        said = {
            "date": facts.published,
            "summary": facts.summary,
            "author": facts.authors[0].name if facts.authors else "",
        }
        return name not in said or (
            bool(said[name]) and (fold(said[name]) in fold(text) or fold(text) in fold(said[name]))
        )
    return True


def _qualified(page: Page, rows: list[_Row], label: str, index: _Index) -> str:
    """The selector with as many of the elements around as it needs to find little else than the rows."""
    selector = label
    around = [row.element.parent for row in rows if index.label(row.element) == label]
    for _step in range(3):
        bare = "." not in selector
        if (not bare and len(page.tree.css(selector)) <= len(rows) + 2) or not all(around):
            break
        parents = Counter(index.label(node) for node in around if node is not None)
        selector = f"{parents.most_common(1)[0][0]} > {selector}"
        around = [node.parent for node in around if node is not None]
        if len(page.tree.css(selector)) <= len(rows):
            break
    return selector


def _title_selector(row: _Row, index: _Index) -> tuple[tuple[str, str], ...]:
    link, titled = row.link.node, row.link.titled
    if link.mem_id == row.element.mem_id:
        inside = (("title", index.label(titled)),) if titled.mem_id != link.mem_id else ()
        return (*inside, ("link", "@href"))
    own = index.label(link)
    if row.link.in_heading and titled.mem_id == link.mem_id and link.parent is not None:
        own = f"{index.label(link.parent)} {link.tag}"
    title = own if titled.mem_id == link.mem_id else index.label(titled)
    return (("title", title), ("link", f"{own}@href"))
