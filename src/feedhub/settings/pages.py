"""Sources without a feed: how rows are found, what each field is, which articles are read, what a page must show."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from feedhub.settings.values import Section, Words

MOST_ARTICLES = 50
"""Article pages of one source in one poll, whatever is configured."""


class SourceType(StrEnum):
    """What is at a source's address."""

    AUTO = "auto"
    FEED = "feed"
    PAGE = "page"
    JSON = "json"
    SITEMAP = "sitemap"


class RowField(StrEnum):
    """What a row can say of its entry; the same names are the keys of :class:`RowFields`."""

    TITLE = "title"
    LINK = "link"
    DATE = "date"
    UPDATED = "updated"
    AUTHOR = "author"
    ROLE = "role"
    SUMMARY = "summary"
    CONTENT = "content"
    IMAGE = "image"
    CATEGORIES = "categories"
    ID = "id"


class ArticlePart(StrEnum):
    """What an entry may lack, so that its article's page is read."""

    DATE = "date"
    AUTHOR = "author"
    CONTENT = "content"
    SUMMARY = "summary"
    IMAGE = "image"
    CATEGORIES = "categories"


class Pick(Section):
    """Where a value stands, and what is made of it. A plain text is its `get`."""

    get: str
    """On pages a CSS selector: `h3 a` its text, `h3 a@href` an attribute, `@href` one of the row itself, `.tags a[]` all matches. In JSON a JMESPath expression: `meta.title`, `authors[].name`."""
    regex: str = ""
    """The part of the value to take: the first group, or the whole match. What does not match is no value."""
    template: str = ""
    """A text with `{}` where the value goes: `https://example.org/p/{}`."""


Picks = tuple[Pick, ...]


class RowFields(Section):
    """What each row says. Of a list the first that gives a value counts. Fields that are left out are found automatically."""

    title: Picks = ()
    """Title of the entry."""
    link: Picks = ()
    """Address of the entry; relative ones are made absolute."""
    date: Picks = ()
    """When it was published, as the page writes it; `language` and `timezone` of the source say how to read it."""
    updated: Picks = ()
    """When it was changed."""
    author: Picks = ()
    """Who wrote it; several by `[]`."""
    role: Picks = ()
    """What the author is: `Reporter`."""
    summary: Picks = ()
    """The lead; HTML of pages is kept and cleaned."""
    content: Picks = ()
    """The whole text, where the list has it."""
    image: Picks = ()
    """Address of its picture."""
    categories: Picks = ()
    """Its categories; several by `[]`."""
    id: Picks = ()
    """What tells it from all others when its address does not: a number in the link, a key in the JSON."""


class ArticlePages(Section):
    """Reading the pages of new entries. `article: true` takes the defaults."""

    when: tuple[ArticlePart, ...] = (ArticlePart.DATE, ArticlePart.AUTHOR, ArticlePart.CONTENT)
    """An entry's page is read when it lacks one of these."""
    max_per_poll: int = Field(10, ge=1, le=MOST_ARTICLES)
    """Most article pages in one poll. Of the first poll's list the rest is taken as listed; later the rest waits for the next poll."""
    content: str = "auto"
    """The text: `auto` finds it, `none` leaves it out, anything else is a CSS selector."""
    remove: Words = ()
    """CSS selectors of what is no part of the text: `.related`, `.ads`."""


def _no_nonsense(value: tuple[RowField, ...]) -> tuple[RowField, ...]:
    return tuple(dict.fromkeys(value))


class Expect(Section):
    """What the source must show to be believed. When it does not, it is told as *broken selector* and the last good entries stay."""

    min_items: int = Field(1, ge=1, le=10_000)
    """Fewest entries."""
    fields: Annotated[tuple[RowField, ...], AfterValidator(_no_nonsense)] = (RowField.TITLE, RowField.LINK)
    """Fields that at least half of the entries have."""
