"""The one cleaning of HTML, done when an entry is stored. The one door to nh3.

What comes out holds no script, style, frame or form, only the elements and attributes of :mod:`feedhub.clean.html`,
and absolute addresses of allowed schemes. Cleaning it again changes nothing: what nh3 writes is read again until it
stays the same, since HTML that is written and read does not always keep its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import nh3

from feedhub.clean.html import (
    ATTRIBUTES,
    DROPPED_WITH_CONTENT,
    LANGUAGE_CLASS,
    LINK_SCHEMES,
    MAX_DEPTH,
    MEDIA_SCHEMES,
    TAGS,
    URL_ATTRIBUTES,
    depth_of,
    html_to_text,
    is_paragraphs,
    text_to_html,
    without_empty_images,
)
from feedhub.clean.selectolax_prepass import prepare
from feedhub.clean.simple_html import simply_cleaned
from feedhub.clean.srcset import rewrite_srcset
from feedhub.clean.text import cut, scrub
from feedhub.clean.urls import absolute, scheme_of
from feedhub.model import RawText, TextType

_ROUNDS = 4
_bases: ContextVar[tuple[str, ...]] = ContextVar("_bases", default=())


def safe_html(raw: RawText | None, bases: Sequence[str], limit: int) -> str:
    """A body as safe HTML of at most about ``limit`` bytes; "" when there is none.

    :param bases: in the order of right; the text's own ``xml:base`` comes before them.
    :param limit: bytes; a longer body, or one nested deeper than any reader shows, becomes its text, cut at a word.
    """
    if raw is None or not raw.value.strip():
        return ""
    if raw.type is TextType.PLAIN:
        return _fitting(clean_html(text_to_html(raw.value)), limit)
    return _fitting(clean_html(raw.value, (raw.base, *bases), limit), limit)


def _fitting(markup: str, limit: int) -> str:
    return markup if len(markup) * 4 <= limit or len(markup.encode()) <= limit else _as_text(markup, limit)


def clean_html(markup: str, bases: Sequence[str] = (), limit: int = 1_000_000) -> str:
    """Safe HTML from any HTML."""
    markup = scrub(markup)
    if len(markup) > limit or depth_of(markup) > MAX_DEPTH:
        return _as_text(markup, limit)
    in_order = (
        "\u0338" not in markup
    )  # else it is looked at again: composing may have moved the slash to a sign of markup
    if in_order and is_paragraphs(markup):
        return markup.strip()
    prepared = prepare(markup)
    if prepared is markup and (simple := simply_cleaned(markup, _attribute)) is not None:
        return without_empty_images(simple).strip()
    with _resolving(tuple(bases)):
        written = _CLEANER.clean(prepared)
        if (
            in_order and written == markup == without_empty_images(written).strip()
        ):  # nothing to do, nor the second time
            return markup
        markup = _tidied(written)
        if is_paragraphs(markup, media=True) or _KEEPS_SHAPE.clean(markup) == markup:
            return markup
        for _round in range(_ROUNDS):
            again = _written(markup)
            if again == markup:
                return markup
            markup = again
    return _as_text(markup, limit)


def _written(markup: str) -> str:
    return _tidied(_CLEANER.clean(markup))


def _tidied(written: str) -> str:
    return scrub(without_empty_images(written)).strip()


def _as_text(markup: str, limit: int) -> str:
    text = cut(html_to_text(markup), limit // 2)  # escaping makes text longer
    return scrub(_CLEANER.clean(text_to_html(text.replace("\n", "\n\n"))))


@contextmanager
def _resolving(bases: tuple[str, ...]) -> Iterator[None]:
    token = _bases.set(bases)
    try:
        yield
    finally:
        _bases.reset(token)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """The attribute's value as it is kept, or None to drop it. Called by nh3 for each attribute it would keep."""
    if name in URL_ATTRIBUTES:
        return _address(value, LINK_SCHEMES if tag == "a" else MEDIA_SCHEMES)
    if name == "srcset":
        return rewrite_srcset(value, lambda url: _address(url, MEDIA_SCHEMES) or "") or None
    if name == "class":
        return next((word for word in value.split() if LANGUAGE_CLASS.fullmatch(word)), None)
    if name in {"width", "height"}:
        return value if value.strip().rstrip("%").isascii() and value.strip().rstrip("%").isdigit() else None
    return value


def _address(value: str, schemes: frozenset[str]) -> str | None:
    url = absolute(value, _bases.get())
    return url if url.startswith(("https://", "http://")) or scheme_of(url) in schemes else None


def _cleaner(attribute_filter: Callable[[str, str, str], str | None] | None) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=attribute_filter,
        url_schemes=set(LINK_SCHEMES),
        set_tag_attribute_values={"audio": {"controls": ""}, "video": {"controls": ""}},
        link_rel="noopener noreferrer",
    )


_CLEANER = _cleaner(_attribute)
_KEEPS_SHAPE = _cleaner(None)
"""Without the filter, whose own output it leaves alone: a third of the time to see that nothing changes."""
