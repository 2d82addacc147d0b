"""CSS selectors written by operators, and the notation of what is taken from the elements they find.

``h3 a`` is the text of the first match, ``h3 a@href`` an attribute, ``@href`` one of the row itself, ``.tags a[]`` and
``img@src[]`` all matches. CSS is the dialect of lexbor: Selectors Level 4 as far as it goes, without pseudo-elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

LONGEST = 500
_ATTRIBUTE = re.compile(r"@([A-Za-z_][\w:.-]*)$")


class BadSelector(ValueError):
    """No CSS selector; the message says what is wrong, as the rest of a sentence that begins with the text."""


@dataclass(frozen=True, slots=True)
class CssPick:
    """What to take. ``selector``: "" for the row itself; ``attribute``: "" for the text."""

    selector: str
    attribute: str = ""
    every: bool = False


def check_selector(css: str) -> str:
    """The selector, stripped.

    :raises BadSelector: lexbor cannot read it.
    """
    css = css.strip()
    if not css:
        raise BadSelector("is empty where a CSS selector is meant")
    if len(css) > LONGEST:
        raise BadSelector(f"is longer than {LONGEST} characters")
    try:
        _probe().css(css)
    except SelectolaxError as error:
        raise BadSelector("is no CSS selector") from error
    return css


@lru_cache(maxsize=1024)
def css_pick(text: str) -> CssPick:
    """Read the notation.

    :raises BadSelector: the part before ``@`` and ``[]`` is no CSS selector, or there is nothing at all.
    """
    rest = text.strip()
    every = rest.endswith("[]")
    rest = rest.removesuffix("[]").rstrip()
    match = _ATTRIBUTE.search(rest)
    attribute = match[1].lower() if match else ""
    selector = (rest[: match.start()] if match else rest).strip()
    if not selector and not attribute:
        raise BadSelector("is empty where a CSS selector is meant")
    return CssPick(check_selector(selector) if selector else "", attribute, every)


@lru_cache(maxsize=1)
def _probe() -> LexborHTMLParser:
    return LexborHTMLParser("<p></p>")
