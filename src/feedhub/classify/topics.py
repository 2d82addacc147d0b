"""Topics: (any of ``any``) and (all of ``all``) and (none of ``none``), their parents, and the default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from feedhub.classify.facts import Facts
from feedhub.classify.people import People
from feedhub.classify.rules import Hit, RuleBook, compile_book
from feedhub.model import FeedKind, FeedRef, Membership
from feedhub.settings import Rule, Topic


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

    def memberships(self, facts: Facts) -> list[Membership]:
        """The topics of an entry in the order of the configuration, each with the first rule that put it there."""
        hits = self.book.hits(facts)
        led_to = {self.gates[rule] for rule in self.book.candidates(facts, hits) if rule in self.gates}
        reasons: dict[int, str] = {}
        for number in sorted(led_to.union(self.always)):
            reason = self._why(self.topics[number], facts, hits)
            if reason is not None:
                reasons[number] = reason
        if not reasons:
            reasons.update(dict.fromkeys(self.defaults, "no other topic matches"))
        self._add_parents(reasons)
        return [Membership(feed=self.topics[number].feed, rule=reasons[number]) for number in sorted(reasons)]

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

    def _add_parents(self, reasons: dict[int, str]) -> None:
        for number in sorted(reasons):
            child, parent = number, self.topics[number].parent
            while parent is not None and parent not in reasons:
                reasons[parent] = f"subtopic {self.topics[child].feed.key}: {reasons[child]}"
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
    gates = {rule: number for number, topic in enumerate(compiled) for rule in topic.any or topic.all[:1]}
    # A topic of exclusions alone takes everything else; one without any rule only what its subtopics bring.
    always = tuple(number for number, topic in enumerate(compiled) if topic.none and not topic.any and not topic.all)
    return TopicBook(
        topics=tuple(compiled),
        book=compile_book(rules, people),
        gates=gates,
        always=always,
        defaults=tuple(number for number, topic in enumerate(compiled) if topic.default),
    )


def _number(rules: Iterable[Rule], book: list[Rule]) -> tuple[int, ...]:
    first = len(book)
    book.extend(rules)
    return tuple(range(first, len(book)))
