"""Regular expressions written by operators, run with a time limit. The one door to the ``regex`` library."""

from __future__ import annotations

from dataclasses import dataclass

import regex

TIMEOUT = 0.05
"""Seconds a search may take on one text. A pattern that needs more is taken as *no match*, and that is told."""


class BadPattern(ValueError):
    """The pattern does not compile; the message says where."""


@dataclass(frozen=True, slots=True)
class OperatorPattern:
    """A compiled pattern whose searches always end."""

    source: str
    _compiled: regex.Pattern[str]

    def search(self, text: str) -> bool | None:
        """Whether it is found; None when the time was not enough to say."""
        try:
            return self._compiled.search(text, timeout=TIMEOUT, concurrent=False) is not None
        except TimeoutError:
            return None

    def find(self, text: str) -> str | None:
        """The first group of the first match, or all of it where there is no group; None without a match in time."""
        try:
            match = self._compiled.search(text, timeout=TIMEOUT, concurrent=False)
        except TimeoutError:
            return None
        if match is None:
            return None
        found = match[1] if self._compiled.groups else match[0]
        return found or None


def compile_pattern(source: str, *, ignore_case: bool = True) -> OperatorPattern:
    """Compile an operator's pattern.

    :raises BadPattern: with the library's reason and position.
    """
    flags = regex.UNICODE | (regex.IGNORECASE if ignore_case else 0)
    try:
        return OperatorPattern(source, regex.compile(source, flags))
    except regex.error as error:
        raise BadPattern(str(error)) from error
