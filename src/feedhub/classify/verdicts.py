"""Why an entry is in a topic or not, rule by rule: what :mod:`feedhub.classify.topics` decides, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from feedhub.classify.facts import Facts
from feedhub.classify.rules import Hit, RuleBook
from feedhub.classify.topics import CompiledTopic, TopicBook

PARTS = ("any", "all", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """One rule of a topic, or of a source's keep and drop rules."""

    place: str  # ``any[0]``, as in the file
    met: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicVerdict:
    """One topic. ``near``: one of its rules matches although the entry is not in it."""

    key: str
    title: str
    member: bool
    why: str
    rules: tuple[RuleVerdict, ...] = ()

    @property
    def near(self) -> bool:
        return not self.member and any(rule.met for rule in self.rules)


def judge(book: TopicBook, facts: Facts) -> list[TopicVerdict]:
    """Every topic of the configuration in its order."""
    hits = book.book.hits(facts)
    member = {one.feed.key: one.rule for one in book.memberships(facts)}
    return [_judge(book, number, facts, hits, member) for number in range(len(book.topics))]


def judge_rules(book: RuleBook, names: Iterable[str], facts: Facts) -> list[RuleVerdict]:
    """Rules of a book by their numbers; ``names`` are their places in the file."""
    hits = book.hits(facts)
    return [_rule(book, number, name, facts, hits) for number, name in enumerate(names)]


def _judge(
    book: TopicBook, number: int, facts: Facts, hits: Mapping[int, Hit], member: Mapping[str, str]
) -> TopicVerdict:
    topic = book.topics[number]
    rules = tuple(
        _rule(book.book, rule, f"{part}[{place}]", facts, hits)
        for part in PARTS
        for place, rule in enumerate(getattr(topic, part))
    )
    key = topic.feed.key
    why = member[key] if key in member else _why_not(book, number, topic, rules, member)
    return TopicVerdict(key=key, title=topic.feed.title, member=key in member, why=why, rules=rules)


def _why_not(
    book: TopicBook, number: int, topic: CompiledTopic, rules: tuple[RuleVerdict, ...], member: Mapping[str, str]
) -> str:
    """The first thing that keeps the entry out."""
    if topic.any and not any(rule.met for rule in rules if rule.place.startswith("any")):
        return rules[0].why if len(topic.any) == 1 else f"none of its {len(topic.any)} `any` rules matches"
    missed = next((rule for rule in rules if rule.place.startswith("all") and not rule.met), None)
    if missed is not None:
        return f"{missed.place} does not match: {missed.why}"
    excluded = next((rule for rule in rules if rule.place.startswith("none") and rule.met), None)
    if excluded is not None:
        return f"{excluded.place} excludes it: {excluded.why}"
    if topic.default:
        return f"it takes only what no other topic takes, and it is in {', '.join(member)}"
    children = [other.feed.key for other in book.topics if other.parent == number]
    return f"it has no rules of its own; its subtopics do not match ({', '.join(children)})" if children else "no rule"


def _rule(book: RuleBook, number: int, place: str, facts: Facts, hits: Mapping[int, Hit]) -> RuleVerdict:
    conditions = list(book.conditions(number, facts, hits))
    unmet = [name for name, reason in conditions if reason is None]
    if unmet or not conditions:
        why = "; ".join(_unmet(book, number, name, facts) for name in unmet) or "it asks for nothing"
        return RuleVerdict(place=place, met=False, why=why)
    return RuleVerdict(place=place, met=True, why=" and ".join(reason for _, reason in conditions if reason))


def _unmet(book: RuleBook, number: int, name: str, facts: Facts) -> str:
    rule, entry = book.rules[number], facts.entry
    match name:
        case "keyword":
            words = book.keywords[number]
            shown = ", ".join(f'"{word}"' for word in words[:5]) + (f" or {len(words) - 5} more" if words[5:] else "")
            slow = [source for source, pattern in rule.patterns if pattern.source in facts.slow]
            stopped = f" ({', '.join(slow)} took too long and was stopped)" if slow else ""
            return (
                f"neither {' nor '.join(sorted(rule.where))} has {shown}{stopped}"
                if len(rule.where) > 1
                else (f"its {next(iter(rule.where)).value} has no {shown}{stopped}")
            )
        case "category":
            return _others("category", [category.name for category in entry.categories])
        case "author":
            return _others("author", [byline.name for byline in entry.authors])
        case "source":
            return f"its source is {facts.source}"
        case "publisher":
            return _others("publisher", [entry.publisher])
        case "language":
            return _others("language", [entry.language])
        case "enclosure":
            return _others("enclosure", [enclosure.type for enclosure in entry.enclosures])
        case _:
            pattern = rule.title if name == "title" else rule.link
            source = pattern.source if pattern else ""
            done = "took too long and was stopped" if source in facts.slow else "does not match"
            return f"its {name}: /{source}/ {done}"


def _others(what: str, has: Iterable[str]) -> str:
    told = ", ".join(_quoted(has))
    return f"no {what} of it is asked for; it has {told}" if told else f"it has no {what}"


def _quoted(words: Iterable[str]) -> Iterator[str]:
    return (f'"{word}"' for word in words if word)
