"""Texts are packed when they come and when they are older, and nothing that reads them can tell. On both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from feedhub.model import Draft, EntryId, Insert, StoredEntry, Update
from feedhub.store import SqlStore, check, statistics
from feedhub.store.bodies import pack_some
from feedhub.store.marks import wordings
from feedhub.store.search_index import IndexWriter
from feedhub.store.tables import contents
from feedhub.zstandard_texts import packed, texts_of
from support.stories import HOUR, NOW, draft, poll, spec

LONG = "<p>" + "Ships in the harbour wait for the tide, and the tide waits for nobody. " * 20 + "{}</p>"


def long_draft(name: str, words: str = "") -> Draft:
    made = draft("a", name)
    entry = replace(made.entry, content=LONG.format(words or name), said={"title": (f"<b>{name}</b>",)})
    return replace(made, entry=entry)


def bring(store: SqlStore, *drafts: Draft) -> None:
    store.sync([spec("a")], [], NOW)
    (state,) = store.states()
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((each, Insert()) for each in drafts))])


def rows(store: SqlStore) -> list[tuple[bool, str]]:
    """Whether each entry's texts are packed, and the plain ones."""
    with store.reading() as connection:
        query = select(contents).order_by(contents.c.entry_id)
        return [(bool(row.packed), row.content) for row in connection.execute(query)]


def pack_and_die(store: SqlStore) -> None:
    with store.writing() as connection:
        assert pack_some(connection, 3) == 3
        raise RuntimeError("killed")


def everything(store: SqlStore) -> list[StoredEntry]:
    return sorted(store.stored([EntryId(n) for n in range(1, 8)]), key=lambda one: one.id)


def make_plain(store: SqlStore) -> None:
    """As a database is after the upgrade: nothing packed, everything to be looked at."""
    bodies = {one.id: one.entry for one in everything(store)}
    with store.writing() as connection:
        for number, entry in bodies.items():
            account = store.account(number)
            assert account is not None
            plain = texts_of(replace(entry, said=account.said))
            change = contents.update().where(contents.c.entry_id == number)
            connection.execute(change.values(**plain._asdict(), packed=None))
        connection.execute(text("INSERT INTO counters (name, value) VALUES ('texts_waiting', 7)"))


def test_long_texts_are_packed_and_short_ones_are_not(store: SqlStore) -> None:
    made = long_draft("1")
    bring(store, replace(made, packed=packed(texts_of(made.entry))), long_draft("2"), draft("a", "3"))
    assert [is_packed for is_packed, _ in rows(store)] == [True, True, False]
    assert [plain for _, plain in rows(store)] == ["", "", "<p>3 of a</p>"]
    first, second, third = everything(store)
    assert (first.entry.content, second.entry.content) == (LONG.format("1"), LONG.format("2"))
    assert (first.entry.summary, third.entry.content) == ("<p>Short.</p>", "<p>3 of a</p>")
    account = store.account(EntryId(2))
    assert account is not None
    assert account.said == {"title": ("<b>2</b>",)}
    with store.reading() as connection:
        assert wordings(connection, [EntryId(1)])[EntryId(1)].body == LONG.format("1")
        assert set(IndexWriter(connection).stored([1, 2, 3])) == {1, 2, 3}  # found under the tokens of the stored text


def test_an_update_packs_and_unpacks(store: SqlStore) -> None:
    bring(store, long_draft("1"))
    (state,) = store.states()
    for changed, is_packed in ((draft("a", "1", title="Short now"), False), (long_draft("1", "Long again"), True)):
        decision = Update(id=EntryId(1), published=NOW - HOUR, updated=NOW, significant=True)
        with store.transaction() as transaction:
            transaction.apply([poll(state, (changed, decision))])
        assert [one for one, _ in rows(store)] == [is_packed]
        assert store.stored([EntryId(1)])[0].entry.content == changed.entry.content
        assert check(store.url) == []


def test_older_texts_are_packed_some_at_a_time(store: SqlStore) -> None:
    bring(store, *(long_draft(str(n)) for n in range(6)), draft("a", "short"))
    before = everything(store)
    make_plain(store)
    assert [one for one, _ in rows(store)] == [False] * 7
    assert everything(store) == before
    assert store.pack_some(batch=3) == 3
    assert [one for one, _ in rows(store)] == [False] * 4 + [True] * 2 + [False]
    assert statistics(store.url, NOW, None, 0).waiting_to_be_packed == 4
    with pytest.raises(RuntimeError, match="killed"):
        pack_and_die(store)
    assert [one for one, _ in rows(store)].count(True) == 2
    assert [store.pack_some(batch=3) for _ in range(3)] == [3, 1, 0]
    assert [one for one, _ in rows(store)] == [True] * 6 + [False]
    assert everything(store) == before
    found = statistics(store.url, NOW, None, 0).bodies
    assert (found.looked_at, found.packed) == (7, 6)
    assert found.stored_bytes < found.plain_bytes / 3
