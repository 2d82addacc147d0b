"""Where a page's feeds are: what it says itself, then what its links look like. The one door to selectolax here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

MOST = 20
PAGE = 2_000_000
"""Bytes of a page that are looked at; feeds are named in its head."""
_TYPES = {
    "application/atom+xml": 0,
    "application/rss+xml": 1,
    "application/feed+json": 2,
    "application/rdf+xml": 3,
    "application/x.atom+xml": 3,
    "application/x-atom+xml": 3,
    "application/json": 4,
    "application/xml": 4,
    "text/xml": 4,
}
_GENERIC = frozenset({"application/json", "application/xml", "text/xml"})
_FEED_PATH = re.compile(r"(?:[./_-]|^)(?:rss2?|atom|feeds?|rdf)(?:[./_-]|$)", re.IGNORECASE)
_FEED_LINK = re.compile(
    r"(?:[./_-]|^)(?:rss2?|atom|feed)(?:\.(?:xml|json|rss|rdf|php))?/?$|\.(?:rss|atom|rdf)$", re.IGNORECASE
)
_NO_FEED = re.compile(r"oembed|wp-json|opensearch|sitemap|manifest|osd\.xml|rsd\.xml|wlwmanifest", re.IGNORECASE)
_FEED_SCHEME = re.compile(r"feed:(?=//|https?:)", re.IGNORECASE)
_FRONT = re.compile(r"/?|/(?:index|home|default)\.\w+")
_PLACES = ("feed", "rss.xml", "atom.xml", "feed.xml", "index.xml", "rss", "feed.json")
_PLACES_OF = {
    "wordpress": "feed/",
    "ghost": "rss/",
    "hugo": "index.xml",
    "jekyll": "feed.xml",
    "eleventy": "feed.xml",
    "hexo": "atom.xml",
    "zola": "atom.xml",
    "astro": "rss.xml",
    "drupal": "rss.xml",
    "pelican": "feeds/all.atom.xml",
}
"""By the first word of ``meta name=generator``."""
_COMMENTS = re.compile(r"comments?\b|bình luận|kommentar|commentaires|comentarios", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed that a page names. ``type`` is the media type it was given, "" for a plain link."""

    url: str
    title: str = ""
    type: str = ""


def find_feeds(html: bytes, url: str) -> list[FoundFeed]:
    """The feeds of a page, likeliest first, each address once, at most :data:`MOST`.

    ``<link rel=alternate>`` of a feed's type comes before links whose address looks like a feed's; feeds of comments
    come last. Translations of the page (``hreflang`` without a feed's type), oEmbed and REST endpoints are no feeds.

    :param url: where the page was found; relative addresses are absolute against its ``<base>``, else this.
    """
    page = LexborHTMLParser(html[:PAGE])
    base = _base(page, url)
    ranked = sorted([*_declared(page, base), *_linked(page, base)], key=lambda pair: pair[0])
    first: dict[str, FoundFeed] = {}
    for _, found in ranked:
        if urlsplit(found.url)._replace(fragment="").geturl() != url:
            first.setdefault(found.url, found)
    return list(first.values())[:MOST]


def usual_places(html: bytes, url: str) -> list[str]:
    """Where the feed of a page that names none usually stands, likeliest first: that of its program, then of the others.

    Only below the page's own address: of a front page at the root, of ``/markets`` below it. What stands at the root is
    the feed of everything, which nobody asked for with a section; an address with an ending has nothing below it.
    """
    parts = urlsplit(url)
    folder = "/" if _FRONT.fullmatch(parts.path) else f"{parts.path.rstrip('/')}/"
    if "." in folder.rstrip("/").rpartition("/")[2]:
        return []
    node = LexborHTMLParser(html[:PAGE]).css_first("meta[name=generator i]")
    program = _attribute(node, "content").partition(" ")[0].lower() if node else ""
    first = [_PLACES_OF[program]] if program in _PLACES_OF else []
    return [f"{parts.scheme}://{parts.netloc}{folder}{place}" for place in dict.fromkeys([*first, *_PLACES])]


def _base(page: LexborHTMLParser, url: str) -> str:
    node = page.css_first("base[href]")
    return _absolute(url, _attribute(node, "href")) or url if node else url


def _declared(page: LexborHTMLParser, base: str) -> Iterator[tuple[int, FoundFeed]]:
    for node in page.css("link[href]"):
        relations = _attribute(node, "rel").lower().split()
        kind = _attribute(node, "type").partition(";")[0].strip().lower()
        href = _attribute(node, "href")
        if "alternate" not in relations and "feed" not in relations:
            continue
        if kind not in _TYPES or _NO_FEED.search(href) or (kind in _GENERIC and not _FEED_PATH.search(href)):
            continue
        address, title = _absolute(base, href), " ".join(_attribute(node, "title").split())
        if address:
            yield _rank(address, title, _TYPES[kind]), FoundFeed(url=address, title=title, type=kind)


def _linked(page: LexborHTMLParser, base: str) -> Iterable[tuple[int, FoundFeed]]:
    for node in page.css("a[href]"):
        href = _attribute(node, "href")
        address = _absolute(base, href)
        if not address or _NO_FEED.search(address) or not _FEED_LINK.search(urlsplit(address).path):
            continue
        title = " ".join((node.text() or _attribute(node, "title")).split())[:200]
        yield _rank(address, title, 20), FoundFeed(url=address, title=title)


def _rank(address: str, title: str, rank: int) -> int:
    return rank + 100 * bool(_COMMENTS.search(f"{title} {urlsplit(address).path}"))


def _attribute(node: LexborNode, name: str) -> str:
    return (node.attributes.get(name) or "").strip()


def _absolute(base: str, href: str) -> str:
    """An http(s) address; "" for everything else."""
    try:
        address = urljoin(base, _FEED_SCHEME.sub("", href))
    except ValueError:
        return ""
    return address if address.startswith(("http://", "https://")) else ""
