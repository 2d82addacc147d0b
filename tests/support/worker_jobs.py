"""Functions that worker processes run in tests; they must be importable by name."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from feedhub.model import ParseFailed, RawFeed
from feedhub.parse import read_document
from feedhub.settings import Limits

_rules: list[str] = []


class Unbuildable(Exception):
    """Pickles, but cannot be built again from its pickle."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def set_rules(rules: str) -> None:
    if rules == "bad":
        raise ValueError("these rules are bad")
    _rules[:] = [rules]


def rules_in_force(delay: float) -> str:
    time.sleep(delay)
    return _rules[0]


def double(number: int) -> int:
    return 2 * number


def process_id(_: object) -> int:
    return os.getpid()


def mark_and_sleep(argument: tuple[str, float]) -> str:
    path, seconds = argument
    Path(path).write_text(str(os.getpid()), encoding="ascii")
    time.sleep(seconds)
    return path


def burn_cpu(_: object) -> None:
    while True:
        pass


def burn_cpu_stubbornly(_: object) -> str:
    """Swallows its first stop."""
    try:
        while True:
            pass
    except BaseException:
        while True:
            pass


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def eat_memory(size: int) -> int:
    return len([bytes(1_000_000) for _ in range(size // 1_000_000)])


def die(code: int) -> None:
    os._exit(code)


def leave(_: object) -> None:
    sys.exit(3)


def divide(number: int) -> float:
    return 1 / number


def unbuildable(_: object) -> None:
    raise Unbuildable("one ", "two")


def unpicklable(_: object) -> object:
    return lambda: None


def big(size: int) -> bytes:
    return b"x" * size


def parse(body: bytes) -> RawFeed | ParseFailed:
    return read_document(body, content_type="", charset=None, limits=Limits())
