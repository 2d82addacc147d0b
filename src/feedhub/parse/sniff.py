"""What a text is, before anything reads it as a feed."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from enum import StrEnum

from feedhub.model import Failure, ParseFailed

FEED_ROOTS = frozenset({"rss", "rdf", "feed", "channel"})
_HEAD = 65_536
_MISC = re.compile(r"\s+|<!--.*?(?:-->|$)|<\?.*?(?:\?>|$)|<!(?!--)[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL)
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?=[\s/>])")
_FEED_TAG = re.compile(r"<(?:rss|rdf:RDF|feed)(?=[\s>])", re.IGNORECASE)
_FEED_IN_HTML = re.compile(
    r"<(?:rss\s[^>]{0,500}?\bversion\s*=|feed\s[^>]{0,500}?\bxmlns\s*=\s*[\"']http://www\.w3\.org/2005/Atom)"
)
_DOCTYPE_HTML = re.compile(r"\s*<!doctype\s+html", re.IGNORECASE)
_HTML_TAG = re.compile(r"<(?:html|head|body)\b", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_HTML_ROOTS = frozenset({"html", "head", "body", "div", "p", "script", "meta", "title", "h1", "table", "center", "br"})
_CHALLENGES = (
    "/cdn-cgi/challenge-platform/",
    "_cf_chl_opt",
    "cf-browser-verification",
    "_Incapsula_Resource",
    "captcha-delivery.com",
    "/.well-known/ddos-guard/",
    "sucuri_cloudproxy",
    "px-captcha",
    "AwsWafIntegration",
    "/.within.website/x/cmd/anubis",
)
_MAGIC = (
    (b"\x1f\x8b", "gzip data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"ID3", "an MP3 file"),
)
_KNOWN_ROOTS = {
    "opml": "an OPML outline",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap index",
    "svg": "an SVG image",
}


class Kind(StrEnum):
    """The readers a text can go to."""

    XML = "xml"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sniffed:
    """A text worth reading; ``root`` is the local name of an XML document's root in lower case."""

    kind: Kind
    root: str = ""


def sniff_bytes(body: bytes) -> ParseFailed | None:
    """What can be refused before decoding: nothing at all, and files that are no text."""
    if not body.strip():
        return ParseFailed(failure=Failure.EMPTY, detail="the body is empty")
    for magic, what in _MAGIC:
        if body.startswith(magic):
            return _no_feed(what)
    if body[:4] not in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff") and body[:1000].count(0) > 2 and not _is_utf16(body):
        return _no_feed("binary data")
    return None


def sniff_text(text: str) -> Sniffed | ParseFailed:
    """Tell JSON and XML feeds from everything else, which is named in the failure's detail."""
    start = text.lstrip()
    if not start:
        return ParseFailed(failure=Failure.EMPTY, detail="the body is empty")
    if start[0] in "{[":
        return Sniffed(kind=Kind.JSON)
    root = _root(start[:_HEAD])
    if root in FEED_ROOTS:
        return Sniffed(kind=Kind.XML, root=root)
    if _is_html(start, root):
        return _html(start)
    if _FEED_TAG.search(start[:_HEAD]):  # a feed after something that does not belong there
        return Sniffed(kind=Kind.XML)
    return _something_else(start, root)


def _is_utf16(body: bytes) -> bool:
    return body[:2] in (b"\xff\xfe", b"\xfe\xff") or body[:2] in (b"<\x00", b"\x00<")


def _root(start: str) -> str:
    position = 0
    while match := _MISC.match(start, position):
        position = match.end()
    match = _ROOT.match(start, position)
    return match[1].lower() if match else ""


def _is_html(start: str, root: str) -> bool:
    if _FEED_IN_HTML.search(start[:_HEAD]):  # some generators wrap a whole feed in <html><body>
        return False
    if root == "html" or _DOCTYPE_HTML.match(start):
        return True
    if _FEED_TAG.search(start[:_HEAD]):
        return False
    return root in _HTML_ROOTS or (not root and bool(_HTML_TAG.search(start[:_HEAD])))


def _html(start: str) -> ParseFailed:
    match = _TITLE.search(start[:_HEAD])
    title = " ".join(html.unescape(match[1]).split())[:100] if match else ""
    named = f"an HTML page titled “{title}”" if title else "an HTML page without a title"
    if any(mark in start[:200_000] for mark in _CHALLENGES):
        return ParseFailed(failure=Failure.BLOCKED, detail=f"a challenge page came instead of the feed: {named}")
    return replace(_no_feed(named), web_page=True)


def _something_else(start: str, root: str) -> ParseFailed:
    if root in _KNOWN_ROOTS:
        return _no_feed(_KNOWN_ROOTS[root])
    if root:
        return _no_feed(f"an XML document whose root is <{root[:60]}>")
    return _no_feed(f"text that starts with “{' '.join(start[:60].split())}”")


def _no_feed(what: str) -> ParseFailed:
    return ParseFailed(failure=Failure.NOT_A_FEED, detail=f"not a feed: {what}")
