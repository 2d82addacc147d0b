"""What types cannot say: whether the parts of the file fit together. Pure; one function for each question, one list.

Every check gets the settings and the tree they were made from, place for place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urlsplit

from feedhub.config.addresses import same_address, usable
from feedhub.config.check_courtesy import backoff_problems, courtesy_problems
from feedhub.config.check_pages import page_problems
from feedhub.config.check_rules import rule_problems
from feedhub.config.check_times import interval_problems, max_age_problems
from feedhub.config.nodes import Node, Route
from feedhub.config.words import duration
from feedhub.errors import ConfigProblem
from feedhub.model import FeedKind
from feedhub.settings import OWN_HUB, Rule, Settings

SAMPLES = ("tin-tai-chinh", "world-economy", "markets-digest", "open-tools", "money-aloud")
"""Slugs of the sample sources: with ``examples: true`` rules may name them."""

_OWN_HEADERS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "user-agent"}
    | {"accept-encoding", "a-im", "range", "if-none-match", "if-modified-since", "cookie", "referer"}
)
_KINDS = frozenset(kind.value for kind in FeedKind if kind is not FeedKind.ALL)
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check looks at. ``topics`` and ``sources`` are all names the file defines, valid or not."""

    settings: Settings
    tree: Node
    topics: frozenset[str]
    sources: frozenset[str]

    def at(self, *route: str | int) -> Node:
        return self.tree.nearest(route)


def check(settings: Settings, tree: Node, whole: Node) -> list[ConfigProblem]:
    """Everything that does not fit. ``tree`` is what the settings were made from, ``whole`` the file before that."""
    topics, sources = whole.get("topics"), whole.get("sources")
    slugs = (node.map["slug"] for node in (sources.items if sources else ()) if "slug" in node.map)
    checked = Checked(
        settings=settings,
        tree=tree,
        topics=frozenset(topics.map if topics else ()),
        sources=frozenset(str(slug.value) for slug in slugs) | frozenset(SAMPLES if settings.examples else ()),
    )
    return [problem for ask in CHECKS for problem in ask(checked)]


# ---------------------------------------------------------------- the site and the network


def _base_url(checked: Checked) -> Iterator[ConfigProblem]:
    url, node = checked.settings.site.base_url, checked.at("site", "base_url")
    if not usable(url):
        yield node.problem("not an address that can be used", allowed="https://news.example.org")
    elif any(urlsplit(url)[3:]) or "@" in urlsplit(url).netloc:
        yield node.problem(
            "an address of a site has no user, query or fragment", allowed="https://host or https://host/path"
        )


def _ports(checked: Checked) -> Iterator[ConfigProblem]:
    for index, ports in enumerate(checked.settings.polling.ports):
        first, _, last = ports.partition("-")
        numbers = [
            int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0 for text in (first, last or first)
        ]
        if not 1 <= numbers[0] <= numbers[1] <= 65535:
            yield checked.at("polling", "ports", index).problem(
                f"{ports!r} is no port and no range of ports", allowed="1-65535, such as 443 or 8000-8999"
            )


# ---------------------------------------------------------------- sources


def _doubled_sources(checked: Checked) -> Iterator[ConfigProblem]:
    urls: dict[str, str] = {}
    slugs: dict[str, str] = {}
    for index, source in enumerate(checked.settings.sources):
        address, slug = checked.at("sources", index, "url"), checked.at("sources", index, "slug")
        if not usable(source.url):
            yield address.problem("not an address that can be used", allowed="https://host/path")
        elif (key := same_address(source.url)) in urls:
            yield address.problem(f"this address is polled already, as {urls[key]}")
        else:
            urls[key] = f"{source.slug} (line {address.place.line})"
        if source.slug in slugs:
            yield slug.problem(f"the slug {source.slug!r} is taken already, on line {slugs[source.slug]}")
        slugs.setdefault(source.slug, str(slug.place.line))


