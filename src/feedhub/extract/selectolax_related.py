"""The articles that a page names beside its own: in blocks called so, or behind headings that say so."""

from __future__ import annotations

from collections.abc import Sequence

from feedhub.extract.facts import entry_of
from feedhub.extract.furniture import RELATED, is_related_heading
from feedhub.extract.selectolax_rows import find_rows
from feedhub.extract.selectolax_tree import LexborNode, Page, names_of, same_place
from feedhub.model import RawEntry

MAX_RELATED = 40
MAX_BLOCKS = 60
"""Blocks that are looked into; a page for people has a few."""


def related_articles(page: Page, blocks: Sequence[LexborNode], link: str) -> tuple[RawEntry, ...]:
    """The articles in blocks that say they are related, each with what its own row says."""
    found: dict[str, RawEntry] = {}
    for block in blocks:
        for facts in find_rows(page, block, least=1, related=True).articles:
            if facts.link not in found and not same_place(facts.link, link) and len(found) < MAX_RELATED:
                found[facts.link] = entry_of(facts)
    return tuple(found.values())


def related_blocks(page: Page) -> list[LexborNode]:
    """The outermost elements that lead to other articles, told by their names or by the heading before them."""
    blocks: list[LexborNode] = []
    inside: set[int] = set()

    def add(node: LexborNode) -> None:
        if (
            len(blocks) < MAX_BLOCKS
            and node.mem_id not in inside
            and node.css_first("h1") is None
            and node.css_first("a[href]") is not None
        ):
            blocks.append(node)
            inside.add(node.mem_id)
            inside.update(one.mem_id for one in node.css("*"))

    for node in page.tree.css("[class], [id]")[:3_000]:
        if node.tag not in {"body", "html", "main", "article", "a", "span"} and RELATED.search(names_of(node)):
            add(node)
    for node in page.tree.css("h2, h3, h4, h5, strong, p, div, span")[:2_000]:
        text = node.text(separator=" ") or ""
        if len(text) > 80 or not is_related_heading(" ".join(text.split())):
            continue
        at: LexborNode | None = node
        while (
            at is not None
            and at.next is None
            and at.parent is not None
            and at.parent.tag not in {"body", "main", "article"}
        ):
            at = at.parent
        follower = at.next if at is not None else None
        count = 0
        while follower is not None and count < 12:
            if follower.is_element_node:
                if follower.tag in {"h1", "h2", "h3"}:
                    break
                add(follower)
                count += 1
            follower = follower.next
    return blocks
