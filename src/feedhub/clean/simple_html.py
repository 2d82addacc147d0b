"""HTML as many feeds write it, cleaned without a parser: text with line breaks, links and images in it, in paragraphs or not.

What comes out is to the letter what nh3 makes of the same markup. Only markup is taken of which that is sure: every element closed where
it ends, none in another of its kind, attributes in double quotes and each once, addresses that need no base, no references but a few.
All other markup is left to nh3, and so is any with an attribute that would be kept as more than an address, a text or a size.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from feedhub.clean.html import TEXT, WITHIN
from feedhub.clean.text import nfc

_VALUE = r"[^\"<>&\x00\r\u00a0]*+(?:&amp;[^\"<>&\x00\r\u00a0]*+)*+"
_ATTRIBUTES = rf'(?: [a-z]++="{_VALUE}")++'
_IN_A_LINK = rf"{WITHIN}|<br ?/>|<img{_ATTRIBUTES} ?/?>"
_INSIDE = rf"{_IN_A_LINK}|<a{_ATTRIBUTES}>{TEXT}(?:(?:{_IN_A_LINK}){TEXT})*+</a>"
_PARAGRAPH = rf"<p>{TEXT}(?:(?:{_INSIDE}){TEXT})*+</p>"
_SIMPLE = re.compile(rf"{TEXT}(?:(?:{_PARAGRAPH}|{_INSIDE}){TEXT})*+")
_TAG = re.compile(rf"<(a|img)({_ATTRIBUTES}) ?/?>")
_REFERENCE = re.compile(r"&(?:#[0-9]{2,5}|#[xX][0-9a-fA-F]{2,4}|[lr][sd]quo|[mn]dash|hellip);")
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
    """The clean form of simple markup in NFC, without white space at its ends; None of all other markup."""
    known = _with_signs(markup) if "&" in markup else markup
    if not _SIMPLE.fullmatch(known) or "\u0338" in known:  # the slash might be composed with a sign of markup
        return None
    known = known.replace("<br/>", "<br>").replace("<br />", "<br>")
    try:
        return nfc(_TAG.sub(lambda found: _tag(found[1], found[2], keep), known)).strip()
    except _NotSimpleError:
        return None


def _with_signs(markup: str) -> str:
    """Markup with signs for references, as a parser reads them, to those that need none."""
    if '="' not in markup:
        markup = markup.replace("&quot;", '"')
    return _REFERENCE.sub(_sign, markup)


def _sign(found: re.Match[str]) -> str:
    sign = html.unescape(found[0])
    return sign if sign == "'" or (len(sign) == 1 and sign > "\u00a0" and sign.isprintable()) else found[0]


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
