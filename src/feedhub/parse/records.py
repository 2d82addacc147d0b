"""feedparser's dictionaries to plain records: the mapping of every format's elements to :class:`RawEntry`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from feedhub.model import (
    Extra,
    RawCategory,
    RawEnclosure,
    RawEntry,
    RawFeed,
    RawLink,
    RawPerson,
    RawSource,
    RawText,
    TextType,
)
from feedhub.parse.newest import newest
from feedhub.raw_digests import digest_of

Bag = dict[str, Any]

SHORT = 4_000
"""Longest id, address, name, date, category; characters. Longer ones are no such thing: cut."""
_TYPES = {"text/plain": TextType.PLAIN, "text/html": TextType.HTML, "application/xhtml+xml": TextType.XHTML}
_SUMMARIES = (
    "summary_detail",
    "dc_description_detail",
    "itunes_summary_detail",
    "media_description_detail",
    "itunes_subtitle_detail",
)
_SUBTITLES = ("subtitle_detail", "itunes_summary_detail", "dc_description_detail", "itunes_subtitle_detail")
_TITLES = ("title_detail", "dc_title_detail", "media_title_detail")
_LINK = {**{key: key for key in ("href", "rel", "type", "title", "length", "hreflang")}, "xml_base": "base"}
_PERSON = ("name", "email", "href", "role", "context")
_CATEGORY = ("term", "scheme", "label")
_USUAL = frozenset(
    [
        "id",
        "permalink",
        "links",
        "title",
        "title_detail",
        "summary",
        "summary_detail",
        "content",
        "published",
        "updated",
        "dc_date",
        "created",
        "authors",
        "contributors",
        "tags",
        "xml_lang",
        "href",
    ]
)
"""What nearly all entries have. The first fields of a record are made of it, and its language."""
_OF_EXTRAS = frozenset({"extras", "geo_lat", "geo_long"})
_OF_IMAGES = frozenset({"media", "image", "thumbnails"})
_REMEMBERED = 1024
"""People and categories that are made once: a site names the same few again and again."""


def feed_record(version: str, feed: Bag, entries: Sequence[Bag], limit: int) -> RawFeed:
    """The whole document; at most ``limit`` entries, the newest."""
    repeated = {name for name, count in Counter(_string(entry, "id") for entry in entries).items() if count > 1}
    raw = [entry_record(entry, repeated) for entry in entries]
    kept = newest(raw, limit)
    notes = [f"{len(raw)} entries listed, the newest {limit} read"] if len(raw) > limit else []
    overflow = sum(_plain(bag, "overflow", 0) for bag in entries)
    if overflow:
        notes.append(f"{overflow} links, people, categories or media beyond the limit of an element left out")
    record = _channel(version, feed)
    return replace(record, entries=kept, notes=tuple(notes))


def _channel(version: str, feed: Bag) -> RawFeed:
    image = feed.get("image")
    return RawFeed(
        format=version or "unknown",
        id=_string(feed, "id"),
        title=_first_text(feed, _TITLES),
        subtitle=_first_text(feed, _SUBTITLES),
        links=_links(feed),
        updated=_string(feed, "updated") or _string(feed, "published") or _string(feed, "dc_date"),
        authors=_people(feed, "authors"),
        rights=_string(feed, "rights"),
        language=_string(feed, "language"),
        image=(_string(image, "href") if isinstance(image, dict) else "") or _string(feed, "logo"),
        icon=_string(feed, "icon"),
        generator=_string(feed, "generator"),
        ttl=_string(feed, "ttl"),
        skip_hours=_hours(feed.get("skip_hours", ())),
        skip_days=tuple(day for day in feed.get("skip_days", ()) if day)[:7],
        update_period=_string(feed, "sy_updateperiod"),
        update_frequency=_string(feed, "sy_updatefrequency"),
    )


def entry_record(entry: Bag, repeated: Collection[str] = ()) -> RawEntry:
    """One entry. ``repeated``: ids that several entries of the document claim."""
    published, updated = _moments(entry)
    links = _links(entry)
    said: dict[str, Any] = {  # in the order of RawEntry
        "id": _string(entry, "id"),
        "links": _entry_links(entry, links, repeated),
        "title": _first_text(entry, _TITLES),
        "summary": _first_text(entry, _SUMMARIES),
        "content": _content(entry),
        "published": published,
        "updated": updated,
        "authors": _people(entry, "authors"),
        "contributors": _people(entry, "contributors"),
        "categories": _categories(entry),
        "enclosures": _enclosures(entry, links),
    }
    if entry.keys() <= _USUAL:  # of most entries there is nothing more to say
        said["language"] = _string(entry, "xml_lang")
    else:
        said |= _seldom(entry)
    filled = {name: value for name, value in said.items() if value}
    return RawEntry(**filled, digest=digest_of(filled))


def _seldom(entry: Bag) -> dict[str, Any]:
    return {
        "images": _images(entry),
        "rights": _string(entry, "rights"),
        "language": _string(entry, "language") or _string(entry, "xml_lang"),
        "publisher": _string(entry, "dc_publisher") or _string(entry, "dc_source"),
        "comments": _string(entry, "comments"),
        "in_reply_to": _string(entry, "in_reply_to"),
        "source": _source(entry.get("source")),
        "extras": _extras(entry),
    }


def _extras(entry: Bag) -> tuple[Extra, ...]:
    if entry.keys().isdisjoint(_OF_EXTRAS):
        return ()
    heard = [
        Extra(
            name=one["name"],
            text=one["text"][:SHORT],
            attributes=tuple((str(name), str(value)[:SHORT]) for name, value in one["attributes"].items()),
        )
        for one in _plain(entry, "extras", ())
    ]
    place = [_string(entry, "geo_lat"), _string(entry, "geo_long")]
    if all(place) and not any(one.name == "georss:point" for one in heard):
        heard.append(Extra(name="georss:point", text=" ".join(place)))
    return tuple(heard)


_plain: Callable[..., Any] = dict.get
"""The key itself: feedparser's dictionaries answer some keys with another key's value."""


def _string(bag: Bag, key: str) -> str:
    value = _plain(bag, key)
    return value.strip()[:SHORT] if value and isinstance(value, str) else ""


def _strings(bag: Bag, names: Mapping[str, str]) -> dict[str, str]:
    """Those of the keys that the bag has, under the names of a record's fields."""
    return {
        names[key]: value.strip()[:SHORT]
        for key, value in bag.items()
        if key in names and value and isinstance(value, str)
    }


