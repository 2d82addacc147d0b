"""One document, whatever it is -> what it lists: a feed, or a page, JSON or a sitemap read as one. Pure.

With ``type: auto`` a feed is a feed, and costs nothing more than it did. A page is read as a page only where no feed was before: a
page in the place of a feed is somebody who stands in the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from feedhub.extract import (
    PageKind,
    PageReading,
    SourceReading,
    broken,
    completed,
    find_feeds,
    read_article,
    read_json_rows,
    read_page,
    read_rows,
    read_sitemap,
    script_text,
    unpacked,
    usual_places,
    whole,
)
from feedhub.model import Digest, Failure, PageMemory, ParseFailed, Parsing, RawEntry, RawFeed
from feedhub.parse import read_document, read_text, read_with
from feedhub.settings import ArticlePages, Limits, Parser, RowField, Source, SourceType

KINDS = {PageKind.LISTING: "listing", PageKind.ARTICLE: "article"}
LOOKED_AT = 200_000
"""Bytes of a page that are looked at to see whether it is one."""
LONG_ENOUGH = 2_000
"""Characters of text that a feed which ``full_text`` is asked of must give, to be taken as the full text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A document as it came, which is a part of another one's list."""

    body: bytes
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A body, and what decides how it is read."""

    body: bytes
    url: str
    content_type: str = ""
    charset: str | None = None
    page: PageMemory | None = None  # what the address turned out to be before
    never_a_feed: bool = False  # a page may be read as one
    feeds_tried: bool = False  # the feeds that it names were none, or are not to be looked for
    parts: tuple[Part, ...] = ()
    articles: Mapping[Digest, RawEntry] = field(default_factory=dict)  # by the digests of their entries
    waiting: frozenset[Digest] = frozenset()  # entries that are left to a later poll


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a document lists. ``reading`` is None for a feed."""

    feed: RawFeed
    reading: SourceReading | None = None
    parsing: Parsing = field(default_factory=Parsing)


def read_source(
    document: Document, source: Source | None, limits: Limits, parser: Parser = Parser.FAST
) -> Listed | ParseFailed:
    """Read a document as its source says, or as what it is."""
    kind = source.type if source else SourceType.AUTO
    if kind is SourceType.AUTO and document.page is not None and document.page.kind == "sitemap":
        read: SourceReading | ParseFailed = _sitemap(document, limits)
    elif source is None or kind in {SourceType.AUTO, SourceType.FEED}:
        raw, parsing = read_with(
            parser, document.body, content_type=document.content_type, charset=document.charset, limits=limits
        )
        if isinstance(raw, RawFeed):
            return Listed(feed=raw, parsing=parsing)
        if parsing.differences:
            raw = replace(raw, parsing=parsing)
        if kind is SourceType.FEED or not raw.web_page or not (document.never_a_feed or document.page):
            return raw
        read = _automatically(document, raw)
    else:
        read = _as_told(document, source, limits)
    if isinstance(read, ParseFailed):
        return read
    is_part = bool(read.children) or (document.page is not None and bool(document.page.parts))
    verdict = None if is_part else broken(read, source.expect if source else None)
    return verdict or Listed(feed=read.feed, reading=read)


def _automatically(document: Document, failed: ParseFailed) -> SourceReading | ParseFailed:
    if document.page is None and not document.feeds_tried:
        feeds = find_feeds(document.body, document.url)
        usual = () if feeds else tuple(usual_places(document.body, document.url))
        return replace(failed, feeds=tuple(one.url for one in feeds), usual=usual)
    html = read_text(document.body, document.charset)
    if isinstance(html, ParseFailed):
        return html
    page = read_page(html, document.url)
    if page.kind in KINDS and page.feed.entries:
        return _of_page(page, KINDS[page.kind])
    if page.kind is PageKind.SHELL:
        detail = (
            "a page that only scripts fill, with nothing to read in it; if it asks for JSON, give that address"
            " with `type: json`, or the script element that holds it with `script`"
        )
        return ParseFailed(failure=Failure.NOT_A_FEED, detail=detail, web_page=True)
    if document.page is not None:  # it was read before
        return _of_page(page, document.page.kind)
    detail = f"{failed.detail}, which names no feed and shows no list of entries; `type: page` with `items` can say where it is"
    return replace(failed, detail=detail)


def _of_page(page: PageReading, kind: str) -> SourceReading:
    return SourceReading(
        feed=page.feed,
        memory=PageMemory(kind=kind, via=page.via),
        steps=page.steps,
        items=page.items,
        fields=page.fields,
    )


