"""Where things live, and who may see them. Pure; the addresses are those of the design, section 4."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from urllib.parse import urlsplit

from feedhub.model import Feed, FeedKind, Format
from feedhub.settings import Settings
from feedhub.slugs import MAX_SLUG

_MOST_COMPARED = 2_000
"""Comparing names costs time in proportion; a guess among this many is good enough for a page that says *not here*."""

_ARCHIVE = re.compile(r"(.+)/archive/([1-9][0-9]{0,8})", re.ASCII)

_NOBODY = b"compared where a feed has no token, so that both cases take the same time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A feed's address taken apart. ``format`` is None for the page for people."""

    kind: FeedKind
    slug: str
    format: Format | None
    archive: int = 0  # number of an archived document; 0 for the feed itself

    @property
    def path(self) -> str:
        """Without ending and leading slash, as ``feeds.private`` writes it: ``topics/ai``, ``all``."""
        return "all" if self.kind is FeedKind.ALL else f"{self.kind.value}/{self.slug}"

    def at(self, slug: str) -> Asked:
        return replace(self, slug=slug)

    @property
    def address(self) -> str:
        archive = f"/archive/{self.archive}" if self.archive else ""
        return f"/{self.path}{archive}" + (f".{self.format.value}" if self.format else "")


def take_apart(path: str) -> Asked | None:
    """Read ``topics/ai.atom``, ``topics/ai``, ``all.rss``, ``topics/ai/archive/3.atom``; None for what is no feed's address.

    Only a known format counts as an ending, so a wrong one ends as an unknown slug and gets a helpful answer.
    """
    stem, dot, ending = path.rpartition(".")
    wanted = Format(ending) if dot and ending in Format._value2member_map_ else None
    archived = _ARCHIVE.fullmatch(stem) if wanted else None
    kind, slash, slug = (archived[1] if archived else stem if wanted else path).partition("/")
    if kind not in FeedKind._value2member_map_:
        return None
    if (kind == FeedKind.ALL) == bool(slash) or (slash and not slug):
        return None
    number = int(archived[2]) if archived else 0
    return Asked(kind=FeedKind(kind), slug=slug or "all", format=wanted, archive=number)


class Visibility:
    """Which feeds the public may see, and which tokens open the others. From ``feeds`` of the settings."""

    def __init__(self, settings: Settings) -> None:
        self.formats = tuple(settings.feeds.formats)
        self.kinds = tuple(settings.feeds.kinds)
        self.narrowable = settings.feeds.search
        self.is_public = settings.feeds.is_public
        self.hides = settings.feeds.is_private
        self._private = {
            path.strip("/"): tuple(token.get_secret_value().encode() for token in tokens)
            for path, tokens in settings.feeds.private.items()
        }

    def emitted(self, asked: Asked) -> bool:
        return asked.kind in self.kinds and (asked.format is None or asked.format in self.formats)

    @property
    def searchable(self) -> bool:
        """Whether searches are answered. They show what the feed of everything shows, so that it must be public."""
        return self.narrowable and FeedKind.ALL in self.kinds and not self.is_private("all")

    @property
    def guarded_sources(self) -> tuple[str, ...] | None:
        """Slugs of the feeds of sources that not everybody may read; None where none is emitted."""
        if FeedKind.SOURCE not in self.kinds:
            return None
        found = (path.partition("/") for path in self._private)
        return tuple(sorted(slug for kind, _, slug in found if kind == FeedKind.SOURCE.value))

    def is_private(self, path: str) -> bool:
        """``path`` with or without its leading slash."""
        return path.lstrip("/") in self._private

    def opens(self, paths: Collection[str], token: str) -> bool:
        """Whether a token of the configuration opens a private feed that is known by these paths.

        Every token of the feed is compared, each in constant time.
        """
        given = token.encode("utf-8", "surrogatepass")
        kept = [one for path in paths for one in self._private.get(path, ())]
        matches = [hmac.compare_digest(one, given) for one in kept or (_NOBODY,) if one]
        return any(matches) and bool(kept)


def site_prefix(base_url: str) -> str:
    """The path under which a web server in front has put us: ``""`` or ``/feeds``."""
    return urlsplit(base_url).path.rstrip("/")


def site_root(base_url: str) -> str:
    """The public address without its last slash."""
    return base_url.rstrip("/")


def nearest(slug: str, feeds: Iterable[Feed], count: int = 5) -> list[Feed]:
    """The feeds whose slugs look most like one that does not exist; best first."""
    if len(slug) > MAX_SLUG:
        return []
    wanted = slug.lower()
    by_slug = {feed.slug: feed for feed in feeds}
    if len(by_slug) > _MOST_COMPARED:
        by_slug = {name: feed for name, feed in by_slug.items() if name[:1] == wanted[:1]}
    names = list(by_slug)[:_MOST_COMPARED]
    inside = [name for name in names if len(wanted) > 2 and (wanted in name or name in wanted)]
    close = get_close_matches(wanted, names, n=count, cutoff=0.6)
    return [by_slug[name] for name in dict.fromkeys(close + inside)][:count]
