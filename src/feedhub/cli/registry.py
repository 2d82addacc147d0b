"""Every command by name: in which module it is, and the line that a list of commands says of it.

A command's module is imported when the command is called or its own help is asked for, so that `feedhub --help`, the
shell's completion and each command start without the libraries of the others. The lines are those of the commands' own
help (a test holds them equal), written here once more because a list is shown without importing what it lists. Commands
that only read are in modules of their own, apart from those that poll, serve or change something.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Command(NamedTuple):
    """Where a command is (a module of ``feedhub.cli`` with its ``app``), and the first paragraph of its help."""

    module: str
    line: str


class Group(NamedTuple):
    """Commands under one name."""

    help: str
    example: str
    commands: Mapping[str, Command]


COMMANDS: Mapping[str, Command] = {
    "run": Command(
        "running",
        "Poll, publish and serve until told to stop (SIGTERM, Ctrl-C). SIGHUP reads the configuration again.",
    ),
    "serve": Command(
        "running",
        "Serve what is stored, without polling; beside a daemon on another port, or on a copy of its database.",
    ),
    "poll": Command(
        "polling", "Poll now and show what came. While a daemon runs on the same database, it does the polling."
    ),
    "status": Command("status", "How every source is, since when, why, and what comes next."),
    "init": Command(
        "configuration", "Write a commented config.yaml that works at once, and its JSON Schema for editors."
    ),
    "check": Command(
        "checking",
        "Check the configuration, the database and whether the sources answer. Exit code 1 when something must be done.",
    ),
    "plan": Command(
        "configuration",
        "What the file would add, rename, move and remove, compared with what was last in force. Changes nothing.",
    ),
    "reload": Command(
        "configuration",
        "Have the running daemon read its configuration again. A bad file changes nothing and is shown.",
    ),
    "relabel": Command(
        "relabelling",
        "Bring the labels of stored entries in agreement with the configuration, and show how far that is.",
    ),
    "explain": Command(
        "explaining",
        "Where an entry came from, how it was cleaned, joined and labelled, which rule put it in which feed and which kept it out.",
    ),
    "try": Command(
        "trying",
        "What rules would do to the entries that are stored: which would enter a topic, which would leave, and why.",
    ),
    "export": Command(
        "exporting",
        "Write every feed and page as static files for any web server, with compressed forms and redirects; files of feeds that are gone are removed.",
    ),
    "import-opml": Command(
        "opml",
        "Add every feed of an OPML file to config.yaml, folders as categories. Known addresses are left alone.",
    ),
    "export-opml": Command("opml", "Print the sources as OPML 2.0."),
    "search": Command(
        "searching",
        "Search stored entries, newest first, as `/search` does; also what only private feeds show, or none.",
    ),
}

GROUPS: Mapping[str, Group] = {
    "sources": Group(
        "The feeds that are polled.",
        "feedhub sources list",
        {
            "list": Command("sources", "List the sources with their state."),
            "add": Command(
                "source_changes",
                "Add a source to config.yaml, keeping its comments. A running daemon notices by itself.",
            ),
            "test": Command(
                "source_changes",
                "Fetch and read a feed or a page once, store nothing, and show each step, the entries, and YAML that reads it so.",
            ),
            "reextract": Command(
                "source_changes", "Apply changed selectors to the pages that are stored, without asking anybody."
            ),
            "remove": Command(
                "source_changes",
                "Remove a source from config.yaml. Its entries stay unless --entries is given, also later.",
            ),
        },
    ),
    "feeds": Group(
        "The feeds that are published.",
        "feedhub feeds list --kind topics",
        {
            "list": Command(
                "feeds", "List the published feeds with their addresses; of private ones the token is not shown."
            ),
        },
    ),
    "tokens": Group(
        "Who may read the private feeds (`feeds.private`).",
        "feedhub tokens add huyen --feed topics/ai",
        {
            "add": Command(
                "tokens", "Make a token for a subscriber and show it, this once: only a digest of it is kept."
            ),
            "list": Command(
                "tokens", "List who has a token, for what, and since when. Tokens themselves are kept nowhere."
            ),
            "revoke": Command(
                "tokens", "End a subscriber's token. It opens nothing from now on, also in a running daemon."
            ),
        },
    ),
    "entries": Group(
        "What is stored.",
        "feedhub entries list --limit 5",
        {
            "list": Command(
                "entries",
                "List stored entries, newest published first. A feed shows one entry of a story; without --feed all are listed.",
            ),
            "show": Command(
                "entries", "Show an entry: where it was seen, how it was joined, and which rule put it in which feed."
            ),
            "split": Command(
                "entry_changes",
                "Take an entry out of the story that it joined, for good: it is shown beside the others from now on.",
            ),
            "withdraw": Command(
                "entry_changes",
                "Remove an entry from all feeds and the database, for good. Feeds say so for a month (RFC 6721).",
            ),
        },
    ),
    "hub": Group(
        "The WebSub hub of our own feeds.",
        "feedhub hub list --json",
        {"list": Command("hub", "List the subscriptions at our hub and how their deliveries go.")},
    ),
    "db": Group(
        "The database.",
        "feedhub db check",
        {
            "upgrade": Command(
                "upgrading", "Bring the schema up to this version, after a backup. `feedhub run` does it by itself."
            ),
            "check": Command("database", "Check the database's integrity and FeedHub's own rules about it."),
            "stats": Command(
                "database",
                "Show what the database holds and where its bytes are. Takes some ten seconds at most; of a large database it says what it estimated or did not measure.",
            ),
            "index": Command(
                "database",
                "Build the full-text index for entries that it does not know. `feedhub run` does it by itself.",
            ),
            "compact": Command(
                "database", "Give the room of removed entries back to the disk, while FeedHub is stopped."
            ),
            "backup": Command("database", "Copy the database to a file, safely while the daemon runs."),
            "restore": Command(
                "database", "Put a backup in place of the database. The replaced database is kept beside it."
            ),
        },
    ),
    "config": Group(
        "The configuration as the program sees it.",
        "feedhub config show",
        {
            "schema": Command("configuration", "Print the JSON Schema of config.yaml, for editors."),
            "show": Command(
                "configuration",
                "Print the effective configuration, every default filled in and every secret masked.",
            ),
        },
    ),
}


class Listed(TyperCommand):
    """A command that is known by its line only."""

    def __init__(self, name: str, known: Command) -> None:
        super().__init__(name, callback=None, help=known.line)
        self._module = known.module

    def loaded(self) -> Any:
        """The command itself."""
        module = import_module(f"feedhub.cli.{self._module}")
        return typer.main.get_group(module.app).commands[str(self.name)]


class _Group(TyperGroup):
    """Shows commands as they are listed, and loads the one that is called."""

    listed: Mapping[str, Command] = {}

    def __init__(self, *, commands: Any = None, **settings: Any) -> None:
        known: dict[str, Any] = {name: Listed(name, one) for name, one in self.listed.items()}
        super().__init__(commands={**known, **(commands or {})}, **settings)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.loaded() if isinstance(command, Listed) else command, rest


def group_of(commands: Mapping[str, Command]) -> type[TyperGroup]:
    """The kind of group that has these commands, for ``typer.Typer(cls=…)``."""
    return type("Group", (_Group,), {"listed": commands})


def modules() -> list[str]:
    """The modules of all commands, for whoever starts many of them in one process and wants them imported before."""
    known = [*COMMANDS.values(), *(one for group in GROUPS.values() for one in group.commands.values())]
    return list(dict.fromkeys(f"feedhub.cli.{command.module}" for command in known))


def loaded(group: Any) -> dict[str, Any]:
    """The commands and groups of a group, themselves."""
    return {name: one.loaded() if isinstance(one, Listed) else one for name, one in group.commands.items()}
