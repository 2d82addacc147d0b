"""A stored entry, accounted for: where it came from, how it was cleaned, joined and labelled, and what kept it out of a
feed. Pure; one function for each section, one list.

What is stored is told as it is stored. What is *not* (why an entry is in no topic, whether a source's rules would refuse
it today) is found out anew under the rules of the configuration file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from feedhub.classify import RuleVerdict, TopicVerdict
from feedhub.classify.facts import Facts
from feedhub.errors import NotFound
from feedhub.masking import masked
from feedhub.model import Account, FeedKind, StoredEntry
from feedhub.ports import EntryTrace
from feedhub.understand import Rulebook, too_slow, whole

Lines = Iterator[tuple[str, str]]
"""What is told, as name and words; a name of "" goes on with the line before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An entry with all that is known of it. ``topic`` is asked about in particular, "" for none."""

    trace: EntryTrace
    account: Account
    rules: Rulebook
    topic: str = ""

    @property
    def stored(self) -> StoredEntry:
        return self.trace.entry

    def facts(self) -> list[Facts]:
        """The entry as the rules see it, seen in its owner's feed and in each other that carried it."""
        slugs = [self.stored.source_slug, *(str(one["source"]) for one in self.trace.sightings)]
        entry = whole(self.stored.entry)
        return [self.rules.classifier.facts(entry, slug) for slug in dict.fromkeys(slugs)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One answer. ``data`` is the same for programs."""

    name: str
    lines: tuple[tuple[str, str], ...] = ()
    data: Any = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name for programs."""
        return self.name.partition(",")[0].replace(" ", "_")


def explain(subject: Subject) -> list[Section]:
    """All sections that have something to say.

    :raises NotFound: the topic asked about is not in the configuration.
    """
    if subject.topic and subject.topic not in {topic.feed.key for topic in subject.rules.classifier.topics.topics}:
        raise NotFound(
            f"There is no topic {subject.topic!r} in the configuration.", "`feedhub plan` lists what there is."
        )
    return [section for ask in SECTIONS if (section := ask(subject)).lines]


# ---------------------------------------------------------------- where it came from


def came_from(subject: Subject) -> Section:
    """Every source that carried it, with the id and link it gave, and the poll that brought it."""
    sightings = [dict(one) | {"link": masked(str(one["link"]))} for one in subject.trace.sightings]
    lines = [line for one in sightings for line in _sighting(one, subject)]
    return Section(name="came from", lines=tuple(lines), data=sightings)


def _sighting(one: Mapping[str, Any], subject: Subject) -> Lines:
    owner = " (its owner: only this source's changes change it)" if one["source"] == subject.stored.source_slug else ""
    yield str(one["source"]), f"{one['title'] or 'untitled'}{owner}"
    yield "", f"id {one['original_id']}" if one["original_id"] else "without an id"
    yield "", f"link {one['link']}" if one["link"] else "without a link"
    poll = subject.account.polls.get(one["source"])
    document = f" in a document of {poll.listed} entries, {poll.new} of them new (HTTP {poll.status})" if poll else ""
    yield (
        "",
        f"first seen {one['first_seen']:%Y-%m-%d %H:%M:%SZ}{document}; last seen {one['last_seen']:%Y-%m-%d %H:%M:%SZ}",
    )


# ---------------------------------------------------------------- how it was cleaned


def cleaned(subject: Subject) -> Section:
    """What the source wrote, and what was made of it."""
    said, now = subject.account.said, _became(subject.stored)
    lines: list[tuple[str, str]] = []
    for name, became in now.items():
        written = said.get(name, ())
        if written:
            lines += [(name, " | ".join(written)), ("", f"-> {became or 'nothing'}")]
        elif became:
            lines.append((name, became))
    data = {name: {"written": list(said.get(name, ())), "kept": became} for name, became in now.items()}
    return Section(name="cleaned", lines=tuple(lines), data=data)


def _became(stored: StoredEntry) -> dict[str, str]:
    entry = stored.entry
    people = {"authors": entry.authors, "contributors": entry.contributors}
    return {
        "id": entry.original_id,
        "title": entry.title,
        "link": entry.link
        if entry.link == entry.canonical_link
        else f"{entry.link} (compared as {entry.canonical_link})",
        "published": f"{entry.published:%Y-%m-%d %H:%M:%SZ} ({entry.date_origin.value})",
        "updated": f"{entry.updated:%Y-%m-%d %H:%M:%SZ} (version {stored.version})",
        **{
            name: "; ".join(_credit(one.name, one.role, one.organisation) for one in some)
            for name, some in people.items()
        },
        "categories": "; ".join(_category(one.name, one.term, one.scheme) for one in entry.categories),
        "language": entry.language,
        "publisher": entry.publisher,
        "via": entry.via.title or entry.via.self_url if entry.via else "",
    }


def _credit(name: str, role: str, organisation: str) -> str:
    extra = ", ".join(part for part in (role, organisation) if part)
    return f"{name} ({extra})" if extra else name


def _category(name: str, term: str, scheme: str) -> str:
    extra = ", ".join(part for part in (term if term != name else "", scheme) if part)
    return f"{name} ({extra})" if extra else name


# ---------------------------------------------------------------- how it was joined


def joined(subject: Subject) -> Section:
    """The other entries of its story, and the feeds that show one of them instead."""
    mates = [
        {"entry": mate.id, "source": mate.source_slug, "title": mate.entry.title, "link": mate.entry.link}
        for mate in subject.account.mates
    ]
    lines = [("same story", f"{one['entry']}  {one['source']}  {one['title']}  {one['link']}") for one in mates]
    because = subject.trace.joined
    lines += [("because", because)] if because else []
    lines += [("not shown in", f"{path}: entry {other} of its story is") for path, other in _hidden(subject)]
    return Section(
        name="joined", lines=tuple(lines), data={"story": mates, "because": because, "shown_by": dict(_hidden(subject))}
    )


def _hidden(subject: Subject) -> Iterable[tuple[str, int]]:
    return sorted(subject.account.shown_by.items())


# ---------------------------------------------------------------- where it belongs, and where not


def labelled(subject: Subject) -> Section:
    """The feeds it is in, each with the rule that said so when it was labelled."""
    found = [(feed.path, rule) for feed, rule in subject.trace.memberships]
    data = [{"feed": path, "rule": rule} for path, rule in found]
    if not subject.rules.published(subject.stored.source_slug):
        found.append(("nowhere else", f"source {subject.stored.source_slug} says republish: false"))
    return Section(name="in feeds, because", lines=tuple(found), data=data)


def kept_out(subject: Subject) -> Section:
    """The topics it is not in: those that came near, or the one asked about with all its rules."""
    seen = subject.facts()
    verdicts = _best([subject.rules.classifier.verdicts(facts) for facts in seen])
    stored = {feed.key for feed, _ in subject.trace.memberships if feed.kind is FeedKind.TOPIC}
    if subject.topic:
        lines = [line for one in verdicts if one.key == subject.topic for line in _in_full(one, one.key in stored)]
        verdicts = [one for one in verdicts if one.key == subject.topic]
    else:
        lines = list(_near(verdicts, stored))
    slow = dict.fromkeys(pattern for facts in seen for pattern in facts.slow)
    lines += [("slow", too_slow(pattern)) for pattern in slow]
    name = "topics, rule by rule" if subject.topic else "not in topics, because"
    return Section(name=name, lines=tuple(lines), data=[_verdict(one) for one in verdicts])


def _best(seen: list[list[TopicVerdict]]) -> list[TopicVerdict]:
    """One sighting that brings an entry into a topic is enough."""
    return [next((one for one in same if one.member), same[0]) for same in zip(*seen, strict=True)]


def _near(verdicts: Iterable[TopicVerdict], stored: set[str]) -> Lines:
    far = 0
    for one in verdicts:
        if one.member != (one.key in stored):
            yield from _differs(one, one.key in stored)
        elif one.near:
            yield f"/topics/{one.key}", one.why
        else:
            far += not one.member
    if far:
        yield "others", f"{far} of which no rule matches; `--topic KEY` tells of one"


def _differs(one: TopicVerdict, stored: bool) -> Lines:
    would = "would leave" if stored else "would enter"
    yield f"/topics/{one.key}", f"under the rules of the file it {would}: {one.why}"


def _in_full(one: TopicVerdict, stored: bool) -> Lines:
    if one.member == stored:
        yield f"/topics/{one.key}", f"{'in it' if one.member else 'not in it'}: {one.why}"
    else:
        yield from _differs(one, stored)
    yield from _rules(one.rules)


def _rules(rules: Iterable[RuleVerdict]) -> Lines:
    for rule in rules:
        yield rule.place, f"{'matches' if rule.met else 'no match'}: {rule.why}"


def _verdict(one: TopicVerdict) -> dict[str, Any]:
    rules = [{"rule": rule.place, "matches": rule.met, "why": rule.why} for rule in one.rules]
    return {"topic": one.key, "in": one.member, "why": one.why, "rules": rules}


def admitted(subject: Subject) -> Section:
    """What the source's own keep and drop rules say of it today; stored entries stay whatever they say."""
    facts = subject.facts()[0]
    verdicts = subject.rules.classifier.filter_verdicts(facts)
    refusal = subject.rules.classifier.refusal(facts)
    result = f"it would not be stored today: {refusal}" if refusal else "it would be stored today"
    lines = [(subject.stored.source_slug, result), *_rules(verdicts)] if verdicts else []
    data = {"refused": refusal, "rules": [{"rule": one.place, "matches": one.met, "why": one.why} for one in verdicts]}
    return Section(name="keep and drop rules", lines=tuple(lines), data=data)


SECTIONS: tuple[Callable[[Subject], Section], ...] = (came_from, cleaned, joined, admitted, labelled, kept_out)
