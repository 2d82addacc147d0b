"""Words found run by run are those that each of their readers finds by itself."""

from __future__ import annotations

import re
import unicodedata
from html import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedhub import plain_words as module
from feedhub.clean.html import html_to_text
from feedhub.clean.nh3_html import clean_html
from feedhub.dedupe.digests import folded_words
from feedhub.dedupe.sketch import marks_of
from feedhub.plain_words import MOST_RUNS, plain_words
from feedhub.search.words import _words_of, indexed, words_of

PIECES = (
    *(
        "Giá",
        "VÀNG",
        "hòa",
        "Đường",
        "đôi-mắt",
        "don't",
        "AT&T",
        "1,234",
        "x_y",
        "straße",
        "ΣΊΣΥΦΟΣ",
        "Чай",
        "ё",
        "й",
        "№5",
    ),
    *(
        "e\u0301",
        "\u0301",
        "ı",
        "İ",
        "ſ",
        "ﬁn",
        "ＡＢＣ",
        "\u00ad",
        "a\u200bb",
        "中国",
        "हिन्दी",
        "한국어",
        "½",
        "²",
        "\u212a",
        "…",
        "“q”",
    ),
    *(" ", " ", "\n", "\u00a0", "\u2003", "\t", "a" * 70),
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join)
TAGS = tuple("p b a li time ruby picture h2 span data br img strike rt td code del".split())  # noqa: SIM905 (readable)


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold()))


@given(TEXTS)
@example("Giá vàng hôm nay tăng, Hòa Phát giảm 3,5% (theo AFP).")
def test_everybody_finds_the_words_that_they_would_find_by_themselves(text: str) -> None:
    assert words_of(text) == _words_of(text)
    assert folded_words(text) == _folded(text)
    if (words := plain_words(text)) is not None:
        assert " ".join(words) == _folded(text)
        assert marks_of(_folded(text), text, words) == marks_of(_folded(text), text)


@pytest.mark.parametrize(
    "text",
    ["e\u0301", "x_y", "İ", "ſ", "ﬁn", "Ａ", "co\u00adop", "a\u200bb", "中", "हि", "한", "½", "\u212a"],
)
def test_what_not_everybody_reads_alike_is_not_plain(text: str) -> None:
    assert plain_words(f"a plain text and {text}") is None


def test_plain_is_what_most_texts_of_europe_and_vietnam_are() -> None:
    text = "“Giá VÀNG” – hôm nay: Straße, l’été, Чай, ΣΟΦΊΑ… 5 € (AT&T)"
    assert plain_words(text) == (
        *("giá", "vàng", "hôm", "nay", "strasse", "l", "été", "чай", "σοφία"),
        *("5", "at", "t"),
    )


@given(st.lists(st.tuples(st.sampled_from(TAGS), TEXTS), max_size=8))
def test_the_text_of_a_body_says_of_its_words_what_its_markup_says(parts: list[tuple[str, str]]) -> None:
    body = clean_html("".join(f'<{tag} title="a <b> > c">{escape(text)}</{tag}>' for tag, text in parts))
    text = " ".join(html_to_text(body).split())
    assert indexed("", "", body, text) == indexed("", "", body)


def test_runs_are_forgotten_before_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RUNS", 3)
    module._runs.clear()
    assert plain_words("one two three four five") == ("one", "two", "three", "four", "five")
    assert len(module._runs) <= 3
    assert MOST_RUNS > 3
