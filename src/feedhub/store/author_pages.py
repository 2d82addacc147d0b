"""Spellings of a name that are one person because they share a page: ``Huyen Tran`` and ``Huyền Trần`` at ``/author/huyen-tran``.

The first spelling that was seen with a page is the person; later ones with the same page are joined to it, and the
addresses of their feeds redirect. A page counts only if its last part names the person in both spellings, so that
``/``, ``/about`` or ``/authors`` join nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, bindparam, select

from feedhub.model import Byline, FeedKind, FeedRef
from feedhub.slugs import slug_of
from feedhub.store.author_spellings import same_people
from feedhub.store.moving import FeedMover
from feedhub.store.prepared import Prepared
from feedhub.store.statements import Counter, chunks, put_missing
from feedhub.store.tables import author_pages, author_spellings

_LEAST = 3
"""Characters of a word that can tell a person."""


def page_of(byline: Byline) -> str:
    """The byline's page as host and path, if it names the person; else ""."""
    if not byline.uri or byline.is_organisation:
        return ""
    try:
        parts = urlsplit(byline.uri)
    except ValueError:
        return ""
    last = unquote(parts.path.rstrip("/").rpartition("/")[2])
    words = {word for word in re.split(r"[^a-z0-9]+", slug_of(last)) if len(word) >= _LEAST}
    named = {word for word in slug_of(byline.name).split("-") if len(word) >= _LEAST}
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}{parts.path.rstrip('/')}" if host and words & named else ""


def learn(connection: Connection, counter: Counter, bylines: Iterable[Byline], names: Mapping[str, str]) -> set[int]:
    """Remember the pages of these bylines and join spellings that share one; returns the feeds that changed.

    :param names: the name shown for a key.
    """
    told = {(page_of(one), one.key) for one in bylines if one.key}
    pages = {page: key for page, key in sorted(told) if page}
    if not pages:
        return set()
    known: dict[str, str] = {}
    for some in chunks(pages):
        known.update(_KNOWN.pairs(connection, some))
    put_missing(connection, author_pages, [{"page": p, "person": k} for p, k in pages.items() if p not in known])
    changed: set[int] = set()
    for page, key in sorted(told):
        person = known.get(page) or pages.get(page, key)
        if page and person != key:
            changed |= _join(connection, counter, key, person, names)
    return changed


_KNOWN = Prepared(
    select(author_pages.c.page, author_pages.c.person).where(
        author_pages.c.page.in_(bindparam("pages", expanding=True))
    ),
    "pages",
)


def _join(connection: Connection, counter: Counter, key: str, person: str, names: Mapping[str, str]) -> set[int]:
    seen = same_people(connection, [key, person])
    person = seen.get(person, person)
    if seen.get(key) == person or key == person:
        return set()
    put_missing(connection, author_spellings, [{"key": key, "person": person}])
    mover = FeedMover(connection, counter, FeedKind.AUTHOR)
    present = mover.feed(person)
    title = present["title"] if present is not None else names.get(person, person)
    return mover.merge([key], FeedRef(kind=FeedKind.AUTHOR, key=person, title=title))
