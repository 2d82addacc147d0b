"""A page as a tree, and what every reader of it asks: texts, attributes, addresses. The door to selectolax for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from feedhub.extract.bylines import Credited

__all__ = [
    "Byline",
    "LexborHTMLParser",
    "LexborNode",
    "Page",
    "Place",
    "absolute",
    "attribute",
    "flat",
    "fold",
    "inner",
    "is_leaf",
    "label_of",
    "lines",
    "names_in",
    "names_of",
    "open_page",
    "place_of",
    "same_place",
    "segments",
    "text_of",
]

MAX_PAGE = 4_000_000
"""Characters of a page that are read; what is beyond them is left out, and said."""
MAX_DEPTH = 800
"""Elements within each other. The parser's time grows with the square of the depth; no page for people comes near."""
MAX_NODES = 5_000
"""Elements of one kind that are looked at on a page."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS = _words(
    """address article aside blockquote body br caption dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6
    header hr img li main nav ol option p picture pre section summary details table tbody td tfoot th thead tr ul video"""
)
_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "head", "iframe", "object", "select", "button"})
_OPEN_OR_CLOSE = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_VOID = _words("area base br col embed hr img input link meta source track wbr")
_IN_A_ROW = 400
"""Tags without a closing one between them from which on the depth is counted, which costs more than the parsing."""


@dataclass(frozen=True, slots=True)
class Byline:
    """What an element in a row says of people. ``where`` is its selector, or that of the name in it."""

    text: str = ""
    credited: Credited = field(default_factory=Credited)
    where: str = ""


@dataclass(slots=True)
class Page:
    """One page while it is read. ``base`` is what relative addresses count from."""

    tree: LexborHTMLParser
    url: str
    base: str
    site: str  # the host, without www
    origin: str = ""  # scheme and host of the base
    notes: list[str] = field(default_factory=list)
    aside: set[int] = field(default_factory=set)  # elements that lead to other articles, once they are known
    bylines: dict[str, Byline] = field(default_factory=dict)  # by their markup: a listing repeats the same few
    read: dict[int, str] = field(default_factory=dict)  # what paragraphs say that were read for the kind of the page

    def absolute(self, href: str) -> str:
        if href[:1] == "/" and href[1:2] not in {"/", "\\"} and "/." not in href and " " not in href:
            return self.origin + href  # nearly all links of a listing; joining by the book takes 20 times as long
        return absolute(self.base, href)

    def is_here(self, address: str) -> bool:
        """Whether an address is of this site: its host, or one above or below it."""
        if address.startswith(self.origin + "/"):
            return True
        host = site_of(address)
        sites = {self.site, site_of(self.base)}
        return bool(host) and any(host == one or host.endswith("." + one) or one.endswith("." + host) for one in sites)


def open_page(html: str, url: str) -> Page | str:
    """The page as a tree; or, in words, why it is not read."""
    notes = []
    if len(html) > MAX_PAGE:
        html = html[:MAX_PAGE]
        notes.append(f"only the first {MAX_PAGE:,} characters of the page were read")
    if not html.isascii():
        html = unicodedata.normalize("NFC", html)  # words are looked for from here on
    if _many_in_a_row(html) and _depth(html) > MAX_DEPTH:
        return f"the page has more than {MAX_DEPTH} elements within each other and was not read"
    tree = LexborHTMLParser(html)
    base = url
    if (node := tree.css_first("base[href]")) is not None:
        base = absolute(url, attribute(node, "href")) or url
    return Page(tree, url, base, site_of(url), "/".join(base.split("/", 3)[:3]), notes)


_NEAR = 8
"""Tags that are looked at one by one for a closing one. A single character is found ten times as fast as two are."""
_TAIL = 64
"""Characters at the end of a stretch that are looked through first: searching forwards is faster than backwards."""


def _many_in_a_row(html: str) -> bool:
    """Looks at a page from closing tag to closing tag, of those in each stretch too short for so many at one near its end."""
    at, end = 0, len(html)
    while at < end:
        reach = at + _IN_A_ROW * len("<a>")
        closing = html.find("</", reach - _TAIL, reach)
        if closing < 0:
            closing = html.rfind("</", at, reach - _TAIL + 1)
        if closing < 0 and (closing := _near_closing(html, at)) < 0:
            closing = html.find("</", at)
            closing = end if closing < 0 else closing
            if html.count("<", at, closing) > _IN_A_ROW:
                return True
        at = closing + 2
    return False


def _near_closing(html: str, at: int) -> int:
    """Where the first ``</`` begins, or the page ends, if there are few tags before; else -1."""
    at -= 1
    for _step in range(_NEAR):
        at = html.find("<", at + 1)
        if at < 0:
            return len(html)
        if html.startswith("/", at + 1):
            return at
    return -1


def _depth(html: str) -> int:
    deepest = depth = 0
    for match in _OPEN_OR_CLOSE.finditer(html):
        if match[2].lower() not in _VOID:
            depth += -1 if match[1] else 1
            deepest = max(deepest, depth)
    return deepest


def site_of(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def absolute(base: str, href: str) -> str:
    """An http(s) address; "" for everything else."""
    href = href.strip()
    if not href or href[0] == "#" or len(href) > 4096:
        return ""
    try:
        address = urljoin(base, href)
    except ValueError:
        return ""
    return address if address.startswith(("http://", "https://")) else ""


def same_place(one: str, other: str) -> bool:
    """Whether two addresses are one page: without scheme, ``www.``, query of tracking, fragment and final slash."""
    return bool(one) and place_of(one) == place_of(other)


Place = tuple[str, str, str]


def place_of(address: str) -> Place:
    """What :func:`same_place` compares of an address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address, "", ""
    query = parts.query and "&".join(
        part for part in parts.query.split("&") if part and not part.startswith(("utm_", "fbclid", "gclid"))
    )
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/"), query


