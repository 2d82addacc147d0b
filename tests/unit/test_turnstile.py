"""The turnstile: nobody works by rules while they change, and nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest

from feedhub.turnstile import Turnstile


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_closing_waits_for_those_inside_and_holds_back_the_rest() -> None:
    turnstile, leave, said = Turnstile(), asyncio.Event(), list[str]()

    async def pass_by(name: str, until: asyncio.Event | None = None) -> None:
        async with turnstile.passing():
            said.append(f"{name} in")
            if until:
                await until.wait()
            said.append(f"{name} out")

    async def close() -> None:
        async with turnstile.closed():
            said.append("closed")
            await turns()
            said.append("open")

    first = asyncio.create_task(pass_by("first", leave))
    await turns()
    closing = asyncio.create_task(close())
    await turns()
    second = asyncio.create_task(pass_by("second"))
    await turns()
    assert said == ["first in"]
    leave.set()
    await asyncio.gather(first, closing, second)
    assert said == ["first in", "first out", "closed", "open", "second in", "second out"]


async def test_many_pass_at_once() -> None:
    turnstile, together = Turnstile(), asyncio.Barrier(3)

    async def pass_by() -> None:
        async with turnstile.passing():
            await asyncio.wait_for(together.wait(), 5)

    await asyncio.gather(*(pass_by() for _ in range(3)))


async def test_two_who_close_take_turns() -> None:
    turnstile, inside = Turnstile(), 0

    async def close() -> None:
        nonlocal inside
        async with turnstile.closed():
            inside += 1
            assert inside == 1
            await turns()
            inside -= 1

    await asyncio.gather(close(), close(), close())
    async with turnstile.passing():
        assert inside == 0


async def test_it_opens_again_whatever_happens() -> None:
    turnstile = Turnstile()
    with pytest.raises(ValueError, match="boom"):
        async with turnstile.closed():
            raise ValueError("boom")
    held = asyncio.Event()

    async def stay() -> None:
        async with turnstile.passing():
            await held.wait()

    async def close() -> None:
        async with turnstile.closed():
            pass

    staying = asyncio.create_task(stay())
    await turns()
    waiting = asyncio.create_task(close())
    await turns()
    waiting.cancel()  # while it waits for the one inside
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5), turnstile.passing():
        held.set()
    await staying
