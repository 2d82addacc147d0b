"""Sitemaps -> rows: the list itself, an index of lists, the news extension, and what robots.txt names. Pure.

Follows sitemaps.org 0.9 and Google's news extension 0.9. ``lastmod`` says when an address changed, and many programs write
the time of their own run there: it dates an entry only while not half of the list has the same.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

from feedhub.extract.rows import SourceReading, entry_of
from feedhub.model import Failure, PageMemory, PagePart, ParseFailed, RawEntry, RawFeed, RawText, TextType
from feedhub.settings import RowField

MOST_ADDRESSES = 50_000
"""Addresses of one sitemap that are looked at: as many as the format allows."""
MOST_CHILDREN = 1_000
_DEPTH = 12
_LONGEST = 2_048
_GZIP = b"\x1f\x8b"
_FIELDS = {
    "loc": RowField.LINK,
    "lastmod": RowField.UPDATED,
    "publication_date": RowField.DATE,
    "keywords": RowField.CATEGORIES,
}


_PLAIN = frozenset({"url", "sitemap", "news"})


class _TooMuch(Exception):
    """A limit was passed; the message says which."""


def unpacked(body: bytes, limit: int) -> bytes | ParseFailed:
    """The document inside a ``.gz`` file, or the body as it is.

    :param limit: bytes of the document.
    """
    if not body.startswith(_GZIP):
        return body
    try:
        inflater = zlib.decompressobj(wbits=31)
        inner = inflater.decompress(body, limit)
    except zlib.error:
        return ParseFailed(failure=Failure.BAD_ENCODING, detail="a .gz file that does not unpack")
    if inflater.unconsumed_tail:
        return ParseFailed(failure=Failure.TOO_LARGE, detail=f"a .gz file with more than {limit:,} bytes in it")
    return inner


def read_sitemap(body: bytes, *, limit: int) -> SourceReading | ParseFailed:
    """Read a sitemap, an index of them, or a robots.txt that names some.

    :param body: already unpacked.
    :param limit: entries that are taken: those that changed last, then in the order of the document.
    """
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _named_by_robots(body)
    reader = _Reader()
    try:
        reader.read(body)
    except _TooMuch as reason:
        return ParseFailed(failure=Failure.TOO_COMPLEX, detail=f"a sitemap with {reason}")
    except expat.ExpatError as error:
        if not reader.rows:
            why = f"{expat.ErrorString(error.code)} at line {error.lineno}"
            return ParseFailed(failure=Failure.BROKEN, detail=f"no sitemap: {why}")
    if reader.root not in {"urlset", "sitemapindex"}:
        detail = f"not a sitemap: an XML document whose root is <{reader.root[:60]}>"
        return ParseFailed(failure=Failure.NOT_A_FEED, detail=detail)
    if reader.root == "sitemapindex":
        children = [_child(row) for row in reader.rows if row.get("loc")]
        told = (f"an index of {len(children)} sitemaps",)
        return _reading((), children[:MOST_CHILDREN], told, via="an index of sitemaps")
    return _reading(_entries(reader.rows, limit), [], (f"a sitemap of {len(reader.rows)} addresses",), len(reader.rows))


def whole(reading: SourceReading, parts: list[SourceReading], limit: int) -> SourceReading:
    """One list of an index and the sitemaps that were asked for."""
    entries = [entry for part in (reading, *parts) for entry in part.feed.entries]
    steps = (*reading.steps, *(step for part in parts for step in part.steps))
    return _reading(tuple(entries[:limit]), [], steps, len(entries), via=reading.memory.via)


def titled_by_address(entry: RawEntry) -> RawEntry:
    """The words of its address for an entry without a title: ``/2026/rates-rise.html`` is “rates rise”."""
    if entry.title is not None or not entry.links:
        return entry
    last = unquote(urlsplit(entry.links[0].href).path.rstrip("/").rpartition("/")[2]).rsplit(".", 1)[0]
    words = [word for word in last.replace("_", "-").split("-") if word and not (word.isdigit() and len(word) > 4)]
    text = RawText(value=" ".join(words), type=TextType.PLAIN)
    return replace(entry, title=text) if words else entry


def _reading(
    entries: tuple[RawEntry, ...],
    children: list[PagePart],
    steps: tuple[str, ...],
    listed: int = 0,
    *,
    via: str = "",
) -> SourceReading:
    notes = (f"{len(entries):,} of {listed:,} addresses are read, those that changed last",)
    return SourceReading(
        feed=RawFeed(format="sitemap", entries=entries, notes=notes if listed > len(entries) else ()),
        memory=PageMemory(kind="sitemap", via=via),
        steps=steps,
        children=tuple(sorted(children, key=lambda child: child.lastmod, reverse=True)),
    )


def _named_by_robots(body: bytes) -> SourceReading | ParseFailed:
    lines = body[:500_000].decode("utf-8", "replace").splitlines()
    pairs = [line.split("#", 1)[0].partition(":") for line in lines]
    named = [value.strip() for name, _, value in pairs if name.strip().lower() == "sitemap" and value.strip()]
    if not named:
        return ParseFailed(failure=Failure.NOT_A_FEED, detail="neither a sitemap nor a robots.txt that names one")
    children = [PagePart(url=one) for one in dict.fromkeys(named)][:MOST_CHILDREN]
    told = (f"a robots.txt that names {len(children)} sitemaps",)
    return _reading((), children, told, via="a robots.txt that names it")


def _child(row: Mapping[str, list[str]]) -> PagePart:
    return PagePart(url=row["loc"][0], lastmod=row.get("lastmod", [""])[0])


def _entries(rows: list[Mapping[str, list[str]]], limit: int) -> tuple[RawEntry, ...]:
    """The addresses that changed last, as rows."""
    told = Counter(row["lastmod"][0] for row in rows if row.get("lastmod"))
    common = told.most_common(1)
    useless = common[0][0] if common and common[0][1] > 1 and common[0][1] * 2 >= len(rows) else ""
    newest = sorted((row for row in rows if row.get("loc")), key=_changed, reverse=True)
    return tuple(_entry(row, useless) for row in newest[:limit])


def _changed(row: Mapping[str, list[str]]) -> str:
    """Dates of this format sort as text, but for their zones."""
    return (row.get("publication_date") or row.get("lastmod") or [""])[0]


def _entry(row: Mapping[str, list[str]], useless: str) -> RawEntry:
    values = {name: tuple(row[tag]) for tag, name in _FIELDS.items() if row.get(tag)}
    if values.get(RowField.UPDATED) == (useless,):
        del values[RowField.UPDATED]
    if keywords := values.get(RowField.CATEGORIES):
        values[RowField.CATEGORIES] = tuple(word.strip() for word in keywords[0].split(",") if word.strip())
    if title := row.get("title"):
        values[RowField.TITLE] = (title[0],)
    if image := row.get("image:loc"):
        values[RowField.IMAGE] = (image[0],)
    return entry_of(values)


@dataclass(slots=True)
class _Reader:
    """Rows of a document, as far as it is well-formed. Entities of its own are refused: no sitemap needs them."""

    rows: list[Mapping[str, list[str]]] = field(default_factory=list)
    root: str = ""
    _path: list[str] = field(default_factory=list)
    _row: dict[str, list[str]] = field(default_factory=dict)
    _text: list[str] = field(default_factory=list)

    def read(self, body: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.EntityDeclHandler = self._entity
        parser.Parse(body, True)

    def _entity(self, *_: object) -> None:
        raise _TooMuch("entities of its own")

    def _start(self, name: str, _attributes: Mapping[str, str]) -> None:
        local = name.rpartition(" ")[2].lower()
        if not self._path:
            self.root = local
        self._path.append(local)
        self._text.clear()
        if len(self._path) > _DEPTH:
            raise _TooMuch(f"elements nested more than {_DEPTH} deep")
        if len(self._path) == 2:
            self._row = {}

    def _end(self, _name: str) -> None:
        local = self._path.pop()
        text = "".join(self._text).strip()[:_LONGEST]
        self._text.clear()
        if text and self._path:
            parent = self._path[-1]
            name = local if parent in _PLAIN else f"{parent}:{local}"  # pictures and videos have titles, too
            self._row.setdefault(name, []).append(text)
        if len(self._path) == 1 and local in {"url", "sitemap"}:
            if len(self.rows) >= MOST_ADDRESSES:
                raise _TooMuch(f"more than {MOST_ADDRESSES:,} addresses")
            self.rows.append(self._row)
