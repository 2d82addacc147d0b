"""Names for the entries of one document, strongest first (see :class:`feedhub.model.EntryKeys`).

A name is used only while it *behaves in this document*: an id that is listed with two links, or a link that several
ids share, would make one entry of two, and nothing may be lost. A name that is listed twice is still good when all its
listings are at hand and say the same, which is a plain repetition.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import urlsplit

from feedhub.dedupe.digests import folded_words, key_of, meaning_of
from feedhub.dedupe.sketch import marks_of
from feedhub.model import DateOrigin, Entry, EntryKeys, Key, SourceId
from feedhub.plain_words import plain_words

MIN_STORY_TEXT = 200
"""Characters of folded text below which equal texts prove nothing (``Read more at our site``)."""


def identify(source: SourceId, entries: Sequence[Entry], listed: Sequence[tuple[str, str]]) -> tuple[EntryKeys, ...]:
    """The keys of ``entries``, in their order.

    :param listed: (original id, link as written) of *every* entry of the document, known ones too.
    """
    folded = [folded_words(entry.text) for entry in entries]
    document = _read(entries, folded, listed)
    return tuple(_keys(str(source), entry, text, document) for entry, text in zip(entries, folded, strict=True))


def _keys(source: str, entry: Entry, text: str, document: _Document) -> EntryKeys:
    behaves = _Behaves(document.id_behaves(entry), document.link_behaves(entry))
    alone = len(document.titles[text]) == 1
    return EntryKeys(
        own=_own_keys(source, entry, document, behaves),
        shared=_shared_key(entry, behaves),
        cluster=tuple(_story_keys(entry, text, behaves, alone)),
        marks=marks_of(text, entry.title, plain_words(entry.text)) if alone else (),
    )


class _Behaves(NamedTuple):
    """Which names of an entry are good in its document."""

    id: bool
    link: bool


@dataclass(frozen=True, slots=True)
class _Document:
    """What is listed where: counts of the whole document, meanings of the entries at hand."""

    listings: Counter[str]  # by id
    links_of: dict[str, set[str]]  # raw links by id
    ids_at: dict[str, Counter[str]]  # ids by raw link
    by_id: dict[str, list[Entry]]
    by_link: dict[str, list[Entry]]  # by canonical link
    titles: dict[str, set[str]]  # by folded text

    def id_behaves(self, entry: Entry) -> bool:
        name = entry.original_id
        if not name or len(self.links_of[name]) > 1:
            return False
        if len({twin.canonical_link for twin in self.by_id[name]}) > 1:
            return False
        return _repeats(self.listings[name], self.by_id[name])

    def link_behaves(self, entry: Entry) -> bool:
        if not entry.canonical_link:
            return False
        here = self.by_link[entry.canonical_link]
        ids = {twin.original_id for twin in here}
        count = 0
        for raw in self._raw_links(entry):
            at = self.ids_at[raw]
            ids.update(at)
            count = max(count, at.total())
        return len(ids) == 1 and _repeats(count, here)

    def repeated(self, entry: Entry) -> bool:
        """Whether the same name with the same link is listed more than once."""
        name = entry.original_id
        if not name:
            return max(self.ids_at[entry.link].total(), len(self.by_link[entry.canonical_link])) > 1
        return len(self.links_of[name]) <= 1 and max(self.listings[name], len(self.by_id[name])) > 1

    def _raw_links(self, entry: Entry) -> Iterable[str]:
        # Raw links may be relative: what cannot be found by its absolute form is found by the id it stands with.
        if entry.link in self.ids_at or not entry.original_id:
            return (entry.link,)
        return self.links_of[entry.original_id]


def _read(entries: Sequence[Entry], folded: Sequence[str], listed: Sequence[tuple[str, str]]) -> _Document:
    document = _Document(
        Counter(), defaultdict(set), defaultdict(Counter), defaultdict(list), defaultdict(list), defaultdict(set)
    )
    for name, link in listed:
        if name:
            document.listings[name] += 1
            document.links_of[name].add(link)
        if link:
            document.ids_at[link][name] += 1
    for entry, text in zip(entries, folded, strict=True):
        document.by_id[entry.original_id].append(entry)
        document.by_link[entry.canonical_link].append(entry)
        document.titles[text].add(entry.title)
    return document


def _repeats(count: int, at_hand: Sequence[Entry]) -> bool:
    """Whether a name listed ``count`` times names one thing: listed once, or all listings are here and agree."""
    if count <= 1 and len(at_hand) <= 1:
        return True
    return len(at_hand) >= count and _all_equal(meaning_of(entry) for entry in at_hand)


def _all_equal(values: Iterable[Hashable]) -> bool:
    return len(set(values)) <= 1


def _own_keys(source: str, entry: Entry, document: _Document, behaves: _Behaves) -> tuple[Key, ...]:
    keys = []
    if behaves.id:
        keys.append(key_of(source, "id", entry.original_id))
    if behaves.link:
        keys.append(key_of(source, "link", entry.canonical_link))
    elif not entry.canonical_link and (entry.title or entry.text):
        keys.append(_dated_digest(source, entry))  # without a link, changing ids would make it new at each poll
    # A repeated entry keeps its digest as a name: when only one of its listings is at hand the next time, neither id
    # nor link can be trusted, and the digest still finds it.
    if not keys or document.repeated(entry):
        keys.append(key_of(source, "digest", *meaning_of(entry)))
    return tuple(keys)


def _dated_digest(source: str, entry: Entry) -> Key:
    """What it says, and when: posts that say the same again on another day are others."""
    dated = entry.published.isoformat() if entry.date_origin is DateOrigin.STATED else ""
    return key_of(source, "dated digest", dated, *meaning_of(entry))


def without_id(keys: EntryKeys, source: SourceId, entry: Entry) -> EntryKeys:
    """The keys without the entry's id: for ids that do not last, or stand for another entry."""
    passing = key_of(str(source), "id", entry.original_id)
    lasting = tuple(key for key in keys.own if key != passing)
    return replace(keys, own=lasting or (_dated_digest(str(source), entry),), shared=None)


