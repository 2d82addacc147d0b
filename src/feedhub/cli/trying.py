"""``try``: rules over stored entries, before they are saved."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from feedhub.cli.common import DEFAULT_FILE, AsJson, ConfigFile, reading
from feedhub.cli.control import effective
from feedhub.cli.entries import GREATEST
from feedhub.cli.labels import progress_of
from feedhub.cli.terminal import counted, note, say, show_json, show_table
from feedhub.config.fragments import keywords_as_yaml, read_rules, read_topic
from feedhub.config.loader import read_text
from feedhub.errors import NotFound
from feedhub.instance import Home
from feedhub.model import EntryId
from feedhub.settings import Fields, Settings, Topic
from feedhub.trying import Found, Trial, Trials, try_filter, try_topics
from feedhub.understand import Rulebook, too_slow

UNNAMED = "tried-topic"
"""Key of a topic that is tried without a name."""
MOST_RULES = 15
"""Reasons listed for a topic; `--json` has all."""

app = typer.Typer()


@app.command("try", epilog="Example: feedhub try --keyword 'lãi suất' --keyword '=FED'")
def try_rules(  # noqa: PLR0917  the options of a command
    topic: Annotated[
        str, typer.Argument(metavar="[TOPIC]", help="A topic of the file, or one to compare with; all when left out.")
    ] = "",
    keyword: Annotated[
        list[str] | None, typer.Option(help="A keyword, as it would stand in the file; may be given again.")
    ] = None,
    where: Annotated[
        list[Fields] | None, typer.Option("--in", help="Where keywords are looked for: title, summary, content.")
    ] = None,
    rules: Annotated[str, typer.Option(help="A file with the topic or rules in YAML; `-` reads standard input.")] = "",
    source: Annotated[str, typer.Option(help="Try keep and drop rules of this source instead of a topic.")] = "",
    drop: Annotated[bool, typer.Option("--drop", help="What is given is a drop rule of the source.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="What is given is a keep rule of the source.")] = False,
    newest: Annotated[
        int | None, typer.Option("--newest", min=1, max=GREATEST, help="Look only at so many entries stored last.")
    ] = None,
    show: Annotated[int, typer.Option(min=0, max=10_000, help="Entries of each kind to show.")] = 5,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """What rules would do to the entries that are stored: which would enter a topic, which would leave, and why.

    Tries the topics of the file as it is now (also of an edited copy: `--config edited.yaml`), or a topic given by
    `--keyword` or `--rules`; with `--source` what the source's keep and drop rules would refuse. Nothing is changed, and
    no daemon is needed.
    """
    _refuse_mixtures(source, drop=drop, keep=keep, given=bool(keyword or rules), where=bool(where))
    with reading(config) as (settings, home):
        settings = effective(settings, home)
        given = _given(keyword or [], where or [], rules)
        after = home.store.before_newest(newest) if newest else EntryId(0)
        if source:
            tried = _try_source(home, _with_filter(settings, source, given, rules, keep=keep), source, after, show)
        else:
            settings, names = _with_topic(settings, topic, given, rules)
            with progress_of("trying") as step:
                tried = try_topics(home.store, Rulebook.of(settings), names, after=after, show=show, step=step)
    if as_json:
        show_json([_plain(one) for one in tried.trials])
    elif source:
        _tell_filter(tried.trials[0])
    elif len(tried.trials) == 1:
        _tell_topic(tried.trials[0])
    else:
        _tell_all(tried, show)
    for pattern in tried.slow:
        note(too_slow(pattern))


def _refuse_mixtures(source: str, *, drop: bool, keep: bool, given: bool, where: bool) -> None:
    if (drop or keep) and not source:
        raise typer.BadParameter("--keep and --drop need --source")
    if drop and keep:
        raise typer.BadParameter("give either --keep or --drop, not both")
    if (drop or keep) and not given:
        raise typer.BadParameter("--keep and --drop need --keyword or --rules")
    if source and given and not (drop or keep):
        raise typer.BadParameter("say whether it is a rule to --keep or to --drop by")
    if where and not given:
        raise typer.BadParameter("--in needs --keyword")


def _given(keywords: list[str], where: list[Fields], rules: str) -> str:
    """The rules of the command line in YAML; "" when there are none."""
    if keywords and rules:
        raise typer.BadParameter("give either --keyword or --rules, not both")
    if keywords:
        return keywords_as_yaml(keywords, [field.value for field in where])
    if rules == "-":
        return sys.stdin.read()
    return read_text(Path(rules)) if rules else ""


def _named(rules: str) -> Path:
    """Where the rules came from, for messages."""
    return Path("standard input" if rules == "-" else rules or "--keyword")


def _with_topic(settings: Settings, topic: str, given: str, rules: str) -> tuple[Settings, list[str]]:
    """The settings as they are to be tried, and the topics that are looked at.

    :raises NotFound: the file has no such topic.
    """
    if given:
        made = read_topic(given, _named(rules), settings)
        key = topic or UNNAMED
        old = settings.topics.get(key, Topic())
        update = {"title": made.title or old.title or key}
        return settings.model_copy(update={"topics": {**settings.topics, key: made.model_copy(update=update)}}), [key]
    if topic and topic not in settings.topics:
        raise NotFound(f"There is no topic {topic!r} in {settings.file}.", "Its topics: " + ", ".join(settings.topics))
    return settings, [topic] if topic else list(settings.topics)


def _with_filter(settings: Settings, slug: str, given: str, rules: str, *, keep: bool) -> Settings:
    """:raises NotFound: the file has no such source."""
    source = settings.source(slug)
    if source is None:
        raise NotFound(f"There is no source {slug!r} in {settings.file}.", "See `feedhub sources list`.")
    if given:
        made = read_rules(given, _named(rules), settings)
        source = source.model_copy(update={"keep": made if keep else (), "drop": () if keep else made})
    return settings.model_copy(update={"sources": tuple(source if s.slug == slug else s for s in settings.sources)})


def _try_source(home: Home, settings: Settings, slug: str, after: EntryId, show: int) -> Trials:
    with progress_of("trying") as step:
        return try_filter(home.store, Rulebook.of(settings), slug, after=after, show=show, step=step)


# ---------------------------------------------------------------- telling


def _plain(one: Trial) -> dict[str, Any]:
    return asdict(one) | {"matches": one.matches, "rules": dict(one.rules.most_common())}


def _entries(number: int) -> str:
    return counted(number, "entry", "entries")


def _tell_topic(one: Trial) -> None:
    say(
        f"{one.name}: {one.matches} of {_entries(one.looked_at)} match; {one.enters} would enter, {one.leaves} would leave."
    )
    _tell_entries("would enter", one.entering, one.enters)
    _tell_entries("would leave", one.leaving, one.leaves)
    _tell_entries("would stay", one.staying, one.stays)
    _tell_rules(one)


def _tell_filter(one: Trial) -> None:
    if not one.looked_at:
        say(f"{one.name}: nothing is stored of it yet.")
        return
    say(f"{one.name}: {one.leaves} of {_entries(one.looked_at)} would be refused, {one.stays} kept.")
    _tell_entries("would be refused", one.leaving, one.leaves)
    _tell_entries("would be kept", one.staying, one.stays)
    say("Stored entries stay whatever the rules say: they hold for entries that come in.")


def _tell_entries(title: str, found: Iterable[Found], total: int) -> None:
    newest = sorted(found, key=lambda one: one.id, reverse=True)
    if newest:
        say(
            f"{title} ({_entries(total)})" + (f", the {len(newest)} stored last" if total > len(newest) else ""),
            style="bold",
        )
        show_table(
            ("id", "published", "source", "title", "because"),
            ((one.id, one.published, one.source, one.title, one.because) for one in newest),
        )


def _tell_rules(one: Trial) -> None:
    if one.rules:
        say("by rule", style="bold")
        show_table(("entries", "because"), ((n, why) for why, n in one.rules.most_common(MOST_RULES)))
        if len(one.rules) > MOST_RULES:
            say(f"and {len(one.rules) - MOST_RULES} more reasons")


def _tell_all(tried: Trials, show: int) -> None:
    show_table(
        ("topic", "matches", "would enter", "would leave"),
        ((one.name, one.matches, one.enters, one.leaves) for one in tried.trials),
    )
    changed = [one for one in tried.trials if one.changed]
    say(f"{_entries(tried.looked_at)} looked at; {counted(len(changed), 'topic')} of {len(tried.trials)} would change.")
    for one in changed:
        if show:
            say(one.name, style="bold")
            _tell_entries("would enter", one.entering, one.enters)
            _tell_entries("would leave", one.leaving, one.leaves)
