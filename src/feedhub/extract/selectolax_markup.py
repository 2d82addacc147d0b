"""What the markup of an article's page shows to people: its headline and the lines below it, byline, date, lead, breadcrumb."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from feedhub.extract.bylines import Credited, looks_like_name, read_lines
from feedhub.extract.date_signs import looks_like_date, says_updated
from feedhub.extract.furniture import BLOCKED, RELATED, is_related_heading
from feedhub.extract.selectolax_tree import LexborNode, Page, attribute, flat, fold, lines, names_of, segments, text_of
from feedhub.model import RawPerson
from feedhub.names import author_key

_BYLINES = (
    "[rel~=author], [itemprop~=author], [class*=byline], [class*=author], [class*=Author], [class*=tac-gia], [class*=tacgia], "
    "[class*=writer], [class*=reporter], [class*=signature], address"
)
_LEADS = (
    "[class*=sapo], [class*=standfirst], [class*=dek], [class*=lead], [class*=lede], [class*=chapeau], [class*=subtitle], "
    "[class*=intro], [class*=excerpt], [itemprop~=description], [class*=summary], [class*=deck]"
)
_CRUMBS = (
    "[class*=breadcrumb], [id*=breadcrumb], [aria-label*=readcrumb], [typeof*=BreadcrumbList], [class*=Breadcrumb]"
)
_ZONE_LINES = 30
_LONG = 110
"""Characters from which a line below the headline is the text."""
_AUTHOR_PAGE = re.compile(
    r"/(?:authors?|tac-gia|tacgia|profiles?|users?|by|people|staff|contributors?|autor|auteur)/", re.IGNORECASE
)
_SKIP = frozenset(
    {"script", "style", "template", "noscript", "nav", "aside", "form", "footer", "svg", "button", "iframe"}
)


@dataclass(slots=True)
class Markup:
    """``known`` are lines that were understood; they are no part of the text."""

    title: str = ""
    heading: LexborNode | None = None
    lead: str = ""
    byline: Credited = field(default_factory=Credited)
    published: str = ""
    updated: str = ""
    known: set[str] = field(default_factory=set)


def read_markup(page: Page, likely_title: str) -> Markup:
    """:param likely_title: what structured data calls the article; of several headings the one that says so is taken."""
    found = Markup()
    found.heading = _heading(page, likely_title)
    found.title = text_of(found.heading)
    zone = _Zone(page, found.heading)
    found.byline = _byline(page, found.title) or zone.byline()
    if not found.byline.people and (alone := zone.byline()).people:
        found.byline = alone
    found.published = found.byline.published or zone.published
    found.updated = found.byline.updated or zone.updated
    if not found.published:
        found.published = _time(page)
    found.lead = _lead(page, found.title) or zone.lead
    found.known = {fold(line) for line in (*found.byline.lines, *zone.understood)} - {""}
    return found


def _heading(page: Page, likely_title: str) -> LexborNode | None:
    headings = [node for node in page.tree.css("h1")[:20] if fold(text_of(node))]
    wanted = fold(likely_title)
    if wanted:
        headings += [node for node in page.tree.css("h2")[:20] if fold(text_of(node)) == wanted]
        for node in headings:
            text = fold(text_of(node))
            if text == wanted or (len(text) > 12 and (text in wanted or wanted in text)):
                return node
    plain = [node for node in headings if not is_outside(page, node)]
    if not plain and wanted:  # a title in bold, or in an element of any name
        bold = page.tree.css("b, strong, font, td, div, p, span, h2, h3, h4")[:400]
        return next((node for node in bold if fold(flat(node.text(separator=" "))) == wanted), None)
    return max(plain, key=lambda node: len(text_of(node)), default=None)


def is_outside(page: Page, node: LexborNode) -> bool:
    """Whether an element stands in what is not the article: navigation, comments, related articles, the page's foot."""
    at: LexborNode | None = node
    for _step in range(40):
        if at is None or at.tag in {"body", "main", "html"}:
            return False
        if at.mem_id in page.aside:
            return True
        if at.tag in {"nav", "footer", "aside"}:
            return at.tag != "footer" or not _within(at, "article")
        names = names_of(at)
        if names.strip() and (RELATED.search(names) or BLOCKED.search(names)) and at.tag != "article":
            return True
        at = at.parent
    return False


