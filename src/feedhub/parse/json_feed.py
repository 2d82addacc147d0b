"""JSON Feed 1.0 and 1.1, read tolerantly: a member of the wrong type is left out and noted, never fatal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from feedhub.model import (
    Failure,
    ParseFailed,
    RawCategory,
    RawEnclosure,
    RawEntry,
    RawFeed,
    RawLink,
    RawPerson,
    RawText,
    TextType,
)
from feedhub.parse.newest import newest
from feedhub.raw_digests import with_digest

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
Object = dict[str, JSON]

ITEMS = 20_000
SHORT = 4_000
LIST = 500
_NOTES = 20
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/(\d)(?:\.(\d))?/?")


def read_json(text: str, *, declared: bool, entries: int, depth: int) -> RawFeed | ParseFailed:
    """Read a decoded document.

    :param declared: the answer called itself a JSON Feed, so the version may be missing.
    :param entries: most entries returned, the newest.
    :param depth: deepest nesting of objects and arrays.
    """
    if _depth(text) > depth:
        return ParseFailed(failure=Failure.TOO_COMPLEX, detail=f"JSON is nested more than {depth} deep")
    try:
        document: JSON = json.loads(text, parse_int=_number)
    except ValueError as error:
        return _broken(text, declared, str(error))
    if not isinstance(document, dict):
        return _no_feed("a JSON document that is no object")
    version = document.get("version")
    match = _VERSION.match(version) if isinstance(version, str) else None
    if not match and not (declared or _looks_like_a_feed(document)):
        return _no_feed("a JSON document whose version does not name jsonfeed.org")
    reader = _Reader()
    if not match:
        reader.note("version does not name jsonfeed.org")
    return reader.feed(document, f"json{match[1]}{match[2] or '0'}" if match else "json", entries)


def _number(digits: str) -> int | str:
    """Ids may be written as numbers; those beyond any integer's use stay text."""
    return int(digits) if len(digits) < 40 else digits


def _depth(text: str) -> int:
    """Deepest nesting, counted without reading strings; stops early when a document is hopeless."""
    deepest = level = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', text, re.DOTALL):
        bracket = match[0]
        if bracket in "[{":
            level += 1
            deepest = max(deepest, level)
        elif bracket in "]}":
            level -= 1
    return deepest


def _broken(text: str, declared: bool, reason: str) -> ParseFailed:
    if declared or "jsonfeed.org/version" in text[:2000]:
        return ParseFailed(failure=Failure.BROKEN, detail=f"a JSON Feed that cannot be read: {reason}"[:300])
    return _no_feed(f"text that starts with “{' '.join(text[:60].split())}”")


def _no_feed(what: str) -> ParseFailed:
    return ParseFailed(failure=Failure.NOT_A_FEED, detail=f"not a feed: {what}")


def _looks_like_a_feed(document: Object) -> bool:
    items = document.get("items")
    if not isinstance(items, list) or not isinstance(document.get("title"), str):
        return False
    return any(isinstance(item, dict) and ("content_html" in item or "content_text" in item) for item in items[:5])


