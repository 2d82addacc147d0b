"""Spellings of a name that share a page are one person; nobody is joined by a page of everybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feedhub.model import Byline, Draft, Feed, FeedKind, Insert
from feedhub.names import author_key
from feedhub.ports import Redirected, Relabelled
from feedhub.store import SqlStore
from support.stories import NOW, draft, member, poll, spec

PAGE = "https://paper.example/author/huyen-tran"


def by(source: str, name: str, author: str, uri: str) -> Draft:
    key = author_key(author)
    made = draft(source, name, authors=())
    return replace(
        made,
        entry=replace(made.entry, authors=(Byline(key=key, name=author, uri=uri),)),
        memberships=(*made.memberships, replace(member(FeedKind.AUTHOR, key), rule="byline")),
    )


def bring(store: SqlStore, slug: str, *drafts: Draft) -> None:
    (state,) = store.states([slug])
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((each, Insert()) for each in drafts))])


def people(store: SqlStore) -> list[tuple[str, int]]:
    return sorted((feed.key, feed.size) for feed in store.feeds(FeedKind.AUTHOR) if feed.key != "helper")


@pytest.mark.parametrize("together", [True, False])
def test_one_page_is_one_person(store: SqlStore, together: bool) -> None:
    store.sync([spec("a"), spec("b")], [], NOW)
    one, other = by("a", "1", "Huyền Trần", PAGE), by("a", "2", "Huyen Tran", f"{PAGE}/")
    for drafts in [(one, other)] if together else [(one,), (other,)]:
        bring(store, "a", *drafts)
    bring(
        store,
        "b",
        by("b", "3", "Huyen Tran", ""),
        by("b", "4", "H. Tran", "https://www.paper.example/author/huyen-tran"),
    )
    ((key, size),) = people(store)
    assert size == 4
    assert key in {author_key("Huyền Trần"), author_key("Huyen Tran")}
    (feed,) = store.feeds(FeedKind.AUTHOR)
    assert {one.entry.authors[0].name for one in store.page(feed.id, 9)} == {"Huyền Trần", "Huyen Tran", "H. Tran"}


def test_the_address_of_a_joined_feed_leads_on(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", by("a", "1", "Huyền Trần", PAGE), by("a", "2", "Tran Thi Huyen", ""))
    old = {feed.slug for feed in store.feeds(FeedKind.AUTHOR)}
    bring(store, "a", by("a", "3", "Tran Thi Huyen", PAGE))
    (feed,) = store.feeds(FeedKind.AUTHOR)
    assert (feed.title, feed.size) == ("Huyền Trần", 3)
    (left,) = old - {feed.slug}
    assert store.feed(FeedKind.AUTHOR, left) == Redirected(slug=feed.slug)


@pytest.mark.parametrize(
    "page",
    [
        "https://paper.example/",
        "https://paper.example/about",
        "https://paper.example/authors",
        "https://paper.example/author/7",
        "",
    ],
)
def test_a_page_of_everybody_joins_nobody(store: SqlStore, page: str) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", by("a", "1", "Huyền Trần", page), by("a", "2", "Ann Poe", page))
    assert len(people(store)) == 2


def test_another_name_on_the_page_of_somebody_is_another_person(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", by("a", "1", "Huyền Trần", PAGE), by("a", "2", "Ann Poe", PAGE))
    assert len(people(store)) == 2


def test_labels_found_anew_keep_people_joined(store: SqlStore) -> None:
    store.sync([spec("a")], [], NOW)
    bring(store, "a", by("a", "1", "Huyền Trần", PAGE), by("a", "2", "Huyen Tran", PAGE))
    before = people(store)
    for one in store.entries(9):
        key = one.entry.authors[0].key
        store.relabel(
            [Relabelled(entry=one.id, memberships=(member(FeedKind.ALL, "all"), member(FeedKind.AUTHOR, key)))]
        )
    assert people(store) == before
    feed = store.feeds(FeedKind.AUTHOR)[0]
    assert isinstance(feed, Feed)
