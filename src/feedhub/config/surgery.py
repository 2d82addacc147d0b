"""Edits of the list of sources in the text of the file: what is not edited stays byte for byte. Pure.

A list of one item a line is edited line by line, a list in brackets character by character. What comes out need not be
right for every way YAML can be written: the caller reads it again before it believes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from feedhub.config.nodes import Node, Place
from feedhub.config.ruamel_yaml import read, scalar

_REST = re.compile(r"[ \t]*,?[ \t]*(#[^\n]*)?\r?\n")
"""What may follow an item on its line if the item has the line for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    url: str
    name: str = ""
    categories: tuple[str, ...] = ()


def with_sources(text: str, new: Sequence[NewSource]) -> str:
    """The text with these sources at the end of its list. It must be valid YAML without a fault of form."""
    root, _ = read(text, ends=True)
    sources = root.get("sources") if root else None
    if sources is not None and sources.flow and (sources.items or _is_flow(root) or _spans_lines(sources)):
        return _flow_with(text, sources, new)
    lines = text.split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    if sources is None:
        return _with_key(text, root, new, end + "\n")
    if sources.items:
        row = _end(lines, root, sources)
        _insert(lines, row, _block(new, sources.place.column - 1), end)
    elif sources.key:
        row = sources.key.line
        lines[row - 1] = _emptied(lines[row - 1], sources.key.column - 1) + (end if row < len(lines) else "")
        _insert(lines, row, _block(new, sources.key.column + 1), end)
    return "\n".join(lines)


def without_source(text: str, index: int) -> str:
    """The text without the ``index``-th item of its list of sources. Comments before it stay."""
    root, _ = read(text, ends=True)
    sources = root.get("sources") if root else None
    if sources is None:
        return text
    if sources.flow:
        return _flow_without(text, sources, index)
    lines = text.split("\n")
    items = sources.items
    start = _dash(lines, sources, items[index])
    stop = _dash(lines, sources, items[index + 1]) if index + 1 < len(items) else _end(lines, root, sources)
    del lines[start : _trimmed(lines, start, stop)]
    return "\n".join(lines)


# ---------------------------------------------------------------- a list of one item a line


def _with_key(text: str, root: Node | None, new: Sequence[NewSource], newline: str) -> str:
    """A new key at the end of the file."""
    margin = root.place.column - 1 if root is not None and root.is_map else 0
    lines = [" " * margin + "sources:", *_block(new, margin + 2), ""]
    gap = newline if text and not text.endswith("\n") else ""
    last = text.rstrip("\r\n").rpartition("\n")[2] if not text.endswith(("\n\n", "\n\r\n")) else ""
    gap += newline if last.strip() not in {"", "---"} else ""
    return text + gap + newline.join(lines)


def _emptied(line: str, column: int) -> str:
    """``sources: []  # note`` without its value."""
    head, colon, rest = line[column:].rstrip("\r").partition(":")
    comment = rest[rest.index("#") :] if "#" in rest else ""
    return f"{line[:column]}{head}{colon}{'  ' if comment else ''}{comment}"


def _insert(lines: list[str], row: int, block: list[str], end: str) -> None:
    """Put lines before a row; ``end`` is what stands before each line's ``\\n``."""
    if row == len(lines):  # the file's last line has no end yet, and gets none
        lines[-1] += end
        lines += [line + end for line in block[:-1]] + block[-1:]
    else:
        lines[row:row] = [line + end for line in block]


def _block(new: Sequence[NewSource], indent: int) -> list[str]:
    lines: list[str] = []
    margin = " " * indent
    for source in new:
        if not source.name and not source.categories:
            lines.append(f"{margin}- {scalar(source.url)}")
            continue
        lines.append(f"{margin}- url: {scalar(source.url)}")
        if source.name:
            lines.append(f"{margin}  name: {scalar(source.name)}")
        if source.categories:
            lines.append(f"{margin}  categories: [{', '.join(map(scalar, source.categories))}]")
    return lines


# ---------------------------------------------------------------- a list in brackets


def _is_flow(root: Node | None) -> bool:
    return root is not None and root.flow


def _spans_lines(node: Node) -> bool:
    return node.place.line != node.end.line or (node.key is not None and node.key.line != node.place.line)


def _offset(text: str, place: Place) -> int:
    at = 0
    for _ in range(place.line - 1):
        at = text.index("\n", at) + 1
    return at + place.column - 1


def _flow_with(text: str, sources: Node, new: Sequence[NewSource]) -> str:
    """After the last item, which may have a comma already; on lines of their own where the last item is."""
    added = [_flow_item(source) for source in new]
    if not sources.items:
        at = _offset(text, sources.place) + 1
        return text[:at] + ", ".join(added) + text[at:]
    first, stop = (_offset(text, place) for place in (sources.items[-1].place, sources.items[-1].end))
    margin = text[text.rfind("\n", 0, first) + 1 : first]
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = f",{newline}{margin}" if not margin.strip() else ", "
    return text[:stop] + "".join(gap + item for item in added) + text[stop:]


def _flow_without(text: str, sources: Node, index: int) -> str:
    """An item with lines of its own leaves with them, another one with the comma that parts it from its neighbour."""
    items = sources.items
    start, stop = _offset(text, items[index].place), _offset(text, items[index].end)
    line = text.rfind("\n", 0, start) + 1
    rest = _REST.match(text, stop)
    if not text[line:start].strip() and rest:
        return text[:line] + text[rest.end() :]
    if index + 1 < len(items):
        stop = _offset(text, items[index + 1].place)
    elif index:
        start = _offset(text, items[index - 1].end)
    return text[:start] + text[stop:]


def _flow_item(source: NewSource) -> str:
    if not source.name and not source.categories:
        return scalar(source.url)
    parts = [f"url: {scalar(source.url)}"]
    parts += [f"name: {scalar(source.name)}"] if source.name else []
    parts += [f"categories: [{', '.join(map(scalar, source.categories))}]"] if source.categories else []
    return "{" + ", ".join(parts) + "}"


# ---------------------------------------------------------------- where things are


def _end(lines: list[str], root: Node | None, sources: Node) -> int:
    """The row after the last line of the list."""
    keys = (child.key.line for child in (root.map if root else {}).values() if child.key)
    later = [line - 1 for line in keys if line > sources.place.line]
    return _trimmed(lines, sources.place.line - 1, min(later, default=len(lines)))


def _trimmed(lines: list[str], start: int, stop: int) -> int:
    """``stop`` without the empty lines, comments and document ends before it."""
    while stop > start + 1 and (not lines[stop - 1].strip() or lines[stop - 1].lstrip().startswith(("#", "..."))):
        stop -= 1
    return stop


def _dash(lines: list[str], sources: Node, item: Node) -> int:
    """The row of an item's dash, which may stand above its value."""
    row = item.place.line - 1
    column = sources.place.column - 1
    while row > sources.place.line - 1 and not lines[row][column:].startswith("-"):
        row -= 1
    return row
