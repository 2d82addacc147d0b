"""Reading and writing YAML. The one door to ruamel.yaml; its types and errors end here.

The document is *composed* (nodes with marks), not constructed: so every key has its place, all doubled keys are found
in one go, and no tag can make an object. Scalars follow YAML 1.2: ``no`` is a word, ``2024-05-01`` is a text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from sys import intern
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from feedhub.config.nodes import NOWHERE, Node, Place, Plain, Scalar, path_below
from feedhub.errors import ConfigProblem

MAX_REPEATS = 100_000
"""Nodes that aliases may repeat; a file that wants more is a bomb, not a configuration."""
MAX_DEPTH = 50
"""Values within values; the deepest key of a configuration stands at 7."""

_TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9][0-9_]{0,30}")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_WORDS = (
    ("found character '\\t'", "a tab; indent with spaces"),
    ("cannot start any token", "a value may not start with this character; put quotes around the value"),
    ("expected <block end>", "this line is not aligned with the lines it belongs to; check its indentation"),
    ("could not find expected ':'", "a key without `:` after it, or a line that is not aligned with its neighbours"),
    ("unexpected end of stream", "a quoted text is never closed"),
    (
        "found undefined alias",
        "an alias (*name) without its anchor (&name); put quotes around a value that starts with *",
    ),
    ("found unknown escape character", r"an unknown \ sequence in double quotes; use single quotes for patterns"),
    ("expected a single document", "a second document starts here (---); one file holds one"),
    ("but found another document", "a second document starts here (---); one file holds one"),
    ("stream end", "a list [ or mapping { is never closed"),
    ("expected ',' or", "a `,` or the closing bracket is missing"),
    ("expected alphabetic or numeric", "a `*`, `&` or `!` at the start of a value; put quotes around it"),
)


def read(text: str, *, ends: bool = False) -> tuple[Node | None, list[ConfigProblem]]:
    """The tree of a document (None when it is empty or cannot be read) and what is wrong with its form.

    :param ends: whether nodes say where they end, which only who changes the file wants to know.
    """
    bad = _UNPRINTABLE.search(text)
    if bad:
        return None, [_unprintable(text, bad.start())]
    try:
        root, aliased = _composed(text, ends)
    except MarkedYAMLError as error:
        return None, [_translated(error, text)]
    except RecursionError:
        return None, [ConfigProblem(path="", message="nested too deeply to be read")]
    except (YAMLError, ValueError, IndexError, AttributeError, AssertionError, TypeError, KeyError) as error:
        # ruamel leaks its own slips on some damaged directives and scalars; to the operator they are one thing.
        return None, [
            ConfigProblem(path="", message=f"not YAML: {str(error).splitlines()[0] if str(error) else 'unreadable'}")
        ]
    if root is None:
        return None, []
    reader = _Reader(aliased=aliased)
    try:
        return reader.node(root, "", None), reader.problems
    except _Endless as error:
        return None, [error.problem]


class _Composer(Composer):
    """ruamel's, with nodes of a third of the size: thousands of sources are at hand twice while they are read."""

    ends = False

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False  # YAML 1.2 allows them: an alias means the anchor before it
        self.aliased = False
        self._tags: dict[str, Any] = {}
        self._line = 0  # one number for all that stands on a line

    def return_alias(self, a: YamlNode) -> YamlNode:
        self.aliased = True
        return a

    def compose_node(self, parent: Any, index: Any) -> YamlNode:
        node: YamlNode = super().compose_node(parent, index)
        if not isinstance(node.start_mark, Place):
            node.start_mark = self._placed(node.start_mark)
            node.end_mark = self._placed(node.end_mark) if self.ends else NOWHERE
            node.ctag = self._tags.setdefault(str(node.ctag), node.ctag)
        return node

    def _placed(self, mark: StringMark) -> Place:
        if mark.line + 1 != self._line:
            self._line = mark.line + 1
        return Place(self._line, mark.column + 1)


def _composed(text: str, ends: bool) -> tuple[YamlNode | None, bool]:
    """The document, and whether it has aliases."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Composer
    yaml.composer.ends = ends
    root: YamlNode | None = yaml.compose(text)
    return root, yaml.composer.aliased


def dump(value: Plain) -> str:
    """YAML text of a plain value, in block style."""
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 110
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()


def scalar(text: str) -> str:
    """A text as one YAML scalar on one line, quoted only where it must be."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.width = 1_000_000
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump([text], stream)
    return stream.getvalue().strip()[1:-1]


class _Endless(Exception):
    """The document holds itself, or grows beyond all measure; nothing else in it is worth a word."""

    def __init__(self, raw: YamlNode, path: str, message: str) -> None:
        place = _place(raw.start_mark)
        self.problem = ConfigProblem(path=path, message=message, line=place.line, column=place.column)
        super().__init__(message)