def _within(node: LexborNode, tag: str) -> bool:
    at = node.parent
    while at is not None:
        if at.tag == tag:
            return True
        at = at.parent
    return False


# ---------------------------------------------------------------- the lines below the headline


class _Zone:
    """What stands between the headline and the text: a name, a role, a date, a lead, in whatever elements."""

    def __init__(self, page: Page, heading: LexborNode | None) -> None:
        self.lines: list[str] = []
        self.lead = ""
        self.published = self.updated = ""
        self.understood: list[str] = []
        self._addresses: dict[str, str] = {}
        self._page = page
        if heading is not None:
            self._read(heading)
        for line in self.lines:
            if looks_like_date(line):
                self.understood.append(line)
                if says_updated(line):
                    self.updated = self.updated or line
                else:
                    self.published = self.published or line

    def _read(self, heading: LexborNode) -> None:
        title = fold(text_of(heading))
        for node in _after(heading):
            if len(self.lines) >= _ZONE_LINES:
                return
            if node.tag == "img":
                alt = flat(attribute(node, "alt"))
                if looks_like_name(alt):
                    self.lines.append(alt)
                continue
            if node.tag == "a" and (text := flat(node.text(separator=" "))):
                self._addresses[text] = self._page.absolute(attribute(node, "href"))
            if node.tag == "time" and (stated := attribute(node, "datetime")):
                self.published = self.published or stated
            bare = node.tag == "-text"
            own = [flat(node.text_content)] if bare else _own_lines(node)
            own = [line for line in own if fold(line) not in {title, ""}]
            for line in own:
                if len(line) >= _LONG or _is_heading(node):
                    whole = _emphasised(node)
                    self.lead = line if whole and len(line) >= 40 and not is_related_heading(line) else ""
                    return
                self.lines.append(line)

    def byline(self) -> Credited:
        """A name said twice in a row, introduced by "by", or linked to an author's page; and what belongs to it."""
        for at, line in enumerate(self.lines):
            twice = (
                at + 1 < len(self.lines)
                and author_key(line) == author_key(self.lines[at + 1])
                and looks_like_name(line)
            )
            linked = bool(_AUTHOR_PAGE.search(self._addresses.get(line, ""))) and looks_like_name(line)
            introduced = (
                bool(re.match(r"(?:by|tác giả|theo|von|par|por)\s*[:：]?\s+\w", line, re.IGNORECASE))
                and len(line) <= 60
            )
            if twice or linked or introduced:
                return read_lines(self.lines[at : at + 8], addresses=self._addresses)
        return Credited()


def _after(node: LexborNode) -> Iterator[LexborNode]:
    """The elements behind a node in the order of the document, at most 300, without what is silent; and bare text beside it."""
    count = 0
    around = set()
    up = node.parent
    while up is not None:
        around.add(up.mem_id)
        up = up.parent
    at: LexborNode | None = _next_over(node)
    while at is not None and count < 300:
        count += 1
        if at.is_element_node and at.tag not in _SKIP:
            yield at
            following = at.first_child or _next_over(at)
        else:
            if at.is_text_node and at.parent is not None and at.parent.mem_id in around:
                yield at
            following = _next_over(at)
        at = following


def _next_over(node: LexborNode) -> LexborNode | None:
    at: LexborNode | None = node
    while at is not None:
        if at.next is not None:
            return at.next
        at = at.parent
    return None


_INLINE = frozenset(
    {"a", "b", "strong", "em", "i", "u", "span", "time", "small", "abbr", "mark", "q", "cite", "sup", "sub", "font"}
)


def _own_lines(node: LexborNode) -> list[str]:
    """The text of an element that has no blocks in it, once: inline elements speak only where their parent does not."""
    tag = node.tag or ""
    parent = node.parent
    if tag in _INLINE and parent is not None and _has_own_text(parent):
        return []
    if tag in _INLINE and parent is not None and (parent.tag in _INLINE):
        return []
    if tag in _INLINE or _has_own_text(node):
        text = flat(node.text(separator=" ") if tag in _INLINE else node.text())
        return [text] if text else []
    return []