def _moments(entry: Bag) -> tuple[str, str]:
    """Published and updated. ``dc:date`` means publication unless something else says that."""
    published, other = _string(entry, "published"), _string(entry, "dc_date")
    updated = _string(entry, "updated")
    if published:
        return published, updated or other
    return other or _string(entry, "created"), updated


def _text(detail: Any) -> RawText | None:
    if isinstance(detail, RawText):
        return detail
    value = detail.get("value") if isinstance(detail, dict) else None
    if not isinstance(value, str) or not value:
        return None
    media_type = str(detail.get("type") or "text/html").split(";")[0].strip()
    if not (media_type.startswith("text/") or media_type.endswith("xml")):
        return None
    default = TextType.PLAIN if media_type.startswith("text/") else TextType.XHTML
    return RawText(
        value=value,
        type=_TYPES.get(media_type, default),
        base=str(detail.get("base") or ""),
        language=str(detail.get("language") or ""),
    )


def _first_text(bag: Bag, keys: Iterable[str]) -> RawText | None:
    for key in keys:
        detail = _plain(bag, key)
        if detail is not None and (text := _text(detail)):
            return text
    return None


def _content(entry: Bag) -> tuple[RawText, ...]:
    """Bodies, best first; a podcast's long ``itunes:summary`` is one when it says more than the description."""
    bodies = tuple([text for text in map(_text, _plain(entry, "content", ())) if text])
    if bodies:
        return bodies
    notes = _text(_plain(entry, "itunes_summary_detail"))
    summary = _first_text(entry, _SUMMARIES) if notes else None
    return (notes,) if notes and summary and len(notes.value) > len(summary.value) else ()


def _links(bag: Bag) -> tuple[RawLink, ...]:
    links = []
    for link in _plain(bag, "links", ()):
        said = _strings(link, _LINK)
        if said.get("href"):
            if not said.get("rel"):
                said["rel"] = "alternate"
            links.append(RawLink(**said))
    return tuple(links)


def _entry_links(entry: Bag, links: tuple[RawLink, ...], repeated: Collection[str]) -> tuple[RawLink, ...]:
    """All links but enclosures. FeedBurner's redirect gives way to the address it stands for."""
    rels = [link.rel for link in links]
    if "enclosure" in rels:
        links = tuple([link for link in links if link.rel != "enclosure"])
    original = _string(entry, "feedburner_origlink")
    if original:
        return (RawLink(href=original), *links)
    return links if "alternate" in rels else (*links, *_stand_ins(entry, repeated))


