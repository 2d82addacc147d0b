"""The fast reader yields what feedparser yields, or nothing. feedparser's result is the right one by definition.

The long form: ``FEEDHUB_LONG=20000 .venv/bin/python -m pytest -n0 --no-cov tests/unit/parse/test_parse_fast.py`` makes that many
documents, and damages every document of the shared corpus.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from feedparser.api import LooseFeedParser
from hypothesis import HealthCheck, given, settings

from feedhub.model import Failure, ParseFailed, Parsing, RawEntry, RawFeed
from feedhub.parse import read_with
from feedhub.parse.compare import differing
from feedhub.parse.fast_names import Unsure
from feedhub.parse.fast_reader import read_fast
from feedhub.parse.fast_reading import DEEPEST, Place
from feedhub.parse.fast_table import RULES
from feedhub.parse.feedparser_reader import read_xml
from feedhub.readings import Readings
from feedhub.settings import Limits, Parser
from support.feed_documents import documents

LONG = int(os.environ.get("FEEDHUB_LONG", "0"))
CORPUS = Path(__file__).parents[2] / "corpus" / "parse"
CASES = sorted((CORPUS.parent / "parse_fast").glob("*.xml"))
SHARE = 0.8


def read(body: bytes, parser: Parser = Parser.SHADOW) -> tuple[RawFeed | ParseFailed, Parsing]:
    return read_with(parser, body, content_type="", charset=None, limits=Limits())


def feed(body: bytes) -> RawFeed:
    found, _ = read(body, Parser.FAST)
    assert isinstance(found, RawFeed), found
    return found


# ---------------------------------------------------------------- the same records


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_case_is_read_fast_and_alike(path: Path) -> None:
    found, parsing = read(path.read_bytes())
    assert parsing == Parsing(fast=True)
    assert isinstance(found, RawFeed)
    assert found.entries


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*/body.*")), ids=lambda path: path.parent.name)
def test_no_case_of_parsing_depends_on_the_parser(path: Path) -> None:
    assert read(path.read_bytes(), Parser.FAST)[0] == read(path.read_bytes(), Parser.FEEDPARSER)[0]


@settings(max_examples=LONG or 250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_no_document_of_known_elements_depends_on_the_parser(text: str) -> None:
    assert read(text.encode())[1].differences == ()
    assert slowly(text, brisk=True) == slowly(text)


def test_no_real_document_depends_on_the_parser_and_most_are_read_fast(shared_feeds: Path) -> None:
    bodies = {path.name: path.read_bytes() for path in shared_feeds.iterdir() if path.suffix != ".tsv"}
    parsings = {name: read(body)[1] for name, body in bodies.items()}
    assert {name: parsing.differences for name, parsing in parsings.items() if parsing.differences} == {}
    xml = [parsing for parsing in parsings.values() if parsing.fast or parsing.reason]
    assert sum(parsing.fast for parsing in xml) >= SHARE * len(xml), Counter(one.reason for one in xml)


# ---------------------------------------------------------------- feedparser at less cost


def test_feedparser_has_no_methods_that_the_brisk_one_does_not_look_for() -> None:
    assert [name for name in dir(LooseFeedParser) if name.startswith(("start_", "do_", "end_"))] == []


def slowly(text: str, *, brisk: bool = False) -> RawFeed | ParseFailed:
    return read_xml(text, root="rss", depth=100, entries=1000, brisk=brisk)


BRISK: Mapping[str, str] = {
    "attributes of CDF": "<channel href='http://c/' lastmod='2024-05-06'><item href='http://c/1' lastmod='2024-05-07'/></channel>",
    "base64": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content mode="base64" type="application/x">SGk=</content></entry></feed>',
    "bad base64": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content mode="base64">\u00e9</content></entry></feed>',
    "text that looks like a tag": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="html">&lt;div&gt;<p>x</p>&lt;/div&gt;'
    "</content></entry></feed>",
    "drawings": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title><content type="xhtml"><div>'
    '<s:svg xmlns:s="http://www.w3.org/2000/svg" xmlns:l="http://www.w3.org/1999/xlink"><s:title>t</s:title>'
    '<s:a l:href="#x"/></s:svg><m:math xmlns:m="http://www.w3.org/1998/Math/MathML"/></div></content></entry></feed>',
    "bases": '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://b/a/"><entry xml:base="c/"><link href="x"/>'
    '<content xml:base="d/" xml:lang="vi">&lt;p&gt;</content></entry><entry><link href="y"/></entry></feed>',
    "an address with a space": "<rss><channel><item><a:b xmlns:a='urn:a b'/><title xmlns='urn:c d'>t</title></item></channel></rss>",
    "an unbound prefix": "<rss><channel><item><a:b/><title>t</title></item></channel></rss>",
    "userland": "<rss xmlns='http://backend.userland.com/rss2'><channel><item><title>t</title></item></channel></rss>",
    "prefixes of two meanings": "<rss><channel><item><a:x xmlns:a='urn:1'/><a:title xmlns:a='urn:2' a:b='1' b='2' A='3' a='4'>t</a:title>"
    "<dc:creator xmlns:dc='http://search.yahoo.com/mrss/'>n</dc:creator></item></channel></rss>",
    "entities": '<!DOCTYPE rss [\n<!ENTITY e "x">\n]><rss><channel><title>&e;</title></channel></rss>',
    "references, not well-formed": "<rss><channel><item><title>&e; &eacute; &#233; &#38; & a</title><link>?a=1&amp;b=2&c=3</link>"
    "<description type='text/plain'>&lt;b&gt;x&lt;/b&gt;</description><br/><guid a=1>&quot;</guid></item></channel>",
    "tags of all kinds, not well-formed": "<rss><channel><item a=b c d='1' E = \"2\"><title a='<' b=\"&amp;&lt;&x;\" >1 < 2 <3</title>"
    "<link/><guid>1</guid ><p/x/<br /><b/ ><><LINK HREF='u?a=1&b=2'/><!-- <item> --><?x y?><!x><category>a<![CDATA[<&amp;&quot;]]>b"
    "</category></ ></item><item><title><![CDATA[open</title>",
    "references of all kinds, not well-formed": "<rss><channel>&lt;<item><title>&lt; &lt &amp;lt; &#x3C;&#060;&#12 &#x; &-; &a.b-c; &nbsp &#9;&#128512;&"
    "</title><description>&amp;quot;&lt;p&gt;&#8217;&rsquo;</description><guid>&quot;&apos;&#39;&amp;</guid></item>x&",
    "references in XHTML, not well-formed": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><content type="xhtml">\n&#32;<div>a & b &lt; '
    '&#060;x &nbsp;<p class="&quot;">&#x3c;</p></div>&#160;\n</content></entry><entry><content type="html">&#060;div>&#32;<b>x</b> & </content>'
    "</entry></feed>",
    "a reference to no character, not well-formed": "<rss><channel><item><guid>1</guid></item><item><guid>2</guid><title>&#9999999999999;",
    "levels that are out": "<rss><channel><item><guid>1</guid><description>a <div>b</div></description><guid>2</guid>"
    "<thing a='1'><guid>3</guid></thing><category>c</category><pubdate/></item></channel></rss>",
}


@pytest.mark.parametrize(
    "text", [*BRISK.values(), *(path.read_text() for path in CASES)], ids=[*BRISK, *(path.stem for path in CASES)]
)
def test_feedparser_says_the_same_at_less_cost(text: str) -> None:
    assert slowly(text, brisk=True) == slowly(text)


# ---------------------------------------------------------------- from one parser to the other


def said(entry: RawEntry) -> tuple[object, ...]:
    return entry.id, entry.links, entry.published, entry.updated, entry.authors, entry.contributors


def damages(body: bytes) -> Iterator[tuple[str, bytes, int]]:
    """Kinds of small damage, the damaged document, and how many entries at its end may be missing."""
    title, end = body.find(b"</title>"), max(body.rfind(b"</item>"), body.rfind(b"</entry>"))
    yield "a bare ampersand", body[:title] + b" & co" + body[title:], 0
    yield "an unknown reference", body[:title] + b"&nosuch;" + body[title:], 0
    yield "a bad byte", body[:title] + b"\xff" + body[title:], 0
    yield "a duplicate attribute", body[:end] + b'<x a="1" a="2"/>' + body[end:], 0
    yield "an unbound prefix", body[:end] + b"<nobody:x>1</nobody:x>" + body[end:], 0
    yield "a cut-off end", body[: end - 3], 1


def changed(body: bytes) -> list[str]:
    before = feed(body).entries
    found = []
    for name, damaged, lost in damages(body):
        after = feed(damaged).entries
        kept = len(before) - lost
        if [said(entry) for entry in after[:kept]] != [said(entry) for entry in before[:kept]]:
            found.append(name)
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_small_damage_changes_no_id_link_date_or_person(path: Path) -> None:
    assert changed(path.read_bytes()) == []


DAMAGED_BY_ONE_BYTE = {"RSParser__kc0011.rss"}
"""In GB 2312, where one bad byte makes the whole text be taken for another encoding, whichever parser reads it."""


def test_small_damage_changes_no_id_link_date_or_person_of_real_documents(shared_feeds: Path) -> None:
    paths = sorted(path for path in shared_feeds.iterdir() if path.suffix != ".tsv")
    wrong = {}
    for path in paths if LONG else paths[::6]:
        body = path.read_bytes()
        found, parsing = read(body, Parser.FAST)
        if parsing.fast and isinstance(found, RawFeed) and found.entries and path.name not in DAMAGED_BY_ONE_BYTE:
            wrong[path.name] = changed(body)
    assert {name: names for name, names in wrong.items() if names} == {}


# ---------------------------------------------------------------- what is left to feedparser


def rss(inside: str, root: str = 'rss version="2.0"', head: str = "") -> str:
    return f"{head}<{root}><channel><title>T</title>{inside}</channel></{root.split(maxsplit=1)[0]}>"


LEFT: Mapping[str, str] = {
    "not well-formed": rss("<item><title>a & b</title></item>"),
    "an entity of its own": rss("<item><title>&e;</title></item>", head='<!DOCTYPE rss [\n<!ENTITY e "x">\n]>'),
    "SVG in XHTML": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml">'
    '<div xmlns="http://www.w3.org/1999/xhtml"><svg xmlns="http://www.w3.org/2000/svg"/></div></content></entry></feed>',
    "markup in what Atom calls HTML": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="html">'
    '&lt;div&gt;<p xmlns="http://www.w3.org/1999/xhtml">x</p></content></entry></feed>',
    "an element of feeds in a text": rss("<item><description>a <link>b</link></description></item>"),
    "a division in HTML": rss("<item><description>a <div>b</div></description></item>"),
    "a base in a text": rss("<item><description>a <a xml:base='http://b.example/'>b</a></description></item>"),
    "a prefixed attribute in a text": rss("<item><description><a xmlns:x='urn:x' x:b='1'/></description></item>"),
    "very deep markup": rss("<item><description>" + "<b>" * 40 + "</b>" * 40 + "</description></item>"),
    "an address with a space": rss("<item><a:title xmlns:a='http://www.w3.org/2005/Atom x'>x</a:title></item>"),
    "an entry in an entry": rss("<item><item><title>x</title></item></item>"),
    "another root": "<channel href='http://c.example/'><item href='http://c.example/1'/></channel>",
    "a known element at another place": rss("<source url='http://s.example/'>S</source>"),
    "a known element in an unknown one": rss("<item><thing><guid>x</guid></thing></item>"),
    "a prefix of two meanings": rss("<item><a:x xmlns:a='urn:1'/><a:x xmlns:a='urn:2'/></item>"),
    "a wrong namespace for a usual prefix": rss(
        "<item><dc:creator>Ann</dc:creator><media:x/></item>",
        'rss version="2.0" xmlns:dc="http://search.yahoo.com/mrss/" xmlns:media="http://purl.org/dc/elements/1.1/"',
    ),
    "too many attributes": rss("<item><x " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/></item>"),
    "too many entries": rss("<item/>" * 200_000),
    "too deep": rss("<a>" * 5_000 + "</a>" * 5_000),
    "media within media": rss(
        "<item>" + "<m:group>" * DEEPEST + "</m:group>" * DEEPEST + "</item>",
        'rss version="2.0" xmlns:m="http://search.yahoo.com/mrss/"',
    ),
    "many namespaces": rss("".join(f'<x{n}:a xmlns:x{n}="urn:{n}"/>' for n in range(200))),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_not_certain_is_left_to_feedparser(name: str) -> None:
    with pytest.raises(Unsure):
        read_fast(LEFT[name], depth=100, entries=1000)
    fast, parsing = read(LEFT[name].encode(), Parser.FAST)
    assert fast == read(LEFT[name].encode(), Parser.FEEDPARSER)[0]
    assert parsing.reason


def test_limits_hold_for_what_the_fast_reader_could_read() -> None:
    found, _ = read(rss("<item/>" * 25_000).encode(), Parser.FAST)
    assert isinstance(found, ParseFailed)
    assert found.failure is Failure.TOO_COMPLEX


def test_tight_limits_are_left_to_feedparser() -> None:
    with pytest.raises(Unsure):
        read_fast(rss("<item/>"), depth=10, entries=1000)


# ---------------------------------------------------------------- choosing, and telling


def test_the_setting_chooses() -> None:
    body = rss("<item><title>x</title></item>").encode()
    assert read(body, Parser.FAST)[1] == Parsing(fast=True)
    assert read(body, Parser.FEEDPARSER)[1] == Parsing(reason="switched off")
    assert len({repr(read(body, parser)[0]) for parser in Parser}) == 1


def test_differences_are_told_with_their_place() -> None:
    one = feed(rss("<item><title>x</title><guid>1</guid></item>").encode())
    other = feed(rss("<item><title>x</title><guid>2</guid></item>").encode())
    told = list(differing(one, other))
    assert told[0] == ".entries[0].id: '1' | '2'"
    assert list(differing(one, one)) == []
    assert list(differing(one, feed(rss("").encode()))) == [".entries: 1 values | 0 values"]


def test_documents_are_counted_by_reader() -> None:
    readings = Readings()
    failed = ParseFailed(failure=Failure.TOO_COMPLEX, detail="x", parsing=Parsing(fast=True, differences=("a",)))
    readings.add("a", failed)
    readings.add("b", ParseFailed(failure=Failure.EMPTY, detail="x"))
    assert readings.figures() == {"documents_fast": 1, "documents_not_fast": 0, "documents_parsers_differ": 1}


def test_every_place_has_rules() -> None:
    assert set(RULES) == set(Place)
