"""One quick pass with expat over a document, before feedparser may spend its time on it.

feedparser is quadratic in attributes, namespaces and depth (measured: 50,000 attributes or 200,000 items take minutes);
expat counts them at some 200 MB a second. The pass ends at the first XML error, so what follows an error is bounded
again while it is read (:mod:`feedhub.parse.recorder`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.parsers import expat

ITEMS = 20_000
ELEMENTS = 400_000
ATTRIBUTES = 256
PREFIXES = 128
PROLOG = 100_000
_ITEM = frozenset({"item", "entry"})
_FIRST_ELEMENT = re.compile(rb"<\w")


class TooComplex(Exception):
    """The document is over a limit; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wellformedness:
    """What expat said. ``error`` is "" for a well-formed document, else the reason with line and column."""

    error: str = ""


def preflight(document: bytes, depth: int) -> Wellformedness:
    """Count what costs feedparser time.

    :param document: UTF-8 without XML declaration and without entity declarations of more than one level.
    :param depth: deepest nesting allowed.
    :raises TooComplex: a limit is passed.
    """
    if not _FIRST_ELEMENT.search(document, 0, PROLOG):
        raise TooComplex(f"no element within the first {PROLOG:,} bytes")
    counter = _Counter(depth)
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = counter.start
    parser.EndElementHandler = counter.end
    parser.ordered_attributes = True
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        return Wellformedness(error=f"{expat.ErrorString(error.code)} at line {error.lineno}, column {error.offset}")
    return Wellformedness()


class _Counter:
    def __init__(self, depth: int) -> None:
        self.limit = depth
        self.depth = self.elements = self.items = 0
        self.prefixes: set[str] = set()

    def start(self, name: str, attributes: list[str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > self.limit:
            raise TooComplex(f"elements are nested more than {self.limit} deep")
        if self.elements > ELEMENTS:
            raise TooComplex(f"more than {ELEMENTS:,} elements")
        if name.rpartition(":")[2] in _ITEM:
            self._item()
        if attributes:
            self._attributes(attributes)

    def _item(self) -> None:
        self.items += 1
        if self.items > ITEMS:
            raise TooComplex(f"more than {ITEMS:,} entries")

    def _attributes(self, attributes: list[str]) -> None:
        if len(attributes) > 2 * ATTRIBUTES:
            raise TooComplex(f"more than {ATTRIBUTES} attributes on one element")
        for name in attributes[::2]:
            if name.startswith("xmlns"):
                self.prefixes.add(name)
        if len(self.prefixes) > PREFIXES:
            raise TooComplex(f"more than {PREFIXES} namespace prefixes")

    def end(self, _name: str) -> None:
        self.depth -= 1