def attribute(node: LexborNode, name: str) -> str:
    return (node.attributes.get(name) or "").strip()


def names_of(node: LexborNode) -> str:
    """Class, id and role of an element in one string, which patterns are searched in."""
    attributes = node.attributes
    return names_in(attributes.get("class"), attributes.get("id"), attributes.get("role"))


def names_in(classes: str | None, identity: str | None, role: str | None) -> str:
    """The same of its attributes."""
    return f"{classes or ''} {identity or ''} {role or ''}".lower()


_PLAIN = re.compile(r"[A-Za-z][A-Za-z_-]*")


@lru_cache(maxsize=4096)
def label_of(tag: str, classes: str) -> str:
    """The selector of an element: its name, and its first class that has no figures in it."""
    first = next((name for name in classes.split() if _PLAIN.fullmatch(name)), "")
    return f"{tag}.{first}" if first else tag


def flat(text: str | None) -> str:
    """White space folded."""
    return " ".join((text or "").split())


_NOT_WORD = re.compile(r"[\W_]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")  # a set of a few characters is looked through twice as fast as a kind of them


def fold(text: str) -> str:
    """What two writings of one text have in common: letters and digits, NFC, case folded."""
    if text.isascii():
        return " ".join(_ASCII_WORD.findall(text.lower()))
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFC", text).casefold()).strip()


def lines(node: LexborNode, most: int = 200) -> list[str]:
    """The visible text of an element, one line for each block, white space folded."""
    parts: list[str] = []
    for piece in _pieces(node, 0):
        parts.append(piece)
        if len(parts) > 20 * most:
            break
    return [line for part in "".join(parts).split("\n") if (line := flat(part))][:most]


def _pieces(node: LexborNode, depth: int) -> Iterator[str]:
    child = node.first_child
    while child is not None:
        tag = child.tag or ""
        if tag == "-text":
            yield (child.text_content or "").replace("\n", " ")
        elif tag not in _SILENT and not tag.startswith(("-", "!")) and depth < MAX_DEPTH:
            block = tag in _BLOCKS
            if block:
                yield "\n"
            yield from _pieces(child, depth + 1)
            if block:
                yield "\n"
        child = child.next


def segments(node: LexborNode, most: int = 40) -> list[str]:
    """Like :func:`lines`, but elements side by side with no text between them are lines of their own, too.

    ``<a>Ann Poe</a><span>Editor</span>`` are two, ``By <a>Ann Poe</a> and <a>Bob Roe</a>`` is one.
    """
    found: list[str] = []
    _segment(node, found, 0)
    return found[:most]


_BETWEEN = " \t\r\n|·•–—,/\u00a0"


def _segment(node: LexborNode, found: list[str], depth: int) -> None:
    children, spoken = [], False
    child = node.first_child
    if child is not None and child.next is None and child.tag == "-text":  # most often
        text = child.text_content or ""
        if text.strip(_BETWEEN) and (line := flat(text)):
            found.append(line)
        return
    while child is not None:
        tag = child.tag
        if tag == "-text":
            spoken = spoken or bool((child.text_content or "").strip(_BETWEEN))
        elif tag not in _SILENT and child.is_element_node:
            children.append(child)
        child = child.next
    if spoken:
        found.extend(lines(node))
    elif depth < MAX_DEPTH:
        for child in children:
            _segment(child, found, depth + 1)


def is_leaf(node: LexborNode) -> bool:
    """Whether there is text in an element, and nothing else."""
    child = node.first_child
    return child is not None and child.next is None and child.tag == "-text"


def inner(node: LexborNode, selector: str) -> LexborNode | None:
    """The first element within another that a selector finds; selectolax itself finds the outer one, too."""
    return next((one for one in node.css(selector) if one.mem_id != node.mem_id), None)


def text_of(node: LexborNode | None) -> str:
    """The visible text of an element in one line."""
    return "" if node is None else " ".join(lines(node))
