"""The rules of the configuration, compiled: which of them match an entry, and why, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from feedhub.classify.facts import Facts, first_in, label_of
from feedhub.classify.index import KeywordIndex, build_index
from feedhub.classify.keywords import Keyword, read_keyword
from feedhub.classify.people import People
from feedhub.patterns import OperatorPattern, compile_pattern
from feedhub.settings import Fields, Rule

FIELDS = tuple(Fields)
_NAMES = tuple(field.value for field in FIELDS)
_OTHERS = tuple(name for name in Rule.model_fields if name not in {"keyword", "where"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """One rule. Every condition that is given must hold; within a condition one value is enough."""

    has_keywords: bool
    only_literals: bool  # nothing but keywords that the index finds: what most rules are
    where: frozenset[Fields]
    patterns: tuple[tuple[str, OperatorPattern], ...]
    categories: tuple[str, ...]
    authors: tuple[str, ...]
    sources: frozenset[str]
    publishers: tuple[str, ...]
    languages: tuple[str, ...]
    enclosures: tuple[str, ...]
    title: OperatorPattern | None
    link: OperatorPattern | None


Hit = tuple[int, int]
"""Position of a field in FIELDS and of a keyword in its rule; the least is the one that is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """Many rules by number, searched together."""

    rules: tuple[CompiledRule, ...]
    keywords: tuple[tuple[str, ...], ...]  # of each rule, as written
    index: KeywordIndex
    uses: Mapping[
        Fields, Mapping[int, tuple[tuple[int, int], ...]]
    ]  # by field, of each keyword: (rule, position in it)
    fields: tuple[Fields, ...]  # those in which any keyword is looked for
    alike: bool  # all keywords are looked for in all of them
    by_category: Mapping[str, tuple[int, ...]]
    by_author: Mapping[str, tuple[int, ...]]
    by_source: Mapping[str, tuple[int, ...]]
    always: tuple[int, ...]  # rules that no table leads to

    def hits(self, facts: Facts) -> dict[int, Hit]:
        """The first literal keyword of each rule that stands in one of its fields."""
        hits: dict[int, Hit] = {}
        found: dict[Fields, set[int]] = {}
        for field in self.fields:
            earlier = tuple(found.values())
            found[field] = self._found(field, facts, found)
            rank, uses = FIELDS.index(field), self.uses[field]
            first: dict[int, int] = {}
            # What an earlier field had already tells nothing new, unless a rule looks here and not there.
            for number in found[field].difference(*earlier) if self.alike else found[field]:
                for rule, position in uses.get(number, ()):
                    if first.get(rule, position) >= position:
                        first[rule] = position
            for rule, position in first.items():
                if rule not in hits:
                    hits[rule] = (rank, position)
        return hits

    def _found(self, field: Fields, facts: Facts, found: Mapping[Fields, set[int]]) -> set[int]:
        view, beginning = facts.view(field), facts.beginning(field)
        if beginning is None or beginning not in found:
            return self.index.find(view)
        return self.index.find_further(view, facts.view(beginning), found[beginning])

    def candidates(self, facts: Facts, hits: Mapping[int, Hit]) -> Iterator[int]:
        """The rules that may match; all others cannot."""
        yield from hits
        yield from self.always
        yield from self.by_source.get(facts.source, ())
        if self.by_category:
            for name in self.by_category.keys() & facts.categories.keys():
                yield from self.by_category[name]
        if self.by_author:
            for name in self.by_author.keys() & facts.authors.keys():
                yield from self.by_author[name]

    def why(self, number: int, facts: Facts, hits: Mapping[int, Hit]) -> str | None:
        """The conditions of a rule as they were met, joined by "and"; None when it does not match."""
        if self.rules[number].only_literals:
            return self.told(number, hits[number]) if number in hits else None
        reasons = []
        for _, reason in self.conditions(number, facts, hits):
            if reason is None:
                return None
            reasons.append(reason)
        return " and ".join(reasons) or None

    def told(self, number: int, hit: Hit) -> str:
        """A found keyword in words."""
        return f'keyword "{self.keywords[number][hit[1]]}" in {_NAMES[hit[0]]}'

    def conditions(self, number: int, facts: Facts, hits: Mapping[int, Hit]) -> Iterator[tuple[str, str | None]]:
        """The conditions of a rule by the names of its keys, each as it was met, or None; one after the other."""
        rule = self.rules[number]
        if rule.has_keywords:
            yield "keyword", self._keyword(number, facts, hits)
        if rule.categories:
            yield "category", _named("category", first_in(rule.categories, facts.categories))
        if rule.authors:
            yield "author", _named("author", first_in(rule.authors, facts.authors))
        if rule.sources:
            yield "source", f"source {facts.source}" if facts.source in rule.sources else None
        if rule.publishers:
            publisher = facts.entry.publisher if facts.publisher in rule.publishers else None
            yield "publisher", _named("publisher", publisher)
        yield from _other_conditions(rule, facts)

    def _keyword(self, number: int, facts: Facts, hits: Mapping[int, Hit]) -> str | None:
        hit = hits.get(number)
        if hit is not None:
            return self.told(number, hit)
        rule = self.rules[number]
        found = (
            f'keyword "{source}" in {field}'
            for source, pattern in rule.patterns
            for field in FIELDS
            if field in rule.where and facts.matches(pattern, facts.view(field).raw)
        )
        return next(found, None)