def _headers(checked: Checked) -> Iterator[ConfigProblem]:
    routes: list[tuple[Route, Iterable[str]]] = [(("defaults", "headers"), checked.settings.defaults.headers)]
    routes += [(("sources", index, "headers"), source.headers) for index, source in enumerate(checked.settings.sources)]
    for route, names in routes:
        for name in names:
            node = checked.at(*route, name)
            if not name or not set(name.lower()) <= _TOKEN:
                yield node.problem("not a name of a header", at_key=True, allowed="letters, digits and -")
            elif name.lower() in _OWN_HEADERS:
                yield node.problem(f"FeedHub sets {name} itself and keeps it honest; remove it", at_key=True)


def _credentials(checked: Checked) -> Iterator[ConfigProblem]:
    for index, source in enumerate(checked.settings.sources):
        if source.auth and source.auth.username and source.auth.bearer.get_secret_value():
            yield checked.at("sources", index, "auth").problem("either username and password, or bearer")
        elif source.auth and source.auth.password.get_secret_value() and not source.auth.username:
            yield checked.at("sources", index, "auth").problem("a password without a username")


# ---------------------------------------------------------------- the hub


def _hub(checked: Checked) -> Iterator[ConfigProblem]:
    hub = checked.settings.hub
    own = f"{checked.settings.site.base_url.rstrip('/')}{OWN_HUB}"
    seen: set[str] = set()
    for index, url in enumerate(hub.others):
        node = checked.at("hub", "others", index)
        if not usable(url) or "@" in urlsplit(url).netloc or "#" in url:
            yield node.problem("not an address of a hub", allowed="https://hub.example.org/ without user and fragment")
        elif usable(own) and same_address(url) == same_address(own):
            yield node.problem("this is our own hub", allowed="`own: true`")
        elif same_address(url) in seen:
            yield node.problem("this hub is named already")
        seen.add(same_address(url) if usable(url) else url)
    lease = hub.lease
    if not lease.min <= lease.usual <= lease.max:
        words = f"{duration(lease.min)}, {duration(lease.usual)}, {duration(lease.max)}"
        yield checked.at("hub", "lease").problem(f"min, usual and max must not fall ({words})")


# ---------------------------------------------------------------- names


def _formerly(checked: Checked) -> Iterator[ConfigProblem]:
    topics = [(("topics", key), topic.formerly) for key, topic in checked.settings.topics.items()]
    yield from _old_names(topics, checked.topics, checked)
    sources = [(("sources", index), source.formerly) for index, source in enumerate(checked.settings.sources)]
    yield from _old_names(sources, checked.sources, checked)


def _old_names(
    things: Sequence[tuple[Route, tuple[str, ...]]], current: frozenset[str], checked: Checked
) -> Iterator[ConfigProblem]:
    claims = Counter(name for _, old in things for name in set(old))
    for route, old in things:
        for index, name in enumerate(old):
            node = checked.at(*route, "formerly", index)
            if name in current:
                yield node.problem(f"{name!r} is a name in use, so it cannot be an earlier one")
            elif claims[name] > 1:
                yield node.problem(f"{name!r} is claimed as an earlier name by two")


def _parents(checked: Checked) -> Iterator[ConfigProblem]:
    topics = checked.settings.topics
    for key, topic in topics.items():
        node = checked.at("topics", key, "parent")
        if topic.parent and topic.parent not in checked.topics:
            yield _undefined(node, "topic", topic.parent, checked.topics)
        elif topic.parent and key in (line := _line_of(topic.parent, checked)):
            circle = line[: line.index(key) + 1]
            if key == min(circle, key=list(topics).index):  # a circle is told once
                yield node.problem(f"topics cannot be their own ancestors: {' -> '.join([key, *circle])}")


def _line_of(key: str, checked: Checked) -> list[str]:
    """A topic and its ancestors, each once."""
    line: list[str] = []
    while key and key not in line:
        line.append(key)
        topic = checked.settings.topics.get(key)
        key = topic.parent if topic else ""
    return line


