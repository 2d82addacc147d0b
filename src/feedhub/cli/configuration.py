"""``init``, ``check``, ``plan``, ``reload`` and ``config``: the one YAML file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from feedhub import applying, instance
from feedhub.checking import reachable
from feedhub.cli import relabelling
from feedhub.cli.common import (
    DEFAULT_FILE,
    AsJson,
    ConfigFile,
    counted,
    note,
    notes,
    reading,
    reading_if_any,
    say,
    show_json,
    show_table,
)
from feedhub.cli.control import ask_to_reload, effective, find_daemon
from feedhub.config import Snapshot, json_schema, plan, show, snapshot_of, warnings, write_starter
from feedhub.errors import DatabaseError, FeedHubError, NotRunning
from feedhub.model import SourceState
from feedhub.schedule import has_moved
from feedhub.settings import Settings
from feedhub.store import SchemaKind, schema_state
from feedhub.store import check as check_database
from feedhub.surveying import survey
from feedhub.websub import outlook

IN_FORCE = "The running configuration stays in force"
"""How the daemon's last line begins when it did not take the file."""

app = typer.Typer(
    help="The configuration as the program sees it.", epilog="Example: feedhub config show", no_args_is_help=True
)


def register(root: typer.Typer) -> None:
    root.command(epilog="Example: feedhub init news")(init)
    root.command(epilog="Example: feedhub check --no-reach")(check)
    root.command("plan", epilog="Example: feedhub plan --config edited.yaml")(show_plan)
    root.command(epilog="Example: feedhub reload")(reload)


def init(folder: Annotated[Path, typer.Argument(help="Where to put config.yaml.")] = Path()) -> None:
    """Write a commented config.yaml that works at once, and its JSON Schema for editors."""
    for path in write_starter(folder):
        say(f"wrote {path}")
    change = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    say(f"Next: `{change}feedhub run`, then open http://127.0.0.1:8080/ in a browser.")


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
    about, states = _database_findings(config, settings)
    findings += about
    if reach:
        findings += [(slug, *answer) for slug, answer in reachable(settings, states).items()]
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


Finding = tuple[str, str, str]
"""What was looked at (a source's slug, or a part), the verdict (ok, warning, problem, not asked), and the detail."""


def _topic_findings(config: Path, settings: Settings, newest: int) -> list[Finding]:
    """What is to be said of the topics, as far as the database can be asked."""
    try:
        with reading_if_any(config) as (_, home), relabelling.progress_of("trying topics") as step:
            remarks = survey(home.store if home else None, effective(settings, home), newest, step)
    except DatabaseError:  # told of where the database is looked at
        remarks = survey(None, settings, 0, lambda _done, _total: None)
    return [("topics", "warning" if one.warning else "ok", one.text) for one in remarks]


def _database_findings(config: Path, settings: Settings) -> tuple[list[Finding], list[SourceState]]:
    """What is to be said about the database, and what it knows of the sources when it can be read."""
    url = instance.database_url(settings)
    try:
        state = schema_state(url)
        if state.kind is SchemaKind.MISSING:
            return [("database", "ok", "There is none yet; the first run makes it.")], []
        problems = check_database(url)
        with reading(config) as (_, home):
            states = home.store.states()
    except DatabaseError as error:
        return [("database", "problem", str(error))], []
    moved = [
        (state.slug, "warning", f"It moved for good. Write its url as: {state.url}")
        for state in states
        if has_moved(state)
    ]
    sound = ("database", "ok", f"It is sound; schema {state.revision}, {counted(len(states), 'source')} known.")
    return [*([("database", "problem", line) for line in problems] or [sound]), *moved], states


def show_plan(as_json: AsJson = False, config: ConfigFile = DEFAULT_FILE) -> None:
    """What the file would add, rename, move and remove, compared with what was last in force. Changes nothing."""
    with reading_if_any(config) as (settings, home):
        before = _last_applied(home)
    found = plan(before, snapshot_of(settings))
    if as_json:
        show_json(found.as_json())
        return
    if before is None:
        note("No configuration is in force yet, so everything is new.")
    say("\n".join(found.render()) or "Nothing would change.")


def _last_applied(home: instance.Home | None) -> Snapshot | None:
    text = home.store.recall(applying.APPLIED) if home else None
    if not text:
        return None
    try:
        return Snapshot.loads(text)
    except ValueError:
        note("What is in force was written by another version of FeedHub and cannot be compared.")
        return None


def reload(
    wait: Annotated[
        bool | None,
        typer.Option(
            "--wait/--no-wait",
            help="Wait until stored entries are labelled by changed rules, with a progress bar; by default in a terminal only.",
            show_default=False,
        ),
    ] = None,
    config: ConfigFile = DEFAULT_FILE,
) -> None:
    """Have the running daemon read its configuration again. A bad file changes nothing and is shown.

    Changed rules hold for new entries at once; stored entries are labelled by them in the background.
    """
    with reading_if_any(config) as (settings, home):  # a bad file is refused here, before the daemon is asked
        if home is None:
            raise NotRunning("No FeedHub is running on this database.", "Start it with `feedhub run`.")
        lines = ask_to_reload(find_daemon(settings, home))
        say("\n".join(lines))
        if not lines[-1].startswith(IN_FORCE) and relabelling.is_due(settings, home):
            relabelling.follow(settings, home, wait=notes.is_terminal if wait is None else wait)


@app.command(epilog="Example: feedhub config schema > feedhub.schema.json")
def schema() -> None:
    """Print the JSON Schema of config.yaml, for editors."""
    show_json(json_schema())


@app.command("show", epilog="Example: feedhub config show")
def show_effective(config: ConfigFile = DEFAULT_FILE) -> None:
    """Print the effective configuration, every default filled in and every secret masked."""
    typer.echo(show(instance.read_settings(config)), nl=False)