def _shared_key(entry: Entry, behaves: _Behaves) -> Key | None:
    if not (entry.canonical_link and behaves.id and is_global(entry.original_id)):
        return None
    return key_of("shared", entry.original_id, entry.canonical_link)


def _story_keys(entry: Entry, text: str, behaves: _Behaves, alone: bool) -> Iterable[Key]:
    """:param alone: no other title in the document stands over the same text."""
    if behaves.link and _leads_somewhere(entry.canonical_link):
        yield key_of("story link", entry.canonical_link)
    if behaves.id and _names_the_origin(entry):
        yield key_of("story id", entry.original_id)
    # One text under several titles in one document is boilerplate ("Subscribe to read on").
    if len(text) >= MIN_STORY_TEXT and alone:
        yield key_of("story text", text)


def is_global(name: str) -> bool:
    """Whether an id is meant to be unique in the world: an http(s) URL that leads somewhere, ``tag:`` or ``urn:``."""
    scheme = name.partition(":")[0].lower()
    if scheme in {"tag", "urn"}:
        return len(name) > len(scheme) + 1
    return scheme in {"http", "https"} and _leads_somewhere(name)


_USUAL = re.compile(r"https?://([a-z0-9][a-z0-9.-]*)/+[A-Za-z0-9_-]")
"""The beginning of most addresses: a host that needs no reading, and the first of what stands there."""


def _leads_somewhere(url: str) -> bool:
    """Whether a URL is more than a site's front page."""
    if _USUAL.match(url):
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.path.strip("/") != "" or parts.query != "")


def _names_the_origin(entry: Entry) -> bool:
    """Whether the id stands for the story wherever it appears.

    An aggregated entry keeps the id of its origin (``atom:source``), and the origin's own ids are ``tag:``, ``urn:`` or
    on its own host. A URL on another host, or on a host that means something else to each machine (``localhost``, an
    address), may be a template's.
    """
    if not is_global(entry.original_id):
        return False
    if not entry.original_id.lower().startswith("http"):
        return True
    host = _site(entry.original_id)
    numeric = host.replace(".", "").isdigit() or ":" in host
    return "." in host and not numeric and (entry.via is not None or host == _site(entry.canonical_link))


def _site(url: str) -> str:
    if usual := _USUAL.match(url):
        return usual[1].removeprefix("www.")
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
