"""``entries``: list and show."""

from __future__ import annotations

from typing import Annotated

import typer

from feedhub.cli.common import DEFAULT_FILE, FIRST_STEPS, AsJson, ConfigFile, reading, reading_if_any
from feedhub.cli.terminal import cell, note, say, show_json, show_table
from feedhub.errors import NotFound
from feedhub.model import EntryId, StoredEntry
from feedhub.ports import EntryTrace

GREATEST = 2**63 - 1
"""The greatest number a database column holds."""

app = typer.Typer()


@app.command("list", epilog="Example: feedhub entries list --feed topics/central-banks --limit 5")
def list_entries(
    source: Annotated[str | None, typer.Option(help="Only entries of this source.")] = None,
    feed: Annotated[str | None, typer.Option(help="Only entries of this feed, as in its address: topics/ai.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=GREATEST, help="How many.")] = 20,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """List stored entries, newest published first. A feed shows one entry of a story; without --feed all are listed."""
    if source is not None and feed is not None:
        raise typer.BadParameter("give either --source or --feed, not both")
    with reading_if_any(config) as (_, home):
        found = home.store.entries(limit, source=source, feed=feed) if home else []
    if as_json:
        show_json(found)
    elif found:
        show_table(("id", "published", "source", "title", "authors"), map(entry_row, found))
    else:
        note(f"No entry is stored yet. {FIRST_STEPS}" if source is feed is None else "It has no entries yet.")


def entry_row(one: StoredEntry) -> tuple[object, ...]:
    """Number, moment, source, title, authors."""
    entry = one.entry
    return one.id, entry.published, one.source_slug, entry.title, ", ".join(person.name for person in entry.authors)


@app.command(epilog="Example: feedhub entries show 42")
def show(
    entry: Annotated[int, typer.Argument(min=1, max=GREATEST, help="The entry's number, from `feedhub entries list`.")],
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Show an entry: where it was seen, how it was joined, and which rule put it in which feed."""
    with reading(config) as (_, home):
        trace = home.store.trace(EntryId(entry))
    if trace is None:
        raise NotFound(f"There is no entry {entry}.", "See `feedhub entries list`.")
    if as_json:
        show_json(trace)
    else:
        _describe(trace)


def _describe(trace: EntryTrace) -> None:
    for name, value in _facts(trace).items():
        if value:
            say(f"{name:>11}  {value}")
    say("seen in", style="bold")
    for sighting in trace.sightings:
        say(f"  {sighting['source']}  first {cell(sighting['first_seen'])}  {sighting['link']}")
    say("in feeds, because", style="bold")
    for feed, rule in trace.memberships:
        say(f"  {feed.path}  {rule}")


def _facts(trace: EntryTrace) -> dict[str, str]:
    stored, entry = trace.entry, trace.entry.entry
    return {
        "title": entry.title,
        "link": entry.link,
        "id": entry.original_id,
        "published": f"{entry.published:%Y-%m-%d %H:%M:%SZ} ({entry.date_origin.value})",
        "updated": f"{entry.updated:%Y-%m-%d %H:%M:%SZ} (version {stored.version})",
        "authors": "; ".join(_credit(person.name, person.role, person.organisation) for person in entry.authors),
        "categories": ", ".join(category.name for category in entry.categories),
        "publisher": entry.publisher,
        "same story": ", ".join(str(one) for one in trace.cluster if one != stored.id),
        "because": trace.joined,
    }


def _credit(name: str, role: str, organisation: str) -> str:
    extra = ", ".join(part for part in (role, organisation) if part)
    return f"{name} ({extra})" if extra else name
