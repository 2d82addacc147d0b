"""Topics beside what is stored: which match nothing or everything, which words of theirs add nothing or find too much.

For ``feedhub check``. Reads only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from feedhub.classify import label_of
from feedhub.classify.overlaps import Looked, overshadowed
from feedhub.config.vietnamese import is_syllable
from feedhub.model import EntryId
from feedhub.settings import Rule, Settings, Topic
from feedhub.slugs import slug_of
from feedhub.trying import Step, Trials, try_topics
from feedhub.trying import Store as TryingStore
from feedhub.understand import Rulebook, too_slow

FEW = 20
"""Stored entries below which nothing can be said of what topics match."""
NEARLY_ALL = 0.9
"""Share of the entries from which on a topic tells nothing apart."""
_MOST_NAMED = 8


class Store(TryingStore, Protocol):
    """What is read."""

    def before_newest(self, count: int) -> EntryId: ...

    def categories_seen(self) -> list[tuple[str, str, str, int]]:
        """Key, term, label, and how many entries have it."""
        ...

    def languages_seen(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One sentence. ``warning``: something is probably not as meant."""

    text: str
    warning: bool = True


def survey(store: Store | None, settings: Settings, newest: int, step: Step) -> list[Remark]:
    """Everything there is to say of the topics of a configuration; without a store only what the file shows."""
    languages = _languages(settings) | (store.languages_seen() if store else frozenset())
    remarks = [*_keywords(settings, vietnamese=any(tag.partition("-")[0] == "vi" for tag in languages))]
    if store is not None and newest and settings.topics:
        after = store.before_newest(newest)
        tried = try_topics(store, Rulebook.of(settings), list(settings.topics), after=after, show=0, step=step)
        remarks += _matches(tried, settings)
        remarks += _categories(store.categories_seen(), settings) if tried.looked_at >= FEW else ()
    return remarks


def _languages(settings: Settings) -> frozenset[str]:
    return frozenset(source.language.lower() for source in settings.sources if source.language)


# ---------------------------------------------------------------- keywords


def _keywords(settings: Settings, *, vietnamese: bool) -> Iterator[Remark]:
    for name, lists in _lists(settings):
        for rules in lists:
            listed = [Looked(source=word, where=frozenset(rule.where)) for rule in rules for word in rule.keyword]
            for word, other in overshadowed([one for one, rule in _alone(rules, listed)]):
                yield Remark(
                    text=f"{name}: the keyword {word!r} adds nothing: {other!r} finds as much; remove one of them."
                )
            for word in dict.fromkeys(one.source for one in listed) if vietnamese else ():
                if advice := _vietnamese(word.strip()):
                    yield Remark(text=f"{name}: {advice}")


def _lists(settings: Settings) -> Iterator[tuple[str, list[tuple[Rule, ...]]]]:
    """The lists of rules of which one is enough, by the name of what they belong to."""
    for key, topic in settings.topics.items():
        yield f"topics.{key}", [topic.any, topic.none]
    for source in settings.sources:
        yield f"source {source.slug}", [source.keep, source.drop]


def _alone(rules: Sequence[Rule], listed: Sequence[Looked]) -> Iterator[tuple[Looked, Rule]]:
    """The keywords of rules that ask for nothing else: only those can stand in for each other."""
    owners = [rule for rule in rules for _ in rule.keyword]
    for one, rule in zip(listed, owners, strict=True):
        if not rule.model_fields_set - {"keyword", "where"}:
            yield one, rule


def _vietnamese(word: str) -> str:
    """What is doubtful about a keyword where Vietnamese is read; "" when nothing is. Two letters are told of anyway."""
    if len(word) < 3 or not is_syllable(word) or any("\u1ea0" <= char <= "\u1ef9" or char in "ơưƠƯ" for char in word):
        return ""
    if word.isascii() and word.isupper():
        return f"the keyword {word!r} is also the Vietnamese word {word.lower()!r}; write {'=' + word!r} to have the case count."
    return f"the keyword {word!r} is one Vietnamese syllable, which many words share; write the whole word."


