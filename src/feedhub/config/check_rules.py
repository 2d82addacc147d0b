"""Whether a rule can work: its patterns compile, its words are words, it asks for something. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feedhub.config.nodes import Node, Route
from feedhub.errors import ConfigProblem
from feedhub.patterns import BadPattern, compile_pattern
from feedhub.settings import Rule

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_MEDIA = re.compile(r"[a-z]+(/[a-z0-9.+*-]+)?", re.IGNORECASE)
_CONDITIONS = tuple(name for name in Rule.model_fields if name != "where")


def rule_problems(rule: Rule, tree: Node, route: Route) -> Iterator[ConfigProblem]:
    if not any(getattr(rule, name) for name in _CONDITIONS):
        yield tree.nearest(route).problem("a rule without a condition", allowed=", ".join(_CONDITIONS))
    for index, keyword in enumerate(rule.keyword):
        yield from _keyword(keyword, tree.nearest((*route, "keyword", index)))
    for name, pattern in (("title", rule.title), ("link", rule.link)):
        yield from _pattern(pattern, tree.nearest((*route, name)))
    for index, language in enumerate(rule.language):
        if not _LANGUAGE.fullmatch(language):
            yield tree.nearest((*route, "language", index)).problem(
                f"{language!r} is no language", allowed="such as en, vi, pt-BR"
            )
    for index, media in enumerate(rule.enclosure):
        if not _MEDIA.fullmatch(media):
            yield tree.nearest((*route, "enclosure", index)).problem(
                f"{media!r} is no media type", allowed="such as audio, video/mp4"
            )


def is_pattern(keyword: str) -> bool:
    return len(keyword) > 2 and keyword.startswith("/") and keyword.endswith("/")


def _keyword(keyword: str, node: Node) -> Iterator[ConfigProblem]:
    text = keyword.strip()
    if is_pattern(text):
        yield from _pattern(text[1:-1], node)
    elif not any(character.isalnum() for character in text) and not text.strip("=~* "):
        yield node.problem(f"{keyword!r} has no word in it", allowed="word, =Exact, ~folded, prefix*, /pattern/")


def _pattern(pattern: str, node: Node) -> Iterator[ConfigProblem]:
    try:
        compile_pattern(pattern)
    except BadPattern as error:
        yield node.problem(f"the pattern does not compile: {error}")
    except (RecursionError, OverflowError, MemoryError):
        yield node.problem("the pattern is too large")
