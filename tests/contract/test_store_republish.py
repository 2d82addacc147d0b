"""A source that is not republished: what the store keeps out, on both databases."""

from __future__ import annotations

from dataclasses import replace

from feedhub.model import EntryId, Feed, FeedKind, Insert, Same
from feedhub.search.query import Query, parse
from feedhub.search.selection import Found, Selection
from feedhub.store import SqlStore
from support.stories import NOW, draft, poll, spec


def feed(store: SqlStore, kind: FeedKind, slug: str) -> Feed:
    found = store.feed(kind, slug)
    assert isinstance(found, Feed)
    return found


def test_no_other_source_shows_what_belongs_to_it(store: SqlStore) -> None:
    store.sync([spec("shy", republish=False), spec("loud")], [], NOW)
    loud, shy = store.states()
    own = draft("shy", "1", shared="x")
    own_feed_only = tuple(one for one in own.memberships if one.feed.kind is FeedKind.SOURCE)
    with store.transaction() as transaction:
        transaction.apply([poll(shy, (replace(own, memberships=own_feed_only), Insert()))])
    with store.transaction() as transaction:
        transaction.apply([poll(loud, (draft("loud", "1", shared="x"), Same(id=EntryId(1))))])
    assert store.page(feed(store, FeedKind.ALL, "all").id, 9) == []
    assert store.page(feed(store, FeedKind.SOURCE, "loud").id, 9) == []
    closed = feed(store, FeedKind.SOURCE, "shy")
    assert (closed.withdrawn, len(store.page(closed.id, 9))) == (True, 1)
    assert closed not in store.feeds()


def test_other_stories_do_not_name_its_links(store: SqlStore) -> None:
    store.sync([spec("shy"), spec("loud")], [], NOW)
    loud, shy = store.states()
    for state, name in ((loud, "loud"), (shy, "shy")):
        with store.transaction() as transaction:
            cluster = None if name == "loud" else EntryId(1)
            transaction.apply([poll(state, (draft(name, "1", story="s"), Insert(cluster=cluster)))])
    everything = feed(store, FeedKind.ALL, "all")
    (shown,) = store.page(everything.id, 9)
    assert [title for _, title in shown.others] == ["Shy"]
    store.sync([spec("shy", republish=False), spec("loud")], [], NOW)
    (after,) = store.page(everything.id, 9)
    assert (after.others, after.version > shown.version) == ((), True)
    assert feed(store, FeedKind.ALL, "all").version > everything.version
    store.sync([spec("shy"), spec("loud")], [], NOW)
    assert not feed(store, FeedKind.SOURCE, "shy").withdrawn


def test_a_question_to_all_that_is_stored(store: SqlStore) -> None:
    store.sync([spec("shy", republish=False)], [], NOW)
    (shy,) = store.states()
    stories = [draft("shy", str(n), title=f"Gold {n}" if n % 2 else f"Silver {n}", at=NOW) for n in range(6)]
    with store.transaction() as transaction:
        transaction.apply([poll(shy, *((one, Insert()) for one in stories))])
    for words, hits in (("gold", 3), ("-gold", 3), ("lead", 0)):
        query = parse(words)
        assert isinstance(query, Query)
        page = store.find(Selection(within=(), clauses=query.clauses), 2)
        assert isinstance(page, Found)
        rest = store.find(Selection(within=(), clauses=query.clauses), 9, page.older) if page.older else Found(hits=())
        assert isinstance(rest, Found)
        assert len(page.hits) + len(rest.hits) == hits
