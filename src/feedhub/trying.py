"""Rules tried over what is stored, before they are in force: what would enter a topic, what would leave it, what a
source's keep and drop rules would refuse. Reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from feedhub.classify import Stops
from feedhub.model import Entry, EntryId, StoredEntry
from feedhub.ports import Catalogue
from feedhub.understand import Carried, Rulebook, whole

CHUNK = 500
"""Stored entries read at a time."""

Step = Callable[[int, int], None]
"""Told how many entries were looked at, of how many."""


class Store(Catalogue, Protocol):
    """What is read."""

    def count_entries(self, after: EntryId) -> int: ...

    def topics_of(self, numbers: Collection[EntryId]) -> Mapping[EntryId, Mapping[str, str]]:
        """The topics that entries belong to now, with the rule that said so."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One entry of a trial and the reason: the rule that matches it, or that did so far."""

    id: EntryId
    title: str
    source: str
    published: str
    because: str


@dataclass(slots=True, kw_only=True)
class Trial:
    """What became of one topic, or of one source's filter. Samples are the newest; counts are of all.

    ``rules`` counts the entries by the rule that put them there.
    """

    name: str
    looked_at: int = 0
    stays: int = 0
    enters: int = 0
    leaves: int = 0
    entering: list[Found] = field(default_factory=list)
    leaving: list[Found] = field(default_factory=list)
    staying: list[Found] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)

    @property
    def matches(self) -> int:
        return self.stays + self.enters

    @property
    def changed(self) -> bool:
        return bool(self.enters or self.leaves)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """All that was tried. ``slow``: patterns that did not come to an end in time."""

    trials: tuple[Trial, ...]
    looked_at: int
    slow: tuple[str, ...] = ()


def try_topics(
    store: Store, rules: Rulebook, names: Collection[str], *, after: EntryId, show: int, step: Step
) -> Trials:
    """Topics under these rules, compared with what stored entries belong to now.

    :param after: only entries with a greater number.
    :param show: how many samples of each kind are kept.
    """
    trials = {name: Trial(name=name) for name in names}
    slow: dict[str, None] = {}
    looked_at = 0
    for chunk in _chunks(store, after, step):
        now, stops = store.topics_of([stored.id for stored, _ in chunk]), Stops()
        for stored, slugs in chunk:
            then = _topics(stored, slugs, rules, slow, stops)
            looked_at += 1
            for name, trial in trials.items():
                _compare(trial, stored, now.get(stored.id, {}).get(name), then.get(name), show)
                trial.rules.update([then[name]] if name in then else [])
    for trial in trials.values():
        trial.looked_at = looked_at
    return Trials(trials=tuple(trials.values()), looked_at=looked_at, slow=tuple(slow))


def try_filter(store: Store, rules: Rulebook, slug: str, *, after: EntryId, show: int, step: Step) -> Trials:
    """A source's keep and drop rules, on the stored entries that it carried: those refused are ``leaving``."""
    trial = Trial(name=slug)
    slow: dict[str, None] = {}
    for chunk in _chunks(store, after, step):
        stops = Stops()
        for stored, slugs in chunk:
            if slug in slugs:
                trial.looked_at += 1
                facts = rules.classifier.facts(whole(stored.entry), slug, stops)
                refusal = rules.classifier.refusal(facts)
                slow |= facts.slow
                _compare(trial, stored, refusal or "it is stored", None if refusal else "it is kept", show)
                trial.rules.update([refusal] if refusal else [])
    return Trials(trials=(trial,), looked_at=trial.looked_at, slow=tuple(slow))


def _chunks(store: Store, after: EntryId, step: Step) -> Iterator[list[Carried]]:
    total, done = store.count_entries(after), 0
    step(0, total)
    while chunk := store.all_entries(after, CHUNK):
        yield chunk
        after, done = chunk[-1][0].id, done + len(chunk)
        step(done, max(total, done))


def _topics(
    stored: StoredEntry, slugs: Collection[str], rules: Rulebook, slow: dict[str, None], stops: Stops
) -> dict[str, str]:
    entry: Entry = whole(stored.entry)
    found: dict[str, str] = {}
    for slug in slugs:
        facts = rules.classifier.facts(entry, slug, stops)
        for one in rules.classifier.topics.memberships(facts):
            found.setdefault(one.feed.key, one.rule)
        slow |= facts.slow
    return found


def _compare(trial: Trial, stored: StoredEntry, before: str | None, after: str | None, show: int) -> None:
    if after is not None and before is not None:
        trial.stays += 1
        _keep(trial.staying, stored, after, show)
    elif after is not None:
        trial.enters += 1
        _keep(trial.entering, stored, after, show)
    elif before is not None:
        trial.leaves += 1
        _keep(trial.leaving, stored, before, show)


def _keep(samples: list[Found], stored: StoredEntry, because: str, show: int) -> None:
    """Entries come in order of number: the last are the newest."""
    entry = stored.entry
    published = f"{entry.published:%Y-%m-%d %H:%MZ}"
    samples.append(
        Found(id=stored.id, title=entry.title, source=stored.source_slug, published=published, because=because)
    )
    if len(samples) > show:
        del samples[0]
