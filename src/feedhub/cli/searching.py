"""``search``: stored entries by words and names."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from feedhub.cli.common import DEFAULT_FILE, FIRST_STEPS, AsJson, ConfigFile, reading_if_any
from feedhub.cli.entries import entry_row
from feedhub.cli.terminal import note, show_json, show_table
from feedhub.errors import DatabaseBusy, NotFound
from feedhub.instance import Home
from feedhub.model import FeedKind, StoredEntry
from feedhub.ports import Redirected, page_key, read_page_key
from feedhub.search.query import Faulty, parse
from feedhub.search.selection import Place, TooCostly
from feedhub.serve.narrowing import Narrowing, Unknown
from feedhub.settings import Settings

app = typer.Typer()


@app.command(epilog="Example: feedhub search giá vàng author:huyen-tran")
def search(
    query: Annotated[
        list[str],
        typer.Argument(
            metavar="QUERY...",
            help='Words, "phrases", -not, title:, author:, topic:, source:, category:, lang:. After -- a word may begin with a minus.',
        ),
    ],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    before: Annotated[str | None, typer.Option(help="Go on where the last page ended.")] = None,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Search stored entries, newest first, as `/search` does; also what only private feeds show, or none."""
    place = read_page_key(before) if before is not None else None
    if before is not None and place is None:
        raise typer.BadParameter("--before takes what an earlier search said, such as 1764000000-42")
    with reading_if_any(config) as (settings, home):
        if home is None:
            note(f"No entry is stored yet. {FIRST_STEPS}")
            found: list[StoredEntry] = []
        else:
            found = _found(settings, home, " ".join(query), limit, place)
    if as_json:
        show_json(found)
    elif found:
        show_table(("id", "published", "source", "title", "authors"), map(entry_row, found))


def _found(settings: Settings, home: Home, words: str, limit: int, before: Place | None) -> list[StoredEntry]:
    query = parse(words)
    if isinstance(query, Faulty):
        raise typer.BadParameter(str(query))
    if not query:
        raise typer.BadParameter("there is no word in it to look for")
    everything = home.store.feed(FeedKind.ALL, "all")
    if everything is None or isinstance(everything, Redirected):
        return []
    narrowed = Narrowing(home.store, home.store, lambda _: True, settings.authors).search(everything, query)
    if isinstance(narrowed, Unknown):
        name = narrowed.name
        raise NotFound(f"There is no {name.field.value} {name.value!r}.", "List them with: feedhub feeds list")
    within = tuple(feed for feed in narrowed.selection.within if feed is not everything)
    page = home.store.find(replace(narrowed.selection, within=within), limit, before)
    if isinstance(page, TooCostly):
        raise DatabaseBusy("This search takes too long.", "Add a word that is less common, or a name.")
    for remark in query.notes:
        note(remark)
    if not (state := home.store.index_state()).complete:
        note(f"The index of words is {state.words}.")
    if not page.hits:
        note("Nothing was found." if page.older is None else "None among the newest.")
    if page.older is not None:
        note(f"Older ones: --before {page_key(*page.older)}")
    return home.store.load(page.hits)
