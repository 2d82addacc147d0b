"""Records copied and handed on are what they were."""

from __future__ import annotations

import copyreg
import pickle
from dataclasses import replace

import feedhub.understand  # noqa: F401 - registers what findings are made of
from feedhub.model import (
    Byline,
    Category,
    Draft,
    Enclosure,
    Entry,
    EntryKeys,
    FeedKind,
    FeedRef,
    Indexed,
    Key,
    Membership,
)
from feedhub.records import changed, made
from support.cleaned import clean_entry

DRAFT = Draft(
    entry=clean_entry(
        authors=(Byline(key="an do", name="An Do"),),
        categories=(Category(key="ai", term="AI"),),
        enclosures=(Enclosure(url="https://news.example/a.mp3", type="audio/mpeg"),),
        said={"title": ("One",)},
    ),
    keys=EntryKeys(own=(Key(b"1"),), shared=None, marks=(1, 2)),
    memberships=(Membership(feed=FeedRef(kind=FeedKind.ALL, key="all", title="All"), rule="every entry"),),
    indexed=Indexed("a", "b"),
)


def test_what_is_handed_on_is_equal_and_as_good() -> None:
    assert Entry in copyreg.dispatch_table
    copy = pickle.loads(pickle.dumps(DRAFT, pickle.HIGHEST_PROTOCOL))
    assert copy == DRAFT
    assert copy.entry.digest == DRAFT.entry.digest
    assert hash(copy.memberships) == hash(DRAFT.memberships)


def test_what_is_one_object_stays_one() -> None:
    two = pickle.loads(pickle.dumps((DRAFT, changed(DRAFT, rank=2)), pickle.HIGHEST_PROTOCOL))
    assert two[0].memberships[0] is two[1].memberships[0]


def test_changes_are_those_of_the_library() -> None:
    assert changed(DRAFT.entry, title="x", said={}) == replace(DRAFT.entry, title="x", said={})
    assert made(Indexed, "a", "b") == Indexed("a", "b")
