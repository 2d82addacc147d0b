"""What a source names as its hub, and whether that hub can and shall push to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from feedhub.masking import reveals
from feedhub.model import FeedInfo, Health, SourceId, SourceState
from feedhub.settings import Network, Settings, Source, Subscribe

LONGEST = 2048
"""Characters of an address of a hub or topic; longer ones are no use to anybody."""
_OWN_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".invalid", ".onion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """That the hub shall push this topic to an address below ``base``. ``confidential``: it can be told a secret."""

    source: SourceId
    hub: str
    topic: str
    base: str
    confidential: bool


def announced(info: FeedInfo, links: Mapping[str, str]) -> FeedInfo:
    """The feed's own words, with hub and self of the ``Link`` header before those of the document (WebSub, 4)."""
    if "hub" not in links:
        return info
    return replace(info, hub=links["hub"], self_url=links.get("self", info.self_url))


def wish_of(state: SourceState, source: Source | None, settings: Settings) -> Wish | None:
    """What to wish for a source; None when it is to be polled only."""
    if source is None or _why_not(state, source, settings):
        return None
    return Wish(
        source=state.id,
        hub=state.hub,
        topic=topic_of(state, source),
        base=settings.site.base_url,
        confidential=_can_keep_secrets(state.hub, settings.polling.allow_networks),
    )


def topic_of(state: SourceState, source: Source) -> str:
    """What the feed calls itself (``rel=self``); without that the address we poll, unless it was given in confidence."""
    if state.topic:
        return state.topic
    in_confidence = source.auth is not None or source.headers or reveals(state.url)
    return "" if in_confidence else state.url


def _why_not(state: SourceState, source: Source, settings: Settings) -> str:
    """Why a source is not to be pushed: one half sentence; "" when it is."""
    if not state.hub:
        return "it names no hub"
    if not (state.enabled and source.enabled) or state.health is Health.GONE:
        return "it is switched off"
    if not source.websub:
        return "websub is false for this source"
    topic = topic_of(state, source)
    if not topic:
        return "the feed does not say its own address (rel=self), and ours was given in confidence"
    if max(len(state.hub), len(topic)) > LONGEST or not _is_web(state.hub) or not _is_web(topic):
        return "the addresses it names cannot be used"
    return not_reachable(settings)


def why_not(state: SourceState, source: Source | None, settings: Settings) -> str:
    return "it left the configuration" if source is None else _why_not(state, source, settings)


def not_reachable(settings: Settings) -> str:
    """Why no hub is asked under this configuration: one half sentence; "" when hubs are."""
    if settings.websub.subscribe is Subscribe.NEVER:
        return "websub.subscribe is never"
    base = settings.site.base_url
    if settings.websub.subscribe is Subscribe.AUTO and _is_own(urlsplit(base).hostname or ""):
        return f"hubs cannot reach {base}; set site.base_url to a public address"
    return ""


def outlook(settings: Settings) -> tuple[bool, str]:
    """Whether hubs are asked as the operator means it, and a sentence about it; for ``feedhub check``."""
    reason = not_reachable(settings)
    if reason:
        return True, f"Hubs are not asked to push: {reason}. Sources are polled."
    base = settings.site.base_url
    if _is_own(urlsplit(base).hostname or ""):
        return False, f"websub.subscribe is always, but {base} is no address that hubs elsewhere can reach."
    return True, f"Hubs that sources name are asked to push to {base}."


def _is_own(host: str) -> bool:
    """Whether only this machine or its network knows the host."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host.rstrip(".") or f".{host.rstrip('.')}".endswith(_OWN_NAMES)


def _can_keep_secrets(hub: str, allowed: tuple[Network, ...]) -> bool:
    """A secret is only told over https (WebSub, 5.1), or within a network that the operator vouched for."""
    parts = urlsplit(hub)
    if parts.scheme.lower() == "https":
        return True
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return False
    return any(address in network for network in allowed)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
