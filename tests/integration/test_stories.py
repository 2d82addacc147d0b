"""Stories that several sources carry: joined, shown by rule, split by hand; from real servers to a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.model import EntryId, Feed, FeedKind
from feedhub.once import relabel_if_needed
from feedhub.ports import EntryTrace
from feedhub.store import check
from feedhub.store.upgrading import migrate
from support.feed_server import FeedServer, serving

BASE = """
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, workers: 1}}
database: {{url: 'sqlite:///{database}'}}
topics: {{banks: [central bank], ports: [harbour]}}
sources:
{sources}
{more}
"""
LEAD = (
    "The central bank of the northern islands kept its rate at 4.25 percent on Thursday, saying that prices of bread and"
    " fuel rise more slowly than a year ago. Governor Ada Holm told reporters in the harbour town of Vesterby that the board"
    " had voted six to three, the closest vote since the spring."
)
REST = (
    "Members who voted against wanted a cut of a quarter point at once. Shipping companies had asked for one in an open letter,"
    " because loans for new vessels have doubled in cost since 2021. The bank lends 12 billion crowns to local lenders each"
    " month, and the next meeting is on 14 March, a day before the budget is read in parliament."
)
FURNITURE = "Read more stories of the sea in our newsletter. Subscribe today and pay for the first month only."


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Rig:
    home: instance.Home
    parts: wiring.Parts
    clock: Clock
    database: str

    async def poll(self, *slugs: str) -> None:
        for slug in slugs:
            self.clock.at += timedelta(days=1)
            states = self.home.store.states([slug])
            assert [one.kind async for one in self.parts.pipeline.poll(states)] == ["ok"]

    def shown(self, kind: FeedKind = FeedKind.ALL, slug: str = "all") -> list[str]:
        feed = self.home.store.feed(kind, slug)
        assert isinstance(feed, Feed)
        return sorted(one.source_slug for one in self.home.store.page(feed.id, 100))

    def traces(self) -> list[EntryTrace]:
        found = [self.home.store.trace(EntryId(number)) for number in range(1, 20)]
        return [trace for trace in found if trace is not None]


def settings_of(folder: Path, server: FeedServer, names: Mapping[str, str], more: str) -> object:
    lines = [
        f"  - {{url: '{server.url(name)}', slug: {name}{', ' + said if said else ''}}}" for name, said in names.items()
    ]
    text = BASE.format(database=folder / "hub.db", sources="\n".join(lines), more=more)
    return load_text(text, folder / "config.yaml", {})


@asynccontextmanager
async def rig(folder: Path, server: FeedServer, names: Mapping[str, str], more: str = "") -> AsyncIterator[Rig]:
    settings = settings_of(folder, server, names, more)
    clock, database = Clock(), f"sqlite:///{folder / 'hub.db'}"
    migrate(database)
    home = instance.open_home(settings)  # type: ignore[arg-type]  # settings
    applying.apply_configuration(settings, settings, home.store, clock())  # type: ignore[arg-type]
    parts = wiring.build(settings, home, clock=clock)  # type: ignore[arg-type]
    try:
        await relabel_if_needed(home, parts)
        yield Rig(home, parts, clock, database)
    finally:
        await parts.close(5)
        home.close()
        assert check(database) == []


def feed(name: str, title: str, text: str, *, day: int = 24, number: int = 1) -> bytes:
    return (
        f"<rss version='2.0'><channel><title>{name}</title><link>http://{name}.example/</link><language>en</language>"
        f"<item><title>{title}</title><guid isPermaLink='false'>{name}-{number}</guid>"
        f"<link>http://{name}.example/{number}.html?utm_source=rss</link>"
        f"<pubDate>Tue, {day} Nov 2026 08:00:00 GMT</pubDate><description>{text}</description></item></channel></rss>"
    ).encode()


TITLE = "Central bank of the northern islands keeps its rate"
COPIES = {
    "edited": (
        TITLE,
        f"{LEAD.replace('told reporters', 'said to reporters')} {REST.replace('a day before', 'one day ahead of')}",
    ),
    "between furniture": (TITLE, f"{FURNITURE} {LEAD} {REST} {FURNITURE}"),
    "cut off": (TITLE, LEAD),
    "shuffled": (TITLE, f"{REST} {LEAD}"),
    "under another title": ("Rate stays where it is, says Holm", f"{LEAD} {REST}"),
}
OTHERS = {
    "other figures": (
        TITLE,
        f"{LEAD.replace('4.25', '4.50')} {REST.replace('12 billion', '15 billion').replace('14 March', '18 June')}",
    ),
    "another subject": (
        "Central bank of the southern islands keeps its rate",
        f"{LEAD} {REST}".replace("northern", "southern").replace("Ada Holm", "Per Dahl").replace("Vesterby", "Sundvik"),
    ),
    "another part": (
        f"{TITLE}, part 2",
        f"{LEAD} Part 2 tells of the board. " + " ".join(f"Sentence {n} is new." for n in range(40)),
    ),
    "a quotation": (
        "Shipping companies are angry",
        f"They had hoped for more. {' '.join(f'They say word{n} to this.' for n in range(40))} {REST[:120]}",
    ),
}


@pytest.mark.parametrize("kind", COPIES)
async def test_copies_are_one_story(tmp_path: Path, kind: str) -> None:
    documents = {"a": feed("a", TITLE, f"{LEAD} {REST}"), "b": feed("b", *COPIES[kind])}
    with serving(documents) as server:
        async with rig(tmp_path, server, {"a": "", "b": ""}) as it:
            await it.poll("a", "b")
            assert it.shown() == ["a"]
            assert it.shown(FeedKind.TOPIC, "banks") == ["a"]
            assert it.shown(FeedKind.SOURCE, "b") == ["b"]
            one, other = it.traces()
            assert one.cluster == other.cluster == (1, 2)
            assert one.joined == ""
            assert "of its text is that of entry 1" in other.joined or other.joined == "the same link, id or text"
            assert [title for _, title in one.entry.others] == ["b"]


@pytest.mark.parametrize("kind", OTHERS)
async def test_what_only_looks_alike_stays_apart(tmp_path: Path, kind: str) -> None:
    documents = {"a": feed("a", TITLE, f"{LEAD} {REST}"), "b": feed("b", *OTHERS[kind])}
    with serving(documents) as server:
        async with rig(tmp_path, server, {"a": "", "b": ""}) as it:
            await it.poll("a", "b")
            assert it.shown() == ["a", "b"]


async def test_copies_in_one_batch_are_joined_too(tmp_path: Path) -> None:
    documents = {name: feed(name, *COPIES[kind]) for name, kind in zip("abcde", COPIES, strict=True)}
    with serving(documents) as server:
        async with rig(tmp_path, server, dict.fromkeys("abcde", "")) as it:
            async for _ in it.parts.pipeline.poll(it.home.store.states()):
                pass
            assert len(it.shown()) == 1
            assert {trace.cluster for trace in it.traces()} == {(1, 2, 3, 4, 5)}


def _copies() -> dict[str, bytes]:
    return {name: feed(name, *COPIES[kind]) for name, kind in zip("abcde", COPIES, strict=True)}


@pytest.mark.parametrize("order", ["bca", "cba", "ceadb", "bcade"])
async def test_a_copy_of_two_stories_makes_them_one(tmp_path: Path, order: str) -> None:
    """What a text between furniture and a cut one have in common, marks miss until a third has some with each."""
    with serving(_copies()) as server:
        async with rig(tmp_path, server, dict.fromkeys(order, "")) as it:
            await it.poll(*order[:2])
            assert it.shown() == sorted(order[:2])
            await it.poll(*order[2:])
            assert it.shown() == [order[0]]
            assert it.shown(FeedKind.TOPIC, "banks") == [order[0]]
            assert {trace.cluster for trace in it.traces()} == {tuple(range(1, len(order) + 1))}
            assert it.traces()[1].joined == "a later entry is a copy of both"
            assert sorted(title for _, title in it.traces()[1].entry.others) == sorted(set(order) - {order[1]})
            assert it.home.store.split(EntryId(2))
            assert it.shown() == sorted(order[:2])


async def test_what_was_split_by_hand_is_not_made_one_by_a_copy(tmp_path: Path) -> None:
    with serving(_copies()) as server:
        async with rig(tmp_path, server, dict.fromkeys("abcde", "")) as it:
            await it.poll("a", "b")
            assert it.home.store.split(EntryId(2))
            await it.poll("c", "d", "e")
            assert it.shown() == ["a", "b"]


async def test_an_entry_that_holds_two_stories_does_not_make_them_one(tmp_path: Path) -> None:
    other = " ".join(
        f"The mayor of town{n} opened a bridge over river{n} with a speech of {n} minutes." for n in range(8)
    )
    documents = {
        "a": feed("a", TITLE, f"{LEAD} {REST}"),
        "b": feed("b", "Bridges of the north are open to everyone", other),
        "c": feed("c", "The week in the northern islands", f"{LEAD} {REST} {other}"),
    }
    with serving(documents) as server:
        async with rig(tmp_path, server, dict.fromkeys("abc", "")) as it:
            await it.poll("a", "b", "c")
            assert {"a", "b"} <= set(it.shown())


async def test_two_entries_of_one_source_are_not_made_one_by_a_copy(tmp_path: Path) -> None:
    copies = _copies()
    second = feed("b", *COPIES["cut off"], number=2)
    both = copies["b"].replace(b"</item>", b"</item>" + second[second.index(b"<item>") : second.index(b"</channel>")])
    with serving({"b": both, "a": copies["a"]}) as server:
        async with rig(tmp_path, server, dict.fromkeys("ab", "")) as it:
            await it.poll("b", "a")
            assert it.shown() == ["b", "b"]


@pytest.mark.parametrize(
    ("more", "said", "expected"),
    [
        ("", {"a": "", "b": ""}, ["a"]),
        ("stories: {show: longest}", {"a": "", "b": ""}, ["b"]),
        ("stories: {show: priority}", {"a": "", "b": "priority: 5"}, ["b"]),
        ("stories: {show: priority}", {"a": "priority: 5", "b": ""}, ["a"]),
        ("", {"a": "", "b": "cluster: false"}, ["a", "b"]),
        ("stories: {every_copy: [all]}", {"a": "", "b": ""}, ["a", "b"]),
        ("stories: {every_copy: [topics/ports]}", {"a": "", "b": ""}, ["a"]),
    ],
)
async def test_which_one_is_shown(tmp_path: Path, more: str, said: dict[str, str], expected: list[str]) -> None:
    text = f"{LEAD} {REST}"
    documents = {"a": feed("a", TITLE, text, day=23), "b": feed("b", TITLE, f"{text} {FURNITURE}")}
    with serving(documents) as server:
        async with rig(tmp_path, server, said, more) as it:
            async for _ in it.parts.pipeline.poll(it.home.store.states()):
                pass
            assert it.shown() == expected
            if "topics/ports" in more:
                assert it.shown(FeedKind.TOPIC, "ports") == ["a", "b"]
                assert it.shown(FeedKind.TOPIC, "banks") == ["a"]


async def test_feeds_follow_when_every_copy_is_asked_for_and_when_not(tmp_path: Path) -> None:
    text = f"{LEAD} {REST}"
    with serving({"a": feed("a", TITLE, text), "b": feed("b", TITLE, text)}) as server:
        names = {"a": "", "b": ""}
        async with rig(tmp_path, server, names) as it:
            await it.poll("a", "b")
            assert it.shown(FeedKind.TOPIC, "banks") == ["a"]
        async with rig(tmp_path, server, names, "stories: {every_copy: [topics]}") as it:
            assert it.shown(FeedKind.TOPIC, "banks") == ["a", "b"]
            assert it.shown() == ["a"]
        async with rig(tmp_path, server, names) as it:
            assert it.shown(FeedKind.TOPIC, "banks") == ["a"]


@pytest.mark.parametrize("number", [1, 2])
async def test_a_story_that_was_split_stays_split(tmp_path: Path, number: int) -> None:
    text = f"{LEAD} {REST}"
    with serving({"a": feed("a", TITLE, text), "b": feed("b", TITLE, text), "c": feed("c", TITLE, text)}) as server:
        async with rig(tmp_path, server, dict.fromkeys("abc", "")) as it:
            await it.poll("a", "b")
            assert it.shown() == ["a"]
            assert it.home.store.split(EntryId(number))
            assert not it.home.store.split(EntryId(number))
            assert not it.home.store.split(EntryId(99))
            assert it.shown() == ["a", "b"]
            assert all(trace.entry.others == () for trace in it.traces())
            server.documents["b"] = feed("b", f"{TITLE} now", f"{text} And that was that.")
            await it.poll("b", "c")
            assert len(it.shown()) == 2  # the third copy joined one of them
            assert [trace.joined for trace in it.traces()][number - 1] == "split by hand"
        async with rig(tmp_path, server, dict.fromkeys("abc", ""), "authors: {roles: [Clerk]}") as it:
            assert len(it.shown()) == 2
