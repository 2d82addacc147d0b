"""What holds for every document: laws, damage, encodings, limits."""

from __future__ import annotations

import codecs
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedhub.model import Digest, Failure, ParseFailed, RawEntry, RawFeed, RawLink, RawText
from feedhub.parse import read_document
from feedhub.parse.decode import codec_of, decode
from feedhub.parse.newest import newest
from feedhub.raw_digests import with_digest
from feedhub.settings import Limits

CORPUS = Path(__file__).parents[2] / "corpus" / "parse"
BODIES = sorted(CORPUS.glob("*/body.*"))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Co", "Cn"]), max_size=30)


def read(body: bytes, charset: str | None = None, limits: Limits = Limits()) -> RawFeed | ParseFailed:
    return read_document(body, content_type="", charset=charset, limits=limits)


def feed(body: bytes, charset: str | None = None, limits: Limits = Limits()) -> RawFeed:
    found = read(body, charset, limits)
    assert isinstance(found, RawFeed), found
    return found


def rss(*titles: str, declaration: str = "") -> str:
    items = "".join(f"<item><title>{title}</title><guid>urn:{n}</guid></item>" for n, title in enumerate(titles))
    return f'{declaration}<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'


def titles(found: RawFeed) -> list[str]:
    return [entry.title.value if entry.title else "" for entry in found.entries]


@pytest.mark.parametrize("body", BODIES, ids=lambda path: path.parent.name)
def test_reading_twice_gives_the_same(body: Path) -> None:
    assert read(body.read_bytes()) == read(body.read_bytes())


@pytest.mark.parametrize("body", BODIES, ids=lambda path: path.parent.name)
def test_no_prefix_and_no_damaged_copy_raises(body: Path) -> None:
    whole, dice = body.read_bytes(), random.Random(7)
    for _ in range(30):
        cut = bytearray(whole[: dice.randrange(len(whole) + 1)])
        for _ in range(dice.randrange(4)):
            if cut:
                cut[dice.randrange(len(cut))] = dice.randrange(256)
        assert isinstance(read(bytes(cut)), RawFeed | ParseFailed)


@pytest.mark.parametrize("name", ["rss20_full", "atom10_bases"])
def test_a_bad_ampersand_changes_no_id_link_date_or_person(name: str) -> None:
    body = (CORPUS / name / "body.xml").read_bytes()
    clean = feed(body)
    damaged = feed(body.replace(b"</title>", b" & co</title>", 1))
    assert damaged.notes
    for before, after in zip(clean.entries, damaged.entries, strict=True):
        assert (after.id, after.links, after.published, after.updated) == (
            before.id,
            before.links,
            before.published,
            before.updated,
        )
        assert (after.authors, after.contributors, after.categories) == (
            before.authors,
            before.contributors,
            before.categories,
        )
        assert (after.enclosures, after.images, after.language) == (before.enclosures, before.images, before.language)


def test_one_bad_byte_changes_one_entry() -> None:
    body = rss(*(f"Tiêu đề số {n}" for n in range(20))).encode()
    spot = body.index("đề số 7".encode())
    damaged = feed(body[:spot] + b"\xff" + body[spot + 1 :])
    whole = feed(body)
    changed = [n for n, (a, b) in enumerate(zip(whole.entries, damaged.entries, strict=True)) if a != b]
    assert changed == [7]
    assert "not valid utf-8" in " ".join(damaged.notes)


ENCODINGS = {
    "utf-16": "Tiếng Việt và 日本語",
    "windows-1252": "Café “Zürich” – naïve",
    "iso-8859-1": "Café Zürich",
    "iso-8859-2": "Žluťoučký kůň úpěl",
    "windows-1251": "Новости порта сегодня утром",
    "koi8-r": "Новости порта сегодня утром",
    "windows-1258": "Đâu đó có lúa",
    "gb2312": "港口新闻今天早上",
    "shift_jis": "港のニュース、今朝",
    "euc-jp": "港のニュース、今朝",
    "iso-2022-jp": "港のニュース、今朝",
    "euc-kr": "오늘 아침 항구 소식",
    "big5": "港口新聞今天早上",
}


@pytest.mark.parametrize(("encoding", "text"), ENCODINGS.items())
def test_a_transcoded_document_gives_the_same_records(encoding: str, text: str) -> None:
    wanted = feed(rss(text, text).encode()).entries
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
    assert feed(rss(text, text, declaration=declaration).encode(encoding)).entries == wanted
    assert feed(rss(text, text).encode(encoding), encoding).entries == wanted


