"""Types and ranges: pydantic's findings in our words, each with its place in the file."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from feedhub.config.addresses import without_user
from feedhub.config.nodes import Node, Route, put, without
from feedhub.config.sections import INTERNAL, field_at, keys_of, section_at
from feedhub.errors import ConfigProblem
from feedhub.masking import masked
from feedhub.settings import Rule, Settings, Source, Topic

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "time_delta_type": "a duration such as 90s, 15m, 6h, 7d",
    "ip_v4_network": "a network such as 192.168.1.0/24",
    "ip_v6_network": "a network such as 192.168.1.0/24",
}
_PATTERNS = {
    "^https?": "an address that starts with http:// or https://, without spaces",
    "^[Hh]": "an address that starts with http:// or https://, without spaces",
    "^[A-Za-z]{2,3}": "a language such as en, vi, pt-BR",
    "^[a-z0-9]+": "small letters a-z, digits and single hyphens, such as central-banks",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_RULES = frozenset({"any", "all", "none", "keep", "drop"})
_SECRETS = frozenset({("database", "url"), ("server", "operator_token")})
_PASSES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """``settings`` were made from ``tree``: the file without the values that are wrong (see ``problems``)."""

    settings: Settings | None
    tree: Node
    problems: list[ConfigProblem]


def validate(tree: Node, file: Path) -> Validated:
    """Make settings of a shaped tree.

    What is wrong is reported and left out, so that the rest can still be checked for what does not fit together.
    """
    problems: dict[tuple[str, int, int], ConfigProblem] = {}
    for name in INTERNAL & tree.map.keys():
        problem = _unknown_key(tree.map[name], (name,))
        problems[problem.path, problem.line, problem.column] = problem
    tree = without(tree, {(name,) for name in INTERNAL & tree.map.keys()})
    for _ in range(_PASSES):
        try:
            return Validated(settings=_model(tree, file), tree=tree, problems=list(problems.values()))
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=True)
        texts = _meant_as_texts(tree, details)
        if texts:
            tree = _as_texts(tree, texts)
            continue
        for detail in details:
            problem = _translated(tree, detail)
            problems.setdefault((problem.path, problem.line, problem.column), problem)
        tree = without(tree, {route for route in map(partial(_blamed, tree), details) if route})
    return Validated(settings=None, tree=tree, problems=list(problems.values()))


def _model(tree: Node, file: Path) -> Settings:
    plain: Any = tree.plain()
    return Settings.model_validate({**plain, "file": file} if isinstance(plain, dict) else plain)


# ---------------------------------------------------------------- numbers where a text is meant


def _route(detail: ErrorDetails, tree: Node) -> Route:
    """The error's place as far as it is one of the file: pydantic adds names of alternatives to it."""
    route: Route = ()
    for step in detail["loc"]:
        if tree.get(*route, step) is None:
            return route
        route = (*route, step)
    return route


def _meant_as_texts(tree: Node, details: list[ErrorDetails]) -> list[Route]:
    """Numbers and truth values that stand where a text is meant."""
    routes = dict.fromkeys(_route(detail, tree) for detail in details if detail["type"] == "string_type")
    nodes = ((route, tree.nearest(route)) for route in routes)
    return [route for route, node in nodes if node.is_scalar and not isinstance(node.value, str)]


def _as_texts(tree: Node, routes: list[Route]) -> Node:
    """``name: 2024`` and ``keyword: true`` mean what they spell."""
    for route in routes:
        node = tree.nearest(route)
        tree = put(tree, route, node.holding(node.text))
    return tree


# ---------------------------------------------------------------- one error


def _blamed(tree: Node, detail: ErrorDetails) -> Route:
    """What to leave out so that the rest is valid: the value, or the whole that is nothing without it."""
    route = _route(detail, tree)
    if len(route) == 3 and route[0] == "sources" and route[2] in {"url", "slug"}:
        return route[:2]
    if "interval" in route:
        return route[: route.index("interval") + 1]
    for index in range(1, len(route)):
        if isinstance(route[index], int) and route[index - 1] in _RULES:
            return route[: index + 1]
    return route


def _translated(tree: Node, detail: ErrorDetails) -> ConfigProblem:
    route = _route(detail, tree)
    node = tree.nearest(route)
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(node, route)
    if kind == "missing":
        return node.problem(f"`{detail['loc'][-1]}` is missing")
    if detail["loc"][-1] == "[key]":
        return node.problem("this key is not a slug", at_key=True, allowed=_PATTERNS["^[a-z0-9]+"])
    if kind in {"enum", "literal_error"}:
        return _not_one_of(node, detail, route)
    near = _near_zone(node.text) if route and route[-1] == "timezone" else ""
    return node.problem(f"{_shown(node, route)} {_complaint(kind)}", allowed=_allowed(detail), suggestion=near)


def _near_zone(text: str) -> str:
    return next(iter(get_close_matches(text[:40], sorted(available_timezones()), n=1, cutoff=0.85)), "")


def _unknown_key(node: Node, route: Route) -> ConfigProblem:
    section = section_at(route[:-1])
    name = str(route[-1])
    allowed = list(keys_of(section)) if section else []
    if section is Topic and name in keys_of(Rule):
        return node.problem(
            "a rule stands under any, all or none, not in the topic itself", at_key=True, allowed="any, all, none"
        )
    near = ["name"] if section is Source and name == "title" else []
    near = near or get_close_matches(name.lower(), allowed, n=1, cutoff=0.6)
    return node.problem("unknown key", at_key=True, allowed=", ".join(allowed), suggestion=near[0] if near else "")


def _not_one_of(node: Node, detail: ErrorDetails, route: Route) -> ConfigProblem:
    info = field_at(route)
    expected = str(detail.get("ctx", {}).get("expected", ""))
    allowed = [word.strip("'") for part in expected.split(", ") for word in part.split(" or ") if word.strip("'")]
    if info and "Language" in str(info.annotation):
        allowed = []
    near = get_close_matches(node.text.lower(), allowed, n=1, cutoff=0.5)
    return node.problem(
        f"{_shown(node, route)} is not one of the values",
        allowed=", ".join(allowed),
        suggestion=near[0] if near else "",
    )


def _shown(node: Node, route: Route) -> str:
    """The value, unless it is long or may be a secret."""
    secret = any(step in {"headers", "auth", "private"} for step in route) or route in _SECRETS
    if node.is_list:
        return "a list"
    if node.is_map:
        return "a mapping"
    if secret:
        return "the value"
    text = masked(without_user(node.text or str(node.value)))
    return repr(text if len(text) <= 60 else text[:57] + "…")


def _complaint(kind: str) -> str:
    if kind in _BOUNDS:
        return "is out of range"
    if kind == "string_too_long":
        return "is too long"
    return "does not belong here" if kind.endswith("_type") else "is not understood"


def _allowed(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{words} {context[name]}"
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return next((words for start, words in _PATTERNS.items() if pattern.startswith(start)), pattern)
    if kind == "string_too_long":
        return f"at most {context['max_length']} characters"
    if kind == "value_error":
        return str(context["error"])
    return _EXPECTED.get(kind) or str(detail["msg"])