# ---------------------------------------------------------------- what they match


def _matches(tried: Trials, settings: Settings) -> Iterator[Remark]:
    if tried.looked_at < FEW:
        yield Remark(text=f"{tried.looked_at} entries are stored: too few to say what the topics match.", warning=False)
        return
    for trial in tried.trials:
        topic = settings.topics[trial.name]
        if not _has_rules(topic):
            continue
        if not trial.matches:
            yield Remark(
                text=f"topics.{trial.name}: matches none of the {tried.looked_at} entries stored last; `feedhub try {trial.name}` helps to find out why."
            )
        elif trial.matches >= NEARLY_ALL * tried.looked_at:
            share = f"{100 * trial.matches // tried.looked_at} %"
            (rule, number), *_ = trial.rules.most_common(1)
            yield Remark(
                text=f"topics.{trial.name}: takes {share} of the {tried.looked_at} entries stored last, {number} of them by {rule}; it tells nothing apart."
            )
    yield from (Remark(text=too_slow(pattern)) for pattern in tried.slow)


def _has_rules(topic: Topic) -> bool:
    return bool(topic.any or topic.all or topic.none) and not topic.default


# ---------------------------------------------------------------- categories


def _categories(seen: Sequence[tuple[str, str, str, int]], settings: Settings) -> Iterator[Remark]:
    """``seen``: key, term, label, and how many entries have it."""
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    for key, term, label, number in seen:
        for value in dict.fromkeys(filter(None, map(label_of, (key, term, label)))):
            counts[value] = counts.get(value, 0) + number
            names.setdefault(value, label or term)
    wanted: dict[str, list[str]] = {}
    for name, rules in _all_rules(settings):
        for value in (value for rule in rules for value in rule.category):
            wanted.setdefault(value, []).append(name)
    yield from _unseen(wanted, counts, names)
    yield from _unused({label_of(value) for value in wanted}, seen)


def _all_rules(settings: Settings) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    for key, topic in settings.topics.items():
        yield f"topics.{key}", (*topic.any, *topic.all, *topic.none)


def _unseen(wanted: dict[str, list[str]], counts: dict[str, int], names: dict[str, str]) -> Iterator[Remark]:
    never = []
    for value, places in wanted.items():
        if label_of(value) in counts:
            continue
        near = _nearest(label_of(value), counts)
        if near:
            place = ", ".join(dict.fromkeys(places))
            yield Remark(
                text=f"{place}: no entry has the category {value!r}; did you mean {names[near]!r} ({counts[near]} entries)?"
            )
        else:
            never.append(value)
    if never:
        yield Remark(text=f"Categories that no entry has had yet: {_named(never)}.", warning=False)


def _nearest(value: str, seen: Collection[str]) -> str | None:
    """The seen name that is written most alike, or the same but for diacritics."""
    slug = slug_of(value)
    same = next((name for name in seen if slug_of(name) == slug), None)
    return same or next(iter(get_close_matches(value, list(seen), n=1, cutoff=0.8)), None)


def _unused(wanted: set[str], seen: Sequence[tuple[str, str, str, int]]) -> Iterator[Remark]:
    rest: dict[str, int] = {}
    for key, term, label, number in seen:
        if wanted.isdisjoint(map(label_of, (key, term, label))):
            rest[label or term] = rest.get(label or term, 0) + number
    if rest:
        most = sorted(rest.items(), key=lambda pair: (-pair[1], pair[0]))
        told = _named(f"{name} ({number})" for name, number in most)
        yield Remark(text=f"Categories that no topic names: {told}.", warning=False)


def _named(names: Iterable[str]) -> str:
    told = list(names)
    more = f" and {len(told) - _MOST_NAMED} more" if len(told) > _MOST_NAMED else ""
    return ", ".join(told[:_MOST_NAMED]) + more
