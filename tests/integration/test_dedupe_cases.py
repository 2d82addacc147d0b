"""Each folder of ``tests/corpus/dedupe``: documents polled one after the other, and what is stored and shown afterwards.

``01-a.xml``, ``02-b.xml``, … are the documents of sources ``a`` and ``b`` in the order of the polls. ``expected.json`` lists the
entries by source and title in the order in which they were stored, the stories as groups of their places, and who is
shown in the feed of everything.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.model import EntryId, Feed, FeedKind
from feedhub.store import SqlStore, check
from feedhub.store.upgrading import migrate
from support.feed_server import serving

CASES = sorted((Path(__file__).parents[1] / "corpus" / "dedupe").iterdir())
CONFIG = """
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, workers: 1}}
database: {{url: 'sqlite:///{database}'}}
sources:
{sources}
"""


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@asynccontextmanager
async def opened(folder: Path, urls: dict[str, str]) -> AsyncIterator[tuple[instance.Home, wiring.Parts, Clock]]:
    lines = "\n".join(f"  - {{url: '{url}', slug: {slug}}}" for slug, url in urls.items())
    settings = load_text(CONFIG.format(database=folder / "hub.db", sources=lines), folder / "config.yaml", {})
    clock = Clock()
    migrate(instance.database_url(settings))
    home = instance.open_home(settings)
    applying.apply_configuration(settings, settings, home.store, clock())
    parts = wiring.build(settings, home, clock=clock)
    try:
        yield home, parts, clock
    finally:
        await parts.close(5)
        home.close()
        assert check(instance.database_url(settings)) == []


def told(store: SqlStore) -> dict[str, object]:
    found = [trace for number in range(1, 60) if (trace := store.trace(EntryId(number))) is not None]
    places = {trace.entry.id: place for place, trace in enumerate(found)}
    everything = store.feed(FeedKind.ALL, "all")
    assert isinstance(everything, Feed)
    shown = [one.id for one in store.page(everything.id, 60)]
    return {
        "entries": [[trace.entry.source_slug, trace.entry.entry.title] for trace in found],
        "stories": sorted({tuple(places[mate] for mate in trace.cluster) for trace in found}),
        "shown": sorted(places[entry] for entry in shown),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_case(case: Path, tmp_path: Path) -> None:
    documents = sorted(case.glob("*.xml"))
    slugs = sorted({path.stem.partition("-")[2] for path in documents})
    with serving({f"{slug}.xml": b"" for slug in slugs}) as server:
        async with opened(tmp_path, {slug: server.url(f"{slug}.xml") for slug in slugs}) as (home, parts, clock):
            for path in documents:
                slug = path.stem.partition("-")[2]
                server.documents[f"{slug}.xml"] = path.read_bytes()
                clock.at += timedelta(hours=6)
                assert [one.kind async for one in parts.pipeline.poll(home.store.states([slug]))] == ["ok"]
            found = json.loads(json.dumps(told(home.store)))
    assert found == json.loads((case / "expected.json").read_text(encoding="utf-8"))
