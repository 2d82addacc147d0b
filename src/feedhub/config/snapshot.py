"""What was applied: enough of the settings to tell later what a changed file would do. Pure, JSON-able, no secrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from feedhub.config.addresses import without_user
from feedhub.config.inherit import interval_of
from feedhub.config.masked import plain_of
from feedhub.config.nodes import Plain
from feedhub.config.sections import keys_of
from feedhub.masking import masked
from feedhub.settings import Rule, Section, Settings, Show, Source, Topic

VERSION = 1
Rules = str
"""Rules as canonical JSON: equal texts are equal rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A source, topic or person. ``same`` is by what a rename is guessed: a source's address, a topic's rules."""

    title: str = ""
    formerly: tuple[str, ...] = ()
    same: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The applied configuration. Header values and credentials are left out: only their names are kept."""

    base_url: str
    kinds: tuple[str, ...]
    formats: tuple[str, ...]
    private: tuple[str, ...]
    sources: Mapping[str, Thing]
    topics: Mapping[str, Thing]
    people: Mapping[str, Thing]
    other: Mapping[str, str]
    """Every other key of the file by its path."""
    labels: str
    """Digest of all that decides in which feeds an entry belongs."""

    def dumps(self) -> str:
        """Canonical JSON. Thousands of sources are written one by one, each thing's parts only while it is written."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        return "".join(_dumped({"version": VERSION, **said}))

    @staticmethod
    def loads(text: str) -> Snapshot:
        """The inverse of :meth:`dumps`.

        :raises ValueError: the text is no snapshot of this version; treat it as if nothing had been applied.
        """
        data = json.loads(text)
        if not isinstance(data, dict) or data.pop("version", None) != VERSION:
            raise ValueError("not a snapshot of this version")
        try:
            for name in ("sources", "topics", "people"):
                data[name] = {key: _thing(value) for key, value in data[name].items()}
            lists = {name: tuple(data[name]) for name in ("kinds", "formats", "private")}
            return Snapshot(**{**data, **lists})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a snapshot of this version") from error

    def rules_digest(self) -> str:
        """Changes when stored entries must be labelled again: topics, people or the kinds of feeds changed.

        It does not change with the names of sources (feeds keep their titles in the store), nor with their categories
        and keep and drop rules: these hold for entries that come in from now on, stored entries stay as they are.
        """
        return self.labels


def _dumped(mapping: Mapping[str, Any]) -> Iterator[str]:
    for place, name in enumerate(sorted(mapping)):
        yield f"{', ' if place else '{'}{json.dumps(name, ensure_ascii=False)}: "
        value = mapping[name]
        if isinstance(value, Mapping):
            yield from _dumped(value)
        elif isinstance(value, Thing):
            yield json.dumps({one.name: getattr(value, one.name) for one in fields(value)}, **_CANONICAL)
        else:
            yield json.dumps(value, **_CANONICAL)
    yield "}" if mapping else "{}"


_CANONICAL: Mapping[str, Any] = {"ensure_ascii": False, "sort_keys": True}


def rules_digest_of(settings: Settings) -> str:
    """:meth:`Snapshot.rules_digest` of a snapshot of these settings."""
    return _digest(settings)


def snapshot_of(settings: Settings) -> Snapshot:
    alike: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}  # most sources say the same of most things
    return Snapshot(
        base_url=without_user(settings.site.base_url),
        kinds=tuple(settings.feeds.kinds),
        formats=tuple(settings.feeds.formats),
        private=tuple(sorted(settings.feeds.private)),
        sources={source.slug: _source(source, settings, alike) for source in settings.sources},
        topics={key: _topic(key, topic) for key, topic in settings.topics.items()},
        people={
            slug: Thing(title=person.name or slug, facts=_facts(person, skip={"name"}))
            for slug, person in settings.authors.people.items()
        },
        other=_other(settings),
        labels=_digest(settings),
    )


def _thing(data: dict[str, Any]) -> Thing:
    return Thing(**{**data, "formerly": tuple(data["formerly"])})


def _source(source: Source, settings: Settings, alike: dict[tuple[tuple[str, str], ...], Mapping[str, str]]) -> Thing:
    told = _facts(source, skip={"slug", "name", "url", "formerly", "headers", "auth"})
    told["interval"] = _text(plain_of(interval_of(source, settings)))
    told["headers"] = ", ".join(sorted(source.headers))
    told["auth"] = _kind_of_auth(source)
    facts = alike.setdefault(tuple(told.items()), told)
    return Thing(title=source.name, formerly=source.formerly, same=masked(without_user(source.url)), facts=facts)


def _kind_of_auth(source: Source) -> str:
    if source.auth is None:
        return ""
    return "bearer" if source.auth.bearer.get_secret_value() else "basic"


def _topic(key: str, topic: Topic) -> Thing:
    facts = _facts(topic, skip={"title", "formerly", "any", "all", "none"})
    facts["rules"] = json.dumps(
        {part: [_rule(rule) for rule in getattr(topic, part)] for part in ("any", "all", "none")},
        ensure_ascii=False,
        sort_keys=True,
    )
    return Thing(title=topic.title or key, formerly=topic.formerly, same=facts["rules"], facts=facts)


def _rule(rule: Rule) -> Plain:
    return plain_of(rule, defaults=False)


def _facts(section: Section, *, skip: set[str]) -> dict[str, str]:
    plain = plain_of(section)
    items = plain.items() if isinstance(plain, dict) else ()
    return {key: _text(value) for key, value in items if key not in skip}


def _text(value: Plain) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _other(settings: Settings) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name in keys_of(Settings).keys() - {"sources", "topics", "defaults"}:
        value = getattr(settings, name)
        _flatten(plain_of(value) if isinstance(value, Section) else value, name, kept)
    skipped = ("authors.people", "feeds.kinds", "feeds.formats", "feeds.private", "site.base_url")
    return {path: kept[path] for path in sorted(kept) if not path.startswith(skipped)}


def _flatten(value: Plain, path: str, kept: dict[str, str]) -> None:
    if isinstance(value, dict):
        for key, child in value.items():
            _flatten(child, f"{path}.{key}" if path else key, kept)
    else:
        kept[path] = _text(value)


def _ranks(settings: Settings) -> dict[str, int]:
    """The priorities of sources, where anything depends on them."""
    if settings.stories.show is not Show.PRIORITY:
        return {}
    return {source.slug: source.priority for source in settings.sources if source.priority}


def _digest(settings: Settings) -> str:
    topics = {key: plain_of(topic) for key, topic in settings.topics.items()}
    rules = [
        topics,
        plain_of(settings.authors),
        list(settings.feeds.kinds),
        plain_of(settings.stories),
        _ranks(settings),
    ]
    withheld = sorted(source.slug for source in settings.sources if not source.republish)
    relevant = json.dumps(
        [*rules, withheld] if withheld else rules,
        ensure_ascii=False,
        sort_keys=True,
    )
    return hashlib.blake2b(relevant.encode(), digest_size=16).hexdigest()
