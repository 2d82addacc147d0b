"""The full-text index and what is asked of it, the same on both databases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from sqlalchemy import text

from feedhub.model import Draft, EntryId, Feed, FeedKind, Insert, Known, Update
from feedhub.search.match import wanted
from feedhub.search.query import Query, parse
from feedhub.search.selection import Found, Place, Selection, TooCostly
from feedhub.search.words import VERSION, indexed
from feedhub.store import SqlStore, check
from feedhub.store.finding import MOST_LOOKED_AT
from feedhub.store.statements import put_over
from feedhub.store.tables import counters
from feedhub.store.text_search import START, text_search
from support.stories import HOUR, NOW, draft, poll, spec, topic
from support.upkeep import forget, retain

CORPUS = Path(__file__).parents[1] / "corpus" / "search"
ENTRIES: dict[str, dict[str, str]] = YAML(typ="safe").load(CORPUS / "entries.yaml")
QUERIES: list[dict[str, Any]] = YAML(typ="safe").load(CORPUS / "queries.yaml")


def feed(store: SqlStore, kind: FeedKind, slug: str) -> Feed:
    found = store.feed(kind, slug)
    assert isinstance(found, Feed)
    return found


def asked(words: str) -> Query:
    query = parse(words)
    assert isinstance(query, Query), query
    return query


def find(
    store: SqlStore, words: str = "", *feeds: Feed, limit: int = 50, before: Place | None = None, **more: Any
) -> Found:
    within = feeds or (feed(store, FeedKind.ALL, "all"),)
    found = store.find(Selection(within=within, clauses=asked(words).clauses, **more), limit, before)
    assert isinstance(found, Found)
    return found


def titles(store: SqlStore, words: str = "", *feeds: Feed, **more: Any) -> list[str]:
    return [entry.entry.title for entry in store.load(find(store, words, *feeds, **more).hits)]


def write(store: SqlStore, slug: str, *drafts: Draft) -> None:
    (state,) = store.states([slug])
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((each, Insert()) for each in drafts))])


def text_draft(name: str, title: str, summary: str = "", content: str = "", **more: Any) -> Draft:
    made = draft("a", name, **more)
    return replace(made, entry=replace(made.entry, title=title, summary=summary, content=content))


def known(store: SqlStore, some: Draft) -> Known:
    with store.transaction() as transaction:
        return next(iter(transaction.known(some.keys.own).values()))


def update(store: SqlStore, slug: str, old: Draft, new: Draft) -> None:
    (state,) = store.states([slug])
    before = known(store, old)
    decision = Update(id=before.id, published=new.entry.published, updated=new.entry.updated, significant=True)
    with store.transaction() as transaction:
        transaction.apply([poll(state, (new, decision))])


@pytest.fixture
def a(store: SqlStore) -> SqlStore:
    store.sync([spec("a"), spec("b")], [topic("tea"), topic("cups")], NOW)
    return store


@pytest.fixture
def library(a: SqlStore) -> SqlStore:
    drafts = [
        text_draft(name, one["title"], one.get("summary", ""), one.get("content", ""), at=NOW - age * HOUR)
        for age, (name, one) in enumerate(ENTRIES.items(), start=1)
    ]
    write(a, "a", *drafts)
    return a


def test_the_corpus_of_questions(library: SqlStore) -> None:
    """One store for all rows: each is a fast question, and a fresh database for each would not be."""
    ids = {one.entry.original_id.removeprefix("a:"): one.id for one in library.entries(99)}
    names = {number: name for name, number in ids.items()}
    answers = {row["ask"]: sorted(names[hit.id] for hit in find(library, row["ask"]).hits) for row in QUERIES}
    assert answers == {row["ask"]: sorted(row["find"]) for row in QUERIES}


def test_the_same_answers_whatever_is_walked(library: SqlStore) -> None:
    """The list of a feed is walked for what must not be there, the index for what must: both know the same entries."""
    everything = {hit.id for hit in find(library).hits}
    for row in QUERIES:
        query = asked(row["ask"])
        if all(not clause.negative and len(clause.texts) == 1 for clause in query.clauses) and len(query.clauses) == 1:
            absent = Selection(
                within=(feed(library, FeedKind.ALL, "all"),),
                clauses=tuple(replace(clause, negative=True) for clause in query.clauses),
            )
            rest = library.find(absent, 50)
            assert isinstance(rest, Found)
            assert {hit.id for hit in rest.hits} == everything - {hit.id for hit in find(library, row["ask"]).hits}


def test_newest_first_and_page_by_page(a: SqlStore) -> None:
    ages = [5, 1, 9, 3, 7, 2, 8]
    write(a, "a", *(text_draft(str(age), f"tea {age}", at=NOW - age * HOUR) for age in ages))
    assert titles(a, "tea") == [f"tea {age}" for age in sorted(ages)]
    seen: list[str] = []
    before, pages = None, 0
    while pages == 0 or before is not None:
        page = find(a, "tea", limit=3, before=before)
        seen += [entry.entry.title for entry in a.load(page.hits)]
        before, pages = page.older, pages + 1
    assert (seen, pages) == (titles(a, "tea"), 3)


@pytest.mark.parametrize("hit_cost", [0, 1, 10_000], ids=["looking", "both", "index"])
def test_words_of_all_frequencies_are_paged_without_loss(
    a: SqlStore, monkeypatch: pytest.MonkeyPatch, hit_cost: int
) -> None:
    """PostgreSQL looks at entries while words are dense, and asks its index from where they are not any more."""
    monkeypatch.setattr("feedhub.store.text_search.LOOK", 20)
    monkeypatch.setattr("feedhub.store.text_search.PAGE_TO_HIT", hit_cost)
    holds: dict[str, Callable[[int], bool]] = {
        "each": lambda n: True,
        "third": lambda n: n % 3 == 0,
        "twentieth": lambda n: n % 20 == 7,
        "lately": lambda n: n < 50,
        "long ago": lambda n: n > 250,
        "never": lambda n: False,
    }
    said = [" ".join(words for words, has in holds.items() if has(n)) for n in range(300)]
    write(a, "a", *[text_draft(f"{n}", f"{n}", words, at=NOW - (n + 1) * HOUR) for n, words in enumerate(said)])
    for words, has in holds.items():
        found: list[str] = []
        before: Place | None = None
        while True:
            page = find(a, words, limit=7, before=before)
            found += [entry.entry.title for entry in a.load(page.hits)]
            before = page.older
            if before is None:
                break
        assert found == [str(n) for n in range(300) if has(n)], words


def test_entries_of_one_second_are_paged_without_loss(a: SqlStore) -> None:
    write(a, "a", *(text_draft(str(number), f"tea {number}") for number in range(7)))
    first = find(a, "tea", limit=3)
    second = find(a, "tea", limit=3, before=first.older)
    third = find(a, "tea", limit=3, before=second.older)
    ids = [hit.id for page in (first, second, third) for hit in page.hits]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 7
    assert third.older is None


def test_an_edit_is_followed(a: SqlStore) -> None:
    old = text_draft("1", "Old gold", content="<p>shine</p>")
    write(a, "a", old)
    new = text_draft("1", "New silver", content="<p>dull</p>", at=NOW - 5 * HOUR)
    update(a, "a", old, new)
    assert [titles(a, word) for word in ("gold", "shine", "silver", "dull")] == [[], [], ["New silver"], ["New silver"]]
    update(a, "a", new, old)
    assert [titles(a, word) for word in ("gold", "shine", "silver")] == [["Old gold"], ["Old gold"], []]


def test_what_is_removed_is_not_found(a: SqlStore) -> None:
    write(a, "a", *(text_draft(str(n), f"tea {n}", at=NOW - timedelta(days=n)) for n in range(1, 5)))
    (state,) = a.states(["a"])
    with a.transaction() as transaction:  # none is listed any more
        transaction.apply([poll(state, at=NOW + HOUR, seen=[draft("a", "1").entry.raw_digest])])
    retain(a, timedelta(days=2), 0, 10, NOW)
    assert titles(a, "tea") == [one.entry.title for one in a.entries(9)]
    assert len(a.entries(9)) < 4
    forget(a, "a", NOW)
    assert titles(a, "tea") == []
    assert _places(a) == set()


def _places(store: SqlStore) -> set[int]:
    lite = store.url.startswith("sqlite")
    with store.reading() as connection:
        return set(connection.scalars(text("SELECT id FROM search_docsize" if lite else "SELECT place FROM search")))


@pytest.mark.parametrize(
    "feeds", [("topics/tea", "topics/cups"), ("topics/cups", "topics/tea"), ("topics/tea", "authors/bo")]
)
def test_feeds_are_narrowed_by_feeds(a: SqlStore, feeds: Sequence[str]) -> None:
    write(
        a,
        "a",
        draft("a", "1", topics=["tea"]),
        draft("a", "2", topics=["tea", "cups"], authors=["bo"]),
        draft("a", "3", topics=["cups"], authors=["bo"]),
    )
    chosen = [feed(a, FeedKind(kind), slug) for kind, slug in (one.split("/") for one in feeds)]
    assert titles(a, "", *chosen) == ["2 of a"]
    assert titles(a, "of", *chosen) == ["2 of a"]
    assert titles(a, "of", chosen[0], without=(chosen[1],)) == (["1 of a"] if feeds[0] == "topics/tea" else ["3 of a"])


def test_languages(a: SqlStore) -> None:
    drafts = [draft("a", name) for name in ("en", "en-GB", "vi", "")]
    write(
        a,
        "a",
        *(
            replace(one, entry=replace(one.entry, language=name))
            for one, name in zip(drafts, ("en", "en-GB", "vi", ""), strict=True)
        ),
    )
    assert sorted(titles(a, "", languages=("en",))) == ["en of a", "en-GB of a"]
    assert titles(a, "", languages=("en-gb",)) == ["en-GB of a"]
    assert sorted(titles(a, "", no_languages=("en",))) == [" of a", "vi of a"]
    assert sorted(titles(a, "of", languages=("vi", "en-gb"))) == ["en-GB of a", "vi of a"]


def test_a_story_is_shown_once(a: SqlStore) -> None:
    """By the first that was stored of those that are meant; a source's own entries are all shown."""
    first = draft("a", "1", title="Tea arrives", story="x", topics=["tea"])
    write(a, "a", first)
    (state,) = a.states(["b"])
    second = draft("b", "9", title="Tea and cups arrive", story="x", topics=["tea", "cups"], authors=["bo"])
    cluster = a.entries(1)[0].id
    with a.transaction() as transaction:
        transaction.apply([poll(state, (second, Insert(cluster=cluster)))])
    tea, cups, bo = feed(a, FeedKind.TOPIC, "tea"), feed(a, FeedKind.TOPIC, "cups"), feed(a, FeedKind.AUTHOR, "bo")
    assert titles(a, "tea") == ["Tea arrives"]
    assert titles(a, "cups") == ["Tea and cups arrive"], "only the second has the word"
    assert titles(a, "", tea, bo) == ["Tea and cups arrive"], "only the second is in both"
    assert titles(a, "", tea, cups) == ["Tea and cups arrive"]
    assert titles(a, "tea", feed(a, FeedKind.ALL, "all"), feed(a, FeedKind.SOURCE, "b")) == ["Tea and cups arrive"]
    assert titles(a, "arrives") == ["Tea arrives"]