def _has_own_text(node: LexborNode) -> bool:
    child = node.first_child
    while child is not None:
        if child.tag == "-text" and (child.text_content or "").strip(" \t\r\n|·•-–—,/\u00a0"):
            return True
        child = child.next
    return False


def _is_heading(node: LexborNode) -> bool:
    return node.tag in {"h2", "h3"} or (node.parent is not None and node.parent.tag in {"h2", "h3"})


def _emphasised(node: LexborNode) -> bool:
    """A lead without a class of its own: a second heading, or a paragraph that is bold as a whole."""
    if node.tag in {"h2", "strong", "b"}:
        return True
    bold = node.css_first("strong, b")
    return bold is not None and node.tag == "p" and len(text_of(bold)) >= 0.9 * len(text_of(node))


# ---------------------------------------------------------------- by the names of elements


def _byline(page: Page, title: str) -> Credited | None:
    folded = fold(title)
    for node in page.tree.css(_BYLINES)[:30]:
        if is_outside(page, node) or node.tag in {"article", "main", "body", "meta", "link", "section"}:
            continue
        box = _box(node)
        text = segments(box, 12)
        if not text or (folded and folded in fold(" ".join(text))) or sum(map(len, text)) > 400:
            continue
        addresses = {flat(one.text(separator=" ")): page.absolute(attribute(one, "href")) for one in box.css("a[href]")}
        if box.tag == "a":
            addresses[flat(box.text(separator=" "))] = page.absolute(attribute(box, "href"))
        credited = read_lines(text, addresses=addresses)
        if credited.people:
            return credited
    return None


def _box(node: LexborNode) -> LexborNode:
    """A name alone has its role beside it: the box around it, while that is nothing but short lines."""
    box = node
    for _step in range(2):
        parent = box.parent
        if (
            parent is None
            or parent.tag in {"body", "main", "article", "header", "section"}
            or parent.css_first("h1, h2, h3, p p, a[rel~=tag]")
        ):
            break
        inside = segments(parent, 8)
        if len(inside) > 6 or any(len(line) > 70 for line in inside):
            break
        box = parent
    return box


def _time(page: Page) -> str:
    """The first ``time`` of the article, or the first element that is called one and reads like one."""
    for node in page.tree.css("time[datetime], time")[:20]:
        stated = attribute(node, "datetime") or text_of(node)
        if stated and not is_outside(page, node):
            return stated
    for node in page.tree.css(
        "[class*=date], [class*=time], [class*=ngay], [class*=publish], [class*=Date], [class*=Time]"
    )[:40]:
        text = flat(node.text(separator=" "))
        if looks_like_date(text) and not is_outside(page, node):
            return text
    return ""


def _lead(page: Page, title: str) -> str:
    folded = fold(title)
    for node in page.tree.css(_LEADS)[:20]:
        if node.tag in {"body", "main", "article", "section", "meta", "link", "html"} or is_outside(page, node):
            continue
        text = " ".join(lines(node, 6))
        if (
            40 <= len(text) <= 1_200
            and fold(text) != folded
            and not looks_like_date(text)
            and node.css_first("h1, form") is None
        ):
            return text
    return ""


def read_crumbs(page: Page) -> list[tuple[str, str]]:
    """Names and addresses of the first breadcrumb that is shown."""
    for node in page.tree.css(_CRUMBS)[:5]:
        crumbs = [
            (flat(one.text(separator=" ")), page.absolute(attribute(one, "href"))) for one in node.css("a[href]")[:12]
        ]
        crumbs = [(name, address) for name, address in crumbs if name]
        if crumbs:
            return crumbs
    return []


def people_with_roles(people: tuple[RawPerson, ...], byline: Credited) -> tuple[RawPerson, ...]:
    """Structured data rarely says a role: the byline on the page does, of the same name."""
    said = {author_key(one.name): one for one in byline.people if one.role or one.uri}
    return tuple(
        RawPerson(
            name=one.name, email=one.email, uri=one.uri or match.uri, role=one.role or match.role, context=one.context
        )
        if (match := said.get(author_key(one.name))) is not None
        else one
        for one in people
    )
