"""What stands around the entries of a feed, the same for every format. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from feedhub.emit import identity
from feedhub.emit.links import web_url
from feedhub.emit.words import line
from feedhub.model import Feed, Format, Tombstone
from feedhub.ports import PageLinks
from feedhub.search.selection import Heading
from feedhub.settings import Site

GENERATOR = "FeedHub"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInfo:
    """What every document says of the site. ``base_url`` is without trailing slash; ``version`` is the program's."""

    title: str
    base_url: str
    language: str = "en"
    description: str = ""
    version: str = ""

    @classmethod
    def of(cls, site: Site, version: str) -> SiteInfo:
        return cls(
            title=line(site.title) or GENERATOR,
            base_url=site.base_url.rstrip("/"),
            language=site.language,
            description=line(site.description),
            version=version,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """An entry that was withdrawn (RFC 6721), by the id that Atom shows, and by that of the other formats."""

    atom_id: str
    plain_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A feed's own metadata. Every field is filled, those of neighbours where there are such documents."""

    id: str
    title: str
    description: str
    language: str
    version: str
    updated: datetime
    self_url: str
    html_url: str
    first: str
    next: str
    alternates: Mapping[Format, str]
    current: str = ""  # said by archived documents only (RFC 5005, section 4)
    prev_archive: str = ""
    deleted: tuple[Deleted, ...] = ()
    hubs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A document without its entries."""

    start: bytes
    end: bytes
    between: bytes = b""

    def around(self, fragments: Sequence[bytes]) -> bytes:
        """The whole document, its bytes copied once."""
        if not self.between:
            return b"".join((self.start, *fragments, self.end))
        apart = [self.between] * max(2 * len(fragments) - 1, 0)
        apart[::2] = fragments
        return b"".join((self.start, *apart, self.end))


def head_of(
    feed: Feed,
    links: PageLinks,
    site: SiteInfo,
    *,
    deleted: Iterable[Tombstone] = (),
    updated: datetime | None = None,
) -> Head:
    """:param updated: of an archived document, which is older than its feed."""
    title = line(feed.title) or feed.slug or site.title
    return _head(identity.feed_id(feed, site.base_url), title, updated or feed.updated, links, site, deleted)


def selected_head(heading: Heading, updated: datetime, links: PageLinks, site: SiteInfo) -> Head:
    """Of a feed that is asked for and not stored."""
    return _head(identity.selection_id(heading.name, site.base_url), line(heading.title), updated, links, site)


def _head(
    id: str, title: str, updated: datetime, links: PageLinks, site: SiteInfo, deleted: Iterable[Tombstone] = ()
) -> Head:
    return Head(
        id=id,
        title=title,
        description=site.description or f"{title} – {site.title}",
        language=site.language,
        version=site.version,
        updated=updated,
        self_url=web_url(links.self_url),
        html_url=web_url(links.html_url) or site.base_url,
        first=web_url(links.first),
        next=web_url(links.next),
        alternates={other: web_url(url) for other, url in links.alternates.items()},
        current=web_url(links.current),
        prev_archive=web_url(links.prev_archive),
        deleted=tuple(
            Deleted(
                atom_id=identity.atom_id_of(one, site.base_url),
                plain_id=identity.plain_id_of(one, site.base_url),
                at=one.at,
            )
            for one in deleted
        ),
        hubs=tuple(filter(None, map(web_url, links.hubs))),
    )
