"""Each short way of cleaning says what the long way says, wherever it says anything."""

from __future__ import annotations

import html
import random
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedhub.clean.dates import _in_any_dialect, read_date, usual_moment
from feedhub.clean.html import _ANY_TAG, _BREAK, _HIDDEN, html_to_line, html_to_text, is_paragraphs
from feedhub.clean.nh3_html import _CLEANER, _KEEPS_SHAPE, _ROUNDS, _attribute, _resolving, _tidied, clean_html
from feedhub.clean.parts import _is_all_said, _what_stays
from feedhub.clean.selectolax_prepass import prepare
from feedhub.clean.simple_html import simply_cleaned
from feedhub.clean.text import _INVISIBLE, _JOINED, _NEVER_SEEN, scrub
from feedhub.clean.urls import _canonical, _simply, _unwrapped, is_web, unwrap, web_link

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def joined(*pieces: str, most: int = 12) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=most).map("".join)


# ---------------------------------------------------------------- addresses

HOSTS = (
    *(
        "news.example",
        "www.news.example",
        "en.m.news.example",
        "en.m.m.news.example",
        "m.example",
        "www.m.a.example",
        "a..b",
    ),
    *(
        "youtu.be",
        "www.youtube.com",
        "google.com",
        "maps.google.com",
        "l.facebook.com",
        "x.cdn.ampproject.org",
        "-a.example",
    ),
)
PATHS = (
    *(
        "/a",
        "/A-b_c.html",
        "/index.html",
        "/index.html/",
        "/default.aspx",
        "/amp",
        "/amp/",
        "/example",
        "/champions",
        "//",
        "/",
    ),
    *(
        "/.",
        "/..",
        "/./b",
        "/.well",
        "/a%20b",
        "/%7Ea%2e",
        "/%2E%2e/b",
        "/%61mp",
        "/url",
        "/redirect",
        "/a;b",
        "/a@b",
        "/l.php",
        "/c/s/www.news.example/a",
    ),
)
QUERIES = (
    "",
    "?",
    "?utm_source=feed&utm_medium=rss",
    "?utm_source=feed&id=2",
    "?id=2;a=1",
    "?b=1&a=2&b=0",
    "?%7Ab=1&y=2",
    "?id=1&amp=1&&",
    "?a?b",
    "?ref=rss",
    "?ref=else",
    "?amp=1",
    "?q=",
    "#a",
)
ADDRESSES = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(("https://", "http://", "HTTPS://", "ftp://", "//", "")),
    st.sampled_from(HOSTS),
    st.sampled_from(("", ":443", ":80", ":8080", ":99999", ":")),
    joined(*PATHS, most=3),
    st.sampled_from(QUERIES),
)


@given(ADDRESSES)
@example("https://news.example/2026/03/harbour-4.html?utm_source=feed")
def test_a_simple_address_has_the_canonical_form_of_all(url: str) -> None:
    assert _simply(url) in {"", _canonical(url)}


@given(ADDRESSES)
@example("https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example%2Fa")
def test_an_address_that_is_known_to_carry_none_carries_none(url: str) -> None:
    assert (unwrap(url) == url) or (is_web(url) and _unwrapped(url) != "")
    if is_web(url) and (inner := _unwrapped(url)):
        assert unwrap(url) == unwrap(inner)


@pytest.mark.parametrize("length", [4094, 4095, 4096, 4097])
def test_an_address_at_the_longest(length: int) -> None:
    url = "http://news.example/" + "a" * (length - 20)
    assert _simply(url) in {"", _canonical(url)}
    assert web_link(url) == (url if length <= 4096 else "")


@given(ADDRESSES)
def test_a_web_link_is_one(url: str) -> None:
    assert web_link(url, ("https://news.example/a/",)) == "" or is_web(web_link(url, ("https://news.example/a/",)))
    assert web_link(url) in {"", url} or not url.startswith("https://news.example/a")


# ---------------------------------------------------------------- text of markup