@pytest.mark.parametrize(
    "charset", ["iso-8859-1", "us-ascii", "unicode_escape", "utf-7", "punycode", "nonsense", "\x00", ""]
)
def test_a_wrong_charset_in_the_header_does_no_harm(charset: str) -> None:
    assert titles(feed(rss("Tiêu đề").encode(), charset)) == ["Tiêu đề"]
    russian = rss("Новости", declaration='<?xml version="1.0" encoding="windows-1251"?>').encode("cp1251")
    assert titles(feed(russian, charset)) == ["Новости"]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_need_their_mark_only(codec: str) -> None:
    marks = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    marks |= {"utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}
    assert titles(feed(marks[codec] + rss("Đò").encode(codec))) == ["Đò"]


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "gbk", "utf-16", "x"]))
def test_decoding_never_fails_and_leaves_nothing_xml_forbids(body: bytes, charset: str | None) -> None:
    text = decode(body, charset, lambda _: "").text
    assert not any(ord(c) < 32 and c not in "\t\n\r" for c in text)
    text.encode()


def test_references_to_no_character_are_dropped() -> None:
    body = rss("a&#0;b&#x1F;c&#xD800;d&#x110000;e&#99999999999;f&#233;\x0b").encode()
    assert titles(feed(body)) == ["abcdefé"]


@pytest.mark.parametrize("name", ["latin1", "ISO_8859-1", "windows-1252", "ascii"])
def test_latin_1_means_windows_1252(name: str) -> None:
    assert codec_of(name) == "cp1252"


def repaired(text: str) -> str:
    """What feedparser makes of text that somebody encoded as UTF-8 twice; all other text stays as it is."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


@given(WORDS, WORDS)
@example("\u00c2\u00a1", "\u00c3")
def test_any_text_is_kept_as_written(title: str, guid: str) -> None:
    escaped = [part.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for part in (title, guid)]
    body = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>{escaped[1]}</id><title>{escaped[0]}</title></entry></feed>'
    (entry,) = feed(body.encode()).entries
    assert entry.id == repaired(guid.strip())
    assert (entry.title.value if entry.title else "") == repaired(title.strip())


def test_text_that_was_encoded_twice_is_repaired() -> None:
    assert titles(feed(rss("Café".encode().decode("latin-1")).encode())) == ["Café"]


def test_equal_entries_have_equal_digests_and_every_field_counts() -> None:
    entry = RawEntry(id="1", links=(RawLink(href="a"),), title=RawText(value="t"))
    others = [
        replace(entry, id="2"),
        replace(entry, title=RawText(value="t", language="vi")),
        replace(entry, links=(RawLink(href="a"), RawLink(href="a"))),
        replace(entry, id="", rights="1"),
        replace(entry, published="1"),
    ]
    digests = {with_digest(one).digest for one in [entry, *others]}
    assert len(digests) == 6
    assert with_digest(with_digest(entry)) == with_digest(entry)
    assert with_digest(RawEntry(id="1")).digest.hex() == "1127dc081ac44ccb3b32d581ff1f0cbb", (
        "stored digests must not change"
    )


def test_the_newest_entries_stay_whichever_way_a_document_runs() -> None:
    down = [RawEntry(id=str(n), published=f"2024-01-{n:02}T00:00:00Z") for n in range(20, 0, -1)]
    assert [entry.id for entry in newest(down, 3)] == ["20", "19", "18"]
    assert [entry.id for entry in newest(down[::-1], 3)] == ["18", "19", "20"]
    assert [entry.id for entry in newest([replace(entry, published="?") for entry in down], 2)] == ["20", "19"]


def test_entries_over_the_limit_are_counted() -> None:
    found = feed(rss(*map(str, range(30))).encode(), limits=Limits(entries=10))
    assert titles(found) == [str(n) for n in range(10)]
    assert found.notes == ("30 entries listed, the newest 10 read",)


def test_a_path_as_body_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "feed.xml"
    secret.write_text(rss("secret"))
    found = read(str(secret).encode())
    assert isinstance(found, ParseFailed)
    assert found.failure is Failure.NOT_A_FEED


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    doctype = f'<!DOCTYPE rss [\n<!ENTITY x SYSTEM "{secret.as_uri()}">\n<!ENTITY ok "fine">\n]>'
    found = read((doctype + rss("a &x; b &ok;")).encode())
    assert isinstance(found, RawFeed)
    assert "secret" not in repr(found.entries)
    assert "fine" in repr(found.entries)


def test_json_ids_of_any_size_and_odd_members_are_taken() -> None:
    body = (
        b'{"version":"https://jsonfeed.org/version/1.1","title":"x\\ud800","items":[{"id":%s},{"id":true},{"id":1.5}]}'
    )
    found = feed(body % (b"9" * 5000))
    assert [entry.id[:3] for entry in found.entries] == ["999", "1.5"]


def test_json_that_is_nested_too_deeply_is_refused() -> None:
    found = read(b'{"version":"https://jsonfeed.org/version/1.1","items":' + b"[" * 100_000)
    assert isinstance(found, ParseFailed)
    assert found.failure is Failure.TOO_COMPLEX


def test_a_feed_that_a_page_wraps_is_found() -> None:
    found = feed(b"<html><body>" + rss("in").encode() + b"</body></html>")
    assert titles(found) == ["in"]


def test_entries_keep_every_digest_apart_from_their_place() -> None:
    one, two = feed(rss("a", "b").encode()), feed(rss("a").encode())
    assert one.entries[0].digest == two.entries[0].digest != Digest(b"")
