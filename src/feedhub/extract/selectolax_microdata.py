"""Microdata of a page (WHATWG HTML, 5) in the form of JSON-LD, so that one reader understands both."""

from __future__ import annotations

from typing import Any

from feedhub.extract.json_ld import Node
from feedhub.extract.selectolax_tree import MAX_NODES, LexborNode, Page, attribute, text_of

_BY_ATTRIBUTE = {
    "meta": "content", "a": "href", "area": "href", "link": "href", "img": "src", "audio": "src", "video": "src",
    "source": "src", "iframe": "src", "embed": "src", "object": "data", "data": "value", "meter": "value",
}  # fmt: skip
_CLIMB = 60
"""Elements between a property and its item; no page has more."""


def microdata_of(page: Page) -> list[Node]:
    """The items of a page, outer before inner; properties with several values are lists. ``itemref`` is not followed."""
    if page.tree.css_first("[itemscope]") is None:
        return []
    nodes: dict[int, Node] = {}
    for element in page.tree.css("[itemscope]")[:MAX_NODES]:
        kinds = attribute(element, "itemtype").split()
        node: Node = {"@type": kinds}
        if identity := attribute(element, "itemid"):
            node["@id"] = identity
        nodes[element.mem_id] = node
    for element in page.tree.css("[itemprop]")[:MAX_NODES]:
        owner = _owner(element, nodes)
        if owner is None:
            continue
        value = nodes.get(element.mem_id) or _value(element)
        for name in attribute(element, "itemprop").split():
            _add(owner, name, value)
            if element.tag == "a" and name in {"author", "name", "headline"}:
                _add(owner, name + " text", text_of(element))
    for node in nodes.values():
        _prefer_texts(node)
    return list(nodes.values())


def _owner(element: LexborNode, nodes: dict[int, Node]) -> Node | None:
    parent = element.parent
    for _step in range(_CLIMB):
        if parent is None:
            return None
        if (found := nodes.get(parent.mem_id)) is not None:
            return found
        parent = parent.parent
    return None


def _value(element: LexborNode) -> str:
    if content := attribute(element, "content"):
        return content
    tag = element.tag or ""
    if tag == "time":
        return attribute(element, "datetime") or text_of(element)
    if name := _BY_ATTRIBUTE.get(tag):
        return attribute(element, name) or attribute(element, "data-src")
    return text_of(element)


def _add(node: Node, name: str, value: Any) -> None:
    if name not in node:
        node[name] = value
    elif isinstance(node[name], list):
        node[name].append(value)
    else:
        node[name] = [node[name], value]


def _prefer_texts(node: Node) -> None:
    """``<a itemprop=author href=…>Name</a>``: by the letter the value is the address; what is meant is the name."""
    for name in [name for name in node if name.endswith(" text")]:
        text, plain = node.pop(name), name.removesuffix(" text")
        if plain in {"headline", "name"}:
            node.setdefault("url", node[plain])
        node[plain] = text
