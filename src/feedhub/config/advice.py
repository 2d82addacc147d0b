"""What is allowed but hardly meant. Pure; one function for each question, one list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from feedhub.config.addresses import is_own_network, usable
from feedhub.config.check_rules import is_pattern
from feedhub.config.checks import all_rules
from feedhub.config.nodes import Route
from feedhub.settings import Settings

_SHORT = re.compile(r"[A-Za-z\u00c0-\u024f]{1,2}")
_ONE_SYLLABLE = re.compile(r"(?=.*[ơưƠƯ\u1ea0-\u1ef9])[A-Za-z\u00c0-\u024f\u1ea0-\u1ef9]{1,7}")
"""One Vietnamese syllable: a word between spaces with a letter that only Vietnamese writes. The longest, *nghiêng*, has 7."""
_NOTHING = re.compile(r"[=~*\s\u00ad\u2010\u2011-]*")
"""No word and no sign that is looked for: hyphens only part words."""


def warnings(settings: Settings) -> list[str]:
    """One sentence for each thing that is probably a slip, with what to do about it."""
    return [sentence for ask in QUESTIONS for sentence in ask(settings)]


def _plain_secrets(settings: Settings) -> Iterator[str]:
    for path in settings.plain_secrets:
        yield f"{path}: the secret is written out in the file; write `${{NAME}}` or `{{file: path}}` in its place."


def _nothing_to_do(settings: Settings) -> Iterator[str]:
    if not settings.examples and not any(source.enabled for source in settings.sources):
        yield "sources: nothing is polled; add a feed with `feedhub sources add ADDRESS`."


def _contact(settings: Settings) -> Iterator[str]:
    others = [
        source
        for source in settings.sources
        if source.enabled and not is_own_network(source.url, settings.polling.allow_networks)
    ]
    if others and not settings.site.contact:
        yield "site.contact: publishers cannot reach you; give an address such as mailto:you@example.org."


def _unreachable(settings: Settings) -> Iterator[str]:
    if _is_local(urlsplit(settings.site.base_url).hostname or "") and not _is_local(settings.server.host):
        yield (
            f"site.base_url: {settings.site.base_url} leads readers to their own machine although server.host is open to"
            " others; give the public address."
        )


def _unreachable_hub(settings: Settings) -> Iterator[str]:
    if settings.hub.on and _is_local(urlsplit(settings.site.base_url).hostname or ""):
        yield f"hub: {settings.site.base_url} is known to this machine only, so that nobody elsewhere can subscribe to it."


def _samples_in_public(settings: Settings) -> Iterator[str]:
    if settings.examples and not _is_local(urlsplit(settings.site.base_url).hostname or ""):
        yield (
            f"examples: invented stories are published under {settings.site.base_url}; set `examples: false` for real use."
        )


def _is_local(host: str) -> bool:
    """Whether a host is this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _ruleless_topics(settings: Settings) -> Iterator[str]:
    parents = {topic.parent for topic in settings.topics.values()}
    for key, topic in settings.topics.items():
        if not (topic.any or topic.all or topic.none or topic.default or key in parents):
            yield f"topics.{key}: no entry can belong to it; give it keywords or rules, or `default: true`."


def _keywords(settings: Settings) -> Iterator[str]:
    for route, rule in all_rules(settings):
        for keyword in rule.keyword:
            advice = _doubt(keyword.strip())
            if advice:
                yield f"{_where(route, settings)}: {advice}"


def _doubt(keyword: str) -> str:
    """What is doubtful about a keyword; "" when nothing is."""
    if is_pattern(keyword):
        return ""
    if _NOTHING.fullmatch(keyword):
        return f"the keyword {keyword!r} holds nothing to look for; remove it."
    if keyword.startswith("="):
        return ""
    word = keyword.removeprefix("~")
    if _SHORT.fullmatch(word.removesuffix("*")):
        exact = f"={word.removesuffix('*').upper()}"
        return f"the keyword {keyword!r} is so short that it finds much else; write {exact!r} to have the case count."
    if _ONE_SYLLABLE.fullmatch(word):
        return f"the keyword {keyword!r} is one syllable, which many Vietnamese words share; write the whole word."
    return ""


def _where(route: Route, settings: Settings) -> str:
    """The place of a rule as one would say it: ``topics.ai``, ``source lwn-net``."""
    return f"topics.{route[1]}" if route[0] == "topics" else f"source {settings.sources[int(route[1])].slug}"


def _credentials_in_addresses(settings: Settings) -> Iterator[str]:
    for source in settings.sources:
        parts = urlsplit(source.url) if usable(source.url) else None
        if parts and "@" in parts.netloc:
            yield f"source {source.slug}: a name or password in an address may be seen by others; use `auth` in its place."


QUESTIONS: tuple[Callable[[Settings], Iterator[str]], ...] = (
    _plain_secrets,
    _credentials_in_addresses,
    _nothing_to_do,
    _contact,
    _unreachable,
    _unreachable_hub,
    _samples_in_public,
    _ruleless_topics,
    _keywords,
)
