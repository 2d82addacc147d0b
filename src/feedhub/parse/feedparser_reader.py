"""XML feeds by feedparser. The one door to that library; nothing of its types leaves.

feedparser's two parsers (a strict one on SAX, a tolerant one for what is not XML) are used as they are, with
:class:`~feedhub.parse.recorder.Recorder` before them, over bytes in memory: nothing is fetched or opened, HTML is
neither cleaned nor resolved (that is a later stage's work), and no address of the feed is known here at all, because
feedparser would resolve ids against it.
"""

from __future__ import annotations

import io
import re
import xml.sax
import xml.sax.handler
import xml.sax.xmlreader
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from xml.parsers import expat

from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.sanitizer import replace_doctype
from feedparser.urls import _urljoin, make_safe_absolute_uri

from feedhub.model import Failure, ParseFailed, RawFeed
from feedhub.parse.brisk import Brisk, Direct, Odd
from feedhub.parse.brisk_tolerant import BriskTolerant
from feedhub.parse.heard import finished
from feedhub.parse.preflight import TooComplex, preflight
from feedhub.parse.recorder import NAMESPACES as OWN_NAMESPACES
from feedhub.parse.recorder import Recorder, Unescaping
from feedhub.parse.records import feed_record

_BOUNDS = {"namespaces": {**StrictFeedParser.namespaces, **OWN_NAMESPACES}}
_Strict = type("_Strict", (Recorder, StrictFeedParser), {**_BOUNDS, "_matchnamespaces": {}})
_Loose = type("_Loose", (Unescaping, Recorder, LooseFeedParser), {**_BOUNDS, "_matchnamespaces": {}})
NAMESPACES: Mapping[str, str] = {address.lower(): prefix for address, prefix in _BOUNDS["namespaces"].items()}
"""The prefix under which each known namespace is read, by its address in lower case; "" for RSS and Atom."""
NAMES = frozenset(
    name.removeprefix(side).lower() for name in dir(_Strict) for side in ("_start_", "_end_") if name.startswith(side)
)
"""Elements that are read in a way of their own; all others are kept under their name."""
_ROOT_CLOSED = re.compile(r"</(?:\w+:)?(?:rss|rdf|feed|channel)\s*>", re.IGNORECASE)
_FIRST_ELEMENT = re.compile(rb"<\w")
_ENTITY = 1000
_TAIL = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    version: str
    data: bytes
    entities: dict[str, str]
    brisk: bool = False


def read_xml(text: str, *, root: str, depth: int, entries: int, brisk: bool = False) -> RawFeed | ParseFailed:
    """Read a decoded document.

    :param root: local name of its root; a bare ``channel`` is CDF.
    :param depth: deepest nesting of a well-formed document.
    :param entries: most entries returned; the rest is counted in the notes.
    :param brisk: by :mod:`feedhub.parse.brisk`: the same records at less cost.
    :raises MemoryError: the process has no more; everything else that goes wrong is a value.
    """
    try:
        version, data, entities = without_doctype(text)
        small = {name: value for name, value in entities.items() if len(value) <= _ENTITY}
        named = version or ("cdf" if root == "channel" else "")
        return _read(_Document(version=named, data=data, entities=small, brisk=brisk), depth, entries)
    except TooComplex as error:
        return ParseFailed(failure=Failure.TOO_COMPLEX, detail=f"the document is too complex: {error}")
    except RecursionError:
        return ParseFailed(failure=Failure.TOO_COMPLEX, detail="the document is nested too deeply to be read")


def _read(document: _Document, depth: int, entries: int) -> RawFeed | ParseFailed:
    problem = preflight(document.data, depth).error
    notes: list[str] = []
    parser: Any = None
    if not problem:
        parser, problem = _strictly(document)
    if problem:
        notes.append(f"not well-formed ({problem}); read by the tolerant parser")
        parser, stopped = _tolerantly(document)
        notes.extend(stopped)
    if not parser.entries and not parser.feeddata and not parser.version:
        return ParseFailed(failure=Failure.BROKEN, detail=f"a feed's document that cannot be read: {problem}")
    version = document.version or parser.version
    feed = feed_record(version, finished(parser.feeddata), list(map(finished, parser.entries)), entries)
    return replace(feed, notes=(*notes, *feed.notes), cut_off=bool(problem) and _is_cut_off(document))


