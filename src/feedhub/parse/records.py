"""Bags of what a document says to plain records: the mapping of every format's elements to :class:`RawEntry`.

A bag holds what one channel, entry or source said, by the names under which feedparser keeps it. Strings in it are
:func:`short`; under the keys of :data:`TEXTS` are :class:`RawText` or None, in lists ``links``, ``media``, ``authors``,
``contributors``, ``extras`` and ``content`` the records themselves (or None), in ``tags`` terms, schemes and labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
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
)
from feedhub.parse.newest import newest
from feedhub.raw_digests import digest_of
from feedhub.records import maker

Bag = dict[str, Any]

SHORT = 4_000
"""Longest id, address, name, date, category; characters. Longer ones are no such thing: cut."""
_TITLES = ("title_detail", "dc_title_detail", "media_title_detail")
_SUMMARIES = (
    "summary_detail",
    "dc_description_detail",
    "itunes_summary_detail",
    "media_description_detail",
    "itunes_subtitle_detail",
)
_SUBTITLES = ("subtitle_detail", "itunes_summary_detail", "dc_description_detail", "itunes_subtitle_detail")
TEXTS = frozenset({*_TITLES, *_SUMMARIES, *_SUBTITLES})
"""Keys of texts that have a type and a language."""
_LINK = {**{key: key for key in ("href", "rel", "type", "title", "length", "hreflang")}, "xml_base": "base"}
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


def short(text: str) -> str:
    """A string of a record that is no text of its own."""
    return text.strip()[:SHORT]


raw_text = maker(RawText)
raw_link = maker(RawLink)
raw_enclosure = maker(RawEnclosure)
raw_extra = maker(Extra)
_raw_entry = maker(RawEntry)


def link_of(told: Mapping[str, str]) -> RawLink | None:
    """A link by its attributes and its base, under the names that feedparser gives them."""
    said = {_LINK[key]: short(value) for key, value in told.items() if key in _LINK and value}
    if not said.get("href"):
        return None
    said["rel"] = said.get("rel") or "alternate"
    return raw_link(**said)


@lru_cache(maxsize=_REMEMBERED)
def person_of(name: str, email: str, uri: str, role: str, context: str) -> RawPerson | None:
    """Somebody who has a name, an address or a page; all strings are short."""
    if not (name or email or uri):
        return None
    return RawPerson(name=name, email=email, uri=uri, role=role, context=context or "byline")


def feed_record(version: str, feed: Bag, entries: Sequence[Bag], limit: int) -> RawFeed:
    """The whole document; at most ``limit`` entries, the newest."""
    repeated = {name for name, count in Counter([entry.get("id", "") for entry in entries]).items() if count > 1}
    raw = [entry_record(entry, repeated) for entry in entries]
    kept = newest(raw, limit)
    notes = [f"{len(raw)} entries listed, the newest {limit} read"] if len(raw) > limit else []
    overflow = sum([entry.get("overflow", 0) for entry in entries])
    if overflow:
        notes.append(f"{overflow} links, people, categories or media beyond the limit of an element left out")
    record = _channel(version, feed)
    return replace(record, entries=kept, notes=tuple(notes))


def _channel(version: str, feed: Bag) -> RawFeed:
    def said(key: str) -> str:
        return str(feed.get(key, ""))

    return RawFeed(
        format=version or "unknown",
        id=said("id"),
        title=_first(feed, _TITLES),
        subtitle=_first(feed, _SUBTITLES),
        links=tuple(feed.get("links", ())),
        updated=said("updated") or said("published") or said("dc_date"),
        authors=_people(feed, "authors"),
        rights=said("rights"),
        language=said("language"),
        image=(feed.get("image") or {}).get("href", "") or said("logo"),
        icon=said("icon"),
        generator=said("generator"),
        ttl=said("ttl"),
        skip_hours=_hours(feed.get("skip_hours", ())),
        skip_days=tuple(day for day in feed.get("skip_days", ()) if day)[:7],
        update_period=said("sy_updateperiod"),
        update_frequency=said("sy_updatefrequency"),
    )


def entry_record(entry: Bag, repeated: Collection[str] = ()) -> RawEntry:
    """One entry. ``repeated``: ids that several entries of the document claim."""
    get = entry.get
    published, updated = _moments(entry)
    links = get("links", ())
    said: dict[str, Any] = {  # in the order of RawEntry
        "id": get("id", ""),
        "links": _entry_links(entry, links, repeated),
        "title": get("title_detail") or _first(entry, _TITLES),
        "summary": get("summary_detail") or _first(entry, _SUMMARIES),
        "content": _content(entry),
        "published": published,
        "updated": updated,
        "authors": _people(entry, "authors"),
        "contributors": _people(entry, "contributors"),
        "categories": _categories(entry),
        "enclosures": _enclosures(entry, links),
    }
    if entry.keys() <= _USUAL:  # of most entries there is nothing more to say
        said["language"] = get("xml_lang", "")
    else:
        said |= _seldom(entry)
    return _raw_entry(**said, digest=digest_of(said))


def _seldom(entry: Bag) -> dict[str, Any]:
    get = entry.get
    return {
        "images": _images(entry),
        "rights": get("rights", ""),
        "language": get("language") or get("xml_lang", ""),
        "publisher": get("dc_publisher") or get("dc_source", ""),
        "comments": get("comments", ""),
        "in_reply_to": get("in_reply_to", ""),
        "source": _source(get("source")),
        "extras": _extras(entry),
    }


def _extras(entry: Bag) -> tuple[Extra, ...]:
    if entry.keys().isdisjoint(_OF_EXTRAS):
        return ()
    heard = list(entry.get("extras", ()))
    place = [entry.get("geo_lat", ""), entry.get("geo_long", "")]
    if all(place) and not any(one.name == "georss:point" for one in heard):
        heard.append(Extra(name="georss:point", text=" ".join(place)))
    return tuple(heard)


def _moments(entry: Bag) -> tuple[str, str]:
    """Published and updated. ``dc:date`` means publication unless something else says that."""
    published, updated = entry.get("published", ""), entry.get("updated", "")
    if published:
        return published, updated or entry.get("dc_date", "")
    return entry.get("dc_date") or entry.get("created", ""), updated


def _first(bag: Bag, keys: Iterable[str]) -> RawText | None:
    for key in keys:
        text: RawText | None = bag.get(key)
        if text:
            return text
    return None


def _content(entry: Bag) -> tuple[RawText, ...]:
    """Bodies, best first; a podcast's long ``itunes:summary`` is one when it says more than the description."""
    bodies = entry.get("content")
    if bodies and any(bodies):
        return tuple([text for text in bodies if text])
    notes: RawText | None = entry.get("itunes_summary_detail")
    summary = _first(entry, _SUMMARIES) if notes else None
    return (notes,) if notes and summary and len(notes.value) > len(summary.value) else ()


