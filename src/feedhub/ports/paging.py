"""What reading pages needs: memory of pages and articles, and what robots.txt says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from feedhub.model import FetchFailed, KeptArticle, KeptPage, Key, SourceId


class PageStore(Protocol):
    """What is remembered of pages. ``keep_article`` comes from the writer's thread and raises like a ledger."""

    def kept_page(self, source: SourceId) -> KeptPage | None:
        """The last page of the source that could be read."""
        ...

    def articles(self, source: SourceId, links: Collection[str]) -> Mapping[str, KeptArticle]:
        """What is remembered of article pages, by the canonical links of their entries."""
        ...

    def keep_article(self, source: SourceId, article: KeptArticle) -> None: ...

    def known_keys(self, keys: Iterable[Key]) -> frozenset[Key]:
        """Those of the keys by which an entry is stored, or was once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What robots.txt says of one address. ``delay``: seconds between two requests that it asks for."""

    allowed: bool
    delay: float = 0.0
    rule: str = ""  # the rule that decided, as written; "" when there is none


class Robots(Protocol):
    """Asks and remembers robots.txt (RFC 9309). It raises only on cancellation."""

    async def permission(self, url: str) -> Permission | FetchFailed:
        """Whether a page may be asked for. FetchFailed: robots.txt did not come, so that nothing else may be asked."""
        ...

    async def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of an address's site names."""
        ...