MARKUP = (
    *(
        "<p>",
        "</p>",
        "<P>",
        "<p >",
        "<b>",
        "</b>",
        "<br>",
        "<i>",
        "</i>",
        '<a href="https://a.example/?a=1&amp;b=2">',
        "</a>",
        "<",
    ),
    *(
        '<img src="https://a.example/i.png" alt="">',
        "<img alt='<p>'>",
        '<a title="<p>">',
        "<script>x</script>",
        "<!-- <p> -->",
    ),
    *(
        "text",
        "Giá vàng",
        "&amp;",
        "&lt;p&gt;",
        "&nbsp;",
        "&",
        "&copy;",
        "\u00a0",
        "\u200b",
        "e\u0301",
        "\u0338",
        " ",
        "\n",
        "\t",
        "\x0c",
    ),
    *(
        '"',
        "'",
        ">",
        "<em>",
        "</em>",
        "<strong>",
        "</strong>",
        "<div>",
        "</div>",
        "<li>",
        "<rt>",
        "</rt>",
        "\r",
        "\x00",
        "<p>a</p>",
    ),
)


@given(joined(*MARKUP))
@example("<p>a</p>\n<p>b &amp; c</p>")
def test_text_is_found_without_looking_for_tags_that_are_not_there(markup: str) -> None:
    text = markup
    if "<" in markup:
        text = _ANY_TAG.sub("", _BREAK.sub("\n", _HIDDEN.sub("", markup.replace("\n", " "))))
    lines = [" ".join(line.split()) for line in html.unescape(text).split("\n")]
    assert html_to_text(markup) == "\n".join(filter(None, lines))
    assert html_to_line(markup) == " ".join(html_to_text(markup).split())


# ---------------------------------------------------------------- markup that is clean already


def _the_long_way(markup: str) -> str | None:
    markup = scrub(markup)
    with _resolving(("https://base.example/",)):
        markup = _tidied(_CLEANER.clean(prepare(markup)))
        if _KEEPS_SHAPE.clean(markup) == markup:
            return markup
        for _ in range(_ROUNDS):
            again = _tidied(_CLEANER.clean(markup))
            if again == markup:
                return markup
            markup = again
    return None  # it becomes its text


INSIDE = (
    "text",
    "Giá vàng",
    "&amp;",
    "&nbsp;",
    "&copy;",
    "&",
    ">",
    "<br>",
    "<b>x</b>",
    "<em>y &lt;</em>",
    "<b><i>z</i></b>",
    "\u0338",
    "\n",
    '"',
)
PARAGRAPHS = st.lists(
    st.tuples(
        joined(*INSIDE, '<a href="/x">l</a>', '<a href="https://a.example/" title="t" target="_blank">l</a>', most=6),
        joined(
            *INSIDE, '<img src="https://a.example/i" alt="" width="9">', '<img src="/lazy" class="x">', "<p>", most=4
        ),
        st.sampled_from(("", " ", "\n", "\u00a0", "\u3000", "text")),
    ),
    max_size=4,
).map(lambda parts: "".join(f"<p>{one}{other}</p>{behind}" for one, other, behind in parts))


@given(PARAGRAPHS | joined(*MARKUP))
@example("<p>Giá vàng &amp; bạc</p>\n<p><b>x</b><br>y</p>")
@example('<p>a <a href="https://a.example/" rel="noopener noreferrer">b</a></p>')
def test_what_is_clean_already_is_not_cleaned_in_vain(markup: str) -> None:
    long = _the_long_way(markup)
    if long is not None:
        assert clean_html(markup, ("https://base.example/",)) == long
        if is_paragraphs(long, media=True):
            assert _KEEPS_SHAPE.clean(long) == long
    if is_paragraphs(scrub(markup)) and "\u0338" not in markup:
        assert _CLEANER.clean(scrub(markup)) == scrub(markup)