def _stand_ins(entry: Bag, repeated: Collection[str]) -> Iterable[RawLink]:
    """What else leads to the entry when no link does: its own id if that is an address, or content kept elsewhere.

    A guid says whether it is one (``isPermaLink``); an Atom id that reads as one is taken for one unless it is shared.
    """
    own = _string(entry, "id")
    if _plain(entry, "permalink", True) and own not in repeated and own.lower().startswith(("http://", "https://")):
        yield RawLink(href=own)
        return
    for body in _plain(entry, "content", ()):
        if isinstance(body, dict) and _string(body, "src"):
            yield RawLink(href=_string(body, "src"), type=_string(body, "type"), base=_string(body, "base"))
            return


def _people(bag: Bag, key: str) -> tuple[RawPerson, ...]:
    people = _plain(bag, key)
    if not people:
        return ()
    named = [one for one in [_person(*_values(person, _PERSON)) for person in people] if one is not None]
    return tuple(dict.fromkeys(named)) if len(named) > 1 else tuple(named)


def _values(bag: Bag, keys: Iterable[str]) -> list[str]:
    return [value.strip()[:SHORT] if isinstance(value := _plain(bag, key), str) else "" for key in keys]


@lru_cache(maxsize=_REMEMBERED)
def _person(name: str, email: str, uri: str, role: str, context: str) -> RawPerson | None:
    if not (name or email or uri):
        return None
    return RawPerson(name=name, email=email, uri=uri, role=role, context=context or "byline")


def _categories(entry: Bag) -> tuple[RawCategory, ...]:
    tags = [_category(*_values(tag, _CATEGORY)) for tag in _plain(entry, "tags", ())]
    return tuple([tag for tag in tags if tag is not None])


@lru_cache(maxsize=_REMEMBERED)
def _category(term: str, scheme: str, label: str) -> RawCategory | None:
    return RawCategory(term=term, scheme=scheme, label=label) if term or label else None


def _enclosures(entry: Bag, links: tuple[RawLink, ...]) -> tuple[RawEnclosure, ...]:
    """RSS ``enclosure``, Atom ``rel=enclosure`` and ``media:content`` that is no image; one for each address."""
    attached = [link for link in links if link.rel == "enclosure"]
    media = _plain(entry, "media", ())
    if not attached and not media:
        return ()
    duration = _string(entry, "itunes_duration")
    found = [
        RawEnclosure(
            url=link.href,
            type=link.type,
            length=link.length,
            title=link.title,
            duration=duration if position == 0 else "",
            base=link.base,
        )
        for position, link in enumerate(attached)
    ]
    found += [_medium(one) for one in media if _string(one, "url") and not _is_image(one)]
    return tuple({enclosure.url: enclosure for enclosure in reversed(found)}.values())[::-1]


def _medium(media: Bag) -> RawEnclosure:
    return RawEnclosure(
        url=_string(media, "url"),
        type=_string(media, "type"),
        length=_string(media, "filesize"),
        duration=_string(media, "duration"),
        medium=_string(media, "medium"),
        base=_string(media, "xml_base"),
    )


def _is_image(media: Bag) -> bool:
    if _string(media, "medium") or _string(media, "type"):
        return _string(media, "medium") == "image" or _string(media, "type").startswith("image/")
    path = _string(media, "url").lower().partition("?")[0]
    return path.endswith((".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg"))


def _images(entry: Bag) -> tuple[str, ...]:
    if entry.keys().isdisjoint(_OF_IMAGES):
        return ()
    pictures = [_string(media, "url") for media in _plain(entry, "media", ()) if _is_image(media)]
    image = _plain(entry, "image", None)
    pictures += [_string(image, "href")] if isinstance(image, dict) else []
    pictures += [url.strip()[:SHORT] for url in _plain(entry, "thumbnails", ()) if isinstance(url, str)]
    return tuple(dict.fromkeys(url for url in pictures if url))


def _source(source: Any) -> RawSource | None:
    if not isinstance(source, dict):
        return None
    links = _links(source)
    href = _string(source, "href")  # RSS: the address of the feed
    title = _first_text(source, ("title_detail",))
    found = RawSource(
        id=_string(source, "id"),
        title=title.value if title else _string(source, "title"),
        link=next((link.href for link in links if link.rel == "alternate"), ""),
        self_url=href or next((link.href for link in links if link.rel == "self"), ""),
        updated=_string(source, "updated"),
        rights=_string(source, "rights"),
        authors=_people(source, "authors"),
    )
    return found if found != RawSource() else None


def _hours(values: Iterable[str]) -> tuple[int, ...]:
    hours = (int(value) for value in values if value.isascii() and value.isdigit() and len(value) <= 2)
    return tuple(dict.fromkeys(hour % 24 for hour in hours if hour <= 24))
