"""All rules of a configuration as one object that is pickled to the worker processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from feedhub.classify.facts import Facts, Stops
from feedhub.classify.people import People, compile_people
from feedhub.classify.rules import RuleBook, compile_book
from feedhub.classify.topics import TopicBook, compile_topics
from feedhub.classify.verdicts import RuleVerdict, TopicVerdict, judge, judge_rules
from feedhub.model import Entry, FeedKind, FeedRef, Membership
from feedhub.settings import Authors, Source, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filter:
    """The keep and drop rules of one source: ``keep`` first, then ``drop``, in one book."""

    book: RuleBook
    keep: int  # how many rules keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """Where entries belong. Made by :func:`compile_rules`; immutable and picklable."""

    topics: TopicBook
    people: People
    filters: Mapping[str, _Filter]

    def facts(self, entry: Entry, source_slug: str, stops: Stops | None = None) -> Facts:
        """What rules may ask about an entry of a source: looked for once, for all calls below.

        :param stops: one for all entries that are labelled together; it bounds the time that slow patterns take.
        """
        return Facts(entry, source_slug, self.people, stops)

    def admits(self, entry: Entry, source_slug: str) -> str | None:
        """None when the entry is stored; else why the source's ``keep`` and ``drop`` rules refuse it."""
        return self.refusal(self.facts(entry, source_slug))

    def memberships(self, entry: Entry, source_slug: str, source_title: str) -> tuple[Membership, ...]:
        """The feeds an entry belongs in, each once: all, its source, topics, authors, categories."""
        return self.places(self.facts(entry, source_slug), source_title)

    def refusal(self, facts: Facts) -> str | None:
        """As :meth:`admits`."""
        rules = self.filters.get(facts.source)
        if rules is None:
            return None
        hits = rules.book.hits(facts)
        reasons = [rules.book.why(number, facts, hits) for number in range(len(rules.book.rules))]
        if rules.keep and not any(reasons[: rules.keep]):
            return "no keep rule matches"
        dropped = next((reason for reason in reasons[rules.keep :] if reason), None)
        return None if dropped is None else f"drop rule: {dropped}"

    def places(self, facts: Facts, source_title: str) -> tuple[Membership, ...]:
        """As :meth:`memberships`."""
        return (
            _EVERYTHING,
            _of_source(facts.source, source_title),
            *self.topics.memberships(facts),
            *_each_once(self.people.memberships(facts.entry.authors, facts.source)),
            *_each_once(_categories(facts.entry)),
        )

    def verdicts(self, facts: Facts) -> list[TopicVerdict]:
        """For every topic whether the entry is in it, and why or why not."""
        return judge(self.topics, facts)

    def filter_verdicts(self, facts: Facts) -> list[RuleVerdict]:
        """The same for the source's own rules: ``keep[0]``, ``drop[0]``."""
        rules = self.filters.get(facts.source)
        if rules is None:
            return []
        names = [f"keep[{n}]" for n in range(rules.keep)]
        names += [f"drop[{n}]" for n in range(len(rules.book.rules) - rules.keep)]
        return judge_rules(rules.book, names, facts)


# The same few sources, authors and categories come again and again: one membership of each is made, and handed on once a document.
@lru_cache(maxsize=64)
def _of_source(slug: str, title: str) -> Membership:
    return Membership(
        feed=FeedRef(kind=FeedKind.SOURCE, key=slug, title=title or slug, slug=slug), rule=f"source {slug}"
    )


def _categories(entry: Entry) -> Iterator[Membership]:
    for category in entry.categories:
        if category.key:
            yield _of_category(category.key, category.name)


@lru_cache(maxsize=1024)
def _of_category(key: str, name: str) -> Membership:
    return Membership(feed=FeedRef(kind=FeedKind.CATEGORY, key=key, title=name or key), rule=f'category "{name}"')


def _each_once(found: Iterable[Membership]) -> Iterable[Membership]:
    """Of several memberships in one feed the first."""
    once: dict[str, Membership] = {}
    for membership in found:
        once.setdefault(membership.feed.key, membership)
    return once.values()


_EVERYTHING = Membership(feed=FeedRef(kind=FeedKind.ALL, key="all", title="All", slug="all"), rule="every entry")


def compile_rules(topics: Mapping[str, Topic], authors: Authors, sources: Sequence[Source]) -> Classifier:
    """Compile everything that says where entries belong.

    :raises feedhub.patterns.BadPattern: a regular expression does not compile.
    """
    people = compile_people(authors)
    filters = {
        source.slug: _Filter(book=compile_book((*source.keep, *source.drop), people), keep=len(source.keep))
        for source in sources
        if source.keep or source.drop
    }
    return Classifier(topics=compile_topics(topics, people), people=people, filters=filters)
