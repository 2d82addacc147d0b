"""The query language: what is read, how it is spelled, and that nothing can be typed that raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.search.query import (
    LONGEST,
    MOST_NAMES,
    MOST_TERMS,
    Clause,
    Faulty,
    Field,
    Named,
    Query,
    Text,
    canonical,
    named,
    parse,
)
from feedhub.search.words import LONGEST_PHRASE

CASES = {
    "giá vàng": "giá vàng",
    "  GIÁ\tvàng ": "giá vàng",
    '"Giá Vàng"': '"giá vàng"',
    "“giá vàng”": '"giá vàng"',
    '"giá vàng': '"giá vàng"',
    "e-mail": '"e mail"',
    "vàng -nhẫn": "vàng -nhẫn",
    'vàng -"nhẫn trơn"': 'vàng -"nhẫn trơn"',
    "--x": "-x",
    "a - b": "a b",
    "a a A": "a",
    "a OR b c": "a OR b c",
    "a | b": "a OR b",
    "a OR a": "a",
    "a AND b & c": "a b c",
    "OR a": "or a",
    "a OR": "a OR or",
    "a or b": "a or b",
    "(a OR b) c": "a OR b c",
    "title:gold": "title:gold",
    'title:"gold price"': 'title:"gold price"',
    "in:title gold -silver": "title:gold -title:silver",
    "gold in:TITLE": "title:gold",
    'author:"Huyền  Trần"': 'author:"Huyền Trần"',
    "AUTHOR:huyen-tran": "author:huyen-tran",
    'author:"huyen-tran"': "author:huyen-tran",
    "-author:x gold": "gold -author:x",
    "lang:VI language:pt_BR": "lang:pt-br lang:vi",
    "topic:b topic:a": "topic:a topic:b",
    'author:foo"bar"': "bar author:foo",
    "foo:bar": '"foo bar"',
    "https://example.net/a": '"https example net a"',
    "12:30": '"12 30"',
    "中国人 hello中国": '中国人 "hello 中国"',
    "!!! ???": "",
    '""': "",
    "": "",
}


@pytest.mark.parametrize("typed", CASES, ids=[str(number) for number in range(len(CASES))])
def test_what_is_typed_and_how_it_is_spelled(typed: str) -> None:
    query = parse(typed)
    assert isinstance(query, Query)
    assert canonical(query) == CASES[typed]


FAULTS = {
    "author:": (0, "names nobody"),
    "gold author:": (5, "names nobody"),
    'author:""': (0, "names nobody"),
    "lang:english!": (0, "is no language"),
    "a OR author:x": (5, "OR joins"),
    "author:x OR author:y": (9, "OR joins"),
    "a OR -b": (5, "OR joins"),
    "-a OR b": (3, "OR joins"),
    "in:text gold": (0, "in:title only"),
    "-in:title gold": (0, "in:title only"),
    "x " * (MOST_TERMS + 1): None,
    " ".join(f"w{n}" for n in range(MOST_TERMS + 1)): (0, "words and phrases"),
    " ".join(f"topic:t{n}" for n in range(MOST_NAMES + 1)): (0, "names"),
    f'gold "{"a " * (LONGEST_PHRASE + 1)}"': (5, "words"),
    "x" * (LONGEST + 1): (LONGEST, "characters"),
}


@pytest.mark.parametrize("typed", FAULTS, ids=[str(number) for number in range(len(FAULTS))])
def test_what_cannot_be_answered_says_where_and_why(typed: str) -> None:
    expected, found = FAULTS[typed], parse(typed)
    if expected is None:
        assert isinstance(found, Query)
        return
    assert isinstance(found, Faulty)
    assert found.place == expected[0]
    assert expected[1] in str(found)
    assert found.hint


def test_a_prefix_that_is_none_is_text_and_said_so() -> None:
    query = parse("autor:tran gold")
    assert isinstance(query, Query)
    assert "author:" in query.notes[0]
    assert query == parse('"autor tran" gold'), "notes are no part of the question"


def test_the_parts_of_a_query() -> None:
    assert parse('a OR title:b -"c d" -topic:x') == Query(
        (Clause((Text(("a",)), Text(("b",), True))), Clause((Text(("c", "d")),), True)),
        (Named(Field.TOPIC, "x", True),),
    )


def test_a_name_from_a_parameter_is_bounded_like_one_that_was_typed() -> None:
    assert named(Field.AUTHOR, ' Huyền\n"Trần" ') == Named(Field.AUTHOR, "Huyền Trần")
    assert isinstance(named(Field.AUTHOR, "\x00"), Faulty)
    assert isinstance(named(Field.LANGUAGE, "'"), Faulty)


TYPED = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            [
                "OR",
                "AND",
                "|",
                "a",
                "b",
                '"',
                '"c d"',
                "-",
                "-e",
                "in:title",
                "title:",
                "title:f",
                "author:",
                "author:g",
                'topic:"h i"',
                "lang:vi",
                "(",
                ")",
                "中",
                "中国",
                "đ",
                "х\u0306",
                "İ",
                "ǰ",
                "\u0345",
                "ﬁ",
                "\u200b",
                "\x00",
                ":",
            ]
        ),
        max_size=12,
    ).map(" ".join),
    st.lists(st.sampled_from(list('ab:-"()| OR\u0301中')), max_size=25).map("".join),
)


@given(TYPED)
def test_reading_never_raises_and_the_canonical_spelling_reads_the_same(typed: str) -> None:
    query = parse(typed)
    if isinstance(query, Query):
        assert parse(canonical(query)) == query
        again = parse(canonical(query))
        assert isinstance(again, Query)
        assert canonical(again) == canonical(query)
    else:
        assert 0 <= query.place <= max(len(typed), LONGEST)
