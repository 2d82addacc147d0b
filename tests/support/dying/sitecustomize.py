"""A process that dies at a named point of its own code.

Python runs this at its start in every process that has this folder on PYTHONPATH. ``FEEDHUB_DIE`` names the point:
``module:Class.method@3@after`` kills the process with SIGKILL after the third return of that function, ``before`` at its
third call. The code that dies is the program's own; nothing is replaced, and nothing happens without the variable.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import itertools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dying(function: Callable[..., Any], number: int, after: bool) -> Callable[..., Any]:
    calls = itertools.count(1)

    @functools.wraps(function)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        last = next(calls) == number
        if last and not after:
            _die()
        result = await function(*args, **kwargs)
        if last:
            _die()
        return result

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        last = next(calls) == number
        if last and not after:
            _die()
        result = function(*args, **kwargs)
        if last:
            _die()
        return result

    return awaited if inspect.iscoroutinefunction(function) else called


class _Loader(importlib.abc.Loader):
    def __init__(self, real: importlib.abc.Loader, path: str, number: int, after: bool) -> None:
        self._real, self._path, self._number, self._after = real, path, number, after

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._real.exec_module(module)
        *owners, name = self._path.split(".")
        owner = functools.reduce(getattr, owners, module)
        setattr(owner, name, _dying(getattr(owner, name), self._number, self._after))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, point: str) -> None:
        where, number, when = point.split("@")
        self._module, _, self._path = where.partition(":")
        self._number, self._after = int(number), when == "after"

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            sys.meta_path.insert(0, self)
        if spec is None or spec.loader is None:
            return None
        spec.loader = _Loader(spec.loader, self._path, self._number, self._after)
        return spec


if point := os.environ.get("FEEDHUB_DIE"):
    sys.meta_path.insert(0, _Finder(point))
