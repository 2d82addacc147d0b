"""What all commands print with: lines and tables for people, JSON for scripts. Nothing of the program but text."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 1_000_000
"""Columns of a table that no terminal shows: a script or a file wants one row a line."""

_FLEXIBLE = {"title", "name", "detail", "remark", "explanation", "authors", "categories"}
"""Columns that give way first when a terminal is narrow: names and addresses are copied, prose is read."""
_NUMBERS = {"entries", "new", "updated", "listed", "id", "status"}
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
"""Control characters, line ends and writing direction: what a source says must not steer the terminal."""

notes = Console(stderr=True, highlight=False)


def say(text: str, style: str = "") -> None:
    """Lines for people on standard output, as they are: the terminal breaks them, and a pipe gets them whole."""
    paper = Console(highlight=False)
    for line in text.splitlines():
        paper.print(Text(printable(line), style=style), soft_wrap=True)


def note(text: str) -> None:
    """A line beside the result, on standard error."""
    notes.print(Text(printable(text)), soft_wrap=True)


def printable(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text)


def counted(number: int, one: str, many: str = "") -> str:
    """``1 source``, ``3 sources``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def show_json(value: Any) -> None:
    typer.echo(json.dumps(value, default=plain, ensure_ascii=False, indent=2, sort_keys=False))


def plain(value: Any) -> Any:
    """What JSON does not know, as what it knows; for :func:`json.dumps`."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people. Cells are text, never markup: what sources say must not colour the terminal."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    for column in columns:
        flexible = column in _FLEXIBLE
        table.add_column(
            column, justify="right" if column in _NUMBERS else "left", overflow="fold", no_wrap=not flexible
        )
    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row))
    if sys.stdout.isatty():
        Console(highlight=False).print(table)
    else:
        _print_unbroken(table)


def _print_unbroken(table: Table) -> None:
    """One row a line, whatever its length, without colours and without blanks at the end."""
    paper = io.StringIO()
    Console(file=paper, width=WIDE, color_system=None, highlight=False, force_terminal=False).print(table)
    for line in paper.getvalue().splitlines():
        typer.echo(line.rstrip())


def cell(value: object) -> str:
    """One line of text for a value."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}Z"
    if isinstance(value, Enum):
        return str(value.value)
    return printable(str(value))
