"""From an address to a selection: which feeds its names mean, who may see them, and how it is spelled canonically.

What a private feed holds is never told by its name: private, withdrawn, not emitted and unknown all look alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote

from feedhub.model import Feed, FeedKind
from feedhub.names import author_key
from feedhub.ports import Library, Redirected
from feedhub.search.query import Faulty, Field, Named, Query, canonical, named, parse
from feedhub.search.selection import Heading, Searching, Selection
from feedhub.settings import Authors
from feedhub.slugs import slug_of

KINDS: Mapping[Field, FeedKind] = {
    Field.AUTHOR: FeedKind.AUTHOR,
    Field.TOPIC: FeedKind.TOPIC,
    Field.SOURCE: FeedKind.SOURCE,
    Field.CATEGORY: FeedKind.CATEGORY,
}
PARAMETERS = ("q", *(one.value for one in Field))
"""Parameters that narrow a feed."""
TOPICS_TOGETHER = 5
"""Topics that one address may join."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")


class Parameters(Protocol):
    """What an address asks after its question mark."""

    def get(self, name: str, default: str, /) -> Any: ...

    def getlist(self, name: str, /) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name that no public feed has."""

    name: Named


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """A selection, its heading, and the query as it is spelled with today's slugs.

    :param moved: whether a name was one that redirects: the address has a newer form.
    """

    selection: Selection
    heading: Heading
    query: Query
    moved: bool


def asks_to_narrow(parameters: Parameters) -> bool:
    return any(parameters.get(name, "").strip() for name in PARAMETERS)


def asked_query(parameters: Parameters) -> Query | Faulty:
    """``q=`` and the names beside it as one query. An empty parameter, as forms send it, asks for nothing."""
    query = parse(" ".join(parameters.getlist("q")))
    if isinstance(query, Faulty):
        return query
    names: list[Named] = []
    for field in Field:
        for value in filter(str.strip, parameters.getlist(field.value)):
            name = named(field, value)
            if isinstance(name, Faulty):
                return name
            names.append(name)
    # Read again as a whole, so that the bounds of a query hold for both together.
    joined = parse(canonical(query.narrowed(names)))
    return joined if isinstance(joined, Faulty) else replace(joined, notes=query.notes)


class Narrowing:
    """Finds what names mean, among the feeds that are ``visible``. ``guarded``: see :class:`Selection`."""

    def __init__(
        self,
        library: Library,
        searching: Searching,
        visible: Callable[[Feed], bool],
        authors: Authors,
        guarded: tuple[str, ...] | None = (),
    ) -> None:
        self._guarded = guarded
        self._library = library
        self._searching = searching
        self._visible = visible
        self._people = {
            author_key(name): key
            for key, person in authors.people.items()
            for name in (key, person.name, *person.aliases)
            if name
        }

    def narrow(self, base: Sequence[Feed], query: Query, under: str = "") -> Narrowed | Unknown:
        """Feeds narrowed by a query. ``under``: where a private feed lives; none of the names may be private."""
        found: dict[Named, Feed] = {}
        moved = False
        for name in query.names:
            if name.field in KINDS:
                feed, redirected = self.feed(KINDS[name.field], name.value)
                if feed is None:
                    return Unknown(name)
                found[name], moved = feed, moved or redirected
        selection = Selection(
            within=(*base, *(feed for name, feed in found.items() if not name.negative)),
            without=tuple(feed for name, feed in found.items() if name.negative),
            clauses=query.clauses,
            languages=_languages(query, negative=False),
            no_languages=_languages(query, negative=True),
            guarded=self._guarded,
        )
        spelled = _with_values(query, {name: feed.slug for name, feed in found.items()})
        return Narrowed(
            selection=selection,
            heading=_narrowed_heading(base, query, found, spelled, under),
            query=spelled,
            moved=moved,
        )

    def search(self, everything: Feed, query: Query) -> Narrowed | Unknown:
        narrowed = self.narrow([everything], query)
        if isinstance(narrowed, Unknown):
            return narrowed
        spelled = canonical(narrowed.query)
        keys = narrowed.heading.name.partition("?")[2]
        heading = Heading(
            name=f"search/{keys}", title=f"Search: {spelled}", path="/search", parameters=(("q", spelled),)
        )
        return replace(narrowed, heading=heading)

    def feed(self, kind: FeedKind, name: str) -> tuple[Feed | None, bool]:
        """The public feed of a name (slug, key, title, a person's alias), and whether its slug is a newer one."""
        by_slug, moved = self._by_slug(kind, name.casefold()) if _SLUG.fullmatch(name.casefold()) else (None, False)
        feed = by_slug or self._searching.named(kind, self._spellings(kind, name))
        if feed is None and name.isascii():  # typed without diacritics, as slugs are
            feed, moved = self._by_slug(kind, slug_of(name))
        return (feed, moved) if feed is not None and self._visible(feed) else (None, False)

    def _by_slug(self, kind: FeedKind, slug: str) -> tuple[Feed | None, bool]:
        found = self._library.feed(kind, slug)
        if isinstance(found, Redirected):
            target = self._library.feed(kind, found.slug)
            return (None, False) if isinstance(target, Redirected) else (target, target is not None)
        return found, False

    def _spellings(self, kind: FeedKind, name: str) -> list[str]:
        key = author_key(name)
        person = [self._people[key]] if kind is FeedKind.AUTHOR and key in self._people else []
        return list(dict.fromkeys([*person, name, name.casefold(), key]))


def _languages(query: Query, *, negative: bool) -> tuple[str, ...]:
    return tuple(name.value for name in query.names if name.field is Field.LANGUAGE and name.negative is negative)


def _with_values(query: Query, values: Mapping[Named, str]) -> Query:
    names = {replace(name, value=values.get(name, name.value)) for name in query.names}
    return replace(query, names=tuple(sorted(names)))


def _narrowed_heading(
    base: Sequence[Feed], query: Query, found: Mapping[Named, Feed], spelled: Query, under: str
) -> Heading:
    """Named by keys, addressed by slugs, titled by titles."""
    keys = canonical(_with_values(query, {name: feed.key for name, feed in found.items()}))
    path = "+".join([base[0].path, *(quote(feed.slug, safe="-") for feed in base[1:])])
    name = "+".join(feed.key for feed in base)
    titles = _with_values(query, {each: feed.title or feed.slug for each, feed in found.items()})
    words = [canonical(Query(query.clauses))] if query.clauses else []
    said = [f"without {each.value}" if each.negative else each.value for each in titles.names]
    title = " + ".join(feed.title or feed.slug for feed in base)
    return Heading(
        name=f"{base[0].kind.value}/{name}" + (f"?{keys}" if keys else ""),
        title=" · ".join([title, *said, *words]),
        path=under + path,
        parameters=_parameters(spelled),
        page=not under,
    )


def _parameters(query: Query) -> tuple[tuple[str, str], ...]:
    """Each positive name as a parameter of its own; the rest as ``q``."""
    plain = [name for name in query.names if not name.negative]
    rest = canonical(Query(query.clauses, tuple(name for name in query.names if name.negative)))
    asked = [("q", rest)] if rest else []
    return (*asked, *((name.field.value, name.value) for name in plain))
