"""The command line as a whole: groups, errors without tracebacks, exit codes."""

from __future__ import annotations

import errno
import os
import sys
from enum import StrEnum
from io import TextIOWrapper
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text
from typer.completion import get_completion_inspect_parameters, install_callback, show_callback

from feedhub import __version__
from feedhub.cli.registry import COMMANDS, GROUPS, group_of
from feedhub.cli.terminal import printable
from feedhub.errors import FeedHubError
from feedhub.logs import set_up_logging

EXIT_CODES = """
Exit codes: 0 done; 1 something failed; 2 the command line or the configuration is wrong; 3 the database cannot be
used; 4 another FeedHub runs, or none where one is needed; 5 the address is taken; 6 an output cannot be written;
7 what was named does not exist; 130 interrupted.
"""
INTERRUPTED = 130


class Shell(StrEnum):
    """Shells that completion can be made for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"
    PWSH = "pwsh"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"feedhub {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
]
Install = Annotated[
    Shell | None,
    typer.Option("--install-completion", callback=install_callback, is_eager=True, help="Install shell completion."),
]
Show = Annotated[
    Shell | None,
    typer.Option("--show-completion", callback=show_callback, is_eager=True, help="Print the completion script."),
]

get_completion_inspect_parameters()  # teaches Typer the shells, which it otherwise does for options of its own
app = typer.Typer(
    name="feedhub",
    cls=group_of(COMMANDS),
    epilog=f"Example: feedhub init && feedhub run\n\n{' '.join(EXIT_CODES.split())}",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,  # our own options name the shell, so that they also work in a script
)


@app.callback()
def feedhub(version: Version = False, install_completion: Install = None, show_completion: Show = None) -> None:
    """Follow topics and authors across sites, in the feed reader you already have."""
    del version, install_completion, show_completion  # their callbacks did it all
    set_up_logging("error")  # commands report by themselves; `run` and `serve` set up more


for _name, _group in GROUPS.items():
    app.add_typer(
        typer.Typer(
            cls=group_of(_group.commands), help=_group.help, epilog=f"Example: {_group.example}", no_args_is_help=True
        ),
        name=_name,
    )


def main() -> None:
    """The ``feedhub`` command."""
    _print_anything()
    try:
        app()
    except FeedHubError as error:
        _complain(error)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of our output went away (`feedhub … | head`): no fault. Python would complain at exit otherwise.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        _complain(_of_the_system(error))
        raise SystemExit(1) from None


def _print_anything() -> None:
    """Where the terminal's encoding lacks a letter, show its code instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _of_the_system(error: OSError) -> FeedHubError:
    what = error.strerror or str(error)
    advice = "Free some space." if error.errno in {errno.ENOSPC, errno.EDQUOT} else ""
    return FeedHubError(f"{error.filename}: {what}." if error.filename else f"The system says: {what}.", advice)


def _complain(error: FeedHubError) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    first, *others = [printable(line) for line in error.what.splitlines()] or [""]
    console.print(Text.assemble(("feedhub:", "bold red"), " ", first))
    for line in [*others, *error.advice.splitlines()]:
        console.print(Text(printable(line)))
