"""``parser: shadow``: a difference between the two parsers is told, and what is stored is what feedparser read.

There is no document on which they differ that we know of, so a feedparser is used that reads one word otherwise, as one
of a later version might. The workers run in this process, where that can be done.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from feedparser.api import StrictFeedParser

from feedhub import applying, instance, wiring
from feedhub.config import load_text
from feedhub.fetch import RobotsKeeper
from feedhub.logs import set_up_logging
from feedhub.model import Feed, FeedKind
from feedhub.pipeline import Pipeline
from feedhub.store.upgrading import migrate
from feedhub.understand import Rulebook, prepare
from support.feed_server import serving
from support.newsroom import DOCUMENTS, config

A = TypeVar("A")
R = TypeVar("R")


class HereWorkers:
    """Fills :class:`feedhub.ports.Workers` in this process."""

    async def run(self, function: Callable[[A], R], argument: A) -> R:
        return function(argument)

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(("parser", "title", "told"), [("shadow", "CENTRAL", 1), ("fast", "Central", 0)])
async def test_a_difference_is_told_and_feedparser_counts(
    parser: str,
    title: str,
    told: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    usual = StrictFeedParser.characters
    monkeypatch.setattr(
        StrictFeedParser, "characters", lambda self, text: usual(self, text.replace("Central", "CENTRAL"))
    )
    set_up_logging("warning", "json")
    with serving(DOCUMENTS) as server:
        written = config(server, more=f"database: {{url: 'sqlite:///{tmp_path / 'hub.db'}'}}\n")
        written = written.replace("polling:\n", f"polling:\n  parser: {parser}\n")
        settings = load_text(written, tmp_path / "config.yaml", {})
        migrate(instance.database_url(settings))
        home = instance.open_home(settings)
        applying.apply_configuration(settings, settings, home.store, instance.now())
        parts = wiring.build(settings, home)
        prepare(Rulebook.of(settings))
        pipeline = Pipeline(
            settings=settings,
            ledger=home.store,
            catalogue=home.store,
            pages=home.store,
            robots=RobotsKeeper(parts.fetcher, instance.now),
            fetcher=parts.fetcher,
            workers=HereWorkers(),
            writer=home.writer,
            clock=instance.now,
            dice=lambda: 0.5,
        )
        try:
            outcomes = [one async for one in pipeline.poll(home.store.states())]
            feed = home.store.feed(FeedKind.ALL, "all")
            assert isinstance(feed, Feed)
            titles = [one.entry.title for one in home.store.page(feed.id, 10)]
        finally:
            await pipeline.stop(1)
            await parts.close(1)
            home.close()
    assert [(one.kind, one.new) for one in outcomes] == [("ok", 2)]
    assert titles[0].startswith(title)
    assert pipeline.readings.figures()["documents_parsers_differ"] == told
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    differences = [line["differences"] for line in lines if line["event"] == "parser.differs"]
    assert len(differences) == told
    for one in differences:
        assert "CENTRAL bank visits the harbour" in str(one)
        assert "Central bank visits the harbour" in str(one)