def test_a_page_looks_at_a_bounded_number_and_says_where_to_go_on(a: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedhub.store.finding.MOST_LOOKED_AT", 128)
    write(a, "a", *(draft("a", str(n), at=NOW - n * HOUR, topics=["tea"]) for n in range(1, 300)))
    write(a, "a", draft("a", "old", at=NOW - 301 * HOUR, topics=["tea", "cups"]))
    tea, everything = feed(a, FeedKind.TOPIC, "tea"), feed(a, FeedKind.ALL, "all")
    seen: list[str] = []
    page = find(a, "-of", everything, tea)
    assert (page.hits, page.older is not None) == ((), True)
    before, pages = None, 0
    while pages == 0 or before is not None:
        page = find(a, "old", everything, tea, languages=("en",), before=before)
        seen += [entry.entry.title for entry in a.load(page.hits)]
        before, pages = page.older, pages + 1
    assert seen == ["old of a"]
    assert MOST_LOOKED_AT > 128


def test_what_takes_too_long_is_stopped_and_harms_nobody(a: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    write(a, "a", *(draft("a", str(n), at=NOW - n * HOUR, topics=["tea"]) for n in range(1, 300)))
    chosen = Selection(within=(feed(a, FeedKind.TOPIC, "tea"),), languages=("xx",))
    monkeypatch.setattr("feedhub.store.finding.TIME_LIMIT", 0.001)
    assert isinstance(a.find(chosen, 50), TooCostly)
    monkeypatch.undo()
    assert find(a, "", *chosen.within, languages=("xx",)).hits == ()
    assert len(find(a, "of").hits) == 50


@pytest.mark.parametrize("before", [(10**18, 1), (-(10**18), 1), (0, 10**18), (2**32, 10**18), (0, 0)])
def test_any_two_numbers_are_a_place(a: SqlStore, before: tuple[int, int]) -> None:
    write(a, "a", draft("a", "1", topics=["tea"]))
    place = before[0], EntryId(before[1])
    wanted_hits = 1 if before[0] > 2**31 else 0
    tea = feed(a, FeedKind.TOPIC, "tea")
    assert len(find(a, "of", before=place).hits) == wanted_hits
    assert len(find(a, "", tea, before=place).hits) == wanted_hits


def test_an_older_database_is_indexed_some_at_a_time(a: SqlStore) -> None:
    """As after an upgrade: entries that the index does not know, edits and removals of some of them in between."""
    drafts = [text_draft(str(n), f"tea {n}", at=NOW - n * HOUR) for n in range(1, 8)]
    write(a, "a", *drafts)
    while a.index_some(batch=2, anew=not _started(a)):
        state = a.index_state()
        if state.waiting == 3:
            break
    assert len(titles(a, "tea")) == 4
    update(a, "a", drafts[0], text_draft("1", "coffee", at=NOW - HOUR))  # entry 1 waits
    update(a, "a", drafts[6], text_draft("7", "cocoa", at=NOW - 7 * HOUR))  # entry 7 is in
    write(a, "a", text_draft("8", "tea 8", at=NOW - 8 * HOUR))
    assert (titles(a, "coffee"), titles(a, "cocoa")) == (["coffee"], ["cocoa"])
    while a.index_some(batch=1):
        pass
    assert a.index_state().complete
    assert a.index_mark() == 0
    assert titles(a, "tea") == [f"tea {n}" for n in (2, 3, 4, 5, 6, 8)]
    assert len(_places(a)) == 8


def _started(store: SqlStore) -> bool:
    return len(_places(store)) < 7


def test_an_index_of_another_version_is_built_anew(a: SqlStore) -> None:
    write(a, "a", text_draft("1", "tea 1"), text_draft("2", "tea 2"))
    with a.writing() as connection:
        put_over(connection, counters, [{"name": "search_version", "value": VERSION - 1}])
    assert not a.index_state().complete
    write(a, "a", text_draft("3", "tea 3"))  # whoever writes first empties it
    assert titles(a, "tea") == ["tea 3"]
    while a.index_some():
        pass
    assert sorted(titles(a, "tea")) == ["tea 1", "tea 2", "tea 3"]


def test_a_removal_leaves_the_same_index_as_never_having_been(a: SqlStore) -> None:
    """SQLite is told the old tokens; a wrong one would stay for ever."""
    write(
        a,
        "a",
        *(
            text_draft(name, one["title"], one.get("summary", ""), one.get("content", ""))
            for name, one in ENTRIES.items()
        ),
    )
    forget(a, "a", NOW)
    assert _places(a) == set()
    if a.url.startswith("sqlite"):
        with a.writing() as connection:
            connection.execute(text("INSERT INTO search(search) VALUES ('optimize')"))
            connection.execute(text("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, search, 'row')"))
            assert connection.execute(text("SELECT * FROM temp.terms")).all() == []
            connection.execute(text("DROP TABLE temp.terms"))


def test_names_are_found_by_key_and_by_title(a: SqlStore) -> None:
    write(a, "a", draft("a", "1", authors=["ana lù"]))
    found = a.named(FeedKind.AUTHOR, ["nobody", "ana lù"])
    assert found is not None
    assert found.key == "ana lù"
    assert a.named(FeedKind.AUTHOR, ["ana lu"]) is None
    assert a.named(FeedKind.TOPIC, ["ana lù"]) is None
    tea = a.named(FeedKind.TOPIC, ["Tea"])
    assert tea is not None
    assert tea.key == "tea"


def test_the_check_knows_what_is_missing_in_the_index(a: SqlStore) -> None:
    write(a, "a", text_draft("1", "tea"))
    assert check(a.url) == []
    with a.writing() as connection:
        if a.url.startswith("sqlite"):
            connection.execute(text("DELETE FROM search_docsize"))
        else:
            connection.execute(text("DELETE FROM search"))
    assert check(a.url) == ["1 entries that the full-text index should know and does not"]
    a.index_some(anew=True)
    assert check(a.url) == []


WORDS = st.sampled_from(
    [
        "gold",
        "vàng",
        "vang",
        "中国",
        "中",
        "đ",
        "и\u0306",
        "a b",
        "x-y",
        "'",
        '"',
        "\\",
        ":*",
        "&",
        "|",
        "!",
        "<->",
        "*",
        "NEAR",
        "AND",
        "title",
    ]
)
TEXTS = st.one_of(WORDS, st.text(max_size=12)).map(lambda words: words.replace("\x00", ""))


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.tuples(st.sampled_from(["", "-", "title:", '"']), TEXTS), min_size=1, max_size=6))
def test_no_text_is_an_error_of_the_database(a: SqlStore, parts: list[tuple[str, str]]) -> None:
    query = parse(" ".join(f"{prefix}{words}" for prefix, words in parts))
    if isinstance(query, Query) and any(not clause.negative for clause in query.clauses):
        with a.reading() as connection:
            search = text_search(connection, wanted(query.clauses))
            assert search.hits(START, 5).places == []
            assert search.among([1, 2]) == set()


