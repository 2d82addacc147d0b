"""Topics: (any of ``any``) and (all of ``all``) and (none of ``none``), their parents, and the default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from feedhub.classify.facts import Facts
from feedhub.classify.people import People
from feedhub.classify.rules import Hit, RuleBook, compile_book
from feedhub.model import FeedKind, FeedRef, Membership
from feedhub.settings import Rule, Topic

_MOST_SAID = 50_000
"""Memberships by keyword that are kept to be given out again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledTopic:
    feed: FeedRef
    any: tuple[int, ...]  # numbers in the rule book
    all: tuple[int, ...]
    none: tuple[int, ...]
    parent: int | None
    default: bool
    simple: bool  # nothing but ``any``


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicBook:
    topics: tuple[CompiledTopic, ...]
    book: RuleBook
    gates: Mapping[int, int]  # a topic by each rule without which it cannot match
    always: tuple[int, ...]  # topics that no rule leads to
    defaults: tuple[int, ...]
    direct: Mapping[
        int, int
    ]  # a topic by its rule, of the topics that literal keywords alone decide; they have no gates
    nested: bool  # whether any topic has a parent
    said: dict[tuple[int, Hit], Membership] = field(default_factory=dict, compare=False, repr=False)  # only saves time

    def memberships(self, facts: Facts) -> list[Membership]:
        """The topics of an entry in the order of the configuration, each with the first rule that put it there."""
        if not self.topics:
            return []
        hits = self.book.hits(facts)
        found: dict[int, Membership] = {}
        for rule in sorted(hits):
            topic = self.direct.get(rule)
            if topic is not None and topic not in found:
                found[topic] = self._by_keyword(topic, rule, hits[rule])
        led_to = {self.gates[rule] for rule in self.book.candidates(facts, hits) if rule in self.gates}
        for number in led_to.union(self.always):
            reason = self._why(self.topics[number], facts, hits)
            if reason is not None:
                found[number] = Membership(feed=self.topics[number].feed, rule=reason)
        for number in self.defaults if not found else ():
            found[number] = Membership(feed=self.topics[number].feed, rule="no other topic matches")
        self._add_parents(found)
        return [found[number] for number in sorted(found)]

    def _by_keyword(self, topic: int, rule: int, hit: Hit) -> Membership:
        """The same keyword puts many entries into the same topic: saying so is a good part of the work."""
        known = self.said.get((rule, hit))
        if known is None:
            if len(self.said) >= _MOST_SAID:
                self.said.clear()
            known = Membership(feed=self.topics[topic].feed, rule=self.book.told(rule, hit))
            self.said[rule, hit] = known
        return known

    def _why(self, topic: CompiledTopic, facts: Facts, hits: Mapping[int, Hit]) -> str | None:
        found = ""
        if topic.any:
            first = self._first(topic.any, facts, hits)
            if first is None or topic.simple:
                return first
            found = first
        reasons = [found] if found else []
        for rule in topic.all:
            reason = self.book.why(rule, facts, hits)
            if reason is None:
                return None
            reasons.append(reason)
        if self._first(topic.none, facts, hits) is not None:
            return None
        return " and ".join(reasons) or "none of its exclusions"

    def _first(self, rules: Iterable[int], facts: Facts, hits: Mapping[int, Hit]) -> str | None:
        for rule in rules:
            reason = self.book.why(rule, facts, hits)
            if reason is not None:
                return reason
        return None

    def _add_parents(self, found: dict[int, Membership]) -> None:
        for number in sorted(found) if self.nested else ():
            child, parent = number, self.topics[number].parent
            while parent is not None and parent not in found:
                rule = f"subtopic {self.topics[child].feed.key}: {found[child].rule}"
                found[parent] = Membership(feed=self.topics[parent].feed, rule=rule)
                child, parent = parent, self.topics[parent].parent


def compile_topics(topics: Mapping[str, Topic], people: People) -> TopicBook:
    rules: list[Rule] = []
    places = {key: number for number, key in enumerate(topics)}
    compiled = []
    for key, topic in topics.items():
        compiled.append(
            CompiledTopic(
                feed=FeedRef(kind=FeedKind.TOPIC, key=key, title=topic.title or key, slug=key),
                any=_number(topic.any, rules),
                all=_number(topic.all, rules),
                none=_number(topic.none, rules),
                parent=places.get(topic.parent),
                default=topic.default,
                simple=not topic.all and not topic.none,
            )
        )
    book = compile_book(rules, people)
    direct = {
        rule: number
        for number, topic in enumerate(compiled)
        if topic.simple and all(book.rules[rule].only_literals for rule in topic.any)
        for rule in topic.any
    }
    gates = {rule: number for number, topic in enumerate(compiled) for rule in topic.any or topic.all[:1]}
    # A topic of exclusions alone takes everything else; one without any rule only what its subtopics bring.
    always = tuple(number for number, topic in enumerate(compiled) if topic.none and not topic.any and not topic.all)
    return TopicBook(
        topics=tuple(compiled),
        book=book,
        gates={rule: number for rule, number in gates.items() if rule not in direct},
        always=always,
        defaults=tuple(number for number, topic in enumerate(compiled) if topic.default),
        direct=direct,
        nested=any(topic.parent is not None for topic in compiled),
    )


def _number(rules: Iterable[Rule], book: list[Rule]) -> tuple[int, ...]:
    first = len(book)
    book.extend(rules)
    return tuple(range(first, len(book)))
