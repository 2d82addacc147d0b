"""Keywords, rules, topics, people: what belongs where, and the words that say why."""

from __future__ import annotations

import pickle
import unicodedata
from typing import Any

import pytest

from feedhub.classify import Classifier, compile_rules
from feedhub.model import Byline, Category, Enclosure, FeedKind
from feedhub.settings import Authors, Person, Rule, Source, Topic
from support.cleaned import clean_entry


def keyword_hits(keyword: str, text: str) -> bool:
    classifier = compile_rules({"t": Topic(any=(Rule(keyword=(keyword,)),))}, Authors(), ())
    return "t" in topics(classifier, title=text)


def topics(classifier: Classifier, **fields: Any) -> dict[str, str]:
    found = classifier.memberships(clean_entry(**fields), "src", "The Source")
    return {member.feed.key: member.rule for member in found if member.feed.kind is FeedKind.TOPIC}


def one(authors: Authors, *bylines: Byline) -> list[tuple[str, str, str]]:
    found = compile_rules({}, authors, ()).memberships(clean_entry(authors=bylines), "src", "The Source")
    return [(m.feed.key, m.feed.title, m.feed.slug) for m in found if m.feed.kind is FeedKind.AUTHOR]


@pytest.mark.parametrize(
    ("keyword", "text", "expected"),
    [
        ("bank", "The BANK opens", True),
        ("bank", "banking", False),
        ("lãi suất", "Lãi suất tăng", True),
        ("lãi suất", "lãi\u00a0suất", True),
        ("lãi suất", "lãi  suất", True),
        ("cà phê", "giá cà-phê", True),
        ("lãi suất", "lãi, suất", False),
        ("lãi suất", unicodedata.normalize("NFD", "Lãi suất"), True),
        (unicodedata.normalize("NFD", "vàng"), "giá vàng", True),
        ("va", unicodedata.normalize("NFD", "vàng"), False),
        ("bán", "bạn", False),
        ("hòa bình", "hoà bình", True),
        ("=AI", "AI wins", True),
        ("=AI", "ai đó", False),
        ("=AI", "OpenAI", False),
        ("AI", "AI's day", True),
        ("~cafe", "Café", True),
        ("~duong", "đường", True),
        ("cafe", "Café", False),
        ("econom*", "economics", True),
        ("econom*", "an economy", True),
        ("ngôn ng*", "ngôn ngữ", True),
        ("mô hình ngôn ng*", "mô hình ngôn ngữ lớn", True),
        ("trí tuệ nhân tạo", "Trí tuệ nhân tạo", True),
        ("/colou?r/", "The COLOR", True),
        ("/colou?r/", "collar", False),
        ("C++", "Modern C++, again", True),
        ("C++", "C", False),
        ("C+", "C++", False),
        ("R&D", "more R&D now", True),
        ("R&D", "R and D", False),
        (".NET", "We use .NET now", True),
        (".NET", "sales. Net income", False),
        (".NET", "example.net", False),
        ("中国", "在中国的", True),
        ("กาแฟ", "ร้านกาแฟสด", True),
        ("AI", "生成AI技術", True),
        ("हिन्दी", "यह हिन्दी है", True),
        ("हिन", "यह हिन्दी है", False),
        ("don't", "I don’t", True),
    ],
)
def test_keywords(keyword: str, text: str, expected: bool) -> None:
    assert keyword_hits(keyword, text) is expected


def test_text_is_searched_and_never_markup() -> None:
    rules = compile_rules({"t": Topic(any=(Rule(keyword=("center", "AT&T", "whole")),))}, Authors(), ())
    assert not topics(rules, summary='<p class="center" title="a > center">x</p>')
    assert topics(rules, summary="<p>AT&amp;T</p>") == {"t": 'keyword "AT&T" in summary'}
    assert topics(rules, summary="<p>wh<b>ole</b></p>")
    assert not topics(rules, summary="<p>x</p>", text="center")  # content only when asked for


def test_the_begin_of_the_body_stands_in_for_a_missing_summary() -> None:
    rules = compile_rules({"t": Topic(any=(Rule(keyword=("center",)),))}, Authors(), ())
    assert topics(rules, text="the center holds")
    assert not topics(rules, text="word " * 300 + "center")


def test_content_when_asked_for() -> None:
    rules = compile_rules(
        {"t": Topic(any=(Rule.model_validate({"keyword": "quay", "in": ["content"]}),))}, Authors(), ()
    )
    assert topics(rules, text="the quay") == {"t": 'keyword "quay" in content'}
    assert not topics(rules, title="the quay")


