"""One look at a page, shared by the readers of articles and of listings: its structured data and its head."""

from __future__ import annotations

from dataclasses import dataclass, field

from feedhub.extract import linked_data
from feedhub.extract.facts import Facts
from feedhub.extract.json_ld import Node, nodes_of
from feedhub.extract.selectolax_head import Head, read_head, without_site
from feedhub.extract.selectolax_hentry import hentries_of
from feedhub.extract.selectolax_microdata import microdata_of
from feedhub.extract.selectolax_tree import LexborNode, Page, Place, fold, place_of

_SCRIPTS = 60


@dataclass(slots=True)
class Survey:
    """``sites`` are the names of the site, which are nobody's and no part of a title."""

    page: Page
    head: Head
    linked: list[Node]
    marked: list[Node]
    hentries: list[tuple[Facts, LexborNode]]
    sites: set[str]
    notes: tuple[str, ...]
    places: frozenset[Place]  # of the page itself
    known: dict[int, list[Facts]] = field(default_factory=dict)

    def articles(self, nodes: list[Node]) -> list[Facts]:
        """The articles that :attr:`linked` or :attr:`marked` name; put together once."""
        if id(nodes) not in self.known:
            self.known[id(nodes)] = linked_data.articles_of(nodes, self.page.absolute)
        return self.known[id(nodes)]

    def main_article(self, nodes: list[Node]) -> Facts | None:
        """The article that the page is about: the one of its address or of its title, else the only one there is."""
        found = self.articles(nodes)
        here = [one for one in found if one.link and self.is_this(one.link)]
        if not here:
            titles = {fold(self.head.first("og:title")), fold(without_site(self.head.title, self.sites))} - {""}
            here = [one for one in found if fold(one.title) in titles]
        if not here and len(found) == 1 and not found[0].link:
            here = found
        return max(here, key=lambda one: (bool(one.published), bool(one.authors)), default=None)

    def is_this(self, address: str) -> bool:
        return bool(address) and place_of(address) in self.places


def survey(page: Page) -> Survey:
    scripts = [node.text() or "" for node in page.tree.css('script[type*="ld+json"]')[:_SCRIPTS]]
    linked, notes = nodes_of(scripts)
    marked = microdata_of(page)
    head = read_head(page)
    sites = linked_data.site_names([*linked, *marked]) | ({head.site_name} - {""})
    places = frozenset(place_of(address) for address in (page.url, head.canonical) if address)
    return Survey(page, head, linked, marked, hentries_of(page), sites, (*page.notes, *notes), places)
