"""What feedparser's dictionaries hold, in the form in which records are made of it.

The fast reader fills its bags in that form at once. Here the same is made of what feedparser and the recorder kept: texts
become :class:`RawText`, links :class:`RawLink`, people :class:`RawPerson`, media :class:`RawEnclosure`; strings are
stripped and cut. Whatever is of another kind than it should be is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from feedhub.model import Extra, RawEnclosure, RawLink, RawPerson, RawText, TextType
from feedhub.parse.records import SHORT, TEXTS, Bag, link_of, person_of, short

_TYPES = {"text/plain": TextType.PLAIN, "text/html": TextType.HTML, "application/xhtml+xml": TextType.XHTML}


def finished(heard: Bag) -> Bag:
    """A channel, an entry or the source of one, as :mod:`feedhub.parse.records` takes it."""
    bag: Bag = {}
    for key, value in heard.items():
        if key in _MAKERS:
            bag[key] = _MAKERS[key](value)
        elif isinstance(value, str):
            bag[key] = short(value)
    kept_elsewhere = next(filter(None, map(_kept_elsewhere, _listed(dict.get(heard, "content")))), None)
    if kept_elsewhere is not None:
        bag["kept_elsewhere"] = kept_elsewhere
    return bag


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _all(make: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """What is made of each of a list, but for that of which nothing can be made."""

    def made(values: Any) -> list[Any]:
        return [one for one in map(make, _listed(values)) if one is not None]

    return made


def _as_it_is(value: Any) -> Any:
    return value


def _string(bag: Bag, key: str) -> str:
    value = dict.get(bag, key)  # feedparser's dictionaries answer some keys with another key's value
    return short(value) if isinstance(value, str) else ""


def _text(detail: Any) -> RawText | None:
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


def _kept_elsewhere(body: Any) -> RawLink | None:
    if not isinstance(body, dict) or not _string(body, "src"):
        return None
    return RawLink(href=_string(body, "src"), type=_string(body, "type"), base=_string(body, "base"))


def _link(link: Bag) -> RawLink | None:
    return link_of({key: value for key, value in link.items() if isinstance(value, str)})


def _person(person: Bag) -> RawPerson | None:
    return person_of(*(_string(person, key) for key in ("name", "email", "href", "role", "context")))


def _tag(tag: Bag) -> tuple[str | None, str | None, str | None]:
    term, scheme, label = (dict.get(tag, key) for key in ("term", "scheme", "label"))
    return term, scheme, label


def _medium(media: Bag) -> RawEnclosure:
    return RawEnclosure(
        url=_string(media, "url"),
        type=_string(media, "type"),
        length=_string(media, "filesize"),
        duration=_string(media, "duration"),
        medium=_string(media, "medium"),
        base=_string(media, "xml_base"),
    )


def _image(image: Any) -> Bag | None:
    return {"href": _string(image, "href")} if isinstance(image, dict) else None


def _source(source: Any) -> Bag | None:
    return finished(source) if isinstance(source, dict) else None


def _extra(heard: Bag) -> Extra:
    attributes = tuple((str(name), str(value)[:SHORT]) for name, value in heard["attributes"].items())
    return Extra(name=heard["name"], text=heard["text"][:SHORT], attributes=attributes)


_MAKERS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(TEXTS, _text),
    **dict.fromkeys(("permalink", "overflow", "skip_hours", "skip_days"), _as_it_is),
    **dict.fromkeys(("authors", "contributors"), _all(_person)),
    "content": _all(_text),
    "links": _all(_link),
    "tags": _all(_tag),
    "media": _all(_medium),
    "thumbnails": _all(short),
    "extras": _all(_extra),
    "image": _image,
    "source": _source,
}
