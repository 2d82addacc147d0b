"""What a commit keeps, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from feedhub.model import (
    EPOCH,
    ContentPolicy,
    Credit,
    DateOrigin,
    Decision,
    Digest,
    Draft,
    Enclosure,
    EntryId,
    Failure,
    FeedId,
    FeedInfo,
    FeedKind,
    FeedRef,
    Health,
    Insert,
    Membership,
    PollHints,
    Same,
    SourceState,
    StoredEntry,
    Update,
    Validators,
)
from feedhub.ports import MOST_STORIES_OF_A_KEY, Applied, Relabelled
from feedhub.store import SqlStore
from support.stories import HOUR, NOW, draft, key, member, poll, spec, topic


@pytest.fixture
def ab(store: SqlStore) -> tuple[SourceState, SourceState]:
    """Two sources."""
    store.sync([spec("a"), spec("b")], [topic("tea")], NOW)
    first, second = store.states()
    return first, second


def write(store: SqlStore, state: SourceState, *writes: tuple[Draft, Decision], at: datetime = NOW) -> Applied:
    with store.transaction() as transaction:
        return transaction.apply([poll(state, *writes, at=at)])


def shown(store: SqlStore, kind: FeedKind, slug: str) -> list[str]:
    feed = store.feed(kind, slug)
    assert feed is not None
    return [entry.entry.title for entry in store.page(_id(store, kind, slug), 100)]


def _id(store: SqlStore, kind: FeedKind, slug: str) -> FeedId:
    return next(feed.id for feed in store.feeds(kind) if feed.slug == slug)


def version(store: SqlStore, kind: FeedKind, slug: str) -> int:
    return next(feed.version for feed in store.feeds(kind) if feed.slug == slug)


def one(store: SqlStore) -> StoredEntry:
    (entry,) = store.entries(10)
    return entry


def test_an_entry_comes_back_as_it_was_written(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    media = Enclosure(url="http://a.example/1.mp3", type="audio/mpeg", length=5_000_000_000, title="One", duration=60)
    given = draft("a", "1", authors=("ana", "bo"), labels=("news", "tea"), enclosures=(media,))
    via = Credit(title="Trà", id="urn:x", updated=NOW, authors=("Huyền",))
    given = replace(given, entry=replace(given.entry, via=via, image="http://a.example/i", in_reply_to="urn:y"))
    applied = write(store, ab[0], (given, Insert()))
    assert (applied.new, applied.updated, applied.outcomes[0].new) == (1, 0, 1)
    stored = one(store)
    assert stored.entry == given.entry
    assert (stored.version, stored.source_slug, stored.policy) == (1, "a", ContentPolicy.FULL)
    assert stored.source.title == "A"
    assert (stored.first_seen, stored.sort_key) == (NOW, int(given.entry.published.timestamp()))


def test_a_moment_in_the_future_is_sorted_at_first_seen(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    write(store, ab[0], (draft("a", "1", at=NOW + HOUR), Insert()))
    assert one(store).sort_key == int(NOW.timestamp())
    assert one(store).entry.published == NOW + HOUR


def test_a_state_comes_back_as_it_was_written(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    state = replace(
        ab[0],
        url="https://moved.example/feed",
        validators=Validators(etag='W/"odd " tag', last_modified="yesterday-ish", url="http://a.example/feed"),
        body_digest=Digest(key("body")),
        last_change_at=NOW,
        failing_since=NOW,
        failures=3,
        last_failure=Failure.BLOCKED,
        last_detail="Số lỗi",
        last_status=403,
        rate=1.25,
        rate_at=NOW,
        same_body=2,
        has_validators=False,
        fresh_until=NOW + HOUR,
        retry_at=NOW + HOUR,
        hints=PollHints(ttl=60, update_interval=3600, skip_hours=(0, 23), skip_days=(5, 6)),
        move_target="http://b.example/",
        move_since=NOW,
        move_count=2,
    )
    record = poll(state)
    with store.transaction() as transaction:
        transaction.apply([record])
    assert store.states(["a"]) == [record.state]
    (outcome,) = store.outcomes(state.id)
    assert outcome == record.outcome


def test_known_finds_by_own_and_shared_keys(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    given = draft("a", "1", shared="x", story="s", own=("guid-2",))
    write(store, ab[0], (given, Insert()))
    keys = [*given.keys.own, key("shared x"), key("nobody's")]
    with store.transaction() as transaction:
        found = transaction.known(keys)
        stories = transaction.stories([key("story s"), key("nobody's")])
    assert found.keys() == set(keys[:-1])
    (known,) = {entry.id: entry for entry in found.values()}.values()
    assert (known.owner, known.digest, known.parts) == (ab[0].id, given.entry.digest, given.entry.parts)
    assert (known.original_id, known.published, known.version) == ("a:1", given.entry.published, 1)
    assert {name: [story.cluster for story in found] for name, found in stories.items()} == {key("story s"): [known.id]}
    assert stories[key("story s")][0].language == "en"


def test_many_keys_are_asked_in_pieces(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    given = [draft("a", str(number)) for number in range(1200)]
    write(store, ab[0], *((entry, Insert()) for entry in given))
    with store.transaction() as transaction:
        assert len(transaction.known(entry.keys.own[0] for entry in given)) == 1200


def test_two_sources_of_one_batch_bring_one_entry(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    mine, other = draft("a", "1", shared="x"), draft("b", "9", shared="x", labels=("sport",))
    with store.transaction() as transaction:
        applied = transaction.apply([poll(ab[0], (mine, Insert())), poll(ab[1], (other, Insert()))])
    assert applied.new == 1
    assert [outcome.new for outcome in applied.outcomes] == [1, 0]
    assert one(store).others == ((other.entry.link, "B"),)
    assert shown(store, FeedKind.SOURCE, "b") == shown(store, FeedKind.CATEGORY, "sport") == [mine.entry.title]
    trace = store.trace(one(store).id)
    assert trace is not None
    assert [(s["source"], s["original_id"]) for s in trace.sightings] == [("a", "a:1"), ("b", "b:9")]


def test_one_document_that_lists_an_entry_twice_brings_it_once(
    store: SqlStore, ab: tuple[SourceState, SourceState]
) -> None:
    assert write(store, ab[0], (draft("a", "1"), Insert()), (draft("a", "1"), Insert())).new == 1
    assert write(store, ab[0], (draft("a", "1"), Insert())).new == 0  # decided against what was known long ago


def test_an_update_replaces_what_belongs_to_the_entry(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    write(store, ab[0], (draft("a", "1", authors=("ana", "bo"), labels=("old",)), Insert()))
    number, moved = one(store).id, NOW - 2 * HOUR
    after = draft("a", "1", title="Edited", authors=("cy",), labels=("fresh",), at=moved)
    decision = Update(id=number, published=moved, updated=NOW, significant=True)
    applied = write(store, ab[0], (after, decision))
    assert (applied.new, applied.updated) == (0, 1)
    stored = one(store)
    assert stored.entry == replace(after.entry, updated=NOW)
    assert (stored.version, stored.sort_key) == (2, int(moved.timestamp()))
    assert shown(store, FeedKind.CATEGORY, "fresh") == shown(store, FeedKind.AUTHOR, "cy") == ["Edited"]
    assert shown(store, FeedKind.CATEGORY, "old") == shown(store, FeedKind.AUTHOR, "bo") == []
    assert store.feeds(FeedKind.ALL)[0].updated == NOW


def test_an_update_keeps_what_another_source_said(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    write(store, ab[0], (draft("a", "1"), Insert()))
    number = one(store).id
    write(store, ab[1], (draft("b", "9", labels=("sport",)), Same(id=number)))
    edited = draft("a", "1", title="Edited", at=NOW - 2 * HOUR)
    decision = Update(id=number, published=NOW - 2 * HOUR, updated=NOW, significant=True)
    write(store, ab[0], (edited, decision))
    assert shown(store, FeedKind.SOURCE, "b") == shown(store, FeedKind.CATEGORY, "sport") == ["Edited"]


def test_a_stated_date_stays_stated(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    write(store, ab[0], (draft("a", "1"), Insert()))
    undated = draft("a", "1", title="Edited")
    undated = replace(undated, entry=replace(undated.entry, date_origin=DateOrigin.FIRST_SEEN))
    same_time = NOW - HOUR
    write(store, ab[0], (undated, Update(id=one(store).id, published=same_time, updated=NOW, significant=True)))
    assert one(store).entry.date_origin is DateOrigin.STATED


def test_same_adds_missing_keys_and_the_new_raw_digest(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    before = draft("a", "1")
    write(store, ab[0], (before, Insert()))
    after = draft("a", "1", own=("new-guid",))
    after = replace(after, entry=replace(after.entry, raw_digest=Digest(key("raw again"))))
    write(store, ab[0], (after, Same(id=one(store).id)), at=NOW + HOUR)
    with store.transaction() as transaction:
        assert len(transaction.known(after.keys.own)) == 2
    assert store.known_digests(ab[0].id) == {Digest(key("raw again"))}
    assert one(store).version == 1


def test_seen_digests_touch_the_sighting(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    given = draft("a", "1")
    write(store, ab[0], (given, Insert()))
    with store.transaction() as transaction:
        transaction.apply([poll(ab[0], seen=[given.entry.raw_digest], at=NOW + HOUR)])
    trace = store.trace(one(store).id)
    assert trace is not None
    assert (trace.sightings[0]["first_seen"], trace.sightings[0]["last_seen"]) == (NOW, NOW + HOUR)


def test_a_story_is_shown_once_and_everywhere_in_its_sources(
    store: SqlStore, ab: tuple[SourceState, SourceState]
) -> None:
    write(store, ab[0], (draft("a", "1", story="s"), Insert()))
    first = one(store)
    earlier = draft("b", "2", at=NOW - 3 * HOUR)
    write(store, ab[1], (earlier, Insert(cluster=first.id)))
    assert shown(store, FeedKind.ALL, "all") == ["1 of a"]  # what is shown already stays
    assert shown(store, FeedKind.SOURCE, "b") == ["2 of b"]
    again = next(entry for entry in store.entries(10) if entry.id == first.id)
    assert (again.version, again.others) == (2, ((earlier.entry.link, "B"),))


def test_of_a_new_story_the_earliest_is_shown(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    later, earlier = draft("a", "1", story="s"), draft("b", "2", story="s", at=NOW - 3 * HOUR)
    with store.transaction() as transaction:
        transaction.apply([poll(ab[0], (later, Insert()))])
        (story,) = [story.cluster for story in transaction.stories([key("story s")])[key("story s")]]
        transaction.apply([poll(ab[1], (earlier, Insert(cluster=story)))])
    assert shown(store, FeedKind.ALL, "all") == ["2 of b"]
    assert store.feeds(FeedKind.ALL)[0].size == 1


def test_a_key_leads_to_every_story_that_has_it(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    write(store, ab[0], (draft("a", "1", story="s"), Insert()))
    write(store, ab[1], (draft("b", "2", story="s"), Insert()), (draft("b", "3", story="other"), Insert()))
    ids = {entry.entry.title: entry.id for entry in store.entries(9)}
    with store.transaction() as transaction:
        found = transaction.stories([key("story s")])[key("story s")]
    assert [(story.cluster, story.sources) for story in found] == [
        (ids["1 of a"], frozenset({ab[0].id})),
        (ids["2 of b"], frozenset({ab[1].id})),
    ]


def test_a_key_of_too_many_stories_leads_to_none(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    def found() -> int:
        with store.transaction() as transaction:
            return len(transaction.stories([key("story s")]).get(key("story s"), ()))

    most = [(draft("a", str(number), story="s"), Insert()) for number in range(MOST_STORIES_OF_A_KEY)]
    write(store, ab[0], *most)
    assert found() == MOST_STORIES_OF_A_KEY
    write(store, ab[1], (draft("b", "one more", story="s"), Insert()))
    assert found() == 0


def test_a_hidden_entry_appears_when_the_shown_one_leaves(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    write(store, ab[0], (draft("a", "1", story="s", topics=("tea",)), Insert()))
    first = one(store).id
    write(store, ab[1], (draft("b", "2", topics=("tea",)), Insert(cluster=first)))
    before = store.generation()
    changed = store.relabel([Relabelled(entry=first, memberships=(member(FeedKind.SOURCE, "a"),))])
    assert changed.feeds >= {_id(store, FeedKind.TOPIC, "tea"), _id(store, FeedKind.ALL, "all")}
    assert shown(store, FeedKind.TOPIC, "tea") == ["2 of b"]
    assert store.generation() > before


def test_slugs_get_a_suffix_that_stays(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    for name in ("Vĩ mô", "Vi mô", "Vi mo"):
        given = draft("a", name)
        ref = FeedRef(kind=FeedKind.AUTHOR, key=name.casefold(), title=name)
        given = replace(given, memberships=(*given.memberships, Membership(feed=ref, rule="author")))
        write(store, ab[0], (given, Insert()))
    slugs = {feed.key: feed.slug for feed in store.feeds(FeedKind.AUTHOR) if feed.slug.startswith("vi")}
    assert slugs == {"vĩ mô": "vi-mo", "vi mô": "vi-mo-2", "vi mo": "vi-mo-3"}


def test_versions_grow_only_with_what_is_shown(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    given = draft("a", "1")
    write(store, ab[0], (given, Insert()))
    before, generation = version(store, FeedKind.ALL, "all"), store.generation()
    write(store, ab[0], (given, Same(id=one(store).id)), at=NOW + HOUR)
    with store.transaction() as transaction:
        transaction.apply([poll(ab[0], seen=[given.entry.raw_digest], at=NOW + 2 * HOUR)])
    assert (version(store, FeedKind.ALL, "all"), store.generation()) == (before, generation)


def test_a_new_name_of_the_source_is_a_new_version_of_its_entries(
    store: SqlStore, ab: tuple[SourceState, SourceState]
) -> None:
    write(store, ab[0], (draft("a", "1"), Insert()))
    store.keep_fragments({(one(store).id, 1): b"<entry/>"}, "atom")
    with store.transaction() as transaction:
        transaction.apply([poll(ab[0], info=FeedInfo(title="Renamed"), at=NOW + HOUR)])
    stored = one(store)
    assert (stored.version, stored.source.title) == (2, "Renamed")
    assert store.fragments([(stored.id, 1)], "atom") == {}
    assert [feed.title for feed in store.feeds(FeedKind.SOURCE)] == ["Renamed", "b"]


def _told_by_a_source(store: SqlStore, state: SourceState, title: str, at: datetime, hub: str = "") -> tuple[int, str]:
    """The version of the only entry, and whom it names, after a poll at which the source says this of itself."""
    with store.transaction() as transaction:
        transaction.apply([poll(state, info=FeedInfo(title=title, hub=hub), at=at)])
    return one(store).version, one(store).source.title


def test_a_title_that_is_another_at_each_poll_is_taken_once_a_day(
    store: SqlStore, ab: tuple[SourceState, SourceState]
) -> None:
    write(store, ab[0], (draft("a", "1"), Insert()))
    told = [_told_by_a_source(store, ab[0], f"News at {hour}", NOW + hour * HOUR) for hour in range(1, 50)]
    assert told == [*[(2, "News at 1")] * 24, *[(3, "News at 25")] * 24, (4, "News at 49")]
    assert [feed.title for feed in store.feeds(FeedKind.SOURCE)] == ["News at 49", "b"]


def test_a_title_taken_by_a_clock_that_was_ahead_does_not_stay(
    store: SqlStore, ab: tuple[SourceState, SourceState]
) -> None:
    write(store, ab[0], (draft("a", "1"), Insert()))
    assert _told_by_a_source(store, ab[0], "In a year", NOW + 9000 * HOUR) == (2, "In a year")
    assert _told_by_a_source(store, ab[0], "Now", NOW + HOUR) == (3, "Now")


def test_what_no_entry_names_is_taken_at_once(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    write(store, ab[0], (draft("a", "1"), Insert()))
    assert _told_by_a_source(store, ab[0], "News at 1", NOW + HOUR, "https://one.example/") == (2, "News at 1")
    assert _told_by_a_source(store, ab[0], "News at 2", NOW + 2 * HOUR, "https://two.example/") == (2, "News at 1")
    assert store.states(["a"])[0].hub == "https://two.example/"


def test_another_address_has_its_own_words_at_once(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    write(store, ab[0], (draft("a", "1"), Insert()))
    assert _told_by_a_source(store, ab[0], "Renamed", NOW + HOUR) == (2, "Renamed")
    store.sync([spec("a", url="http://elsewhere.example/feed"), spec("b")], [], NOW + 2 * HOUR)
    (moved,) = store.states(["a"])
    assert _told_by_a_source(store, moved, "Another", NOW + 3 * HOUR) == (3, "Another")


def test_an_exception_leaves_nothing(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    def fail() -> None:
        with store.transaction() as transaction:
            transaction.apply([poll(ab[0], (draft("a", "1"), Insert()))])
            raise LookupError("on purpose")

    with pytest.raises(LookupError):
        fail()
    assert store.entries(10) == []
    assert store.states(["a"])[0].health is Health.NEW


def test_pages_follow_each_other_without_gap(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    given = [draft("a", f"{n:02}", at=NOW - HOUR * (n // 3)) for n in range(20)]  # ties in time
    write(store, ab[0], *((entry, Insert()) for entry in given))
    feed, found = _id(store, FeedKind.ALL, "all"), []
    before: tuple[int, EntryId] | None = None
    while some := store.page(feed, 7, before):
        found += some
        before = (some[-1].sort_key, some[-1].id)
    assert [entry.id for entry in found] == [entry.id for entry in store.page(feed, 100)]
    assert len(found) == 20
    assert [(e.sort_key, e.id) for e in found] == sorted(((e.sort_key, e.id) for e in found), reverse=True)


def test_fragments_are_kept_for_the_present_version(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    write(store, ab[0], (draft("a", "1"), Insert()))
    number = one(store).id
    store.keep_fragments({(number, 1): b"one", (number, 7): b"never", (EntryId(99), 1): b"gone"}, "atom-1")
    asked: Sequence[tuple[EntryId, int]] = [(number, 1), (number, 7), (EntryId(99), 1)]
    assert store.fragments(asked, "atom-1") == {(number, 1): b"one"}
    assert store.fragments(asked, "rss-1") == {}


def test_all_entries_in_order_with_their_sources(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    write(store, ab[0], (draft("a", "1"), Insert()), (draft("a", "2"), Insert()))
    first = store.entries(10)[-1].id
    write(store, ab[1], (draft("b", "9"), Same(id=first)), at=NOW + HOUR)
    found = store.all_entries(EntryId(0), 10)
    assert [(entry.entry.title, tuple(slugs)) for entry, slugs in found] == [("1 of a", ("a", "b")), ("2 of a", ("a",))]
    assert [entry.entry.title for entry, _ in store.all_entries(first, 10)] == ["2 of a"]


def test_a_feed_without_entries_was_never_updated(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    (feed,) = store.feeds(FeedKind.TOPIC)
    assert (feed.updated, feed.size, feed.path) == (EPOCH, 0, "/topics/tea")


def test_labels_found_before_another_sighting_are_not_written_over_it(
    store: SqlStore, ab: tuple[SourceState, SourceState]
) -> None:
    write(store, ab[0], (draft("a", "1", shared="x"), Insert()))
    ((read, slugs),) = store.all_entries(EntryId(0), 9)
    assert slugs == ("a",)
    write(store, ab[1], (draft("b", "1", shared="x"), Same(id=read.id)))
    stale = Relabelled(entry=read.id, version=read.version, memberships=(member(FeedKind.SOURCE, "a"),))
    assert store.relabel([stale]).overtaken == {read.id}
    assert shown(store, FeedKind.SOURCE, "b") == ["1 of a"]
    ((again, _),) = store.all_entries(EntryId(0), 9)
    both = tuple(member(FeedKind.SOURCE, name) for name in "ab")
    assert store.relabel([Relabelled(entry=again.id, version=again.version, memberships=both)]).overtaken == set()
    assert shown(store, FeedKind.SOURCE, "b") == ["1 of a"]


def test_what_another_address_says_of_itself_is_void(store: SqlStore, ab: tuple[SourceState, SourceState]) -> None:
    store.sync([spec("a", url="http://new.example/feed"), spec("b")], [topic("tea")], NOW)
    info = FeedInfo(title="Old words", hub="https://hub.example/", self_url="http://a.example/feed")
    with store.transaction() as transaction:
        transaction.apply([poll(ab[0], (draft("a", "1"), Insert()), info=info)])
    (after,) = store.states(["a"])
    assert (after.hub, after.topic) == ("", "")
    assert [feed.title for feed in store.feeds(FeedKind.SOURCE) if feed.slug == "a"] == ["a"]
    assert shown(store, FeedKind.SOURCE, "a") == ["1 of a"]
