"""Records copied and handed on are what they were."""

from __future__ import annotations

import copyreg
import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

import feedhub.understand  # noqa: F401 - registers what findings are made of
from feedhub.model import (
    EPOCH,
    Byline,
    Category,
    Digest,
    Draft,
    Enclosure,
    Entry,
    EntryKeys,
    FeedKind,
    FeedRef,
    Indexed,
    Key,
    Membership,
    RawEntry,
    RawText,
)
from feedhub.records import made, maker
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
    two = pickle.loads(pickle.dumps((DRAFT, replace(DRAFT, rank=2)), pickle.HIGHEST_PROTOCOL))
    assert two[0].memberships[0] is two[1].memberships[0]


def test_a_record_of_all_its_fields_is_one_of_the_kind() -> None:
    record = made(Indexed, "a", "b")
    assert record == Indexed("a", "b")
    assert type(record) is Indexed
    with pytest.raises(FrozenInstanceError):
        record.title = "c"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (RawText, {"value": "a"}),
        (RawEntry, {"id": "1", "digest": Digest(b"1")}),
        (Byline, {"key": "an do", "name": "An Do"}),
        (EntryKeys, {"own": (Key(b"1"),)}),
        (
            Entry,
            {"original_id": "1", "link": "", "canonical_link": "", "title": "", "published": EPOCH, "updated": EPOCH},
        ),
    ],
)
def test_what_is_not_said_is_as_the_class_has_it(kind: type[Any], said: dict[str, Any]) -> None:
    make = maker(kind)
    assert make(**said) == kind(**said)
    assert type(make(**said)) is kind
    with pytest.raises(TypeError):
        make(**said, none_such=1)
    assert pickle.loads(pickle.dumps(make(**said))) == kind(**said)


def test_defaults_that_can_change_are_made_anew() -> None:
    said = {"original_id": "1", "link": "", "canonical_link": "", "title": "", "published": EPOCH, "updated": EPOCH}
    one, two = maker(Entry)(**said), maker(Entry)(**said)
    assert one.said is not two.said


def test_what_must_be_said_is_missed() -> None:
    with pytest.raises(TypeError, match="own"):
        maker(EntryKeys)()
