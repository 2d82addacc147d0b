"""Topics, and the rules that say what belongs to them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from feedhub.settings.values import Section, Words


class Fields(StrEnum):
    """Where a keyword is looked for."""

    TITLE = "title"
    SUMMARY = "summary"
    CONTENT = "content"


class Rule(Section):
    """One condition on an entry. Every key that is given must match; within a key one value is enough."""

    category: Words = ()
    """Whole category names, compared without regard to case: `AI`, `Economy`; or paths of them: `Economy > Gold`."""
    keyword: Words = ()
    """Words or phrases: `plain` whole words without regard to case, `=AI` case-exact, `~cafe` without regard to diacritics, `word*` prefix, `/re/` a regular expression."""
    where: tuple[Fields, ...] = Field((Fields.TITLE, Fields.SUMMARY), alias="in")
    """Where keywords are looked for: title, summary (the body's first 1,000 characters where a source gives no summary), content."""
    author: Words = ()
    """Authors by name, alias or slug."""
    source: Words = ()
    """Sources by slug."""
    publisher: Words = ()
    """Original publishers by name."""
    language: Words = ()
    """Languages: `vi`, `en` (a plain language covers its regions)."""
    enclosure: Words = ()
    """Media types of enclosures: `audio`, `video/mp4`."""
    title: str = ""
    """A regular expression on the title."""
    link: str = ""
    """A regular expression on the link."""


class Topic(Section):
    """What belongs to a topic: (any of `any`) and (all of `all`) and (none of `none`). A plain list is `any` of its keywords."""

    title: str = ""
    """Name shown to people; the key itself when empty."""
    description: str = ""
    """One sentence for the topic's page and feed."""
    formerly: Words = ()
    """Earlier keys of this topic; their addresses redirect here for ever."""
    any: tuple[Rule, ...] = ()
    """At least one of these rules must match (when there are any)."""
    all: tuple[Rule, ...] = ()
    """Every one of these rules must match."""
    none: tuple[Rule, ...] = ()
    """None of these rules may match."""
    parent: str = ""
    """Key of a wider topic, to which every entry of this one belongs too."""
    default: bool = False
    """Takes the entries that match no other topic."""
