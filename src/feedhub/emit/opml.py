"""OPML 2.0: the lists of feeds that readers import. Pure.

Only attributes that OPML 2.0 names are written; folders carry ``text`` alone, because validators take a folder with
``title`` for a feed without a type.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import quoteattr

from feedhub.emit.links import web_url
from feedhub.emit.moments import rfc822
from feedhub.emit.words import line


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A feed in a list. ``folder`` is "" for the top level."""

    text: str
    xml_url: str
    html_url: str = ""
    folder: str = ""
    description: str = ""
    language: str = ""


def opml(title: str, outlines: Sequence[Outline], modified: datetime | None) -> bytes:
    """The document. Folders stand in the order in which they are first named; outlines without a URL are left out."""
    folders = dict.fromkeys(outline.folder for outline in outlines)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"<head>{_element('title', line(title))}{_element('dateModified', rfc822(modified) if modified else '')}</head>",
        "<body>",
    ]
    for folder in folders:
        inside = [_outline(outline) for outline in outlines if outline.folder == folder and web_url(outline.xml_url)]
        lines += _folder(folder, inside)
    return "\n".join((*lines, "</body>", "</opml>", "")).encode()


def _folder(name: str, inside: Sequence[str]) -> Iterable[str]:
    if not name or not inside:
        return inside
    return (f"<outline text={_quoted(name)}>", *inside, "</outline>")


def _outline(outline: Outline) -> str:
    text = line(outline.text) or outline.xml_url
    attributes = {
        "text": text,
        "title": text,
        "type": "rss",
        "xmlUrl": web_url(outline.xml_url),
        "htmlUrl": web_url(outline.html_url),
        "description": line(outline.description),
        "language": outline.language,
    }
    told = " ".join(f"{name}={_quoted(value)}" for name, value in attributes.items() if value)
    return f"<outline {told}/>"


def _element(name: str, text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{name}>{escaped}</{name}>" if text else ""


def _quoted(text: str) -> str:
    return quoteattr(line(text))
