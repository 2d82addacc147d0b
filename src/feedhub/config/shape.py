"""Short forms written out: what a person likes to write becomes what :class:`feedhub.settings.Settings` is. Pure.

Each form keeps its place in the file, so that an error in ``topics.ai[1]`` says so although it became
``topics.ai.any[0].keyword[1]``. What is not a known short form is passed on for pydantic to refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from feedhub.config.naming import is_slug, source_slugs
from feedhub.config.nodes import Node
from feedhub.errors import ConfigProblem
from feedhub.slugs import slug_of

Shaper = Callable[[Node], Node]

_NAMED = frozenset({"topics", "authors.people"})
"""Mappings whose keys are names: an empty value there is an entry without settings, elsewhere a key left out."""


def shape(root: Node) -> tuple[Node, list[ConfigProblem]]:
    """The tree with every short form written out, and what cannot be."""
    problems: list[ConfigProblem] = []
    tree = _without_empty(root, problems)
    tree = _at(tree, "polling", lambda polling: _at(_at(polling, "interval", _interval), "ports", _list))
    tree = _at(tree, "polling", lambda polling: _at(polling, "allow_networks", _list))
    tree = _at(tree, "hub", lambda hub: _hub(hub, problems))
    tree = _at(tree, "defaults", _common)
    tree = _at(tree, "sources", lambda sources: _slugged(_each(sources, _source)))
    tree = _at(tree, "topics", lambda topics: _keyed(_values(topics, _topic), "title", problems))
    tree = _at(tree, "authors", lambda authors: _authors(authors, problems))
    return _at(tree, "feeds", _feeds), problems


# ---------------------------------------------------------------- helpers of shape


def _at(node: Node, key: str, shaper: Shaper) -> Node:
    child = node.map.get(key)
    return node.having(**{key: shaper(child)}) if child else node


def _each(node: Node, shaper: Shaper) -> Node:
    return node.holding(tuple(shaper(item) for item in node.items)) if node.is_list else node


def _values(node: Node, shaper: Shaper) -> Node:
    return node.holding({key: shaper(child) for key, child in node.map.items()}) if node.is_map else node


def _list(node: Node) -> Node:
    """One value where a list is meant."""
    return node.holding((node,)) if node.is_scalar else node


def _without_empty(node: Node, problems: list[ConfigProblem]) -> Node:
    """Keys without a value count as not written; an empty item of a list is a slip."""
    if node.is_list:
        problems.extend(
            item.problem("an empty item; write a value after the dash or remove it")
            for item in node.items
            if item.value is None
        )
        return node.holding(tuple(_without_empty(item, problems) for item in node.items if item.value is not None))
    if not node.is_map:
        return node
    kept: dict[str, Node] = {}
    for key, child in node.map.items():
        if child.value is not None:
            kept[key] = _without_empty(child, problems)
        elif node.path in _NAMED:
            kept[key] = child.holding({})
    return node.holding(kept)


# ---------------------------------------------------------------- the hub


def _hub(node: Node, problems: list[ConfigProblem]) -> Node:
    """``off``, ``own``, or hubs of others."""
    if node.is_map:
        return _at(_at(node, "others", _list), "lease", _lease)
    if node.is_list:
        return node.holding({"others": node})
    if node.value is False or node.text in {"off", "own"}:
        return node.holding({"own": node.holding(node.text == "own")})
    if "://" in node.text:
        return node.holding({"others": node.holding((node,))})
    problems.append(node.problem(f"{node.text!r} is no hub", allowed="off, own, or a list of addresses of hubs"))
    return node.holding({})


def _lease(node: Node) -> Node:
    """``lease: 10d`` sets all three."""
    return node.holding({"min": node, "usual": node, "max": node}) if node.is_scalar else node


# ---------------------------------------------------------------- sources


def _interval(node: Node) -> Node:
    """``interval: 30m`` sets both bounds."""
    return node.holding({"min": node, "max": node}) if node.is_scalar else node


def _common(node: Node) -> Node:
    return _at(_at(node, "interval", _interval), "categories", _list)


def _source(node: Node) -> Node:
    if node.is_scalar:
        return node.holding({"url": node})
    node = _at(_common(node), "formerly", _slugs)
    node = _at(_at(_article(node), "fields", lambda fields: _values(fields, _picks)), "expect", _expected)
    return _at(_at(node, "keep", _either), "drop", _either)


def _article(node: Node) -> Node:
    """``article: true`` is one with its defaults, ``article: false`` none."""
    article = node.map.get("article")
    if article is None or not isinstance(article.value, bool):
        return _at(node, "article", lambda one: _at(_at(one, "when", _list), "remove", _list))
    if article.value:
        return node.having(article=article.holding({}))
    return node.holding({key: child for key, child in node.map.items() if key != "article"})


def _expected(node: Node) -> Node:
    return _at(node, "fields", _list)


def _picks(node: Node) -> Node:
    """What a field is: one or several texts or mappings; a mapping with several ``get`` is as many of them."""
    items = node.items if node.is_list else (node,)
    return node.holding(tuple(pick for item in items for pick in _pick(item)))


def _pick(node: Node) -> tuple[Node, ...]:
    if node.is_scalar:
        return (node.holding({"get": node}),)
    get = node.map.get("get")
    if get is None or not get.is_list:
        return (node,)
    return tuple(node.having(get=one) for one in get.items)


def _slugged(sources: Node) -> Node:
    """Sources with a slug each, where the file gives none."""
    if not sources.is_list:
        return sources
    slugs = source_slugs([_naming(item) for item in sources.items])
    pairs = zip(sources.items, slugs, strict=True)
    return sources.holding(
        tuple(
            item if not item.is_map or "slug" in item.map else item.having(slug=item.holding(slug))
            for item, slug in pairs
        )
    )


def _naming(item: Node) -> tuple[str, str, str]:
    parts = (item.map.get(key) for key in ("slug", "name", "url"))
    slug, name, url = (part.text if part and part.is_scalar else "" for part in parts)
    return slug, name, url


def _slugs(node: Node) -> Node:
    """Earlier names, as slugs: a name that is no slug means the slug it gave."""
    return _each(_list(node), _as_slug)


def _as_slug(node: Node) -> Node:
    return node.holding(slug_of(node.text)) if node.is_scalar and node.text and not is_slug(node.text) else node


# ---------------------------------------------------------------- rules and topics


def _topic(node: Node) -> Node:
    if not node.is_map:
        return node.holding({"any": _either(node)})
    node = _at(_at(node, "formerly", _slugs), "parent", _as_slug)
    return _at(_at(_at(node, "any", _either), "none", _either), "all", _every)


def _either(node: Node) -> Node:
    """Rules of which one is enough: neighbouring keywords become one rule."""
    if not node.is_list:
        return node.holding((_rule(node),))
    rules: list[Node] = []
    for plain, run in groupby(node.items, key=lambda item: item.is_scalar):
        items = tuple(run)
        rules.extend(
            [items[0].holding({"keyword": items[0].holding(items)})] if plain else [_rule(item) for item in items]
        )
    return node.holding(tuple(rules))


def _every(node: Node) -> Node:
    """Rules that must all match: each keyword is a rule of its own."""
    return _each(node, _rule) if node.is_list else node.holding((_rule(node),))


def _rule(node: Node) -> Node:
    if node.is_scalar:
        return node.holding({"keyword": node.holding((node,))})
    lists = {key: _list(child) for key, child in node.map.items() if key not in {"title", "link"}}
    return node.holding({**node.map, **lists}) if node.is_map else node


def _keyed(node: Node, title: str, problems: list[ConfigProblem]) -> Node:
    """Keys for people become slugs; the key itself is then the title. Two keys with one slug are a problem."""
    if not node.is_map:
        return node
    children: dict[str, Node] = {}
    for key, child in node.map.items():
        slug = key if is_slug(key) else slug_of(key)
        if not key.strip():
            problems.append(child.problem("a name is missing before the `:`", at_key=True))
        elif slug in children:
            problems.append(
                child.problem(
                    f"its address would be {slug!r}, which another key gives too; rename one of them", at_key=True
                )
            )
        elif slug != key and child.is_map and title not in child.map:
            children[slug] = child.having(**{title: child.holding(key)})
        else:
            children[slug] = child
    return node.holding(children)


# ---------------------------------------------------------------- people and feeds


def _authors(node: Node, problems: list[ConfigProblem]) -> Node:
    for key in ("roles", "organisations", "placeholders"):
        node = _at(node, key, _list)
    return _at(node, "people", lambda people: _keyed(_values(people, _person), "name", problems))


def _person(node: Node) -> Node:
    return _at(node, "aliases", _list) if node.is_map else node.holding({"aliases": _list(node)})


def _feeds(node: Node) -> Node:
    node = _at(_at(node, "kinds", _list), "formats", _list)
    return _at(node, "private", lambda private: _values(private, _tokens))


def _tokens(node: Node) -> Node:
    """One token, or ``{file: path}``, where a list is meant."""
    return node if node.is_list else node.holding((node,))
