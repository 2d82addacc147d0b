"""The rules for JSON Feed 1.1. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from feedhub.emit import checks

_Check = Callable[[str, object], Iterable[str]]


def json_violations(document: bytes) -> Iterator[str]:
    try:
        text = document.decode()
        feed = json.loads(text)
    except ValueError as error:
        yield f"the document is no JSON: {error}"
        return
    if not isinstance(feed, dict):
        yield "the document is no object"
        return
    yield from checks.control_characters("".join(_texts(feed)))
    yield from _members("the feed", feed, _FEED, required=("version", "title", "items"))
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield f"version is not that of JSON Feed 1.1: {feed.get('version')!r}"
    items = [item for item in feed.get("items") or () if isinstance(item, dict)]
    yield from checks.unique("id", (str(item.get("id")) for item in items))
    for item in items:
        yield from _item(item)


def _item(item: Mapping[str, object]) -> Iterator[str]:
    where = f"item {item.get('id')!r}"
    yield from _members(where, item, _ITEM, required=("id",))
    if "content_html" not in item and "content_text" not in item:
        yield f"{where} has neither content_html nor content_text"
    for person in _objects(item.get("authors")):
        if not {"name", "url", "avatar"} & person.keys():
            yield f"{where} has an author without name, url and avatar"
        yield from _members(f"{where}: author", person, _AUTHOR)
    for attachment in _objects(item.get("attachments")):
        yield from _members(f"{where}: attachment", attachment, _ATTACHMENT, required=("url", "mime_type"))


def _members(
    where: str, value: Mapping[str, object], known: Mapping[str, _Check], required: Iterable[str] = ()
) -> Iterator[str]:
    for name in required:
        if name not in value:
            yield f"{where} has no {name}"
    for name, member in value.items():
        if name.startswith("_"):
            if not isinstance(member, dict):
                yield f"{where}: the extension {name} is no object"
        elif name not in known:
            yield f"{where} has the unknown member {name}"
        else:
            yield from known[name](f"{where}: {name}", member)


def _objects(value: object) -> list[dict[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _text(where: str, value: object) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{where} is no text"


def _filled(where: str, value: object) -> Iterator[str]:
    yield from checks.present(where, value) if isinstance(value, str) else _text(where, value)


def _url(where: str, value: object) -> Iterator[str]:
    yield from checks.absolute_url(where, value) if isinstance(value, str) else _text(where, value)


def _moment(where: str, value: object) -> Iterator[str]:
    yield from checks.utc_moment(where, value) if isinstance(value, str) else _text(where, value)


def _html(where: str, value: object) -> Iterator[str]:
    yield from checks.markup(where, value) if isinstance(value, str) else _text(where, value)


def _list(where: str, value: object) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where} is no list"


def _number(where: str, value: object) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        yield f"{where} is no number"


def _flag(where: str, value: object) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{where} is neither true nor false"


_FEED: Mapping[str, _Check] = {
    **dict.fromkeys(("version", "title", "description", "user_comment", "language"), _filled),
    **dict.fromkeys(("home_page_url", "feed_url", "next_url", "icon", "favicon"), _url),
    **dict.fromkeys(("authors", "hubs", "items"), _list),
    "expired": _flag,
}
_ITEM: Mapping[str, _Check] = {
    **dict.fromkeys(("id", "title", "content_text", "summary", "language"), _filled),
    **dict.fromkeys(("url", "external_url", "image", "banner_image"), _url),
    **dict.fromkeys(("date_published", "date_modified"), _moment),
    **dict.fromkeys(("authors", "tags", "attachments"), _list),
    "content_html": _html,
}
_AUTHOR: Mapping[str, _Check] = {"name": _filled, "url": _url, "avatar": _url}
_ATTACHMENT: Mapping[str, _Check] = {
    "url": _url,
    "mime_type": _filled,
    "title": _filled,
    "size_in_bytes": _number,
    "duration_in_seconds": _number,
}