@dataclass(slots=True)
class _Reader:
    """Takes members by type and remembers what did not fit."""

    notes: dict[str, int] = field(default_factory=dict)

    def note(self, text: str) -> None:
        self.notes[text] = self.notes.get(text, 0) + 1

    def text(self, holder: Object, key: str, limit: int = SHORT) -> str:
        value = holder.get(key)
        if value is None or isinstance(value, str):
            return _clean(value or "", limit)
        self.note(f"{key} is no string")
        return ""

    def identifier(self, holder: Object) -> str:
        """Ids must be strings; numbers are read as what they say (the specification asks readers for this)."""
        value = holder.get("id")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        return self.text(holder, "id")

    def objects(self, holder: Object, key: str, limit: int = LIST) -> list[Object]:
        found = [item for item in self._list(holder, key) if isinstance(item, dict)]
        if len(found) > limit:
            self.note(f"more than {limit:,} {key}")
        return found[:limit]

    def strings(self, holder: Object, key: str) -> list[str]:
        found = [_clean(item, SHORT) for item in self._list(holder, key) if isinstance(item, str)]
        return [item for item in found if item][:LIST]

    def _list(self, holder: Object, key: str) -> Iterable[JSON]:
        value = holder.get(key)
        if isinstance(value, list):
            return value
        if value is not None:
            self.note(f"{key} is no list")
        return ()

    def feed(self, document: Object, format: str, limit: int) -> RawFeed:
        items = [self.entry(item) for item in self.objects(document, "items", ITEMS)]
        raw = [entry for entry in items if entry != RawEntry()]
        if len(raw) > limit:
            self.note(f"{len(raw)} entries listed, the newest {limit} read")
        return RawFeed(
            format=format,
            id=self.text(document, "feed_url"),
            title=self._plain(document, "title"),
            subtitle=self._plain(document, "description"),
            links=tuple(self._feed_links(document)),
            authors=self.people(document),
            language=self.text(document, "language"),
            image=self.text(document, "icon"),
            icon=self.text(document, "favicon"),
            entries=tuple(with_digest(entry) for entry in newest(raw, limit)),
            notes=tuple(self._told(document)),
        )

    def _told(self, document: Object) -> Iterable[str]:
        if document.get("expired") is True:
            yield "the feed says that it has expired: nothing new will come"
        if "items" not in document:
            yield "items is missing"
        for text, count in list(self.notes.items())[:_NOTES]:
            yield f"{text} ({count} times)" if count > 1 else text

    def _feed_links(self, document: Object) -> Iterable[RawLink]:
        yield from self._links(document, (("home_page_url", "alternate"), ("feed_url", "self"), ("next_url", "next")))
        for hub in self.objects(document, "hubs"):
            yield from self._links(hub, (("url", "hub"),))

    def _links(self, holder: Object, members: Iterable[tuple[str, str]]) -> Iterable[RawLink]:
        for key, rel in members:
            href = self.text(holder, key)
            if href:
                yield RawLink(href=href, rel=rel)

    def entry(self, item: Object) -> RawEntry:
        return RawEntry(
            id=self.identifier(item),
            links=tuple(self._links(item, (("url", "alternate"), ("external_url", "related")))),
            title=self._plain(item, "title"),
            summary=self._plain(item, "summary"),
            content=tuple(self._bodies(item)),
            published=self.text(item, "date_published"),
            updated=self.text(item, "date_modified"),
            authors=self.people(item),
            categories=tuple(RawCategory(term=tag) for tag in dict.fromkeys(self.strings(item, "tags"))),
            enclosures=tuple(self._attachments(item)),
            images=tuple(filter(None, (self.text(item, "image"), self.text(item, "banner_image")))),
            language=self.text(item, "language"),
        )

    def _plain(self, holder: Object, key: str) -> RawText | None:
        value = self.text(holder, key, limit=1_000_000)
        return RawText(value=value, type=TextType.PLAIN) if value else None

    def _bodies(self, item: Object) -> Iterable[RawText]:
        for key, kind in (("content_html", TextType.HTML), ("content_text", TextType.PLAIN)):
            value = self.text(item, key, limit=100_000_000)
            if value:
                yield RawText(value=value, type=kind)

    def people(self, holder: Object) -> tuple[RawPerson, ...]:
        """``authors`` of 1.1, else ``author`` of 1.0."""
        people = self.objects(holder, "authors") if holder.get("authors") is not None else []
        single = holder.get("author")
        if not people and isinstance(single, dict):
            people = [single]
        elif not people and isinstance(single, str):
            people = [{"name": single}]
        found = (
            RawPerson(name=self.text(person, "name"), uri=self.text(person, "url"), context="json") for person in people
        )
        return tuple(dict.fromkeys(person for person in found if person.name or person.uri))

    def _attachments(self, item: Object) -> Iterable[RawEnclosure]:
        for attachment in self.objects(item, "attachments"):
            url = self.text(attachment, "url")
            if url:
                yield RawEnclosure(
                    url=url,
                    type=self.text(attachment, "mime_type"),
                    length=_count(attachment.get("size_in_bytes")),
                    title=self.text(attachment, "title"),
                    duration=_count(attachment.get("duration_in_seconds")),
                )


def _clean(value: str, limit: int) -> str:
    """Without lone surrogates (``\\ud800`` is legal in JSON and nowhere else) and control characters."""
    return _FORBIDDEN.sub("", value).strip()[:limit]


def _count(value: JSON) -> str:
    """A number of bytes or seconds as text; "" for anything else."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float) and 0 <= value < 1e15:
        return str(int(value))
    return value if isinstance(value, str) and value.isascii() and value.isdigit() else ""
