"""Subscriptions of other readers: OPML 1.0 and 2.0, as readers really write it. Pure.

Only the standard library's expat is used, and a document that declares entities is refused (so there is no "billion
laughs"); nothing outside the document is ever read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn
from xml.parsers.expat import ExpatError, ParserCreate, errors

from feedhub.errors import ConfigError, ConfigProblem

MAX_DEPTH = 100
"""Folders within folders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlFeed:
    """One subscription; ``categories`` are the folders it lies in, then those it names itself."""

    url: str
    title: str = ""
    categories: tuple[str, ...] = ()


def read_opml(data: bytes) -> list[OpmlFeed]:
    """The http(s) subscriptions of a document in its order, each address once.

    :raises ConfigError: not OPML, not well-formed, or dangerous; with line and column.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except ExpatError as error:
        raise _refused(f"not well-formed XML: {errors.messages[error.code]}", error.lineno, error.offset + 1) from error
    except (ValueError, LookupError) as error:
        raise _refused("an encoding that is not known", 1, 1) from error
    return list(reader.feeds.values())


class _Reader:
    """What expat calls back."""

    def __init__(self) -> None:
        self.feeds: dict[str, OpmlFeed] = {}
        self.folders: list[str] = []  # by open outline; "" for one that is no folder
        self.rooted = False
        self.parser = ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.EntityDeclHandler = self._entity

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2].lower()
        if not self.rooted and local != "opml":
            self._stop(f"an OPML document starts with <opml>, not <{name[:40]}>")
        self.rooted = True
        if local == "outline":
            self._outline({key.lower(): " ".join(value.split()) for key, value in attributes.items()})

    def _outline(self, said: dict[str, str]) -> None:
        if len(self.folders) >= MAX_DEPTH:
            self._stop(f"more than {MAX_DEPTH} folders within each other")
        title = said.get("title") or said.get("text", "")
        other = said.get("url", "") if said.get("type") in {"rss", "atom"} else ""
        url = _address(said.get("xmlurl") or other)
        if url:
            names = [name for name in self.folders if name] + _categories(said.get("category", ""))
            title = "" if title == url else title
            self.feeds.setdefault(url, OpmlFeed(url=url, title=title, categories=tuple(dict.fromkeys(names))))
        self.folders.append("" if url else title)

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2].lower() == "outline":
            self.folders.pop()

    def _entity(self, *_: object) -> None:
        self._stop("the document declares entities; it is refused because they can hide a bomb")

    def _stop(self, why: str) -> NoReturn:
        raise _refused(why, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)


def _address(url: str) -> str:
    """http or https, also behind ``feed:``; "" for anything else."""
    url = url.strip()
    if url.lower().startswith("feed:"):
        rest = url[5:]
        url = rest if rest.lower().startswith(("http://", "https://")) else f"http:{rest}"
    return url if url.lower().startswith(("http://", "https://")) and " " not in url else ""


def _categories(text: str) -> list[str]:
    """``/Boston/Weather,News`` names Boston, Weather and News (OPML 2.0)."""
    return [name.strip() for path in text.split(",") for name in path.split("/") if name.strip()]


def _refused(why: str, line: int, column: int) -> ConfigError:
    return ConfigError("OPML", [ConfigProblem(path="", message=why, line=line, column=column)])
