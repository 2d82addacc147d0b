"""Pieces of a configuration by themselves: a topic or a source's rules, as they would stand in the file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from feedhub.config.loader import load_text
from feedhub.errors import ConfigError
from feedhub.settings import Rule, Settings, Topic

_TRIED = "tried-topic"


def read_topic(text: str, file: Path, around: Settings) -> Topic:
    """A topic in any of its short forms, with the topics and sources of ``around`` to refer to.

    :raises ConfigError: with its problems at their lines in ``text``.
    """
    head = f"topics:\n  {_TRIED}:\n"
    others = "".join(f"  {key}: {{default: true}}\n" for key in around.topics if key != _TRIED)
    found = _load(head, "    ", text, f"{others}{_sources(around)}", file)
    return found.topics[_TRIED]


def read_rules(text: str, file: Path, around: Settings) -> tuple[Rule, ...]:
    """Rules of which one is enough, as under ``keep`` and ``drop``.

    :raises ConfigError: with its problems at their lines in ``text``.
    """
    head = f"sources:\n- url: https://{_TRIED}.invalid/\n  slug: {_TRIED}\n  drop:\n"
    return _load(head, "    ", text, _sources(around, head=False), file).sources[0].drop


def keywords_as_yaml(keywords: Sequence[str], where: Sequence[str]) -> str:
    """Keywords, and where they are looked for, as a list of one rule."""
    rule = {"keyword": list(keywords)} | ({"in": list(where)} if where else {})
    return json.dumps([rule], ensure_ascii=False)


def _sources(around: Settings, *, head: bool = True) -> str:
    lines = [
        f"- {{url: 'https://s{number}.invalid/', slug: {source.slug}}}\n"
        for number, source in enumerate(around.sources)
    ]
    return ("sources:\n" if head and lines else "") + "".join(lines)


def _load(head: str, indent: str, text: str, tail: str, file: Path) -> Settings:
    text = text.removeprefix("---\n")
    inner = "".join(f"{indent}{line}\n" if line.strip() else "\n" for line in text.splitlines()) or f"{indent}[]\n"
    try:
        return load_text(f"{head}{inner}{tail}", file, {})
    except ConfigError as error:
        lines, first = text.count("\n") + 1, head.count("\n")
        problems = [
            replace(one, path="", line=min(max(one.line - first, 1), lines), column=max(one.column - len(indent), 1))
            for one in error.problems
        ]
        raise ConfigError(error.file, problems) from error
