"""What was read of a source before it was polled by somebody else is no reason to ask again, nor is it stored over the new."""

from __future__ import annotations

from pathlib import Path

from integration.test_pipeline import item, rig, rss
from support.feed_server import serving


async def test_a_source_polled_since_its_state_was_read_is_left_out(tmp_path: Path) -> None:
    with serving({"a.xml": rss(item(1)), "b.xml": rss(item(2))}) as server:
        async with rig(tmp_path, server, "a.xml", "b.xml") as it:
            it.clock.later(hours=1)
            chosen = it.home.store.states()
            assert [one.slug async for one in it.parts.pipeline.poll(chosen[:1])] == ["a"]
            after, asked = it.home.store.states(["a"]), len(server.asked)
            assert [one.slug async for one in it.parts.pipeline.poll(chosen)] == ["b"]
            assert len(server.asked) == asked + 1
            assert it.home.store.states(["a"]) == after
            it.clock.later(hours=1)
            assert len([one async for one in it.parts.pipeline.poll(it.home.store.states())]) == 2, "nobody stays busy"
