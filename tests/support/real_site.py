"""A site over a real database and a real press, served on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from feedhub.emit import Renderer, SiteInfo
from feedhub.model import Draft, Insert
from feedhub.ports import Vitals
from feedhub.press import Press
from feedhub.schedule import explain
from feedhub.serve.app import ServeParts, create_app
from feedhub.settings import Settings
from feedhub.store import SqlStore
from support.stories import NOW, poll
from support.web import Web, served

BASE = "https://hub.example"


@dataclass(frozen=True)
class RealSite:
    web: Web
    store: SqlStore
    press: Press


@contextmanager
def real_site(store: SqlStore, **written: Mapping[str, Any]) -> Iterator[RealSite]:
    """``written``: sections of the configuration."""
    settings = Settings.model_validate({"site": {"base_url": BASE, "title": "The Hub"}, **written})
    press = Press(store, Renderer(SiteInfo.of(settings.site, "9"), settings.feeds), settings.feeds, searching=store)
    parts = ServeParts(
        library=store,
        press=press,
        catalogue=store,
        settings=settings,
        control=None,
        vitals=lambda: Vitals(live=True, ready=True),
        control_token="",
        version="9",
        clock=lambda: NOW,
        explain=explain,
        searching=store,
        selections=press,
        access=store.access_token,
        writes=lambda: store.writes,
    )
    with served(create_app(parts)) as web:
        yield RealSite(web, store, press)


def write(store: SqlStore, source: str, *drafts: Draft) -> None:
    """New entries of a source, in one poll."""
    (state,) = store.states([source])
    with store.transaction() as transaction:
        transaction.apply([poll(state, *((one, Insert()) for one in drafts))])
