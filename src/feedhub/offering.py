"""Which of our documents are offered at hubs, and under which address: the one place that says so. Pure.

A topic (WebSub's word for what is subscribed to) is the newest page of a stored public feed in one of its formats. What
is asked for and not stored (searches, narrowed and joined feeds) has no version by which a change could be known, older
pages and archived documents do not change as feeds do, and private feeds are nobody's business
(:meth:`feedhub.settings.Feeds.is_public`).
"""

from __future__ import annotations

from collections.abc import Sequence

from feedhub.model import Feed, Format
from feedhub.settings import OWN_HUB, Settings


def hubs_of(settings: Settings) -> tuple[str, ...]:
    """The hubs that every offered document names: our own first."""
    own = (own_hub(settings.site.base_url),) if settings.hub.own else ()
    return (*own, *settings.hub.others)


def own_hub(base_url: str) -> str:
    return base_url.rstrip("/") + OWN_HUB


def topic_of(base_url: str, feed: Feed, format: Format) -> str:
    """The canonical address of a feed in one format: what its document calls itself."""
    return f"{base_url.rstrip('/')}{feed.path}.{format.value}"


def link_header(hubs: Sequence[str], topic: str) -> str:
    """The value of ``Link`` by which subscribers find the hub and the topic's own name (WebSub, 4; RFC 8288)."""
    return ", ".join([*(f'<{hub}>; rel="hub"' for hub in hubs), f'<{topic}>; rel="self"'])
