"""Frozen records, made and handed between processes for less than the library's way. Pure.

To fill a frozen dataclass is to get around its being frozen, field by field, and it is pickled by two functions of Python's that look every
field up by name. Documents hold thousands of records: they are filled as records of the same fields that are not frozen, and that
then become of the kind that is, and all their fields are read at once. Either takes a third of the time.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from dataclasses import field, fields, make_dataclass
from operator import attrgetter
from typing import Any, TypeVar

R = TypeVar("R")


def maker(kind: type[R]) -> Callable[..., R]:
    """What makes records of a kind as the class itself does: the same arguments, defaults and errors. To be made once and kept.

    It must be a frozen dataclass with slots, whose instances need no ``__post_init__`` once they are valid.
    """
    return _filled(kind, _as_declared)


def quickly_pickled(*kinds: type[Any]) -> None:
    """Have records of these kinds pickled by their fields, in this process; they are unpickled in any that has this module.

    They must be as :func:`maker` wants them, and have two fields at least.
    """
    for kind in kinds:
        copyreg.pickle(kind, _reducer(kind))


def made(kind: type[R], *values: Any) -> R:
    """A record of all its fields, in their order."""
    make = _makers.get(kind)
    if make is None:
        make = _makers[kind] = _filled(kind, lambda _: field())
    record: R = make(*values)
    return record


def _reducer(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    read = attrgetter(*[one.name for one in fields(kind)])
    return lambda record: (made, (kind, *read(record)))


_makers: dict[type[Any], Callable[..., Any]] = {}  # kinds of records never change


def _filled(kind: type[R], declared: Callable[[Any], Any]) -> Callable[..., R]:
    """A class of the same fields, each ``declared`` for it, whose instances are of the kind once they are filled."""

    def become(draft: Any) -> None:
        draft.__class__ = kind  # allowed between classes of the same slots

    members = [(one.name, one.type, declared(one)) for one in fields(kind)]  # type: ignore[arg-type]
    name = f"{kind.__name__}Draft"
    return make_dataclass(name, members, slots=True, eq=False, repr=False, namespace={"__post_init__": become})


def _as_declared(one: Any) -> Any:
    return field(default=one.default, default_factory=one.default_factory, kw_only=one.kw_only)
