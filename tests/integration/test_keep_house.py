"""The daemon's round of retention, from beginning to end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from feedhub import instance
from feedhub.model import Insert
from feedhub.settings import Retention, Settings
from feedhub.store import check
from feedhub.store.upgrading import migrate
from support.stories import HOUR, NOW, draft, poll, spec


def test_all_that_is_old_goes_some_at_a_time(tmp_path: Path) -> None:
    settings = Settings.model_validate({"database": {"url": f"sqlite:///{tmp_path}/feedhub.db"}})
    migrate(instance.database_url(settings))
    home = instance.open_home(settings)
    home.store.sync([spec("a"), spec("b")], [], NOW)
    states = home.store.states()
    for hours, name in enumerate(["old"] * 12 + ["young"]):
        for state in states:
            moment = NOW - (timedelta(days=9) if name == "old" else HOUR)
            made = [(draft(state.slug, f"{name} {hours} {n}", at=moment), Insert()) for n in range(10)]
            with home.store.transaction() as transaction:
                transaction.apply([poll(state, *made, at=NOW + hours * HOUR)])
    keep = Retention(keep_for=timedelta(days=7), keep_at_least=5, polls=10)
    removed = asyncio.run(instance.keep_house(home, keep))
    assert (removed.entries, removed.polls, removed.changes) == (240, 6, 0)
    assert {entry.entry.title.split()[0] for entry in home.store.entries(99)} == {"young"}
    assert [len(home.store.outcomes(state.id, 99)) for state in states] == [10, 10]
    home.close()
    assert check(instance.database_url(settings)) == []
