"""A body as it came over the wire -> what its source says, or why it says nothing."""

from __future__ import annotations

from dataclasses import replace

from feedhub.model import ParseFailed, RawFeed
from feedhub.parse.chardet_guess import guess
from feedhub.parse.decode import Decoded, decode
from feedhub.parse.feedparser_reader import read_xml
from feedhub.parse.json_feed import read_json
from feedhub.parse.sniff import Kind, sniff_bytes, sniff_text
from feedhub.settings import Limits


def read_document(body: bytes, *, content_type: str, charset: str | None, limits: Limits) -> RawFeed | ParseFailed:
    """Read a feed of any format: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, CDF, JSON Feed 1.0 and 1.1.

    The same bytes always give the same records; the feed's address is no input. Text, ids, links and dates are as the
    document has them: nothing is resolved, cleaned or believed.

    :param content_type: media type of the answer; it only breaks ties, because many servers send a wrong one.
    :param charset: charset of the answer, None when it gave none.
    :param limits: ``depth`` and ``entries`` are used here; time and memory are the caller's to limit.
    :raises MemoryError: the process has no more. Every other trouble with a document is a :class:`ParseFailed`.
    """
    refused = sniff_bytes(body)
    if refused:
        return refused
    decoded = decode(body, charset, guess)
    sniffed = sniff_text(decoded.text)
    if isinstance(sniffed, ParseFailed):
        return sniffed
    if sniffed.kind is Kind.JSON:
        feed = read_json(decoded.text, declared="feed+json" in content_type, entries=limits.entries, depth=limits.depth)
    else:
        feed = read_xml(decoded.text, root=sniffed.root, depth=limits.depth, entries=limits.entries)
    return _with_encoding_note(feed, decoded)


def _with_encoding_note(feed: RawFeed | ParseFailed, decoded: Decoded) -> RawFeed | ParseFailed:
    if isinstance(feed, ParseFailed) or not decoded.broken:
        return feed
    note = f"{decoded.broken} byte sequences are not valid {decoded.encoding}"
    return replace(feed, notes=(note, *feed.notes))
