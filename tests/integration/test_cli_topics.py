"""``explain``, ``try``, ``check`` and ``relabel``, through the installed program, over one prepared folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.feed_server import serving
from support.forked import feedhub, running

ITEM = """<item><guid isPermaLink="false">g{n}</guid><link>http://s.example/{n}?utm_source=rss</link>
<title>{title}</title><description>{text}</description><pubDate>Mon, 02 Mar 2026 0{hour}:15:00 +0700</pubDate>
<dc:creator>By AN DO</dc:creator><category>{category}</category>{more}</item>"""
TITLES = (
    ("Giá vàng hôm nay", "Kinh tế &gt; Vàng"),
    ("Vàng lên, cà phê xuống", "Kinh tế &gt; Vàng"),
    ("Central bank holds its rate", "Central banks"),
    ("A film about gold", "Film"),
    *((f"Number {n} of a long row", "Uncategorized") for n in range(24)),
)
CONFIG = """
server: {{port: 0}}
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, manual_gap: 0s}}
sources:
  - {{url: '{one}', slug: one, language: vi, drop: [Number 23 of]}}
  - {{url: '{two}', slug: two}}
topics:
  gold: {{any: [giá vàng, gold], none: [film]}}
  money: {{any: [{{category: [Central banks, "Kinh tế > Vàng"]}}]}}
  one: {{any: [{{source: [one]}}]}}
  other: {{default: true}}
