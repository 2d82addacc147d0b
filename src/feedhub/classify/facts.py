"""What rules may ask about one entry, each found out at most once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from feedhub.category_paths import path_of, steps_of
from feedhub.classify.people import People
from feedhub.classify.words import View, plain_text, without_case, written
from feedhub.model import Entry
from feedhub.patterns import OperatorPattern
from feedhub.settings import Fields
from feedhub.slugs import slug_of

LEAD = 1_000
"""Characters of the body that stand in for the summary where a source gives only one text, as most RSS feeds do."""

MOST_STOPS = 10
"""Times that a pattern is stopped in one piece of work (a document, a chunk of stored entries); after that it is not
tried again there: a thousand entries must not make a worker overrun, which would cost the whole document."""

Stops = Counter[str]
"""How often each pattern was stopped."""


@lru_cache(maxsize=16_384)
def label_of(name: str) -> str:
    """A name for comparing whole values: without case, ``#`` in front, with single spaces, and paths in one form."""
    return path_of(steps_of(" ".join(without_case(written(name)).lstrip("#").split())))


@lru_cache(maxsize=16_384)
def _slug(name: str) -> str:
    return slug_of(name)


def _lead(text: str) -> str:
    return text if len(text) <= LEAD else text[:LEAD].rpartition(" ")[0] or text[:LEAD]


class Facts:
    """An entry as rules see it."""

    __slots__ = ("_authors", "_categories", "_people", "_plain", "_stops", "_views", "entry", "slow", "source")

    def __init__(self, entry: Entry, source: str, people: People, stops: Stops | None = None) -> None:
        """:param stops: shared by entries that are labelled in one piece of work."""
        self.entry = entry
        self.source = source
        self._people = people
        self._views: dict[Fields, View] = {}
        self._categories: dict[str, str] | None = None
        self._authors: dict[str, str] | None = None
        self._plain: str | None = None
        self._stops = Counter() if stops is None else stops
        self.slow: dict[str, None] = {}
        """Patterns that did not come to an end in time on this entry, each once."""

    def matches(self, pattern: OperatorPattern, text: str) -> bool:
        """Whether an operator's pattern is found; one that takes too long is not, and is remembered as slow."""
        found = pattern.search(text) if self._stops[pattern.source] < MOST_STOPS else None
        if found is None:
            self._stops[pattern.source] += 1
            self.slow[pattern.source] = None
        return bool(found)

    def view(self, field: Fields) -> View:
        view = self._views.get(field)
        if view is None:
            view = self._views[field] = self._view(field)
        return view

    def _view(self, field: Fields) -> View:
        match field:
            case Fields.TITLE:
                return View(self.entry.title)
            case Fields.SUMMARY:
                return View(self._summary or _lead(self.entry.text))
            case Fields.CONTENT:
                lead = len(_lead(self.entry.text))
                if self.beginning(field):
                    return View(self.entry.text[lead:], self.view(Fields.SUMMARY))
                return View(self.entry.text)

    def beginning(self, field: Fields) -> Fields | None:
        """The field whose text this one begins with, cut between two words: the body, where a source gives no summary."""
        text = self.entry.text
        if field is not Fields.CONTENT or self._summary:
            return None
        lead = len(_lead(text))
        return Fields.SUMMARY if lead == len(text) or text[lead] == " " else None

    @property
    def _summary(self) -> str:
        if self._plain is None:
            self._plain = plain_text(self.entry.summary) if self.entry.summary else ""
        return self._plain

    @property
    def categories(self) -> dict[str, str]:
        """Names of the entry's categories by what they are compared with."""
        if self._categories is None:
            self._categories = {
                label_of(value): category.name
                for category in reversed(self.entry.categories)
                for value in (category.key, category.term, category.label)
                if value
            }
        return self._categories

    @property
    def authors(self) -> dict[str, str]:
        """Names of the entry's authors by everything they may be called by."""
        if self._authors is None:
            self._authors = {
                called: byline.name
                for byline in reversed(self.entry.authors)
                for called in (self._people.key_of(byline) or "", label_of(byline.name), _slug(byline.name))
                if called
            }
        return self._authors

    @property
    def publisher(self) -> str:
        return label_of(self.entry.publisher)


def first_in(wanted: Iterable[str], names: dict[str, str]) -> str | None:
    """The first wanted value that is there, under its own name."""
    return next((names[value] for value in wanted if value in names), None)