def test_a_long_text_is_the_same_in_both(a: SqlStore) -> None:
    """Beyond what PostgreSQL keeps of a token, and of a document."""
    body = "the end " * 400 + "of tulips " + " ".join(f"word{n}" for n in range(9_000)) + " orchids"
    write(a, "a", text_draft("1", "Long", content=f"<p>{body}</p>"))
    assert titles(a, '"of tulips"') == ["Long"]
    assert titles(a, '"the end"') == ["Long"]
    assert titles(a, '"end of"') == [], "only the first 200 places of a word are in phrases"
    assert titles(a, "word6000") == ["Long"]
    assert titles(a, "orchids") == [], "beyond the words that are kept"
    assert len(indexed("Long", "", f"<p>{body}</p>").text.split(" ")) <= 7_500


def test_what_one_transaction_brings_and_changes_again_is_indexed_once(a: SqlStore) -> None:
    (state,) = a.states(["a"])
    first, edited, other = (
        text_draft("1", "older words"),
        text_draft("1", "younger words"),
        text_draft("2", "other words"),
    )
    with a.transaction() as transaction:
        transaction.apply([poll(state, (first, Insert()))])
        before = next(iter(transaction.known(first.keys.own).values()))
        change = Update(id=before.id, published=NOW - HOUR, updated=NOW, significant=True)
        transaction.apply([poll(state, (edited, change), (other, Insert()))])
    assert sorted(titles(a, "words")) == ["other words", "younger words"]
    assert titles(a, "older") == []
    update(a, "a", edited, text_draft("1", "last words"))
    assert titles(a, "younger") == []
    assert check(a.url) == []


def test_an_index_of_an_older_feedhub_is_tuned_at_the_next_writing(a: SqlStore) -> None:
    if not a.url.startswith("sqlite"):
        pytest.skip("of FTS5")
    with a.writing() as connection:
        connection.execute(text("INSERT INTO search(search, rank) VALUES ('automerge', 4)"))
    write(a, "a", text_draft("1", "some words"))
    with a.reading() as connection:
        kept = connection.execute(text("SELECT v FROM search_config WHERE k = 'automerge'"))
        assert kept.scalar() == 8
    assert titles(a, "words") == ["some words"]
