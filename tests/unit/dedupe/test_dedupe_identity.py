"""Names of entries: each numbered rule of ``feedhub.dedupe.identity``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.dedupe import identify
from feedhub.dedupe.identity import is_global
from feedhub.model import Credit, Enclosure, Entry, EntryKeys, SourceId
from support.cleaned import clean_entry

ONE, OTHER = SourceId(1), SourceId(2)
LONG = "The council met on Tuesday and talked about the new quay for three hours. " * 4


def keys_of(*entries: Entry, listed: list[tuple[str, str]] | None = None, source: SourceId = ONE) -> list[EntryKeys]:
    everything = [(entry.original_id, entry.link) for entry in entries] if listed is None else listed
    return list(identify(source, entries, everything))


def test_an_id_that_behaves_comes_before_the_link() -> None:
    entry = clean_entry()
    (keys,) = keys_of(entry)
    (retitled,) = keys_of(clean_entry(title="Another title", text="Other words"))
    (moved,) = keys_of(clean_entry(link="https://news.example/moved"))
    (renamed,) = keys_of(clean_entry(original_id="tag:news.example,2026:2"))
    assert len(keys.own) == 2
    assert retitled.own == keys.own
    assert moved.own[0] == keys.own[0]
    assert renamed.own[1] == keys.own[1]
    assert renamed.own[0] != keys.own[0]


def test_own_keys_hold_within_one_source_only() -> None:
    (here,), (there,) = keys_of(clean_entry()), keys_of(clean_entry(), source=OTHER)
    assert not set(here.own) & set(there.own)
    assert here.shared == there.shared
    assert here.shared is not None


def test_an_id_listed_with_two_links_is_not_a_name() -> None:
    first, second = clean_entry(link="https://news.example/a"), clean_entry(link="https://news.example/b")
    one, two = keys_of(first, second)
    assert not set(one.own) & set(two.own)
    assert one.shared is None
    assert len(one.own) >= 1


def test_the_whole_document_counts_and_not_only_what_is_new() -> None:
    entry = clean_entry(link="https://news.example/a")
    (alone,) = keys_of(entry)
    (beside,) = keys_of(entry, listed=[(entry.original_id, entry.link), (entry.original_id, "https://news.example/b")])
    assert alone.own[0] not in beside.own


def test_a_link_that_several_ids_share_is_not_a_name() -> None:
    first = clean_entry(original_id="a", link="https://news.example/changes")
    second = clean_entry(original_id="b", link="https://news.example/changes")
    one, two = keys_of(first, second)
    assert len(one.own) == len(two.own) == 1
    assert one.own != two.own
    assert one.cluster == two.cluster == ()


def test_a_shared_relative_link_is_seen_through_the_id() -> None:
    entry = clean_entry(original_id="a", link="https://news.example/changes")
    (keys,) = keys_of(entry, listed=[("a", "/changes"), ("b", "/changes")])
    assert len(keys.own) == 1


def test_without_id_and_link_the_content_is_the_name() -> None:
    def keys(**changes: object) -> EntryKeys:
        return keys_of(clean_entry(original_id="", link="", **{"title": "Note", "text": "words", **changes}))[0]

    assert len(keys().own) == 1
    assert keys().own == keys().own
    assert keys(title="Other").own != keys().own
    assert keys(text="others").own != keys().own
    sound = Enclosure(url="https://news.example/1.mp3", type="audio/mpeg")
    assert keys(enclosures=(sound,)).own != keys().own


def test_truly_identical_items_of_one_document_are_one_entry() -> None:
    one, two = keys_of(clean_entry(), clean_entry())
    assert one == two


@pytest.mark.parametrize("name", ["", "tag:news.example,2026:all", "home"])
def test_items_with_one_id_and_one_link_but_different_titles_are_not_lost(name: str) -> None:
    stories = [clean_entry(original_id=name, link="https://news.example/", title=f"Story {n}") for n in range(3)]
    keys = keys_of(*stories)
    assert len({key for entry in keys for key in entry.own}) == 3


def test_a_repeated_entry_is_found_again_when_only_one_of_its_listings_is_at_hand() -> None:
    entry = clean_entry(text=LONG)
    both = keys_of(entry, entry)[0]
    (alone,) = keys_of(entry, listed=[(entry.original_id, entry.link)] * 2)
    assert set(alone.own) & set(both.own)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("https://news.example/a", True),
        ("http://news.example/?p=12", True),
        ("tag:news.example,2026:1", True),
        ("urn:uuid:5f0c1c6e-0000-4000-8000-000000000001", True),
        ("https://news.example/", False),
        ("https://news.example", False),
        ("12345", False),
        ("tag:", False),
        ("http://[broken", False),
        ("", False),
    ],
)
def test_which_ids_are_meant_to_be_unique_in_the_world(name: str, expected: bool) -> None:
    assert is_global(name) is expected
    (keys,) = keys_of(clean_entry(original_id=name))
    assert (keys.shared is not None) is expected


def test_stories_meet_on_link_text_and_origin() -> None:
    original = clean_entry(text=LONG)
    planet = clean_entry(link="https://planet.example/7", text="", via=Credit(title="News"))
    copy = clean_entry(original_id="x", link="https://copy.example/7", text=LONG.upper().replace(" ", "\u00a0"))
    linking = clean_entry(original_id="y", text="short")
    first, *others = (set(keys_of(entry)[0].cluster) for entry in (original, planet, copy, linking))
    assert all(first & other for other in others)


@pytest.mark.parametrize(
    "fields",
    [
        {"original_id": "http://localhost/?p=1", "link": "http://localhost/other"},
        {"original_id": "https://feeds.example/item/1"},
    ],
)
def test_an_id_on_another_host_does_not_join_stories(fields: dict[str, str]) -> None:
    (one,) = keys_of(clean_entry(**fields))
    (two,) = keys_of(clean_entry(**(fields | {"link": "https://else.example/2"})), source=OTHER)
    assert not set(one.cluster) & set(two.cluster)


def test_a_front_page_and_a_short_text_join_nothing() -> None:
    (keys,) = keys_of(clean_entry(original_id="1", link="https://news.example/", text="Read more on our site."))
    assert keys.cluster == ()


def test_boilerplate_under_several_titles_joins_nothing() -> None:
    entries = [clean_entry(original_id=f"{n}", link=f"https://n.example/{n}", title=f"T{n}", text=LONG) for n in (1, 2)]
    one, two = keys_of(*entries)
    assert not set(one.cluster) & set(two.cluster)


NAMES = st.sampled_from(["", "a", "b", "https://n.example/p"])
LINKS = st.sampled_from(["", "https://n.example/1", "https://n.example/2"])
ENTRIES = st.builds(
    lambda name, link, title: clean_entry(original_id=name, link=link, title=title),
    NAMES,
    LINKS,
    st.sampled_from(["x", "y"]),
)


@given(st.lists(ENTRIES, max_size=8))
def test_every_entry_has_a_name_and_only_equal_content_shares_one(entries: list[Entry]) -> None:
    keys = keys_of(*entries)
    owners: dict[bytes, Entry] = {}
    for entry, names in zip(entries, keys, strict=True):
        assert names.own
        for name in names.own:
            assert owners.setdefault(name, entry).title == entry.title