def _aliases(checked: Checked) -> Iterator[ConfigProblem]:
    people = checked.settings.authors.people.items()
    owners = {name.casefold(): slug for slug, person in people for name in (person.name, slug) if name}
    for slug, person in checked.settings.authors.people.items():
        for index, alias in enumerate(person.aliases):
            owner = owners.setdefault(alias.casefold(), slug)
            if owner != slug:
                yield checked.at("authors", "people", slug, "aliases", index).problem(
                    f"{alias!r} is a name of {owner} already"
                )


def _undefined(node: Node, what: str, name: str, known: Iterable[str]) -> ConfigProblem:
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return node.problem(f"there is no {what} {name!r} in this file", suggestion=near[0] if near else "")


# ---------------------------------------------------------------- rules, intervals, private feeds


def _rules(checked: Checked) -> Iterator[ConfigProblem]:
    for route, rule in all_rules(checked.settings):
        yield from rule_problems(rule, checked.tree, route)
        for index, slug in enumerate(rule.source):
            if slug not in checked.sources:
                yield _undefined(checked.at(*route, "source", index), "source", slug, checked.sources)


def all_rules(settings: Settings) -> Iterator[tuple[Route, Rule]]:
    """Every rule of the file with its place."""
    for key, topic in settings.topics.items():
        for part in ("any", "all", "none"):
            yield from ((("topics", key, part, index), rule) for index, rule in enumerate(getattr(topic, part)))
    for number, source in enumerate(settings.sources):
        for part in ("keep", "drop"):
            yield from ((("sources", number, part, index), rule) for index, rule in enumerate(getattr(source, part)))


def _pages(checked: Checked) -> Iterator[ConfigProblem]:
    for index, source in enumerate(checked.settings.sources):
        yield from page_problems(source, checked.at("sources", index))


def _intervals(checked: Checked) -> Iterator[ConfigProblem]:
    yield from interval_problems(checked.settings, checked.tree)
    yield from max_age_problems(checked.settings, checked.tree)
    yield from courtesy_problems(checked.settings, checked.tree)
    yield from backoff_problems(checked.settings, checked.tree)


def _private(checked: Checked) -> Iterator[ConfigProblem]:
    for path, tokens in checked.settings.feeds.private.items():
        yield from _path(checked, "private", path)
        for index, token in enumerate(tokens):
            if token.get_secret_value() in _KINDS:  # the address would be that of HTTP Basic
                said = "a token may not be the name of a kind of feed; make a long random one"
                yield checked.at("feeds", "private", path, index).problem(said)


def _content_of(checked: Checked) -> Iterator[ConfigProblem]:
    for path in checked.settings.feeds.content_of:
        yield from _path(checked, "content_of", path)


def _path(checked: Checked, key: str, path: str) -> Iterator[ConfigProblem]:
    """What is wrong with the path of a feed that stands as a key under ``feeds.private`` or another one."""
    node = checked.at("feeds", key, path)
    kind, _, slug = path.strip("/").partition("/")
    if path == FeedKind.ALL:
        return
    if kind not in _KINDS or not slug or path != f"{kind}/{slug}":
        kinds = ", ".join(f"{kind}/<slug>" for kind in FeedKind if kind is not FeedKind.ALL)
        yield node.problem(f"{path!r} is no path of a feed", at_key=True, allowed=f"all, {kinds}")
    elif kind == FeedKind.TOPIC and slug not in checked.topics:
        yield _undefined(node, "topic", slug, checked.topics)
    elif kind == FeedKind.SOURCE and slug not in checked.sources:
        yield _undefined(node, "source", slug, checked.sources)


CHECKS: tuple[Callable[[Checked], Iterator[ConfigProblem]], ...] = (
    _base_url,
    _ports,
    _doubled_sources,
    _headers,
    _credentials,
    _hub,
    _formerly,
    _parents,
    _aliases,
    _rules,
    _pages,
    _intervals,
    _private,
    _content_of,
)
