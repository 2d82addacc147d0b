"""Whose author feed a byline belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from feedhub.model import Byline, FeedKind, FeedRef, Membership
from feedhub.names import author_key
from feedhub.settings import Authors, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The people of the configuration by every spelling and by their own pages."""

    known: Mapping[str, Person]
    by_spelling: Mapping[str, str]
    by_uri: Mapping[str, str]
    by_source: bool
    organisations: bool

    def key_of(self, byline: Byline) -> str | None:
        """The configured person a byline means, by spelling or by page."""
        found = self.by_spelling.get(byline.key)
        return found or (self.by_uri.get(byline.uri) if byline.uri else None)

    def meant_by(self, value: str) -> str | None:
        """The configured person whom a rule's value (key, name or alias) means."""
        return self.by_spelling.get(author_key(value))

    def memberships(self, authors: tuple[Byline, ...], source: str) -> Iterator[Membership]:
        """One for each author who has a feed. Hidden people have none; organisations only if asked for or configured."""
        for byline in authors:
            key = self.key_of(byline)
            person = self.known.get(key) if key is not None else None
            if key is not None and person is not None:
                if not person.hide:
                    rule = f'byline "{byline.name}" (authors.people.{key})'
                    yield self._membership(key, person.name or key, key, source, rule)
            elif byline.key and (self.organisations or not byline.is_organisation):
                name = byline.name or byline.key
                yield self._membership(byline.key, name, "", source, f'byline "{byline.name}"')

    def _membership(self, key: str, name: str, slug: str, source: str, rule: str) -> Membership:
        if not self.by_source:
            return _made_once(key, name, slug, rule)
        slug = f"{slug}-{source}"[:80].rstrip("-") if slug else ""
        return _made_once(f"{source}/{key}", f"{name} ({source})", slug, rule)


@lru_cache(maxsize=1024)
def _made_once(key: str, title: str, slug: str, rule: str) -> Membership:
    """A source names the same few people again and again, and what is one object is handed on once a document."""
    return Membership(feed=FeedRef(kind=FeedKind.AUTHOR, key=key, title=title, slug=slug), rule=rule)


def compile_people(authors: Authors) -> People:
    spellings: dict[str, str] = {}
    for key, person in authors.people.items():
        for name in (key, person.name, *person.aliases):
            if name:
                spellings.setdefault(author_key(name), key)
    return People(
        known=dict(authors.people),
        by_spelling=spellings,
        by_uri={person.uri: key for key, person in authors.people.items() if person.uri},
        by_source=authors.scope == "source",
        organisations=authors.organisations_as_authors,
    )