def _entry_links(entry: Bag, links: Sequence[RawLink], repeated: Collection[str]) -> tuple[RawLink, ...]:
    """All links but enclosures. FeedBurner's redirect gives way to the address it stands for."""
    rels = [link.rel for link in links]
    if "enclosure" in rels:
        links = [link for link in links if link.rel != "enclosure"]
    original = entry.get("feedburner_origlink")
    if original:
        return (RawLink(href=original), *links)
    return tuple(links) if "alternate" in rels else (*links, *_stand_ins(entry, repeated))


def _stand_ins(entry: Bag, repeated: Collection[str]) -> Iterable[RawLink]:
    """What else leads to the entry when no link does: its own id if that is an address, or content kept elsewhere.

    A guid says whether it is one (``isPermaLink``); an Atom id that reads as one is taken for one unless it is shared.
    """
    own = entry.get("id", "")
    if entry.get("permalink", True) and own not in repeated and own.lower().startswith(("http://", "https://")):
        yield RawLink(href=own)
    elif "kept_elsewhere" in entry:
        yield entry["kept_elsewhere"]


def _people(bag: Bag, key: str) -> tuple[RawPerson, ...]:
    people = bag.get(key)
    return tuple(dict.fromkeys(filter(None, people))) if people else ()


def _categories(entry: Bag) -> tuple[RawCategory, ...]:
    tags = entry.get("tags")
    if not tags:
        return ()
    found = [
        _category(short(term) if term else "", short(scheme) if scheme else "", short(label) if label else "")
        for term, scheme, label in tags
    ]
    return tuple([category for category in found if category is not None])


@lru_cache(maxsize=_REMEMBERED)
def _category(term: str, scheme: str, label: str) -> RawCategory | None:
    return RawCategory(term=term, scheme=scheme, label=label) if term or label else None


def _enclosures(entry: Bag, links: Sequence[RawLink]) -> tuple[RawEnclosure, ...]:
    """RSS ``enclosure``, Atom ``rel=enclosure`` and ``media:content`` that is no image; one for each address."""
    attached = [link for link in links if link.rel == "enclosure"]
    media: Sequence[RawEnclosure] = entry.get("media", ())
    if not attached and not media:
        return ()
    duration = entry.get("itunes_duration", "")
    found = [
        raw_enclosure(
            url=link.href,
            type=link.type,
            length=link.length,
            title=link.title,
            duration=duration if position == 0 else "",
            base=link.base,
        )
        for position, link in enumerate(attached)
    ]
    found += [one for one in media if one.url and not _is_image(one)]
    return tuple({enclosure.url: enclosure for enclosure in reversed(found)}.values())[::-1]


def _is_image(media: RawEnclosure) -> bool:
    if media.medium or media.type:
        return media.medium == "image" or media.type.startswith("image/")
    path = media.url.lower().partition("?")[0]
    return path.endswith((".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg"))


def _images(entry: Bag) -> tuple[str, ...]:
    if entry.keys().isdisjoint(_OF_IMAGES):
        return ()
    pictures = [media.url for media in entry.get("media", ()) if _is_image(media)]
    pictures.append((entry.get("image") or {}).get("href", ""))
    pictures += entry.get("thumbnails", ())
    return tuple(dict.fromkeys(url for url in pictures if url))


def _source(source: Bag | None) -> RawSource | None:
    if source is None:
        return None
    links: Sequence[RawLink] = source.get("links", ())
    title = _first(source, ("title_detail",))
    found = RawSource(
        id=source.get("id", ""),
        title=title.value if title else source.get("title", ""),
        link=next((link.href for link in links if link.rel == "alternate"), ""),
        self_url=source.get("href") or next((link.href for link in links if link.rel == "self"), ""),  # RSS: the feed's
        updated=source.get("updated", ""),
        rights=source.get("rights", ""),
        authors=_people(source, "authors"),
    )
    return found if found != RawSource() else None


def _hours(values: Iterable[str]) -> tuple[int, ...]:
    hours = (int(value) for value in values if value.isascii() and value.isdigit() and len(value) <= 2)
    return tuple(dict.fromkeys(hour % 24 for hour in hours if hour <= 24))
