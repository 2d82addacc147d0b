"""The text of an article: where it stands on its page, and what in there is no text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from feedhub.extract import trafilatura_text
from feedhub.extract.furniture import IN_TEXT, PAYWALL, RELATED, is_related_heading, leads_on, size
from feedhub.extract.selectolax_markup import is_outside
from feedhub.extract.selectolax_tree import (
    LexborHTMLParser,
    LexborNode,
    Page,
    flat,
    fold,
    inner,
    lines,
    names_of,
    text_of,
)

ENOUGH = 250
"""Characters of running text that make an article."""
_NAMED = (
    "[itemprop~=articleBody], .e-content, .entry-content, .article-body, .article-content, .article__body, .article__content, .post-content, "
    ".post-body, .story-body, .news-content, .content-detail, .detail-content, .fck_detail, .gh-content, #article-body, #content-body, [data-article-body]"
)
_GONE = (
    "script, style, template, nav, aside, footer, form, button, input, select, textarea, dialog, link, meta, [hidden], "
    "[aria-hidden=true], ins.adsbygoogle"
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LISTS = frozenset({"ul", "ol", "div", "section", "table", "dl", "article", "li"})
_SHORT_BLOCKS = "h1, h2, h3, p, div, span, time, a, strong, b, font, li, figure, header, img"


def find_container(page: Page) -> LexborNode | None:
    """The element whose paragraphs are the article's; None where no running text is."""
    best: LexborNode | None = None
    length = 0
    for node in page.tree.css(_NAMED)[:10]:
        own = size(text_of(node))
        if own > length and own >= ENOUGH and not is_outside(page, node):
            best, length = node, own
    return best or _by_paragraphs(page)


def _by_paragraphs(page: Page) -> LexborNode | None:
    """Paragraphs count for the element around them, and half for the one around that (as readability does)."""
    scores: dict[int, float] = defaultdict(float)
    nodes: dict[int, LexborNode] = {}
    paragraphs = page.tree.css("p, blockquote, pre")[:2_000]
    texts = [(node, flat(node.text())) for node in paragraphs]
    if sum(size(text) for _node, text in texts) < ENOUGH:
        texts += [(node, flat(node.text(deep=False))) for node in page.tree.css("div, td, section, article")[:2_000]]
    for node, text in texts:
        if size(text) < 30 or is_outside(page, node):
            continue
        linked = sum(len(flat(one.text())) for one in node.css("a")) if "<a" in (node.html or "") else 0
        parent = node.parent if node.tag in {"p", "blockquote", "pre"} else node
        for around, share in ((parent, 1.0), (parent.parent if parent is not None else None, 0.5)):
            if around is not None and around.tag not in {"html", None}:
                scores[around.mem_id] += (size(text) - linked) * share
                nodes[around.mem_id] = around
    if not scores:
        return None
    key = max(scores, key=lambda one: scores[one])
    return nodes[key] if scores[key] >= ENOUGH else None


