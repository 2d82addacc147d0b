"""``explain``: a stored entry, accounted for."""

from __future__ import annotations

from typing import Annotated

import typer

from feedhub import instance
from feedhub.clean.urls import canonical
from feedhub.cli.common import DEFAULT_FILE, AsJson, ConfigFile, reading
from feedhub.cli.control import effective
from feedhub.cli.entries import GREATEST
from feedhub.cli.terminal import say, show_json, show_table
from feedhub.errors import FeedHubError, NotFound
from feedhub.explaining import Section, Subject
from feedhub.explaining import explain as explain_entry
from feedhub.model import EntryId, FeedKind
from feedhub.understand import Rulebook

MOST_LISTED = 20
"""Entries listed when words of a title fit more than one."""

app = typer.Typer()


@app.command(epilog="Example: feedhub explain 42 --topic central-banks")
def explain(
    entry: Annotated[
        str, typer.Argument(help="Its number, its link, its id as the source gave it, or words of its title.")
    ],
    topic: Annotated[
        str, typer.Option(help="Tell of every rule of this topic, whether the entry is in it or not.")
    ] = "",
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Where an entry came from, how it was cleaned, joined and labelled, which rule put it in which feed and which
    kept it out.
    """
    with reading(config) as (settings, home):
        number = _find(home, entry)
        trace, account = home.store.trace(number), home.store.account(number)
        rules = Rulebook.of(effective(settings, home))
    if trace is None or account is None:
        raise NotFound(f"There is no entry {entry}.", "See `feedhub entries list`.")
    sections = explain_entry(Subject(trace=trace, account=account, rules=rules, topic=_key(topic)))
    if as_json:
        show_json({"entry": number} | {section.key: section.data for section in sections})
    else:
        say(f"entry {number}: {trace.entry.entry.title or 'untitled'}", style="bold")
        for section in sections:
            _show(section)


def _key(topic: str) -> str:
    """A topic's key, also when it is given as the path of its feed."""
    return topic.strip("/").removeprefix(f"{FeedKind.TOPIC.value}/")


def _find(home: instance.Home, words: str) -> EntryId:
    """:raises NotFound: nothing fits, or :class:`FeedHubError` when several do; they are listed then."""
    if words.isascii() and words.isdigit() and 0 < int(words) <= GREATEST:
        return EntryId(int(words))
    found = home.store.find_entries(words, MOST_LISTED + 1, link=canonical(words))
    if not found:
        raise NotFound(f"No entry has the link, the id or the title {words!r}.", "See `feedhub entries list`.")
    if len(found) > 1:
        _list(home, found[:MOST_LISTED])
        more = "more than " if len(found) > MOST_LISTED else ""
        raise FeedHubError(
            f"{more}{min(len(found), MOST_LISTED)} entries fit {words!r}.", "Say which by its number or its link."
        )
    return found[0]


def _list(home: instance.Home, found: list[EntryId]) -> None:
    traces = [trace for number in found if (trace := home.store.trace(number)) is not None]
    show_table(
        ("id", "published", "source", "title"),
        ((one.entry.id, one.entry.entry.published, one.entry.source_slug, one.entry.entry.title) for one in traces),
    )


def _show(section: Section) -> None:
    say(section.name, style="bold")
    width = max(len(name) for name, _ in section.lines)
    for name, words in section.lines:
        say(f"  {name:<{width}}  {' '.join(words.split())}")
