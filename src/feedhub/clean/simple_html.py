"""HTML as most feeds write it, cleaned without a parser: paragraphs of text with links and images in them.

What comes out is to the letter what nh3 makes of the same markup. Only markup is taken of which that is sure: every element closed where
it ends, none in another of its kind, attributes in double quotes and each once, addresses that need no base, no references but a few.
All other markup is left to nh3, and so is any with an attribute that would be kept as more than an address, a text or a size.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from feedhub.clean.html import FULL_TEXT, TEXT, WITHIN

_VALUE = r"[^\"<>&\x00\r\u00a0]*+(?:&amp;[^\"<>&\x00\r\u00a0]*+)*+"
_ATTRIBUTES = rf'(?: [a-z]++="{_VALUE}")++'
_LINK_OR_IMAGE = rf"<a{_ATTRIBUTES}>{FULL_TEXT}</a>|<img{_ATTRIBUTES} ?/?>"
_SIMPLE = re.compile(rf"(?:[ \t\n]*+<p>{TEXT}(?:(?:{WITHIN}|{_LINK_OR_IMAGE}){TEXT})*+</p>)++[ \t\n]*+")
_TAG = re.compile(rf"<(a|img)({_ATTRIBUTES}) ?/?>")
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_ABSOLUTE = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?![^/?#])")
"""Addresses with a name for a host, of which parsers think alike; ``--`` may be part of a name in another script."""

_DROPPED = frozenset({"align", "border", "class", "decoding", "id", "loading", "rel", "style", "target"})
"""Attributes of links and images that are not kept. One that is not known here may be."""
_ADDRESS = {"a": "href", "img": "src"}
_KEPT = {"a": frozenset({"href", "title"}), "img": frozenset({"src", "alt", "title", "width", "height"})}
_END = {"a": ' rel="noopener noreferrer">', "img": ">"}

Keep = Callable[[str, str, str], str | None]
"""Element, attribute and its value -> the value as it is kept; None when it is not."""


class _NotSimpleError(ValueError):
    """An element needs more than this."""


def simply_cleaned(markup: str, keep: Keep) -> str | None:
    """The clean form of simple markup, without white space at its ends; None of all other markup."""
    if not _SIMPLE.fullmatch(markup):
        return None
    try:
        return _TAG.sub(lambda found: _tag(found[1], found[2], keep), markup).strip()
    except _NotSimpleError:
        return None


def _tag(tag: str, attributes: str, keep: Keep) -> str:
    said = _ATTRIBUTE.findall(attributes)
    names = {name for name, _ in said}
    if len(names) < len(said) or _ADDRESS[tag] not in names or not names - _DROPPED <= _KEPT[tag]:
        raise _NotSimpleError
    kept = [_attribute(tag, name, value, keep) for name, value in said if name not in _DROPPED]
    return f"<{tag}{''.join(kept)}{_END[tag]}"


def _attribute(tag: str, name: str, value: str, keep: Keep) -> str:
    value = value.replace("&amp;", "&")
    if name == _ADDRESS[tag]:
        host = _ABSOLUTE.match(value)
        if host is None or "--" in host[0]:
            raise _NotSimpleError
    kept = keep(tag, name, value)
    if kept is None:  # nh3 would put the others in another order
        raise _NotSimpleError
    return f' {name}="{kept.replace("&", "&amp;")}"'
