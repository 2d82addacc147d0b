"""JSON-LD of a page: its scripts as a list of nodes, references resolved, damage repaired where it is unambiguous.

Pure. A node is a plain ``dict`` as :func:`json.loads` makes it; microdata is brought into the same form, so that one
reader (:mod:`.linked_data`) understands both. Only what schema.org sites write is read: contexts are not expanded.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

Node = dict[str, Any]

MAX_SCRIPT = 1_000_000
"""Characters of one script that are read."""
MAX_NODES = 5_000
_DEPTH = 24
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*$"
)
_COMMA_BEFORE_END = re.compile(r",(\s*[}\]])")
_AFTER_STRING = re.compile(r"\s*(?:[:}\]]|$|,\s*(?:[\"{\[}\]\d-]|true|false|null))")
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')


def nodes_of(scripts: Iterable[str]) -> tuple[list[Node], tuple[str, ...]]:
    """Every node of the scripts, outer before inner, at most :data:`MAX_NODES`; and notes on what was damaged.

    A node that only names another by ``@id`` is replaced by that one wherever it stands.
    """
    roots: list[Any] = []
    notes: list[str] = []
    for script in scripts:
        value, note = read_script(script)
        roots.extend(value)
        if note:
            notes.append(note)
    nodes = list(_walk(roots, 0))[:MAX_NODES]
    named: dict[str, Node] = {}
    for node in nodes:
        key = node.get("@id")
        if isinstance(key, str) and len(node) > 1:
            named[key] = {**node, **named[key]} if key in named else node
    for node in nodes:
        for name, value in node.items():
            node[name] = _resolved(value, named)
    return nodes, tuple(notes)


def _walk(value: Any, depth: int) -> Iterator[Node]:
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for item in value.values():
            if isinstance(item, dict | list):
                yield from _walk(item, depth + 1)


def _resolved(value: Any, named: dict[str, Node]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, named) for item in value]
    if isinstance(value, dict) and len(value) <= 2 and value.keys() <= {"@id", "@type"}:
        return named.get(str(value.get("@id")), value)
    return value


def read_script(text: str) -> tuple[list[Any], str]:
    """The values in one script, and a note when it was damaged; an empty list when nothing can be made of it."""
    text = _WRAPPING.sub("", _WRAPPING.sub("", text[:MAX_SCRIPT].lstrip("\ufeff"))).strip().rstrip(";")
    if not text:
        return [], ""
    value = _loaded(text)
    if value is not None:
        return [value], ""
    for repair in (_tidied, _quoted, _closed):
        text = repair(text)
        several = _several(text)
        if several:
            return several, "JSON-LD was damaged and repaired"
    return [], "JSON-LD is damaged beyond repair and was left out"


def _loaded(text: str) -> Any:
    """``strict=False``: line breaks inside strings, the commonest damage of all, are read as they stand."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _several(text: str) -> list[Any]:
    """One value or several behind each other; nothing when there is anything else."""
    decoder, at, found = json.JSONDecoder(strict=False), 0, []
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return []
        found.append(value)
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1
    return found


def _tidied(text: str) -> str:
    if '"' not in text and "&quot;" in text:
        text = html.unescape(text)
    return _COMMA_BEFORE_END.sub(r"\1", _BAD_ESCAPE.sub(r"\\\\", text))


def _quoted(text: str) -> str:
    """Quotes inside strings get their backslash: a quote ends a string only where a sign of JSON follows."""
    out: list[str] = []
    inside = False
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and inside:
            out.append(text[at : at + 2])
            at += 2
            continue
        if char == '"':
            if inside and not _AFTER_STRING.match(text, at + 1):
                out.append("\\")
            else:
                inside = not inside
        out.append(char)
        at += 1
    return "".join(out)


def _closed(text: str) -> str:
    """A script that was cut off: what is open is closed, and a half-written last member goes."""
    stack, safe = _open_at(text, len(text))
    if not stack or len(stack) > _DEPTH:
        return text
    open_there, _safe = _open_at(text, safe)
    return text[:safe] + "".join(reversed(open_there))


def _open_at(text: str, end: int) -> tuple[list[str], int]:
    """What closes the brackets that are open at a place, and the last place before it where a value was complete."""
    stack: list[str] = []
    inside = False
    at, safe = 0, 0
    while at < end:
        char = text[at]
        if inside:
            if char == "\\":
                at += 1
            elif char == '"':
                inside = False
        elif char == '"':
            inside = True
        elif char in "{[":
            stack.append("}" if char == "{" else "]")
        elif char in "}]" and stack:
            stack.pop()
            safe = at + 1
        elif char == ",":
            safe = at
        at += 1
    return stack, safe