class _Reader:
    """Turns ruamel's nodes into ours and collects problems of form. Items of lists are gone from ruamel's tree afterwards.

    :param aliased: whether nodes may stand at several places; these stay.
    :raises _Endless: a loop or a bomb of aliases, or too deep.
    """

    def __init__(self, *, aliased: bool) -> None:
        self.problems: list[ConfigProblem] = []
        self._aliased = aliased
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._repeats = 0

    def node(self, raw: YamlNode, path: str, key: Place | None) -> Node:
        with self._within(raw, path):
            return self._converted(raw, path, key)

    @contextmanager
    def _within(self, raw: YamlNode, path: str) -> Iterator[None]:
        if id(raw) in self._open:
            raise _Endless(raw, path, "an alias that holds itself")
        if len(self._open) >= MAX_DEPTH:
            raise _Endless(raw, "", f"nested deeper than {MAX_DEPTH} levels")
        if self._aliased:
            self._repeats += id(raw) in self._seen
            self._seen.add(id(raw))
        if self._repeats > MAX_REPEATS:
            raise _Endless(raw, "", f"aliases repeat more than {MAX_REPEATS} values")
        self._open.add(id(raw))
        try:
            yield
        finally:
            self._open.discard(id(raw))

    def _converted(self, raw: YamlNode, path: str, key: Place | None) -> Node:
        place, end = _place(raw.start_mark), _place(raw.end_mark)
        if isinstance(raw, SequenceNode):
            items = tuple(self.node(item, path_below(path, index), None) for index, item in enumerate(self._items(raw)))
            return Node(value=items, path=path, place=place, key=key, end=end, flow=bool(raw.flow_style))
        if isinstance(raw, MappingNode):
            children = self._mapping(raw, path)
            return Node(value=children, path=path, place=place, key=key, end=end, flow=bool(raw.flow_style))
        return Node(value=self._scalar(raw, path), path=path, place=place, key=key, end=end, text=str(raw.value))

    def _items(self, raw: SequenceNode) -> Iterator[YamlNode]:
        if self._aliased:
            yield from raw.value
            return
        waiting = raw.value[::-1]
        raw.value.clear()
        while waiting:
            yield waiting.pop()

    def _mapping(self, raw: MappingNode, path: str) -> dict[str, Node]:
        merged: dict[str, Node] = {}
        own: dict[str, Node] = {}
        for key, value in raw.value:
            if not isinstance(key, ScalarNode):
                self._say(key, path, "a key must be a plain text")
            elif str(key.tag).endswith(":merge"):
                merged = {**self._merged(value, path), **merged}
            elif key.value in own:
                first = own[key.value].key
                self._say(
                    key,
                    path_below(path, key.value),
                    f"this key stands here twice (first on line {first.line if first else 0})",
                )
            else:
                own[intern(key.value)] = self.node(value, path_below(path, key.value), _place(key.start_mark))
        return {**merged, **own}

    def _merged(self, value: YamlNode, path: str) -> dict[str, Node]:
        """What ``<<`` brings in; of several mappings the first that has a key wins."""
        merged: dict[str, Node] = {}
        for source in value.value if isinstance(value, SequenceNode) else [value]:
            if not isinstance(source, MappingNode):
                self._say(source, path_below(path, "<<"), "<< takes a mapping or a list of mappings")
                continue
            with self._within(source, path):
                merged = {**self._mapping(source, path), **merged}
        return merged

    def _scalar(self, raw: YamlNode, path: str) -> Scalar:
        tag, text = str(raw.tag), str(raw.value)
        if not tag.startswith(_TAG) and tag != "!":
            self._say(raw, path, f"the tag {tag} means nothing here; put quotes around a value that starts with !")
        return _valued(tag.removeprefix(_TAG), text)

    def _say(self, raw: YamlNode, path: str, message: str) -> None:
        place = _place(raw.start_mark)
        self.problems.append(ConfigProblem(path=path, message=message, line=place.line, column=place.column))


def _valued(kind: str, text: str) -> Scalar:
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in {"true", "yes", "on"}
    if kind == "int" and _INT.fullmatch(text):
        return int(text)
    if kind == "float":
        try:
            return float(text.replace("_", ""))
        except ValueError:  # .inf and .nan are texts here: no key takes them
            return text
    return text


def _place(mark: StringMark | Place | None) -> Place:
    if isinstance(mark, Place):
        return mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def _unprintable(text: str, at: int) -> ConfigProblem:
    before = text[:at]
    return ConfigProblem(
        path="",
        message=f"a character that no YAML file may hold (U+{ord(text[at]):04X})",
        line=before.count("\n") + 1,
        column=at - before.rfind("\n"),
    )


def _translated(error: MarkedYAMLError, text: str) -> ConfigProblem:
    said = " ".join(str(part) for part in (error.problem, error.context) if part)
    place = _place(error.problem_mark or error.context_mark)
    if "mapping values are not allowed here" in said:
        words = _stray_colon(text, place)
    else:
        words = next((words for mark, words in _WORDS if mark in said), f"not YAML: {said}")
    if "never closed" in words and error.context_mark:
        place = _place(error.context_mark)
    return ConfigProblem(path="", message=words, line=place.line, column=place.column)


def _stray_colon(text: str, place: Place) -> str:
    """A `: ` where YAML allows none: the line itself has two, or the line above was not finished."""
    lines = text.splitlines()
    before = lines[place.line - 1][: place.column - 1] if place.line <= len(lines) else ""
    if ": " in before:
        return "a second `: ` in one value; put quotes around the value"
    return "a key cannot stand here: the line above lacks its `:`, or this line is indented too deep"