def test_the_simplest_bodies_are_known_as_such() -> None:
    simple = "<p>Giá vàng “tăng” &amp; giảm.</p>\n<p><em>x</em><br>y <strong>z</strong></p>"
    linked = '<p>a <a href="https://a.example/?b" rel="noopener noreferrer">b</a></p><p><img src="https://a.example/i.png" alt=""></p>'
    assert is_paragraphs(simple)
    assert not is_paragraphs(linked)
    assert is_paragraphs(linked, media=True)


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "text",
        "<p>a",
        "<p><p>a</p></p>",
        "<p><b>a<b>b</b></b></p>",
        "<p>a</p>text",
        "<p>a\u00a0b</p>",
        "<p>&copy;</p>",
        "<p>a &lt b</p>",
        '<p class="x">a</p>',
        "<p>a</p>\u00a0<p>b</p>",
        "<p>a<script></p>",
        '<p><a href="javascript:x">a</a></p>',
        "<p>a\rb</p>",
    ],
)
def test_nothing_else_is_taken_for_clean(markup: str) -> None:
    assert not is_paragraphs(markup)


HOSTS_OF_LINKS = (
    "a.example",
    "a.example:99999",
    "1.2.3.4.5",
    "xn--a.example",
    "a..example",
    "a.0x1",
    "A.example",
    "u@a.example",
    "a_b.example",
)
VALUES = ("", "x", "640", "12px", "a &amp; b", "Giá vàng", "'q'", "\u00a0", "&lt;", "a\nb")
ATTRIBUTES_OF_LINKS = st.lists(
    st.tuples(
        st.sampled_from(
            ("alt", "title", "width", "height", "class", "target", "rel", "style", "id", "onclick", "lang", "srcset")
        ),
        st.sampled_from(VALUES),
    ),
    max_size=3,
)
ADDRESSES_OF_LINKS = st.builds(
    "{}{}{}".format,
    st.sampled_from(("https://", "http://", "//", "javascript:", "HTTPS://", "")),
    st.sampled_from(HOSTS_OF_LINKS),
    st.sampled_from(("", "/", "/x?a=1&amp;b=2", "/a b", "/ü#f", "/\t", "/x?a&amp;amp;b")),
)


@st.composite
def elements(draw: st.DrawFn) -> str:
    """A link or an image, of which the address is mostly one that needs no work."""
    tag, name = draw(st.sampled_from((("a", "href"), ("img", "src"))))
    address = draw(st.just("https://a.example/i.png") | ADDRESSES_OF_LINKS)
    said = [(name, address), *draw(ATTRIBUTES_OF_LINKS)]
    attributes = "".join(f' {one}="{value}"' for one, value in draw(st.permutations(said)))
    end = draw(st.sampled_from(("", "/", " /")))
    inside = joined(*INSIDE, '<img src="https://a.example/i">', most=2)
    return f"<a{attributes}>{draw(inside)}</a>" if tag == "a" else f"<img{attributes}{end}>"


REFERENCES = (
    "&quot;",
    "&#8217;",
    "e&#769;",
    "&#824;",
    "&#39;",
    "&#60;",
    "&#160;",
    "&#150;",
    "&#8203;",
    "&hellip;",
    "<br/>",
    "<br />",
)


@given(
    st.lists(
        st.lists(elements() | st.sampled_from(INSIDE + REFERENCES), max_size=3).map("".join), min_size=1, max_size=3
    )
)
@example(['<img width="12px" title="t" src="https://a.example/">'])  # nh3 puts the last in the place of what it drops
@example(['<a class="more" href="https://a.example/?a&amp;b" target="_blank">l</a>'])
def test_links_and_images_are_cleaned_without_a_parser_as_with_it(paragraphs: list[str]) -> None:
    markup = paragraphs[0] + "".join(f"<p>{one}</p>" for one in paragraphs[1:])
    simple = simply_cleaned(markup, _attribute)
    if simple is not None:
        assert simple == scrub(_CLEANER.clean(markup)).strip()
        assert html_to_line(simple) == " ".join(html.unescape(_ANY_TAG.sub("", _BREAK.sub("\n", simple))).split())


def test_what_links_and_images_are_cleaned_without_a_parser() -> None:
    linked = '<p><a class="more" href="https://a.example/?a&amp;b" target="_blank">l</a><img src="http://b.example/i" alt="" /></p>It&#8217;s\n'
    assert simply_cleaned(linked, _attribute) == (
        '<p><a href="https://a.example/?a&amp;b" rel="noopener noreferrer">l</a><img src="http://b.example/i" alt=""></p>It’s'
    )


