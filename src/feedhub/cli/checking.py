"""``check``: the configuration, the database and the sources, looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from feedhub import instance, wiring
from feedhub.checking import reachable
from feedhub.cli.common import DEFAULT_FILE, AsJson, ConfigFile, reading, reading_if_any
from feedhub.cli.control import effective
from feedhub.cli.labels import progress_of
from feedhub.cli.terminal import counted, say, show_json, show_table
from feedhub.config import warnings
from feedhub.errors import DatabaseError, FeedHubError
from feedhub.fetch import Hosts
from feedhub.model import SourceState
from feedhub.schedule import has_moved
from feedhub.settings import Settings
from feedhub.store import SchemaKind, schema_state
from feedhub.store import check as check_database
from feedhub.surveying import survey
from feedhub.websub import outlook

Finding = tuple[str, str, str]
"""What was looked at (a source's slug, or a part), the verdict (ok, warning, problem, not asked), and the detail."""

app = typer.Typer()


@app.command(epilog="Example: feedhub check --no-reach")
def check(
    reach: Annotated[
        bool, typer.Option(help="Ask every enabled source once (a conditional GET, nothing is stored).")
    ] = True,
    newest: Annotated[
        int, typer.Option("--entries", min=0, help="Try the topics on so many entries stored last; 0: on none.")
    ] = 2000,
    as_json: AsJson = False,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Check the configuration, the database and whether the sources answer. Exit code 1 when something must be done."""
    settings = instance.read_settings(config)
    findings = [("configuration", "warning", line) for line in warnings(settings)]
    as_meant, sentence = outlook(settings)
    findings.append(("websub", "ok" if as_meant else "warning", sentence))
    findings += _topic_findings(config, settings, newest)
    about, states, hosts = _database_findings(config, settings)
    findings += about
    if reach:
        findings += [(slug, *answer) for slug, answer in reachable(settings, hosts, states).items()]
    if as_json:
        show_json([{"what": what, "verdict": verdict, "detail": detail} for what, verdict, detail in findings])
    else:
        show_table(("what", "verdict", "detail"), findings)
        examples = " and the samples" if settings.examples else ""
        say(
            f"{config}: {counted(len(settings.sources), 'source')}{examples}, {counted(len(settings.topics), 'topic')}."
        )
    if problems := sum(verdict == "problem" for _, verdict, _ in findings):
        raise FeedHubError(f"{counted(problems, 'problem')} found.")


def _topic_findings(config: Path, settings: Settings, newest: int) -> list[Finding]:
    """What is to be said of the topics, as far as the database can be asked."""
    try:
        with reading_if_any(config) as (_, home), progress_of("trying topics") as step:
            remarks = survey(home.store if home else None, effective(settings, home), newest, step)
    except DatabaseError:  # told of where the database is looked at
        remarks = survey(None, settings, 0, lambda _done, _total: None)
    return [("topics", "warning" if one.warning else "ok", one.text) for one in remarks]


def _database_findings(config: Path, settings: Settings) -> tuple[list[Finding], list[SourceState], Hosts]:
    """What is to be said about the database, and what it knows of the sources and their hosts when it can be read."""
    url = instance.database_url(settings)
    try:
        state = schema_state(url)
        if state.kind is SchemaKind.MISSING:
            return [("database", "ok", "There is none yet; the first run makes it.")], [], Hosts()
        problems = check_database(url)
        with reading(config) as (_, home):
            states, hosts = home.store.states(), wiring.hosts_of(settings, home.store, instance.now)
    except DatabaseError as error:
        return [("database", "problem", str(error))], [], Hosts()
    moved = [
        (state.slug, "warning", f"It moved for good. Write its url as: {state.url}")
        for state in states
        if has_moved(state)
    ]
    sound = ("database", "ok", f"It is sound; schema {state.revision}, {counted(len(states), 'source')} known.")
    return [*([("database", "problem", line) for line in problems] or [sound]), *moved], states, hosts