def _named(what: str, name: str | None) -> str | None:
    return None if name is None else f'{what} "{name}"'


def _other_conditions(rule: CompiledRule, facts: Facts) -> Iterator[tuple[str, str | None]]:
    entry = facts.entry
    if rule.languages:
        yield "language", _language(rule.languages, entry.language.lower())
    if rule.enclosures:
        yield "enclosure", _enclosure(rule.enclosures, [enclosure.type.lower() for enclosure in entry.enclosures])
    if rule.title is not None:
        found = facts.matches(rule.title, entry.title)
        yield "title", f"title matches /{rule.title.source}/" if found else None
    if rule.link is not None:
        found = facts.matches(rule.link, entry.link)
        yield "link", f"link matches /{rule.link.source}/" if found else None


def _language(wanted: Sequence[str], language: str) -> str | None:
    """A plain language covers its regions (RFC 4647, 3.3.1)."""
    return next((f"language {tag}" for tag in wanted if language == tag or language.startswith(f"{tag}-")), None)


def _enclosure(wanted: Sequence[str], types: Sequence[str]) -> str | None:
    return next((f"enclosure {t}" for t in types for tag in wanted if t == tag or t.startswith(f"{tag}/")), None)


# ---------------------------------------------------------------- compiling


class _Gates(TypedDict):
    by_category: dict[str, tuple[int, ...]]
    by_author: dict[str, tuple[int, ...]]
    by_source: dict[str, tuple[int, ...]]
    always: tuple[int, ...]


def compile_book(rules: Sequence[Rule], people: People) -> RuleBook:
    """Compile rules; their numbers are their positions.

    :raises feedhub.patterns.BadPattern: a regular expression does not compile.
    """
    numbers: dict[Keyword, int] = {}
    uses: dict[Fields, defaultdict[int, list[tuple[int, int]]]] = {field: defaultdict(list) for field in FIELDS}
    compiled = []
    for rule_number, rule in enumerate(rules):
        patterns = []
        for position, source in enumerate(rule.keyword):
            keyword = read_keyword(source)
            if isinstance(keyword, Keyword):
                number = numbers.setdefault(keyword, len(numbers))
                for field in rule.where:
                    uses[field][number].append((rule_number, position))
            elif keyword is not None:
                patterns.append((source, keyword))
        compiled.append(_compile(rule, tuple(patterns), people))
    fields = tuple(field for field in FIELDS if uses[field])
    return RuleBook(
        rules=tuple(compiled),
        keywords=tuple(tuple(rule.keyword) for rule in rules),
        index=build_index(numbers),
        uses={field: {number: tuple(some) for number, some in found.items()} for field, found in uses.items()},
        fields=fields,
        alike=all(set(fields) <= rule.where for rule in compiled if rule.has_keywords),
        **_gates(compiled),
    )


def _compile(rule: Rule, patterns: tuple[tuple[str, OperatorPattern], ...], people: People) -> CompiledRule:
    return CompiledRule(
        has_keywords=bool(rule.keyword),
        only_literals=bool(rule.keyword) and not patterns and not any(getattr(rule, name) for name in _OTHERS),
        where=frozenset(rule.where),
        patterns=patterns,
        categories=tuple(label_of(value) for value in rule.category),
        authors=tuple(people.meant_by(value) or label_of(value) for value in rule.author),
        sources=frozenset(rule.source),
        publishers=tuple(label_of(value) for value in rule.publisher),
        languages=tuple(value.lower() for value in rule.language),
        enclosures=tuple(value.lower().removesuffix("/*") for value in rule.enclosure),
        title=compile_pattern(rule.title) if rule.title else None,
        link=compile_pattern(rule.link) if rule.link else None,
    )


def _gates(rules: Iterable[CompiledRule]) -> _Gates:
    """For each rule the table that leads to it, so that most rules are never looked at."""
    category: defaultdict[str, list[int]] = defaultdict(list)
    author: defaultdict[str, list[int]] = defaultdict(list)
    source: defaultdict[str, list[int]] = defaultdict(list)
    always = []
    for number, rule in enumerate(rules):
        if rule.has_keywords and not rule.patterns:
            continue  # led to by its hits
        for table, values in ((category, rule.categories), (author, rule.authors), (source, rule.sources)):
            if values:
                for value in values:
                    table[value].append(number)
                break
        else:
            always.append(number)
    return {
        "by_category": _frozen(category),
        "by_author": _frozen(author),
        "by_source": _frozen(source),
        "always": tuple(always),
    }


def _frozen(table: Mapping[str, list[int]]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(values) for key, values in table.items()}
