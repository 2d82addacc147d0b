"""Text: what is seen stays, what is not seen goes, and titles are text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.clean.text import cut, scrub, tidy, title_of
from feedhub.model import RawText, TextType


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (" a\u00a0 b\n\tc ", "a b c"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\u202eevil\u202c", "evil"),
        ("bell\x07 next\x85line", "bell next line"),
        ("e\u0301", "é"),
        ("e\u200b\u0301", "é"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("x\u200dy", "xy"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_tidy(raw: str, clean: str) -> None:
    assert tidy(raw) == clean


@pytest.mark.parametrize(
    ("value", "type", "loose", "title"),
    [
        ("1 < 2 && a<b", TextType.PLAIN, True, "1 < 2 && a<b"),
        ("<b>Bold</b> and <i>not</i>", TextType.PLAIN, True, "Bold and not"),
        ("AT&amp;T &#8217;s", TextType.PLAIN, True, "AT&T ’s"),
        ("The <b> element", TextType.PLAIN, True, "The <b> element"),
        ("a<b and c>d", TextType.PLAIN, True, "a<b and c>d"),
        ("The <b>bold</b> element", TextType.PLAIN, False, "The <b>bold</b> element"),
        ("AT&amp;T", TextType.PLAIN, False, "AT&amp;T"),
        ("A &amp;lt; B <em>x</em>", TextType.HTML, True, "A &lt; B x"),
        ("one<br>two<script>x</script>", TextType.HTML, True, "one two"),
        ("<div>x &amp; y</div>", TextType.XHTML, False, "x & y"),
        ("a &copy b &; c & d", TextType.PLAIN, True, "a &copy b &; c & d"),
    ],
)
def test_titles(value: str, type: TextType, loose: bool, title: str) -> None:
    assert title_of(RawText(value=value, type=type), 1000, loose=loose) == title


def test_cut_at_a_word_in_bytes() -> None:
    assert cut("một hai ba bốn năm", 18) == "một hai ba…"
    assert len(cut("漢" * 400, 100).encode()) <= 100
    assert cut("short", 100) == "short"


@given(st.text())
def test_twice_is_once(raw: str) -> None:
    once = tidy(raw)
    assert tidy(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert scrub(scrub(raw)) == scrub(raw)
