"""What publishing needs: neighbours of documents, the history of feeds, and the press itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from feedhub.model import (
    Document,
    EntryId,
    Feed,
    FeedId,
    Format,
    ServiceEvent,
    SourceChange,
    StoredEntry,
    Tombstone,
)


class Outline(NamedTuple):
    """A member of a feed without its contents: all that is needed where it was rendered before.

    ``version`` grows with everything that its rendering takes from the entry and its story; ``context`` is a digest of
    what it takes from its source.
    """

    id: EntryId
    version: int
    sort_key: int
    updated: int  # seconds since 1970
    source_slug: str
    context: bytes


class Stock(Protocol):
    """What documents are made of, at the least cost. Safe from any thread, never waits for the writer."""

    def current(self, feed: FeedId) -> Feed | None:
        """The feed as it is now; None when it is no more. Its version grows with every change of a document of it."""
        ...

    def outlines(self, feed: FeedId, limit: int, before: tuple[int, EntryId] | None = None) -> list[Outline]:
        """The same members as :meth:`feedhub.ports.Library.page`."""
        ...

    def archive(self, feed: FeedId, number: int) -> list[Outline]:
        """The members of a complete archived document, newest first; without those that left the feed since."""
        ...

    def outlined(self, wanted: Sequence[EntryId]) -> list[Outline]:
        """Outlines of these entries, in this order; of those that are still there."""
        ...

    def stored(self, wanted: Collection[EntryId]) -> list[StoredEntry]:
        """These entries with everything, those that are still there, in no order."""
        ...

    def newest_archive(self, feed: FeedId, below: int) -> int:
        """The number of the newest archive under ``below`` that has entries, 0 for none."""
        ...

    def tombstones(self, feed: FeedId) -> list[Tombstone]:
        """What was withdrawn from a feed of late, the latest first; at most a hundred."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLinks:
    """Where the neighbours of a document are (RFC 5005); absolute URLs, "" when there is none."""

    self_url: str
    html_url: str
    first: str = ""
    next: str = ""  # the next older page
    current: str = ""  # of an archived document: the feed itself
    prev_archive: str = ""
    alternates: Mapping[Format, str] = field(default_factory=dict)
    hubs: Sequence[str] = ()  # who tells subscribers of this document's changes (WebSub, 4)


def page_key(sort_key: int, entry: EntryId) -> str:
    """The value of ``before=`` that asks for what is older than this entry: ``1764000000-42``."""
    return f"{sort_key}-{entry}"


def read_page_key(text: str) -> tuple[int, EntryId] | None:
    """The inverse of :func:`page_key`; None for anything that is none, or does not fit 64 bits."""
    head, dash, tail = text.rpartition("-")
    digits = head.removeprefix("-")
    if not (dash and text.isascii() and digits.isdigit() and tail.isdigit() and len(digits) < 19 and len(tail) < 19):
        return None
    return int(head), EntryId(int(tail))


class Press(Protocol):
    """Documents of output feeds, made at first need and kept until the feed changes."""

    def document(
        self,
        feed: Feed,
        format: Format,
        before: tuple[int, EntryId] | None = None,
        under: str = "",
        *,
        archive: int = 0,
    ) -> Document:
        """The newest page, the page below ``before``, or an archived document.

        :param under: where a private feed lives (``/private/<token>``), so that its links lead to itself.
        :param archive: from 1 to ``feed.archives``; 0 for a page.
        :raises feedhub.errors.Unpublishable: it breaks a rule of its format, and there is no earlier one to show.
        """
        ...

    def flush(self) -> None:
        """Let the database have what was rendered since the last time. Best effort."""
        ...

    def troubles(self) -> Mapping[str, str]:
        """What is not published as it should be, and why: documents held back, entries shortened or left out."""
        ...

    def opml(self) -> Document:
        """All public output feeds."""
        ...

    def changes(self, changes: Sequence[SourceChange], events: Sequence[ServiceEvent] = ()) -> Document:
        """The operator's feed of what happened to the sources and the service, as Atom; never one of the output feeds."""
        ...
