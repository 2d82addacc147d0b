"""Tokens: the words of a text, and what is kept beside them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.model import Indexed
from feedhub.search.match import Wanted, fts5, tsquery, tsvector, wanted
from feedhub.search.query import Query, parse
from feedhub.search.words import BREAK, LONGEST_PHRASE, MOST_WORDS, bare, indexed, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Giá VÀNG", ["giá", "vàng"]),
        ("hòa hoà thúy khỏe", ["hoà", "hoà", "thuý", "khoẻ"]),
        ("e-mail, AT&T; don't", ["e", "mail", "at", "t", "don", "t"]),
        ("snake_case", ["snake", "case"]),
        ("中国 news中", ["中国", "news", "中"]),
        ("straße ＡＢＣ ﬁn", ["strasse", "abc", "fin"]),
        ("co\u00adop zero\u200bwidth", ["coop", "zerowidth"]),
        ("हिन्दी", ["हिन्दी"]),
        ("¶ _ * :", []),
    ],
    ids=["vietnamese", "tones", "signs", "underscore", "runs", "folding", "invisible", "marks", "nothing"],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("đường", "duong"),
        ("trần", "tran"),
        ("ё", "е"),
        ("й", "й"),
        ("が", "が"),
        ("한", "한"),
        ("हिन्दी", "हिन्दी"),
        ("ø", "o"),
    ],
    ids=["dd", "two", "yo", "short-i", "kana", "hangul", "hindi", "stroke"],
)
def test_without_diacritics(word: str, form: str) -> None:
    assert bare(word) == form


def test_what_is_kept_of_an_entry() -> None:
    assert indexed("Giá vàng", "<p>Lead</p>", "<p>Lead and <b>bo</b>dy &amp; all</p>") == Indexed(
        f"giá vàng {BREAK} _gia _vang", "lead and body all"
    )
    assert indexed("", "<p>Lead</p>", "<p>Body</p>").text == f"lead {BREAK} body"
    assert indexed("", "中国人", "").text == f"中国 国人 人 {BREAK} _中 _人 _国"
    assert indexed("", "", "") == Indexed("", "")


def test_a_rare_mark_costs_its_neighbourhood_only() -> None:
    plain = ["word"] * 500
    plain[250] = "café"
    tokens = indexed("", "", " ".join(plain)).text.split()
    assert len(tokens) == 500 + 1 + 2 * LONGEST_PHRASE - 1
    assert "_cafe" in tokens


def test_the_bounds_of_postgresql_are_kept() -> None:
    worst = " ".join(["đ"] * 9_000) + "中国" * 9_000
    document = indexed(worst, worst, worst)
    tokens = [*document.title.split(), *document.text.split()]
    assert len(tokens) < 16_383
    literal = tsvector(document)
    assert max(token.count(",") for token in literal.split(" ")) < 255
    assert len(indexed("", "", "a b " * 9_000).text.split()) == MOST_WORDS


def _wanted(typed: str) -> Wanted:
    query = parse(typed)
    assert isinstance(query, Query)
    return wanted(query.clauses)


@pytest.mark.parametrize(
    ("typed", "lite", "post"),
    [
        ("gold", '("gold" OR "_gold")', "(('gold') | ('_gold'))"),
        ("vàng", '("vàng")', "(('vàng'))"),
        ("gold vàng", '("gold") AND ("vàng")', "(('gold')) & (('vàng'))"),
        ("中", '("_中")', "(('_中'))"),
        ("中国人", '("中国 国人")', "(('中国' <-> '国人'))"),
        ('"a 中"', '("a 中" * OR "_a _中" *)', "(('a' <-> '中':*) | ('_a' <-> '_中':*))"),
        ("title:đ", '({title} : "đ")', "(('đ':A))"),
        ("đ -ê", '("đ") NOT ("ê")', "(('đ')) & !(('ê'))"),
        ("-ê", "", ""),
    ],
    ids=["bare", "exact", "all-exact", "single", "run", "begins", "title", "not", "only-not"],
)
def test_what_the_databases_are_asked(typed: str, lite: str, post: str) -> None:
    asked = _wanted(typed)
    assert fts5(asked) == lite
    assert tsquery(asked) == post


@given(st.text(max_size=60))
def test_tokens_hold_nothing_that_a_database_reads_as_syntax(text: str) -> None:
    for token in [*indexed(text, text, "").title.split(" "), *indexed("", text, "").text.split(" ")]:
        assert all(sign.isalnum() or sign in f"_{BREAK}" or ord(sign) > 127 for sign in token)
        assert "\x00" not in token
