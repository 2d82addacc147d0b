"""JSON Feed 1.1: one compact JSON object an entry, keys in a fixed order, joined with commas. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from feedhub.emit.head import GENERATOR, Deleted, Frame, Head
from feedhub.emit.item import Item
from feedhub.emit.moments import rfc3339
from feedhub.emit.words import cut_at_sentence, text_of
from feedhub.model import Byline, Credit, Enclosure

Json = str | int | Sequence["Json"] | Mapping[str, "Json"]

VERSION = "https://jsonfeed.org/version/1.1"
ABOUT = "https://www.jsonfeed.org/version/1.1/#extensions"
"""Where the specification says how readers treat the objects named ``_feedhub``."""


def fragment(item: Item, summary_length: int) -> bytes:
    """One object of ``items``, without comma."""
    html = item.body or item.summary
    told: dict[str, Json] = {
        "id": item.plain_id,
        "url": item.link,
        "title": item.title,
        # One of the two contents must be there, even when the policy keeps the text back.
        **({"content_html": html} if html else {"content_text": item.heading}),
        "summary": cut_at_sentence(text_of(item.summary), summary_length) if item.body else "",
        "image": item.image,
        "date_published": rfc3339(item.published),
        "date_modified": rfc3339(item.updated),
        "authors": [_author(person) for person in item.authors],
        "tags": list(dict.fromkeys(category.name for category in item.categories)),
        "language": item.language,
        "attachments": [_attachment(enclosure) for enclosure in item.enclosures],
        "_feedhub": _extension(item),
    }
    return _written(told)


def frame(head: Head) -> Frame:
    """What stands around the items."""
    told: dict[str, Json] = {
        "version": VERSION,
        "title": head.title,
        "home_page_url": head.html_url,
        "feed_url": head.self_url,
        "description": head.description,
        "next_url": head.next or head.prev_archive,
        "language": head.language,
        "hubs": [{"type": "WebSub", "url": hub} for hub in head.hubs],
        "_feedhub": {
            "about": ABOUT,
            "generator": f"{GENERATOR} {head.version}".strip(),
            "id": head.id,
            "updated": rfc3339(head.updated),
            **({"archive": True, "current_url": head.current} if head.current else {}),
            **({"prev_archive_url": head.prev_archive} if head.prev_archive else {}),
            **({"deleted": [_deleted(one) for one in head.deleted]} if head.deleted else {}),
        },
    }
    return _framed(told)


def _framed(told: Mapping[str, Json]) -> Frame:
    return Frame(start=_written(told)[:-1] + b',"items":[', end=b"]}", between=b",")


def _deleted(gone: Deleted) -> dict[str, Json]:
    return {"id": gone.plain_id, "at": rfc3339(gone.at)}


def _author(person: Byline) -> dict[str, Json]:
    return _told({"name": person.name, "url": person.uri})


def _attachment(enclosure: Enclosure) -> dict[str, Json]:
    return _told(
        {
            "url": enclosure.url,
            "mime_type": enclosure.type,
            "title": enclosure.title,
            "size_in_bytes": max(enclosure.length, 0),
            "duration_in_seconds": max(enclosure.duration, 0),
        }
    )


def _extension(item: Item) -> dict[str, Json]:
    """What JSON Feed has no words for."""
    return _told(
        {
            "source": _credit(item.source),
            "via": _credit(item.via) if item.via else {},
            "publisher": item.publisher,
            "rights": item.rights,
            "roles": [_role(person) for person in item.authors if person.role or person.organisation],
            "contributors": [_author(person) for person in item.contributors],
            "categories": [
                _told({"term": category.term, "scheme": category.scheme, "label": category.label})
                for category in item.categories
            ],
            "comments": item.comments,
            "in_reply_to": item.in_reply_to,
            "extras": [
                _told({"name": extra.name, "text": extra.text, "attributes": dict(extra.attributes)})
                for extra in item.extras
            ],
            "others": [_told({"url": other.url, "title": other.title}) for other in item.others],
        }
    )


def _role(person: Byline) -> dict[str, Json]:
    return _told({"name": person.name, "role": person.role, "organisation": person.organisation})


def _credit(credit: Credit) -> dict[str, Json]:
    return _told(
        {
            "id": credit.id,
            "title": credit.title,
            "home_page_url": credit.link,
            "feed_url": credit.self_url,
            "updated": rfc3339(credit.updated) if credit.updated else "",
            "rights": credit.rights,
            "authors": [{"name": name} for name in credit.authors],
        }
    )


def _told(values: Mapping[str, Json]) -> dict[str, Json]:
    """Only what there is something to say about: optional members are left out, never empty."""
    return {name: value for name, value in values.items() if value}


def _written(values: Mapping[str, Json]) -> bytes:
    return json.dumps(_told(values), ensure_ascii=False, separators=(",", ":")).encode()


BLANK = _framed({"version": VERSION, "title": "frame"})
"""A document that is beyond reproach itself, to judge fragments in."""