@pytest.mark.parametrize(
    ("rule", "fields", "reason"),
    [
        (Rule(category=("Economy",)), {"categories": (Category(key="economy", term="ECONOMY"),)}, 'category "ECONOMY"'),
        (Rule(author=("an-do",)), {"authors": (Byline(key="an do", name="An Do"),)}, 'author "An Do"'),
        (Rule(author=("A. Do",)), {"authors": (Byline(key="an do", name="An Do"),)}, None),
        (Rule(source=("src",)), {}, "source src"),
        (Rule(source=("other",)), {}, None),
        (Rule(publisher=("coast wire",)), {"publisher": "Coast Wire"}, 'publisher "Coast Wire"'),
        (Rule(language=("en",)), {"language": "en-gb"}, "language en"),
        (Rule(language=("en",)), {"language": "enm"}, None),
        (
            Rule(enclosure=("audio",)),
            {"enclosures": (Enclosure(url="https://n.example/a", type="audio/mpeg"),)},
            "enclosure audio/mpeg",
        ),
        (Rule(title="^the h"), {}, "title matches /^the h/"),
        (Rule(link="/2026/"), {}, "link matches //2026//"),
        (Rule(keyword=("harbour",), language=("vi",)), {"language": "en"}, None),
        (
            Rule(keyword=("harbour",), language=("en",)),
            {"language": "en"},
            'keyword "harbour" in title and language en',
        ),
        (Rule(), {}, None),
    ],
)
def test_conditions(rule: Rule, fields: dict[str, Any], reason: str | None) -> None:
    found = topics(compile_rules({"t": Topic(any=(rule,))}, Authors(), ()), **fields)
    assert found.get("t") == reason


def test_any_all_none_parent_and_default() -> None:
    def word(*words: str) -> tuple[Rule, ...]:
        return (Rule(keyword=words),)

    rules = compile_rules(
        {
            "wide": Topic(title="Wide"),
            "ports": Topic(any=word("harbour", "quay"), all=word("opens"), none=word("film"), parent="wide"),
            "calm": Topic(none=word("storm")),
            "rest": Topic(default=True),
        },
        Authors(),
        (),
    )
    assert list(topics(rules)) == ["wide", "ports", "calm"]
    assert topics(rules)["ports"] == 'keyword "harbour" in title and keyword "opens" in title'
    assert topics(rules)["wide"].startswith("subtopic ports: ")
    assert list(topics(rules, title="harbour opens, a film")) == ["calm"]
    assert topics(rules, title="storm") == {"rest": "no other topic matches"}


def test_people() -> None:
    people = Authors(
        people={
            "an-do": Person(name="An Do", aliases=("A. Do",), uri="https://an.example/"),
            "ghost": Person(hide=True, aliases=("G. Host",)),
        }
    )
    assert one(people, Byline(key="a do", name="A. Do")) == [("an-do", "An Do", "an-do")]
    assert one(people, Byline(key="x", name="X", uri="https://an.example/")) == [("an-do", "An Do", "an-do")]
    assert one(people, Byline(key="g host", name="G. Host")) == []
    assert one(people, Byline(key="lý", name="Lý")) == [("lý", "Lý", "")]
    wire = Byline(key="coast wire", name="Coast Wire", is_organisation=True)
    assert one(people, wire) == []
    assert len(one(Authors(organisations_as_authors=True), wire)) == 1
    assert one(Authors(scope="source"), Byline(key="lý", name="Lý")) == [("src/lý", "Lý (src)", "")]


def test_every_entry_is_in_all_and_its_source_and_its_categories() -> None:
    entry = clean_entry(categories=(Category(key="sea", term="Sea"), Category(key="sea", term="SEA")))
    found = compile_rules({}, Authors(), ()).memberships(entry, "src", "The Source")
    assert [(m.feed.kind, m.feed.title) for m in found] == [
        (FeedKind.ALL, "All"),
        (FeedKind.SOURCE, "The Source"),
        (FeedKind.CATEGORY, "Sea"),
    ]


def test_keep_and_drop() -> None:
    source = Source(
        url="https://n.example/f", slug="src", keep=(Rule(keyword=("harbour",)),), drop=(Rule(keyword=("film",)),)
    )
    rules = compile_rules({}, Authors(), (source,))
    assert rules.admits(clean_entry(), "src") is None
    assert rules.admits(clean_entry(title="else"), "src") == "no keep rule matches"
    assert rules.admits(clean_entry(title="harbour film"), "src") == 'drop rule: keyword "film" in title'
    assert rules.admits(clean_entry(title="else"), "other") is None


def test_a_classifier_is_pickled_whole() -> None:
    topic = Topic(any=(Rule(keyword=("=AI", "C++", "/har.our/", "~cafe", "x*"), title="."),))
    rules = compile_rules({"t": topic}, Authors(people={"an": Person()}), ())
    again = pickle.loads(pickle.dumps(rules))
    assert topics(again) == topics(rules) == {"t": 'keyword "/har.our/" in title and title matches /./'}