# ---------------------------------------------------------------- invisible signs


def test_what_is_printable_needs_no_looking_for_invisible_signs() -> None:
    signs = [char for char in map(chr, range(sys.maxunicode + 1)) if char.isprintable()]
    assert [char for char in signs if _INVISIBLE.match(char)] == [_JOINED]
    assert not any(map(_NEVER_SEEN.match, signs))


# ---------------------------------------------------------------- dates


@given(
    st.builds(
        "{}-{}-{}T{}:{}:{}{}{}".format,
        st.sampled_from(("2024", "1989", "1990", "0001", "2026", "9999", "24")),
        st.sampled_from(("01", "02", "12", "13", "00", "3")),
        st.sampled_from(("01", "28", "29", "30", "31", "00")),
        st.sampled_from(("00", "12", "23", "24", "25")),
        st.sampled_from(("00", "59", "60")),
        st.sampled_from(("00", "59", "60", "61")),
        st.sampled_from(("", ".5", ".123456789", ",5")),
        st.sampled_from(
            ("Z", "z", "+00:00", "-00:00", "+07:00", "-05:30", "+14:00", "+14:59", "+15:00", "+07:60", "+0700", "")
        ),
    )
    | st.builds(
        "{}{} {} {} {}:{}:{} {}".format,
        st.sampled_from(("Mon, ", "Tue, ", "Xxx, ", "mon, ", "")),
        st.sampled_from(("01", "28", "29", "30", "31", "00", "1", "٠١")),
        st.sampled_from(("Jan", "Feb", "Dec", "jan", "Mai")),
        st.sampled_from(("2024", "1989", "1990", "2026", "0001", "24")),
        st.sampled_from(("00", "12", "23", "24")),
        st.sampled_from(("00", "59", "60")),
        st.sampled_from(("00", "59", "60")),
        st.sampled_from(("GMT", "UTC", "+0000", "-0000", "+0700", "-0530", "+1400", "+1500", "+0760", "EST", "")),
    ),
    st.sampled_from(("", "vi", "en-us")),
    st.sampled_from(("UTC", "Asia/Ho_Chi_Minh")),
)
@example("2026-03-03T12:00:00Z", "", "UTC")
@example("2026-03-03T12:00:01Z", "", "UTC")
def test_the_two_usual_forms_say_what_the_dialects_say(raw: str, language: str, zone: str) -> None:
    assert read_date(raw, language=language, zone=zone, now=NOW) == _in_any_dialect(raw, language, zone, NOW)


def test_the_two_usual_forms() -> None:
    assert usual_moment("2026-03-02T16:30:00+07:00") == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert usual_moment("Mon, 02 Mar 2026 04:30:00 -0500") == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert usual_moment("2 Mar 2026 04:30 EST") is None


# ---------------------------------------------------------------- what of a text counts

PIECES = (
    *(
        "1",
        "12",
        "1,234",
        "1.5k",
        "3 M",
        "2\u00a0000",
        "views",
        "viewS",
        "Lượt xem",
        "bình luận",
        "likes",
        "lıkes",
        "LİKES",
        "kviews",
    ),
    *(
        "page views",
        "pageview",
        "Комментариев",
        "просмотра",
        "vues",
        "評論",
        "评论",
        "reads",
        "claps",
        "Mclaps",
        ":",
        "(",
        ")",
        ".",
        "_",
    ),
    *(
        "ADVERTISEMENT",
        "advertıSement",
        "Sponsored post",
        "sponsored content",
        "QUẢNG CÁO",
        "publicité",
        "Реклама",
        "广告",
        "a",
        "é",
        " ",
    ),
)


def test_what_surely_counts_needs_no_look() -> None:
    dice, sure = random.Random(7), 0
    for _ in range(5_000):
        text = "".join(dice.choice(PIECES) + dice.choice(("", " ")) for _ in range(dice.randrange(1, 6)))
        if _is_all_said(text):
            sure += 1
            assert _what_stays(text) == " ".join(text.split()), text
    assert sure > 300
    assert _is_all_said("Giá vàng tăng 3,5% trong năm 2026")
