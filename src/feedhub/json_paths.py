"""JMESPath expressions written by operators. The one door to the library."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError, ParseError

LONGEST = 1000
JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]


class BadPath(ValueError):
    """No JMESPath expression; the message says what is wrong, as the rest of a sentence that begins with the text."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A compiled expression."""

    source: str
    _compiled: Any

    def search(self, data: JSON) -> JSON:
        """What it finds; None for nothing, and where a function is given what it cannot work on."""
        try:
            found: JSON = self._compiled.search(data)
        except (JMESPathError, RecursionError):
            return None
        return found


@lru_cache(maxsize=1024)
def json_path(source: str) -> JsonPath:
    """Compile an expression.

    :raises BadPath: with the library's reason and position.
    """
    text = source.strip()
    if not text:
        raise BadPath("is empty where a JMESPath expression is meant")
    if len(text) > LONGEST:
        raise BadPath(f"is longer than {LONGEST} characters")
    try:
        return JsonPath(text, jmespath.compile(text))
    except ParseError as error:
        raise BadPath(f"is no JMESPath expression{_place(error)}") from error
    except (JMESPathError, RecursionError) as error:
        raise BadPath("is no JMESPath expression") from error


def _place(error: ParseError) -> str:
    position = getattr(error, "lex_position", None)
    return f" (at character {position + 1})" if isinstance(position, int) else ""