def _strictly(document: _Document) -> tuple[Any, str]:
    """Read with SAX; the second value says why it could not be read to its end."""
    if document.brisk:
        with suppress(Odd):
            return _directly(document)
    parser = _prepared(_Strict("", None, "utf-8"))
    sax = xml.sax.make_parser()  # noqa: S317 - external entities are off, the document has passed the limits
    sax.setFeature(xml.sax.handler.feature_namespaces, True)
    sax.setFeature(xml.sax.handler.feature_external_ges, False)
    sax.setFeature(xml.sax.handler.feature_external_pes, False)
    sax.setContentHandler(parser)
    sax.setErrorHandler(parser)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(document.data))
    source.setEncoding("utf-8")  # whatever the declaration says: the document was decoded
    try:
        sax.parse(source)
    except (MemoryError, RecursionError, TooComplex):
        raise
    except Exception as error:  # feedparser raises many kinds on odd documents; the tolerant one tries
        return parser, _told(error)
    return parser, ""


def _directly(document: _Document) -> tuple[Any, str]:
    """The same without SAX.

    :raises Odd: SAX is needed.
    """
    parser = _prepared(_BriskStrict("", None, "utf-8"))
    try:
        Direct(parser).read(document.data)
    except (MemoryError, RecursionError, TooComplex, Odd):
        raise
    except expat.ExpatError as error:  # in the words of SAX
        said = f"<unknown>:{error.lineno}:{error.offset}: {expat.ErrorString(error.code)}"
        return parser, f"SAXParseException: {said}"
    except Exception as error:  # as above
        return parser, _told(error)
    return parser, ""


def _tolerantly(document: _Document) -> tuple[Any, list[str]]:
    """Read with feedparser's own tolerant parser; what it read before a failure is kept."""
    kind = _BriskLoose if document.brisk else _Loose
    parser = _prepared(kind("", None, "utf-8", document.entities))
    text = document.data.decode()
    notes = []
    try:
        parser.feed(text)
    except (MemoryError, RecursionError, TooComplex):
        raise
    except Exception as error:  # whatever it is, the entries before it are good
        notes.append(f"reading stopped after {len(parser.entries)} entries ({_told(error)})")
    if parser.inentry and parser.entries and _is_cut_off(document):
        parser.entries.pop()
        notes.append(f"the document ends inside entry {len(parser.entries) + 1}, which is left out")
    return parser, notes


def _is_cut_off(document: _Document) -> bool:
    """Whether a document that is not well-formed lacks its end, as after a transfer or a script that broke off."""
    return not _ROOT_CLOSED.search(document.data[-_TAIL:].decode(errors="replace"))


def without_doctype(text: str) -> tuple[str, bytes, dict[str, str]]:
    """The format that a document type tells, the document with nothing left of it but harmless entities, and those."""
    document = text.encode()
    first = _FIRST_ELEMENT.search(document)
    if not first or b"<!" not in document[: first.start()]:  # as most are, which feedparser would copy twice
        return "", document, {}
    version, data, entities = replace_doctype(document)
    return version or "", data, entities


def base_within(outer: str, stated: str) -> str:
    """The base in force in an element that states one, inside of another (or "")."""
    return make_safe_absolute_uri(outer, stated) or outer if outer else str(_urljoin("", stated))


_BRISK = {**_BOUNDS, "base_within": staticmethod(base_within)}
_BriskStrict = type("_BriskStrict", (Recorder, Brisk, StrictFeedParser), {**_BRISK, "_matchnamespaces": {}})
_BriskLoose = type(
    "_BriskLoose", (Unescaping, Recorder, BriskTolerant, LooseFeedParser), {**_BRISK, "_matchnamespaces": {}}
)


def looks_like_html(text: str) -> bool:
    """feedparser's guess whether a text that is called plain is HTML."""
    return ("</" in text or "&" in text) and bool(StrictFeedParser.looks_like_html(text))


def _prepared(parser: Any) -> Any:
    parser.resolve_relative_uris = False
    parser.sanitize_html = False
    return parser


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