def _as_told(document: Document, source: Source, limits: Limits) -> SourceReading | ParseFailed:
    if source.type is SourceType.SITEMAP:
        return _sitemap(document, limits)
    text = read_text(document.body, document.charset)
    if isinstance(text, ParseFailed):
        return text
    if other := _something_else(document, source, limits):
        return other
    if source.type is SourceType.PAGE:
        if source.items:
            return read_rows(text, document.url, source)
        page = read_page(text, document.url)
        return _of_page(page, KINDS.get(page.kind, "page"))
    if not source.script:
        return read_json_rows(text, document.url, source)
    inner = script_text(text, document.url, source.script)
    if inner is None:
        detail = f"`script: {source.script}` matches no element of the page"
        return ParseFailed(failure=Failure.BROKEN_SELECTOR, detail=detail)
    return read_json_rows(inner, document.url, source)


def _something_else(document: Document, source: Source, limits: Limits) -> ParseFailed | None:
    """A page that wants a browser in the place of the page, or a feed."""
    raw = read_document(
        document.body[:LOOKED_AT], content_type=document.content_type, charset=document.charset, limits=limits
    )
    if isinstance(raw, RawFeed) and source.type is SourceType.PAGE:
        detail = "the address gives a feed and no page; leave `type` out, and `items` and `fields` with it"
        return ParseFailed(failure=Failure.BROKEN_SELECTOR, detail=detail)
    return raw if isinstance(raw, ParseFailed) and raw.failure is Failure.BLOCKED else None


def _sitemap(document: Document, limits: Limits) -> SourceReading | ParseFailed:
    first = _one_sitemap(Part(body=document.body, url=document.url), limits)
    if isinstance(first, ParseFailed) or not document.parts:
        return first
    parts = [_one_sitemap(part, limits) for part in document.parts]
    good = [part for part in parts if isinstance(part, SourceReading)]
    if not good:
        return next(part for part in parts if isinstance(part, ParseFailed))
    return whole(first, good, limits.entries)


def _one_sitemap(part: Part, limits: Limits) -> SourceReading | ParseFailed:
    body = unpacked(part.body, limits.decoded_bytes)
    return body if isinstance(body, ParseFailed) else read_sitemap(body, limit=limits.entries)


# ---------------------------------------------------------------- articles


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleJob:
    """The page of an article, and how its text is found."""

    body: bytes
    url: str
    charset: str | None
    content: str
    remove: tuple[str, ...] = ()


def article_of(job: ArticleJob) -> RawEntry | ParseFailed:
    """What the page of an article says."""
    html = read_text(job.body, job.charset)
    if isinstance(html, ParseFailed):
        return html
    content = "off" if job.content == "none" else job.content
    return read_article(html, job.url, content=content, remove=job.remove).entry


def merged(row: RawEntry, article: RawEntry) -> RawEntry:
    """The row with what its article says. Of what both say the list's word counts, but for the text and what is cut off.

    The digest stays the row's: by it the row is recognised when it comes again.
    """
    entry = completed(row, article, but=frozenset({RowField.ID, RowField.CONTENT, RowField.UPDATED}))
    changes: dict[str, object] = {}
    if article.content:
        changes["content"] = article.content
        if row.content and not entry.summary:
            changes["summary"] = row.content[0]
    if row.title and article.title and row.title.value.rstrip().endswith(("…", "...")):
        changes["title"] = article.title
    for name in ("language", "publisher", "rights"):
        if not getattr(entry, name):
            changes[name] = getattr(article, name)
    return replace(entry, **changes, digest=row.digest)  # type: ignore[arg-type]


def with_articles(document: Document, feed: RawFeed) -> RawFeed:
    """A list with its articles, and without the entries that wait for theirs."""
    if not document.articles and not document.waiting:
        return feed
    entries = tuple(
        merged(entry, document.articles[entry.digest]) if entry.digest in document.articles else entry
        for entry in feed.entries
        if entry.digest not in document.waiting
    )
    return replace(feed, entries=entries)


def lacks(row: RawEntry, text_length: int, *, dated: bool, wanted: ArticlePages, is_page: bool) -> str:
    """What an entry lacks of what is wanted, in words; "" when its article need not be read.

    :param text_length: characters of the entry's text.
    :param dated: whether it has a date that can be believed.
    """
    missing = {
        "date": not dated,
        "author": not row.authors,
        "content": not row.content if is_page else text_length < LONG_ENOUGH,
        "summary": row.summary is None and not row.content,
        "image": not row.images and not row.enclosures,
        "categories": not row.categories,
    }
    named = [part.value for part in wanted.when if missing[part.value]]
    return ", ".join(["title"] * (row.title is None) + named)
