"""A configuration -> a database that agrees with it: sources, topics, people, first polls.

Runs on the writer thread, at each start and reload. Doing it again after an interruption finishes the work.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from feedhub.config import snapshot_of
from feedhub.model import FeedKind, FeedRef, SourceId, SourceState
from feedhub.names import author_key
from feedhub.ports import Catalogue, Ledger, SourceSpec, TopicSpec
from feedhub.schedule import first_polls
from feedhub.settings import WAY_OF_READING, Settings, Source


class Store(Ledger, Catalogue, Protocol):
    """Both sides of the store."""


APPLIED = "applied configuration"
"""Name under which the snapshot for ``feedhub plan`` is remembered."""

PEOPLE = "people"
"""Name under which the people of the applied configuration are remembered, so that one who left is noticed."""

READING = "ways of reading"
"""Name under which it is remembered how pages were read, so that changed rules read them again."""

SECRETS = "marks of secrets"
"""Name under which it is remembered with what secrets validators were obtained: a few bits of each, no more."""


def apply_configuration(
    written: Settings, settings: Settings, store: Store, at: datetime, dice: Callable[[], float] = random.random
) -> None:
    """Make the database agree with the configuration. Runs on the writer thread.

    :param written: the settings as the file says them, remembered for ``feedhub plan``.
    :param settings: the same as they are in force (:func:`feedhub.instance.at_address`).
    """
    store.sync(source_specs(settings), topic_specs(settings), at)
    _forget_what_other_secrets_brought(settings, store)
    _read_again_under_other_rules(settings, store)
    _join_people(settings, store)
    store.hide_authors(_hidden(settings))
    store.show_every_copy(settings.stories.every_copy)
    store.schedule(_first_polls(store.never_planned(), settings, at, dice))
    store.remember(APPLIED, snapshot_of(written).dumps())


def _forget_what_other_secrets_brought(settings: Settings, store: Store) -> None:
    """Validators belong to the credentials that brought them: with others the same ETag may name another document.

    Only twelve bits of a digest are kept: enough to see that a secret changed, too few to try passwords on.
    """
    marks = {source.slug: _mark(source) for source in settings.sources if source.headers or source.auth}
    before: dict[str, str] = json.loads(store.recall(SECRETS) or "{}")
    if marks != before:
        changed = [slug for slug in marks.keys() | before.keys() if marks.get(slug) != before.get(slug)]
        store.forget_validators(changed)
        store.remember(SECRETS, json.dumps(marks))


def _read_again_under_other_rules(settings: Settings, store: Store) -> None:
    """A page that did not change still says something else when it is read in another way."""
    marks = {source.slug: mark for source in settings.sources if (mark := _way_of_reading(source))}
    before: dict[str, str] = json.loads(store.recall(READING) or "{}")
    if marks != before:
        store.forget_validators([slug for slug in marks.keys() | before if marks.get(slug) != before.get(slug)])
        store.remember(READING, json.dumps(marks))


def _way_of_reading(source: Source) -> str:
    """A digest of what the source says of its page; "" when it says nothing."""
    told = source.model_dump_json(include=set(WAY_OF_READING), exclude_defaults=True)
    return "" if told == "{}" else hashlib.blake2b(told.encode(), digest_size=8).hexdigest()


def _mark(source: Source) -> str:
    told = json.dumps([source.slug, sorted(source.request_headers().items())])
    return hashlib.blake2b(told.encode()).hexdigest()[:3]


def _join_people(settings: Settings, store: Store) -> None:
    """Feeds of a person's spellings become the person's feed, so that their addresses redirect.

    A person who left the configuration goes the other way: the feed lives on as that of the name, with all addresses
    that redirect to it, because a redirect must not end at nothing. The other spellings get new feeds by relabelling.
    """
    people = {} if settings.authors.scope == "source" else settings.authors.people
    joined = {key: person.name or key for key, person in people.items() if not person.hide}
    before: dict[str, str] = json.loads(store.recall(PEOPLE) or "{}")
    for key, name in before.items():
        if key not in joined:
            store.merge_feeds(FeedKind.AUTHOR, [key], FeedRef(kind=FeedKind.AUTHOR, key=author_key(name), title=name))
    for key, name in joined.items():
        spellings = [author_key(word) for word in (name, *people[key].aliases)]
        into = FeedRef(kind=FeedKind.AUTHOR, key=key, title=name, slug=key)
        store.merge_feeds(FeedKind.AUTHOR, spellings, into)
    if joined != before:
        store.remember(PEOPLE, json.dumps(joined, ensure_ascii=False))


def _hidden(settings: Settings) -> set[str]:
    """Keys of the feeds that people who are hidden may have had, under any spelling."""
    hidden = {key: person for key, person in settings.authors.people.items() if person.hide}
    spellings = {author_key(word) for key, person in hidden.items() for word in (person.name or key, *person.aliases)}
    return spellings | hidden.keys()


def _first_polls(
    new: list[SourceState], settings: Settings, at: datetime, dice: Callable[[], float]
) -> Mapping[SourceId, datetime]:
    """Samples at once; everything else spread, so that a thousand imported sources are no burst."""
    own = own_endpoints(settings)
    at_once = {state.id: at for state in new if any(f"{host}:{port}/" in state.url for host, port in own)}
    spread: timedelta = settings.polling.first_poll_spread
    return {**first_polls([state for state in new if state.id not in at_once], at, spread, dice), **at_once}


def own_endpoints(settings: Settings) -> frozenset[tuple[str, int]]:
    """Where this program serves its own samples: the one loopback endpoint the guard lets pass unasked."""
    if not settings.examples:
        return frozenset()
    hosts = {source.url.split("/")[2] for source in settings.sources if "/examples/" in source.url}
    pairs = {(host.rpartition(":")[0].strip("[]"), int(host.rpartition(":")[2])) for host in hosts if ":" in host}
    return frozenset(pair for pair in pairs if pair[0] in {"127.0.0.1", "::1"})


def source_specs(settings: Settings) -> list[SourceSpec]:
    return [
        SourceSpec(
            slug=source.slug,
            url=source.url,
            name=source.name,
            enabled=source.enabled,
            rights=source.rights,
            content=source.content,
            republish=source.republish,
            formerly=source.formerly,
        )
        for source in settings.sources
    ]


def topic_specs(settings: Settings) -> list[TopicSpec]:
    return [
        TopicSpec(key=key, title=topic.title or key, formerly=topic.formerly) for key, topic in settings.topics.items()
    ]
