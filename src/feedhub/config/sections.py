"""What keys the settings have, read from their types: for error messages, the schema and the documentation. Pure."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from feedhub.config.nodes import Route
from feedhub.settings import Section, Settings

INTERNAL = frozenset(
    name
    for name, info in Settings.model_fields.items()
    if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("x-internal")
)
"""Fields of :class:`Settings` that are no keys of the file."""


def keys_of(section: type[Section]) -> dict[str, FieldInfo]:
    """The keys of a section as written in the file."""
    return {info.alias or name: info for name, info in section.model_fields.items() if name not in INTERNAL}


def section_at(route: Route) -> type[Section] | None:
    """The section that a route from the root leads to, or None when it leads elsewhere."""
    here: Any = Settings
    for step in route:
        here = _below(here, step)
        if here is None:
            return None
    return section_of(here)


def field_at(route: Route) -> FieldInfo | None:
    """The field a route leads to; of a list or mapping, the field that holds it."""
    while route:
        section = section_at(route[:-1])
        if section:
            return keys_of(section).get(str(route[-1]))
        route = route[:-1]
    return None


def places_of(section: type[Section] = Settings, path: str = "") -> Iterator[tuple[str, type[Section]]]:
    """Every section with each place it has, from the root down: ``sources[].auth``, ``topics.<key>``."""
    yield path, section
    for key, info in keys_of(section).items():
        for below, annotation in _deepest(f"{path}.{key}".lstrip("."), info.annotation):
            if child := section_of(annotation):
                yield from places_of(child, below)


def _deepest(path: str, annotation: Any) -> Iterator[tuple[str, Any]]:
    """What a list or mapping is made of, with the path to it."""
    for part in parts(annotation):
        arguments = get_args(part)
        if get_origin(part) is tuple:
            yield from _deepest(f"{path}[]", arguments[0])
        elif get_origin(part) is dict:
            yield from _deepest(f"{path}.<key>", arguments[1])
        else:
            yield path, part


def _below(annotation: Any, step: str | int) -> Any:
    section = section_of(annotation)
    if section:
        info = keys_of(section).get(str(step))
        return info.annotation if info else None
    for part in parts(annotation):
        arguments = get_args(part)
        if get_origin(part) is tuple and isinstance(step, int):
            return arguments[0]
        if get_origin(part) is dict:
            return arguments[1]
    return None


def section_of(annotation: Any) -> type[Section] | None:
    return next((part for part in parts(annotation) if isinstance(part, type) and issubclass(part, Section)), None)


def parts(annotation: Any) -> Iterator[Any]:
    """The alternatives of an annotation, without its decorations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from parts(get_args(annotation)[0])
    elif origin in {Union, types.UnionType}:
        for part in get_args(annotation):
            yield from parts(part)
    else:
        yield annotation
