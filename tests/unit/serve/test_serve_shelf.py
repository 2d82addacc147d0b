"""Documents are made one at a time, the wanted ones first; in a rush readers get the version before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from feedhub.model import Document
from feedhub.serve.shelf import MOST_BEHIND, Shelf

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def always(_document: Document) -> float:
    return MOST_BEHIND


class Workshop:
    """Makes documents of one word; one of them at a time waits until it is let go."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.gate = threading.Event()
        self.began = threading.Event()

    def of(self, word: str) -> Callable[[], Document]:
        def make() -> Document:
            self.made.append(word)
            return Document(body=word.encode(), media_type="text/plain", etag=f'"{word}"', modified=NOON)

        return make

    def held(self, word: str) -> Callable[[], Document]:
        def make() -> Document:
            self.began.set()
            assert self.gate.wait(30)
            return self.of(word)()

        return make


@pytest.fixture
def shop() -> Workshop:
    return Workshop()


async def busy(shelf: Shelf, shop: Workshop) -> asyncio.Task[object]:
    """Something is being made, until the gate opens."""
    task: asyncio.Task[object] = asyncio.create_task(shelf.get("slow", 1, shop.held("slow")))
    await asyncio.to_thread(shop.began.wait, 30)
    return task


async def test_a_lone_reader_always_gets_the_latest(shop: Workshop) -> None:
    shelf = Shelf(patience=0)
    for stamp in range(5):
        ready = await shelf.get("a", stamp, shop.of(f"a{stamp}"), always)
        assert ready.document.body == f"a{stamp}".encode()
    assert shelf.counts.earlier == 0


async def test_in_a_rush_the_version_before_is_the_answer_and_the_next_is_made(shop: Workshop) -> None:
    shelf = Shelf(patience=0)
    first = await shelf.get("a", 1, shop.of("a1"))
    slow = await busy(shelf, shop)
    again = await shelf.get("a", 2, shop.of("a2"), always)
    assert again is first
    assert not shelf.has("a", 2, again)
    assert shelf.counts.earlier == 1
    shop.gate.set()
    await slow
    now = await shelf.get("a", 2, shop.of("never"), always)
    assert now.document.body == b"a2"
    assert shelf.has("a", 2, now)
    assert shop.made == ["a1", "slow", "a2"]


async def test_a_document_that_may_not_lag_is_waited_for(shop: Workshop) -> None:
    shelf = Shelf(patience=0)
    await shelf.get("a", 1, shop.of("a1"))
    slow = await busy(shelf, shop)
    asked = asyncio.create_task(shelf.get("a", 2, shop.of("a2")))
    lagging = asyncio.create_task(shelf.get("a", 2, shop.of("a2"), lambda _: -1))  # current too long ago
    shop.gate.set()
    assert (await asked).document.body == (await lagging).document.body == b"a2"
    await slow


async def test_of_what_changes_again_only_the_last_is_made(shop: Workshop) -> None:
    shelf = Shelf(patience=0)
    slow = await busy(shelf, shop)
    asked = [asyncio.create_task(shelf.get("a", stamp, shop.of(f"a{stamp}"))) for stamp in range(4)]
    await asyncio.sleep(0)
    shop.gate.set()
    assert {(await one).document.body for one in asked} == {b"a3"}
    await slow
    assert shop.made == ["slow", "a3"]


async def test_what_somebody_waits_for_is_made_first(shop: Workshop) -> None:
    shelf = Shelf(patience=0)
    for key in "ab":
        await shelf.get(key, 1, shop.of(f"{key}1"))
    slow = await busy(shelf, shop)
    for key in "ab":
        await shelf.get(key, 2, shop.of(f"{key}2"), always)
    waiting = asyncio.create_task(shelf.get("new", 1, shop.of("new")))
    await asyncio.sleep(0)
    shop.gate.set()
    await waiting
    await slow
    assert (await shelf.get("a", 2, shop.of("never"))).document.body == b"a2"
    assert (await shelf.get("b", 2, shop.of("never"))).document.body == b"b2"
    assert shop.made == ["a1", "b1", "slow", "new", "a2", "b2"]


async def test_a_fault_reaches_who_asked_and_nobody_else(shop: Workshop) -> None:
    shelf = Shelf()

    def broken() -> Document:
        raise OSError("no")

    slow = await busy(shelf, shop)
    asked = [asyncio.create_task(shelf.get("a", 1, broken)) for _ in range(3)]
    other = asyncio.create_task(shelf.get("b", 1, shop.of("b")))
    shop.gate.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in found] == [OSError] * 3
    assert (await other).document.body == b"b"
    assert (await shelf.get("a", 1, shop.of("a"))).document.body == b"a"
    await slow


async def test_who_goes_away_stops_nothing(shop: Workshop) -> None:
    shelf = Shelf()
    slow = await busy(shelf, shop)
    gone = asyncio.create_task(shelf.get("a", 1, shop.of("a")))
    stays = asyncio.create_task(shelf.get("a", 1, shop.of("a")))
    await asyncio.sleep(0)
    gone.cancel()
    slow.cancel()
    shop.gate.set()
    assert (await stays).document.body == b"a"
    assert (await shelf.get("slow", 1, shop.of("never"))).document.body == b"slow"
    assert shop.made == ["slow", "a"]
