"""What is read from a page for people: which kind it is, its entries, and how they were found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from feedhub.model import RawEntry, RawFeed


class PageKind(StrEnum):
    """What a page is for; decided before anything else is read."""

    ARTICLE = "article"  # one text; links to others stand beside it
    LISTING = "listing"  # many links to texts, or many texts
    SHELL = "shell"  # an empty frame that scripts fill: without a browser there is nothing to read
    UNKNOWN = "unknown"  # neither: nothing was found that could be an entry


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """One page, read without configuration.

    ``feed.format`` is ``page`` for a listing and ``article`` for an article, whose own entry comes first and is
    followed by the related ones. ``items`` and ``fields`` are CSS selectors in the notation of a configured source
    (``css@attribute``), relative to an item; they are there only when rows of links were found by their likeness.
    """

    kind: PageKind
    feed: RawFeed  # without entries for SHELL and UNKNOWN
    via: str = ""  # how the entries were found, for people: "JSON-LD ItemList", "repeated links", …; "" without any
    items: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[str, ...] = ()  # what was tried, in order, and what came of it: one sentence each


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """The page of one text. ``entry`` holds whatever the page says of it; dates are strings as written.

    ``related`` are the articles that it names beside its text, each with what its own row says and nothing else.
    ``paywalled``: the page itself says that the text is not all there.
    """

    entry: RawEntry
    related: tuple[RawEntry, ...] = ()
    paywalled: bool = False
    steps: tuple[str, ...] = ()  # where each part was found: one sentence each
