"""A body as it came over the wire -> what its source says, or why it says nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from feedhub.model import ParseFailed, Parsing, RawFeed
from feedhub.parse.chardet_guess import guess
from feedhub.parse.compare import MOST_DIFFERENCES, differing
from feedhub.parse.decode import Decoded, decode
from feedhub.parse.fast_names import Unsure
from feedhub.parse.fast_reader import read_fast
from feedhub.parse.feedparser_reader import read_xml
from feedhub.parse.json_feed import read_json
from feedhub.parse.sniff import Kind, sniff_bytes, sniff_text
from feedhub.settings import Limits, Parser


def read_document(body: bytes, *, content_type: str, charset: str | None, limits: Limits) -> RawFeed | ParseFailed:
    """Read a feed of any format: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, CDF, JSON Feed 1.0 and 1.1.

    The same bytes always give the same records; the feed's address is no input, nor is which parser reads it. Text, ids,
    links and dates are as the document has them: nothing is resolved, cleaned or believed.

    :param content_type: media type of the answer; it only breaks ties, because many servers send a wrong one.
    :param charset: charset of the answer, None when it gave none.
    :param limits: ``depth`` and ``entries`` are used here; time and memory are the caller's to limit.
    :raises MemoryError: the process has no more. Every other trouble with a document is a :class:`ParseFailed`.
    """
    return read_with(Parser.FAST, body, content_type=content_type, charset=charset, limits=limits)[0]


def read_with(
    parser: Parser, body: bytes, *, content_type: str, charset: str | None, limits: Limits
) -> tuple[RawFeed | ParseFailed, Parsing]:
    """:func:`read_document` by the parser of one's choice, and how that went."""
    refused = sniff_bytes(body)
    if refused:
        return refused, Parsing()
    decoded = decode(body, charset, guess)
    sniffed = sniff_text(decoded.text)
    if isinstance(sniffed, ParseFailed):
        return sniffed, Parsing()
    feed: RawFeed | ParseFailed
    if sniffed.kind is Kind.JSON:
        json = "feed+json" in content_type
        feed, parsing = read_json(decoded.text, declared=json, entries=limits.entries, depth=limits.depth), Parsing()
    else:
        with _uncollected():
            feed, parsing = _read_xml(parser, decoded.text, sniffed.root, limits)
    return _with_encoding_note(feed, decoded), parsing


def _read_xml(parser: Parser, text: str, root: str, limits: Limits) -> tuple[RawFeed | ParseFailed, Parsing]:
    depth, entries = limits.depth, limits.entries
    if parser is Parser.FEEDPARSER:
        return read_xml(text, root=root, depth=depth, entries=entries), Parsing(reason="switched off")
    quick: RawFeed | ParseFailed
    try:
        quick, reason = read_fast(text, depth=depth, entries=entries), ""
    except Unsure as unsure:
        quick, reason = read_xml(text, root=root, depth=depth, entries=entries, brisk=True), str(unsure)
    if parser is Parser.FAST:
        return quick, Parsing(fast=not reason, reason=reason)
    sure = read_xml(text, root=root, depth=depth, entries=entries)
    differences = tuple(islice(differing(sure, quick), MOST_DIFFERENCES))
    return sure, Parsing(fast=not reason, reason=reason, differences=differences)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for cycles: what is made while one document is read has hardly any, and looking costs a seventh."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _with_encoding_note(feed: RawFeed | ParseFailed, decoded: Decoded) -> RawFeed | ParseFailed:
    if isinstance(feed, ParseFailed) or not decoded.broken:
        return feed
    note = f"{decoded.broken} byte sequences are not valid {decoded.encoding}"
    return replace(feed, notes=(note, *feed.notes))