class Body:
    """An article's text apart from its page, so that it can be cut without hurting the page."""

    def __init__(self, markup: str) -> None:
        self._tree = LexborHTMLParser(f"<!doctype html><body>{markup}")
        self._lines: list[str] | None = None  # while nothing is cut

    @property
    def root(self) -> LexborNode:
        root = self._tree.body
        assert root is not None  # the parser always makes one
        return root

    def html(self) -> str:
        return (self.root.inner_html or "").strip()

    def lines(self) -> list[str]:
        if self._lines is None:
            self._lines = lines(self.root, 2_000)
        return self._lines

    def without_furniture(self) -> Body:
        """Takes out navigation, share bars, bylines, related lists; never what holds most of the text."""
        self._lines = None
        for node in self.root.css(_GONE):
            node.decompose()
        whole = max(1, len(self.root.text() or ""))
        for node in self.root.css("[class], [id]")[:3_000]:
            names = names_of(node)
            if (IN_TEXT.search(names) or RELATED.search(names) or PAYWALL.search(names)) and len(
                node.text() or ""
            ) * 2 < whole:
                node.decompose()
        return self.without_related()

    def without_related(self) -> Body:
        """A heading such as "Related" goes, with the lists of links behind it; so does a paragraph that is one."""
        self._lines = None
        for node in self.root.css("h2, h3, h4, h5, h6, p, div, strong, span")[:2_000]:
            text = flat(node.text(separator=" "))
            if not text or not is_related_heading(text) or inner(node, "p, ul, div") is not None:
                continue
            at = node
            while (
                at.parent is not None
                and at.parent.tag not in {"body", "article", "main"}
                and fold(text_of(at.parent)) == fold(text)
            ):
                at = at.parent
            follower = at.next
            while follower is not None:
                following = follower.next
                if follower.is_element_node:
                    if follower.tag in _HEADINGS or not _is_links(follower):
                        break
                    follower.decompose()
                follower = following
            at.decompose()
        for node in self.root.css("p, li, div")[:2_000]:
            text = flat(node.text())
            if leads_on(text) and inner(node, "p, div") is None:
                linked = sum(len(flat(one.text())) for one in node.css("a"))
                if linked * 2 >= len(text):
                    node.decompose()
        return self

    def without_lines(self, known: set[str], title: str, people: Sequence[str]) -> Body:
        """Takes the title and the lines of the byline out of the beginning, where they are repeated."""
        self._lines = None
        drop = {fold(title), *known} - {""}
        names = {fold(name) for name in people} - {""}
        length = 0
        for node in self.root.css(_SHORT_BLOCKS)[:60]:
            if node.tag == "img" or (node.tag == "figure" and not text_of(node)):
                if fold(node.attributes.get("alt") or "") in names:
                    node.decompose()  # the author's picture
                continue
            text = fold(node.text(separator=" ") or "")
            if _is_made_of(text, drop | names):
                if not node.css_first("img, video, iframe"):
                    node.decompose()
            elif inner(node, "p, div, h2") is None:
                length += len(text)
            if length > 600:
                break
        self._without_bare(drop | names)
        return self

    def _without_bare(self, known: set[str]) -> None:
        """The same for text that stands in no element of its own, between line breaks."""
        at, count = self.root.first_child, 0
        while at is not None and count < 20:
            following = at.next
            text = fold(at.text_content or "") if at.is_text_node else ""
            if text and not _is_made_of(text, known):
                return
            if text or at.tag == "br":
                at.decompose()
            elif not at.is_text_node:
                return
            count += 1
            at = following

    def with_lead(self, lead: str) -> Body:
        """Puts the lead in front, where the page has it outside the text: whoever reads the text reads the lead first."""
        if lead and fold(lead) not in fold(" ".join(self.lines()[:6])):
            self._lines = None
            node = self._tree.create_node("p")
            node.insert_child(lead)
            first = self.root.first_child
            if first is None:
                self.root.insert_child(node)
            else:
                first.insert_before(node)
        return self

    def with_line(self, line: str) -> Body:
        """Puts a line behind the text, if it is not there."""
        if line and fold(line) not in {fold(one) for one in self.lines()[-8:]}:
            self._lines = None
            node = self._tree.create_node("p")
            node.insert_child(line)
            self.root.insert_child(node)
        return self


def _is_made_of(text: str, known: set[str]) -> bool:
    """Whether a short text is nothing but known lines, in whatever way they were put together."""
    if not text or len(text) > 300:
        return False
    if text in known:
        return True
    for one in sorted(known, key=len, reverse=True):
        if len(one) > 2:
            text = text.replace(one, " ")
    return not text.strip()


def _is_links(node: LexborNode) -> bool:
    """Whether an element is mostly links, or a row with a link and its lead."""
    if node.tag not in _LISTS and node.tag not in {"p", "a"}:
        return False
    text = len(flat(node.text()))
    linked = sum(len(flat(one.text())) for one in node.css("a"))
    return bool(linked) and (
        linked * 2 >= text
        or (node.tag in {"ul", "ol", "div", "section"} and len(node.css("a")) >= 3 and linked * 6 >= text)
    )


def by_trafilatura(page: Page) -> str:
    """The text as trafilatura finds it on a page from which furniture was taken; "" without it."""
    if not trafilatura_text.is_installed():
        return ""
    copy = page.tree.clone()
    root = copy.root
    if root is None:
        return ""
    for node in root.css("script, style, template, nav, noscript, svg"):
        node.decompose()
    for node in root.css("[class], [id]")[:3_000]:
        if (
            RELATED.search(names_of(node))
            and node.tag not in {"body", "html", "main", "article"}
            and node.css_first("h1") is None
        ):
            node.decompose()
    return trafilatura_text.full_text(root.html or "", page.url)