"""


def rss(first: int = 0) -> bytes:
    items = "".join(
        ITEM.format(n=n, title=title, text=f"Text {n}.", category=category, hour=n % 10, more="")
        for n, (title, category) in enumerate(TITLES)
        if n >= first
    )
    head = '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>S</title>'
    return f"{head}{items}</channel></rss>".encode()


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("polled")
    short = rss(27)
    for old, new in (
        (b">g27<", b">g3<"),
        (b"/27?", b"/3?"),
        (b"Number 23 of a long row", b"The film on gold"),
        (b"Text 27.", b"word long " * 60),
    ):
        short = short.replace(old, new)
    with serving({"one.xml": rss(), "two.xml": short}) as server:
        (folder / "config.yaml").write_text(CONFIG.format(one=server.url("one.xml"), two=server.url("two.xml")))
        feedhub(folder, "poll", "one", "--json")
        feedhub(folder, "poll", "two", "--json")
    return folder


@pytest.fixture
def folder(polled: Path, tmp_path: Path) -> Path:
    """A copy of the prepared folder, to be changed freely."""
    copy = tmp_path / "copy"
    shutil.copytree(polled, copy)
    return copy


def said(folder: Path, *arguments: str) -> str:
    return feedhub(folder, *arguments).stdout


def read(folder: Path, *arguments: str) -> Any:
    return json.loads(said(folder, *arguments, "--json"))


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "config.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


# ---------------------------------------------------------------- explain


def test_an_entry_is_explained_by_link_title_and_number(folder: Path) -> None:
    by_title = read(folder, "explain", "GIÁ VÀNG hôm")
    number = by_title["entry"]
    assert read(folder, "explain", str(number)) == by_title
    assert read(folder, "explain", "http://s.example/0?utm_source=rss") == by_title
    assert read(folder, "explain", "http://s.example/0") == by_title  # as links are compared
    assert read(folder, "explain", "g0") == by_title
    assert by_title["came_from"][0]["original_id"] == "g0"
    assert by_title["cleaned"]["authors"] == {"written": ["By AN DO"], "kept": "An Do"}
    assert by_title["cleaned"]["categories"]["written"] == ["Kinh tế > Vàng"]
    assert by_title["cleaned"]["categories"]["kept"] == "Kinh tế; Vàng (Kinh tế > Vàng)"
    assert by_title["cleaned"]["published"]["written"] == ["Mon, 02 Mar 2026 00:15:00 +0700"]
    assert {"feed": "/topics/gold", "rule": 'keyword "giá vàng" in title'} in by_title["in_feeds"]


def test_what_kept_an_entry_out_is_told(folder: Path) -> None:
    text = said(folder, "explain", "a film about")
    assert 'none[0] excludes it: keyword "film" in title' in text
    assert "/topics/money" not in text.partition("not in topics")[2]  # no rule of it came near
    (asked,) = read(folder, "explain", "a film about", "--topic", "topics/money")["topics"]
    assert (asked["in"], [rule["matches"] for rule in asked["rules"]]) == (False, [False])
    assert '"Film"' in asked["why"]
    (other,) = read(folder, "explain", "a film about", "--topic", "other")["topics"]
    assert other["why"] == "it takes only what no other topic takes, and it is in one"
    (gold,) = read(folder, "explain", "Vàng lên", "--topic", "gold")["topics"]
    assert 'has "giá vàng", "gold"' in gold["why"]


def test_several_sources_and_stories_are_told(folder: Path) -> None:
    found = read(folder, "entries", "list", "--source", "two")
    assert len(found) == 1
    one = read(folder, "explain", str(found[0]["id"]))
    carried = {sighting["source"] for sighting in one["came_from"]}
    assert carried == {"one", "two"} or {mate["source"] for mate in one["joined"]["story"]} == {"one"}


def test_the_filter_of_the_source_is_told(folder: Path) -> None:
    text = said(folder, "explain", "Number 1 of")
    assert "it would be stored today" in text
    edit(folder, "drop: [Number 23 of]", "drop: [Number 1 of]")
    assert 'it would not be stored today: drop rule: keyword "Number 1 of" in title' in said(
        folder, "explain", "Number 1 of"
    )


def test_an_edited_file_is_told_of_before_it_is_in_force(folder: Path) -> None:
    edit(folder, "none: [film]", "none: [hôm nay]")
    assert "would leave: none[0] excludes it" in said(folder, "explain", "Giá vàng")
    assert "would enter: keyword" in said(folder, "explain", "a film about")


def test_what_cannot_be_explained_is_said(folder: Path) -> None:
    several = feedhub(folder, "explain", "of a long row", check=False)
    assert several.returncode == 1
    assert "more than 20 entries fit" in several.stderr
    assert "Number 22" in several.stdout
    for words in ("http://nowhere.example/", "999999", "no such words"):
        assert feedhub(folder, "explain", words, check=False).returncode == 7
    assert feedhub(folder, "explain", "1", "--topic", "nope", check=False).returncode == 7


# ---------------------------------------------------------------- try


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "feedhub.db").read_bytes()).hexdigest()


def test_a_topic_is_tried_before_it_is_saved(folder: Path) -> None:
    before = digest(folder)
    (one,) = read(folder, "try", "--keyword", "vàng", "--keyword", "=FED")
    assert (one["matches"], one["enters"], one["leaves"]) == (2, 2, 0)
    assert one["rules"] == {'keyword "vàng" in title': 2}
    assert {found["because"] for found in one["entering"]} == {'keyword "vàng" in title'}
    (only,) = read(folder, "try", "--keyword", "vàng", "--in", "content")
    assert only["matches"] == 0
    (gold,) = read(folder, "try", "gold", "--keyword", "vàng")
    assert (gold["stays"], gold["enters"], gold["leaves"]) == (1, 1, 0)
    assert digest(folder) == before, "nothing was written"


def test_a_topic_in_yaml_is_tried(folder: Path) -> None:
    (folder / "rules.yaml").write_text("any: [gold]\nall:\n  - {language: vi}\nparent: money\n")
    (gold,) = read(folder, "try", "gold", "--rules", "rules.yaml")
    assert (gold["stays"], gold["enters"], gold["leaves"]) == (0, 1, 1)
    assert gold["leaving"][0]["because"] == 'keyword "giá vàng" in title'
    (folder / "rules.yaml").write_text("any:\n  - {keywords: [gold]}\n")
    bad = feedhub(folder, "try", "--rules", "rules.yaml", check=False)
    assert bad.returncode == 2
    assert "rules.yaml:2:" in bad.stderr
    assert "keyword" in bad.stderr


def test_an_edited_file_is_tried_as_a_whole(folder: Path) -> None:
    assert all(not one["enters"] and not one["leaves"] for one in read(folder, "try"))
    edit(folder, "none: [film]", "none: [hôm nay]")
    found = {one["name"]: one for one in read(folder, "try", "--show", "1")}
    assert (found["gold"]["enters"], found["gold"]["leaves"]) == (2, 1)
    assert found["money"]["enters"] == found["money"]["leaves"] == 0
    text = said(folder, "try")
    assert "2 topics of 4 would change" in text
    assert "The film on gold" in text
    assert read(folder, "try", "gold", "--newest", "1")[0]["looked_at"] == 1
    assert read(folder, "try", "gold", "--show", "0")[0]["entering"] == []


def test_rules_of_a_source_are_tried(folder: Path) -> None:
    (one,) = read(folder, "try", "--source", "one")
    assert (one["looked_at"], one["leaves"]) == (27, 0), "what its rules refuse was never stored"
    (one,) = read(folder, "try", "--source", "one", "--drop", "--keyword", "Number*")
    assert (one["leaves"], one["stays"]) == (23, 4)
    (one,) = read(folder, "try", "--source", "one", "--keep", "--keyword", "gold")
    assert (one["leaves"], one["stays"]) == (26, 1)
    assert one["leaving"][0]["because"] == "no keep rule matches"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--drop", "--keyword", "x"),
        ("--source", "one", "--keyword", "x"),
        ("--source", "one", "--keep"),
        ("--source", "one", "--keep", "--drop", "--keyword", "x"),
        ("--in", "title"),
        ("--keyword", "x", "--rules", "y"),
        ("--keyword", "/(/"),
        ("--rules", "missing.yaml"),
    ],
)
def test_mixtures_that_mean_nothing_are_refused(folder: Path, arguments: tuple[str, ...]) -> None:
    assert feedhub(folder, "try", *arguments, check=False).returncode == 2


@pytest.mark.parametrize("arguments", [("nope",), ("--source", "nope")])
def test_names_that_do_not_exist_are_refused(folder: Path, arguments: tuple[str, ...]) -> None:
    assert feedhub(folder, "try", *arguments, check=False).returncode == 7


def test_a_pattern_that_takes_too_long_is_told(folder: Path) -> None:
    done = feedhub(folder, "try", "--newest", "3", "--keyword", r"/(\w|\w\w|\s)+$ONG/", "--in", "content")
    assert "took too long" in done.stderr


# ---------------------------------------------------------------- check


def test_topics_are_checked_beside_what_is_stored(folder: Path) -> None:
    edit(folder, "any: [giá vàng, gold]", "any: [giá vàng, gold, gold*, vàng, THAI, =gold, zebra]")
    edit(folder, "Central banks, ", "Central bank, Nothing of it, ")
    edit(folder, "  other: {default: true}", "  other: {default: true}\n  never: [zebra crossing]")
    found = [(one["verdict"], one["detail"]) for one in read(folder, "check", "--no-reach") if one["what"] == "topics"]
    warnings = [detail for verdict, detail in found if verdict == "warning"]
    rest = [detail for verdict, detail in found if verdict == "ok"]
    for words in (
        "topics.gold: the keyword 'gold' adds nothing: 'gold*'",
        "topics.gold: the keyword '=gold' adds nothing",
        "topics.gold: the keyword 'giá vàng' adds nothing: 'vàng'",
        "topics.gold: the keyword 'vàng' is one Vietnamese syllable",
        "topics.gold: the keyword 'THAI' is also the Vietnamese word",
        "topics.never: matches none of the 28 entries",
        "topics.one: takes 96 % of the 28 entries",
        "topics.money: no entry has the category 'Central bank'; did you mean 'Central banks' (1 entries)?",
    ):
        assert any(detail.startswith(words) for detail in warnings), words
    assert "Categories that no entry has had yet: Nothing of it." in rest
    assert any("Categories that no topic names" in detail and "Film (1)" in detail for detail in rest)
    assert not any("other" in detail for detail in warnings)


def test_without_a_database_only_the_file_is_checked(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("topics: {a: [lãi, lãi suất]}\n")
    found = [one["detail"] for one in read(tmp_path, "check", "--no-reach") if one["what"] == "topics"]
    assert any("'lãi suất' adds nothing" in detail for detail in found)
    assert not (tmp_path / "feedhub.db").exists()


# ---------------------------------------------------------------- relabel


def test_labels_follow_the_file(folder: Path) -> None:
    assert "All labels are those" in said(folder, "relabel")
    edit(folder, "none: [film]", "none: [hôm nay]")
    assert "still to be labelled" in said(folder, "status")
    assert "28 entries labelled" in said(folder, "relabel")
    titles = [one["entry"]["title"] for one in read(folder, "entries", "list", "--feed", "topics/gold")]
    assert titles == ["A film about gold"], "one of a story is shown"
    assert "labelled" not in said(folder, "status")


def test_patterns_that_take_too_long_are_told_after_labelling(folder: Path) -> None:
    edit(folder, "none: [film]", "none: [{keyword: '/(\\w|\\w\\w|\\s)+$ONG/', in: [content]}]")
    assert "took too long" in feedhub(folder, "relabel").stderr
    assert "took too long" in said(folder, "explain", "The film on")


def test_before_the_first_run_there_is_nothing_to_label(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("topics: {a: [b]}\n")
    assert "Nothing is stored yet" in said(tmp_path, "relabel")


def test_a_daemon_is_followed(folder: Path) -> None:
    with running(folder) as daemon:
        assert "All labels are those" in said(folder, "relabel")
        edit(folder, "none: [film]", "none: [hôm nay]")
        assert "All labels are those" in said(folder, "relabel")
        assert [item["title"] for item in daemon.json("/topics/gold.json")["items"]] == ["A film about gold"]
        assert daemon.json("/status.json")["labelling"] is None
        assert "relabelling" in daemon.json("/health")["detail"]
