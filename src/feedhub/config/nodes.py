"""A YAML document as a tree that remembers where everything stands. Pure: made by the YAML adapter, reshaped here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from feedhub.errors import ConfigProblem

Scalar = str | int | float | bool | None
Plain = Scalar | list["Plain"] | dict[str, "Plain"]
"""A tree without places, as pydantic and ``json`` like it."""
Step = str | int
Route = tuple[Step, ...]
"""The way from the root to a value: ``("sources", 3, "url")``."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in the file; both numbers count from 1."""

    line: int
    column: int


NOWHERE = Place(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value of the file.

    ``path`` is the key's path *as the operator wrote it*: it stays when a short form is written out. ``text`` is a
    scalar exactly as written, so that ``name: 2024`` can still be the text 2024.
    """

    value: Scalar | tuple[Node, ...] | Mapping[str, Node]
    path: str
    place: Place
    key: Place | None = None
    end: Place = NOWHERE
    text: str = ""
    flow: bool = False

    @property
    def items(self) -> tuple[Node, ...]:
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def map(self) -> Mapping[str, Node]:
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, tuple)

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, Mapping)

    @property
    def is_scalar(self) -> bool:
        return not self.is_list and not self.is_map

    def get(self, *route: Step) -> Node | None:
        """The node at a route below this one, or None."""
        node: Node | None = self
        for step in route:
            node = node._child(step) if node else None
        return node

    def nearest(self, route: Route) -> Node:
        """The node at the route, or the deepest one on the way to it."""
        node = self
        for step in route:
            child = node._child(step)
            if child is None:
                return node
            node = child
        return node

    def _child(self, step: Step) -> Node | None:
        if isinstance(step, int):
            return self.items[step] if 0 <= step < len(self.items) else None
        return self.map.get(step)

    def holding(self, value: Scalar | tuple[Node, ...] | Mapping[str, Node]) -> Node:
        """The same place with another value."""
        return replace(self, value=value)

    def having(self, **children: Node) -> Node:
        """This mapping with some keys set."""
        return self.holding({**self.map, **children})

    def plain(self) -> Plain:
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        if isinstance(self.value, Mapping):
            return {key: child.plain() for key, child in self.value.items()}
        return self.value

    def problem(self, message: str, *, at_key: bool = False, allowed: str = "", suggestion: str = "") -> ConfigProblem:
        """A problem with this value (or, ``at_key``, with the key before it)."""
        place = (self.key if at_key else None) or self.place
        return ConfigProblem(
            path=self.path,
            message=message,
            line=place.line,
            column=place.column,
            allowed=allowed,
            suggestion=suggestion,
        )


def without(node: Node, routes: Collection[Route]) -> Node:
    """The tree without the nodes at these routes."""
    below: dict[Step, set[Route]] = defaultdict(set)
    for route in routes:
        below[route[0]].add(route[1:])
    if not below:
        return node
    if isinstance(node.value, tuple):
        kept = (_kept(child, below.get(index)) for index, child in enumerate(node.value))
        return node.holding(tuple(child for child in kept if child is not None))
    children = {key: _kept(child, below.get(key)) for key, child in node.map.items()}
    return node.holding({key: child for key, child in children.items() if child is not None})


def _kept(child: Node, routes: set[Route] | None) -> Node | None:
    if routes is None:
        return child
    return None if () in routes else without(child, routes)


def put(node: Node, route: Route, new: Node) -> Node:
    """The tree with the node at an existing route replaced."""
    if not route:
        return new
    step, rest = route[0], route[1:]
    if isinstance(step, int):
        items = list(node.items)
        items[step] = put(items[step], rest, new)
        return node.holding(tuple(items))
    return node.having(**{step: put(node.map[step], rest, new)})


def path_below(path: str, step: Step) -> str:
    """A path one step longer, as one would say it: ``sources[3]``, ``sources[3].url``."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    name = step if step and not any(mark in step for mark in ".[] \n") else repr(step)
    return f"{path}.{name}" if path else name
