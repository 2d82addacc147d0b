"""``sources``: add, test, reextract, remove."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from feedhub import instance, wiring
from feedhub.checking import View, look
from feedhub.cli.common import DEFAULT_FILE, AsJson, ConfigFile, reading, reading_if_any
from feedhub.cli.control import ask_to_forget, ask_to_reload, ask_to_reread, find_daemon
from feedhub.cli.polling import show_outcomes
from feedhub.cli.terminal import counted, say, show_json, show_table
from feedhub.config import add_source, remove_source
from feedhub.errors import DatabaseError, FeedHubError, NotFound, NotRunning
from feedhub.fetch import Hosts
from feedhub.masking import masked
from feedhub.model import Outcome, SourceState
from feedhub.once import forget_here, reread_here
from feedhub.schedule import may_poll_now
from feedhub.serve.samples import sample_sources
from feedhub.settings import Settings
from feedhub.store import holder

app = typer.Typer()


@app.command(epilog="Example: feedhub sources add https://example.org/ --category Economy")
def add(
    url: Annotated[str, typer.Argument(help="A feed, or a page.")],
    name: Annotated[str, typer.Option(help="Name to show.")] = "",
    category: Annotated[list[str] | None, typer.Option(help="Category for all its entries; may be repeated.")] = None,
    test: Annotated[bool, typer.Option(help="Look at it first, and find the feed of a page.")] = True,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Add a source to config.yaml, keeping its comments. A running daemon notices by itself."""
    settings = instance.read_settings(config)
    if test:
        url = _feed_at(url, settings, _remembered(config)[0])
    slug = add_source(config, url, name=name, categories=tuple(category or ()))
    say(f"Added {masked(url)} as {slug} to {config}.")


def _feed_at(url: str, settings: Settings, hosts: Hosts) -> str:
    """The address of the feed that was found, after saying what it is.

    :raises FeedHubError: there is none that can be read.
    """
    view = look(url, settings, hosts)
    if view.problem:
        raise FeedHubError(
            f"{masked(url)}: {view.problem}", f"{view.advice} Or add it as it is with --no-test.".strip()
        )
    say(f"{view.title or masked(view.url)}: {counted(len(view.entries), 'entry', 'entries')}, {view.format}")
    return view.url


@app.command(epilog="Example: feedhub sources test https://example.org/feed.xml")
def test(
    url: Annotated[str, typer.Argument(help="A URL, or the slug of a source.")],
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Fetch and read a feed or a page once, store nothing, and show each step, the entries, and YAML that reads it so."""
    settings = instance.read_settings(config)
    known = settings.source(url)
    if known is None and "://" not in url:
        raise _unknown(url, str(config), settings)
    hosts, states = _remembered(config, known.slug if known else "")
    for state in states:
        if reason := may_poll_now(state, instance.now(), timedelta(0)):
            raise FeedHubError(f"{state.slug}: {reason}", "Test it then.")
    view = look(known.url if known else url, settings, hosts, known)
    if as_json:
        show_json(view)
    else:
        _show_view(view)
    if view.problem:
        raise FeedHubError(f"{masked(url)}: {view.problem}", view.advice)


def _remembered(config: Path, slug: str = "") -> tuple[Hosts, list[SourceState]]:
    """The hosts that asked for quiet, and the state of a source; nothing when there is no database that can be read."""
    try:
        with reading_if_any(config) as (settings, home):
            if home is not None:
                states = home.store.states([slug]) if slug else []
                return wiring.hosts_of(settings, home.store, instance.now), states
    except DatabaseError:  # a source can be looked at all the same
        pass
    return Hosts(), []


def _show_view(view: View) -> None:
    for step in view.steps:
        say(step)
    if view.problem:
        return
    say(f"{view.title or masked(view.url)}: {counted(len(view.entries), 'entry', 'entries')}, {view.format}")
    show_table(
        ("published", "title", "authors", "categories"),
        (
            (
                entry.published,
                entry.title,
                ", ".join(person.name for person in entry.authors),
                ", ".join(category.name for category in entry.categories),
            )
            for entry in view.entries
        ),
    )
    if view.block:
        say(f"\nFor config.yaml:\n{view.block}")


@app.command(epilog="Example: feedhub sources reextract markets")
def reextract(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Slugs; all that are read as pages when left out.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Apply changed selectors to the pages that are stored, without asking anybody.

    The last page of each source that could be read is kept. Entries are changed as by a poll that brought the same page;
    what earlier rules stored by mistake stays until `feedhub entries withdraw`.
    """
    outcomes = list(_reread(config, sources or []))
    if as_json:
        show_json(outcomes)
    elif outcomes:
        show_outcomes(outcomes)
    else:
        say("No source is read as a page.")


def _reread(file: Path, slugs: list[str]) -> Iterator[Outcome]:
    settings = instance.read_settings(file)
    if holder(instance.database_url(settings)) is None:
        yield from reread_here(file, slugs)
        return
    with reading(file) as (_, home):
        address = find_daemon(settings, home)
    ask_to_reload(address)
    yield from ask_to_reread(address, slugs)


@app.command(epilog="Example: feedhub sources remove old-blog")
def remove(
    slug: Annotated[str, typer.Argument(help="The source's slug.")],
    entries: Annotated[bool, typer.Option(help="Also delete what only this source carried. Cannot be undone.")] = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Remove a source from config.yaml. Its entries stay unless --entries is given, also later."""
    listed = remove_source(config, slug)
    with reading_if_any(config) as (settings, home):
        stored = bool(home and home.store.states([slug]))
    if not listed and not (entries and stored):
        raise _unknown(slug, str(config), settings)
    if listed:
        say(f"Removed {slug} from {config}.")
    if entries:
        removed = _forget(config, settings, slug) if stored else 0
        say(f"Deleted {counted(removed, 'entry', 'entries')}.")
    elif stored:
        say("Its entries are kept and stay in their feeds.")


def _forget(config: Path, settings: Settings, slug: str) -> int:
    """By the daemon, where one runs on this database; else here."""
    with reading_if_any(config) as (_, home):
        try:
            daemon = find_daemon(settings, home) if home else None
        except NotRunning:
            daemon = None
    return ask_to_forget(daemon, slug) if daemon else forget_here(config, slug)


def _unknown(slug: str, config: str, settings: Settings) -> NotFound:
    if settings.examples and slug in {sample.slug for sample in sample_sources()}:
        return NotFound(f"{slug} is one of the samples.", f"`examples: false` in {config} removes them all.")
    return NotFound(f"There is no source called {slug} in {config}.", "See `feedhub sources list`.")
