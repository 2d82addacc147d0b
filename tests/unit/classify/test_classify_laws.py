"""Laws of labelling: for any rules and any text, whatever the words are."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedhub import patterns
from feedhub.classify import Stops, compile_rules
from feedhub.classify.facts import MOST_STOPS
from feedhub.classify.index import build_index
from feedhub.classify.keywords import Keyword, read_keyword
from feedhub.classify.overlaps import Looked, overshadowed
from feedhub.classify.words import _TOKEN, View, tokens_of, without_case, written
from feedhub.model import Category, Entry, FeedKind
from feedhub.settings import Authors, Fields, Rule, Source, Topic
from support.cleaned import clean_entry

WORDS = [
    "lãi",
    "suất",
    "AI",
    "ai",
    "bank",
    "Banks",
    "C++",
    "R&D",
    "中国",
    "กาแฟ",
    "hoà",
    "hòa",
    "İstanbul",
    "don't",
    "vàng,",
    "-",
    "–",
]
TEXTS = st.one_of(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), st.text(max_size=60))
KEYWORDS = st.tuples(
    st.sampled_from(("", "", "", "=", "~")),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
    st.sampled_from(("", "", "*")),
).map("".join)
RULES = st.builds(
    Rule,
    keyword=st.lists(KEYWORDS, min_size=1, max_size=4).map(tuple),
    where=st.sampled_from(((Fields.TITLE, Fields.SUMMARY), (Fields.TITLE,), tuple(Fields))),
    category=st.sampled_from(((), ("AI",))),
    language=st.sampled_from(((), ("vi",))),
).filter(lambda rule: bool(rule.keyword))
TOPICS = st.builds(
    Topic,
    any=st.lists(RULES, max_size=3).map(tuple),
    all=st.lists(RULES, max_size=1).map(tuple),
    none=st.lists(RULES, max_size=1).map(tuple),
)
ENTRIES = st.builds(
    lambda title, text, summary, category, language: clean_entry(
        title=title,
        text=" ".join(text.split()),
        summary=f"<p>{summary.replace('<', '').replace('&', '')}</p>" if summary else "",
        categories=(Category(key="ai", term="AI"),) if category else (),
        language=language,
    ),
    TEXTS,
    TEXTS,
    TEXTS,
    st.booleans(),
    st.sampled_from(("", "vi", "en")),
)


def topics(found: dict[str, Topic], entry: Entry) -> dict[str, str]:
    members = compile_rules(found, Authors(), ()).memberships(entry, "src", "The Source")
    return {one.feed.key: one.rule for one in members if one.feed.kind is FeedKind.TOPIC}


@given(st.dictionaries(st.sampled_from("abc"), TOPICS), ENTRIES)
def test_labelling_twice_is_the_same(rules: dict[str, Topic], entry: Entry) -> None:
    classifier = compile_rules(rules, Authors(), ())
    assert classifier.memberships(entry, "src", "S") == classifier.memberships(replace(entry), "src", "S")


@given(TOPICS, RULES, ENTRIES)
def test_another_any_rule_removes_nothing(topic: Topic, rule: Rule, entry: Entry) -> None:
    if topic.any:  # a topic without any is narrowed by its first
        wider = topic.model_copy(update={"any": (*topic.any, rule)})
        assert set(topics({"t": topic}, entry)) <= set(topics({"t": wider}, entry))


@given(TOPICS, RULES, ENTRIES)
def test_none_wins(topic: Topic, rule: Rule, entry: Entry) -> None:
    if "x" in topics({"x": Topic(any=(rule,))}, entry):
        assert topics({"t": topic.model_copy(update={"none": (*topic.none, rule)})}, entry) == {}


@given(st.lists(TOPICS, min_size=3, max_size=3), ENTRIES)
def test_a_parent_holds_its_children(rules: list[Topic], entry: Entry) -> None:
    child, middle, top = rules
    found = topics(
        {
            "child": child.model_copy(update={"parent": "middle"}),
            "middle": middle.model_copy(update={"parent": "top"}),
            "top": top,
        },
        entry,
    )
    assert "child" not in found or "middle" in found
    assert "middle" not in found or "top" in found


@given(st.dictionaries(st.sampled_from("abc"), TOPICS), ENTRIES)
def test_the_default_takes_exactly_the_rest(rules: dict[str, Topic], entry: Entry) -> None:
    with_default = topics({**rules, "rest": Topic(default=True)}, entry)
    without = topics(rules, entry)
    assert with_default == (without or {"rest": "no other topic matches"})


@given(st.dictionaries(st.sampled_from("abc"), TOPICS), ENTRIES)
def test_what_explains_agrees_with_what_labels(rules: dict[str, Topic], entry: Entry) -> None:
    rules = {**rules, "rest": Topic(default=True)}
    classifier = compile_rules(rules, Authors(), ())
    verdicts = classifier.verdicts(classifier.facts(entry, "src"))
    assert [one.key for one in verdicts] == list(rules)
    assert {one.key: one.why for one in verdicts if one.member} == topics(rules, entry)
    for one in verdicts:
        assert one.why
        assert [rule.place for rule in one.rules if rule.met] or not one.near


@given(st.lists(KEYWORDS, max_size=8), TEXTS, TEXTS)
def test_a_text_searched_in_two_parts_is_the_text(words: list[str], begin: str, rest: str) -> None:
    index = build_index([read for word in words if isinstance(read := read_keyword(word), Keyword)])
    beginning = View(begin)
    whole = View(f"{begin} {rest}")
    continued = View(f" {rest}", beginning)
    assert continued.tokens == whole.tokens
    assert index.find_further(continued, beginning, index.find(beginning)) == index.find(whole)


@given(st.text(max_size=80))
def test_the_quick_way_to_words_is_the_slow_way(text: str) -> None:
    text = without_case(written(text))
    assert tokens_of(text) == _TOKEN.findall(text)


@given(KEYWORDS, st.sampled_from(("NFC", "NFD")), st.sampled_from((" ", "\u00a0", "  ", "-", "\u2011", " \u00ad")))
def test_a_keyword_is_found_in_itself(keyword: str, form: Any, between: str) -> None:
    read = read_keyword(keyword)
    if isinstance(read, Keyword):
        text = keyword.lstrip("=~").rstrip("*") if not keyword.endswith("**") else keyword.lstrip("=~")
        text = unicodedata.normalize(form, text.replace(" ", between))
        assert build_index([read]).find(View(f"x {text} y")) == {0}


@given(st.lists(KEYWORDS, max_size=6), TEXTS)
def test_what_adds_nothing_adds_nothing(words: list[str], text: str) -> None:
    listed = [Looked(source=word, where=frozenset({Fields.TITLE})) for word in dict.fromkeys(words)]
    needless = {word for word, _ in overshadowed(listed)}
    kept = tuple(one.source for one in listed if one.source not in needless)
    entry = clean_entry(title=text)
    if needless:
        assert kept
        every = Topic(any=(Rule(keyword=tuple(one.source for one in listed)),))
        assert bool(topics({"t": every}, entry)) is bool(topics({"t": Topic(any=(Rule(keyword=kept),))}, entry))


@pytest.mark.parametrize("part", ["any", "none"])
def test_a_pattern_that_takes_too_long_is_told_and_is_no_match(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "TIMEOUT", 0.005)
    slow = Rule(keyword=(r"/(\w|\w\w|\s)+$X/",))
    rules = {"t": Topic(any=(slow,)) if part == "any" else Topic(any=(Rule(keyword=("word",)),), none=(slow,))}
    classifier = compile_rules(rules, Authors(), ())
    facts = classifier.facts(clean_entry(title="word extra " * 40), "src")
    began = time.process_time()
    found = {one.feed.key for one in classifier.places(facts, "S") if one.feed.kind is FeedKind.TOPIC}
    assert time.process_time() - began < 5
    assert found == (set() if part == "any" else {"t"})
    assert list(facts.slow) == [r"(\w|\w\w|\s)+$X"]
    (verdict,) = classifier.verdicts(classifier.facts(clean_entry(title="word extra " * 40), "src"))
    assert "took too long" in " ".join(rule.why for rule in verdict.rules)


def test_a_slow_pattern_is_given_up_on_for_the_rest_of_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "TIMEOUT", 0.005)
    rules = {
        "t": Topic(any=(Rule(keyword=(r"/(\w|\w\w|\s)+$X/",)),)),
        "plain": Topic(any=(Rule(keyword=("/EXTRA/",)),)),
    }
    classifier = compile_rules(rules, Authors(), ())
    stops = Stops()
    entry = clean_entry(title="word extra " * 40)
    for _ in range(MOST_STOPS + 5):
        facts = classifier.facts(entry, "src", stops)
        assert [one.feed.key for one in classifier.places(facts, "S") if one.feed.kind is FeedKind.TOPIC] == ["plain"]
        assert facts.slow, "told of every entry that was labelled without it"
    assert stops.keys() == {r"(\w|\w\w|\s)+$X"}
    began = time.process_time()
    for _ in range(200):
        classifier.places(classifier.facts(entry, "src", stops), "S")
    assert time.process_time() - began < 200 * 0.005, "it is not tried any more"


@settings(max_examples=30)
@given(st.lists(RULES, max_size=5), ENTRIES)
def test_a_source_keeps_what_a_keep_rule_matches(rules: list[Rule], entry: Entry) -> None:
    source = Source(url="https://n.example/f", slug="src", keep=tuple(rules[:3]), drop=tuple(rules[3:]))
    classifier = compile_rules({}, Authors(), (source,))
    facts = classifier.facts(entry, "src")
    verdicts = classifier.filter_verdicts(facts)
    kept = [one.met for one in verdicts if one.place.startswith("keep")]
    dropped = [one.met for one in verdicts if one.place.startswith("drop")]
    assert (classifier.refusal(facts) is None) is ((not kept or any(kept)) and not any(dropped))
