"""The head of a page: OpenGraph, the meta names of publishing systems, canonical address, title, language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from feedhub.extract.facts import MAX_VALUES, Facts
from feedhub.extract.selectolax_tree import MAX_NODES, Page, attribute, flat, fold
from feedhub.model import RawCategory, RawPerson

_TITLE = ("og:title", "twitter:title", "citation_title", "dc.title", "dcterms.title", "parsely-title", "sailthru.title")
_PUBLISHED = (
    "article:published_time", "og:published_time", "citation_publication_date", "citation_date", "dc.date.issued", "dcterms.issued",
    "dcterms.created", "dc.date.created", "dc.date", "dcterms.date", "parsely-pub-date", "sailthru.date", "publish-date", "publishdate",
    "published_time", "pubdate", "pub_date", "datepublished", "article.published", "cxenseparse:recs:publishtime", "date",
)  # fmt: skip
_UPDATED = ("article:modified_time", "og:updated_time", "dcterms.modified", "last-modified", "lastmod", "datemodified")
_AUTHOR = ("author", "article:author_name", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "byl")
_SUMMARY = ("og:description", "description", "twitter:description", "dc.description", "sailthru.description")
_IMAGE = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src", "parsely-image-url")
_SECTION = ("article:section", "parsely-section", "og:article:section", "cxenseparse:taxonomy")
_TAGS = ("article:tag", "og:article:tag", "news_keywords", "parsely-tags", "sailthru.tags")
_ORIGINAL = ("dc.source", "dcterms.source", "original-publisher")
_LOCKED = frozenset({"locked", "metered", "paid", "premium", "subscriber", "subscribers"})
_PARTS = re.compile(r"\s+[|\-–—·•»:]+\s+")


@dataclass(slots=True)
class Head:
    """What the head says. ``metas`` are contents by lower-case name, property or itemprop."""

    metas: dict[str, list[str]] = field(default_factory=dict)
    canonical: str = ""
    title: str = ""
    language: str = ""
    authors: tuple[RawPerson, ...] = ()  # by link rel=author

    def first(self, *names: str) -> str:
        return next((value for name in names for value in self.metas.get(name, ()) if value), "")

    @property
    def kind(self) -> str:
        return self.first("og:type").lower()

    @property
    def site_name(self) -> str:
        return self.first("og:site_name", "application-name", "al:android:app_name", "publisher", "dc.publisher")


def read_head(page: Page) -> Head:
    head = Head()
    for node in page.tree.css("meta")[:MAX_NODES]:
        attributes = node.attributes
        name = (
            attributes.get("property")
            or attributes.get("name")
            or attributes.get("itemprop")
            or attributes.get("http-equiv")
        )
        content = flat(attributes.get("content"))
        if name and content and len(content) <= 4_000:
            head.metas.setdefault(name.strip().lower(), []).append(content)
    for node in page.tree.css("link[rel][href]")[:MAX_NODES]:
        relations = attribute(node, "rel").lower().split()
        address = page.absolute(attribute(node, "href"))
        if "canonical" in relations and address and not head.canonical:
            head.canonical = address
        elif "author" in relations and address:
            head.authors = (*head.authors, RawPerson(uri=address, context="link"))
    if (title := page.tree.css_first("title")) is not None:
        head.title = flat(title.text())
    root = page.tree.css_first("html")
    stated = attribute(root, "lang") or attribute(root, "xml:lang") if root is not None else ""
    head.language = (
        stated or head.first("og:locale", "content-language", "language").replace("_", "-").partition(",")[0]
    )
    return head


def head_facts(head: Head, page: Page, sites: set[str]) -> Facts:
    """What the head says of the article of its page. :param sites: names of the site, which are nobody's."""
    return Facts(
        title=without_site(head.first(*_TITLE), sites),
        link=head.canonical or page.absolute(head.first("og:url")),
        summary=head.first(*_SUMMARY),
        published=head.first(*_PUBLISHED),
        updated=head.first(*_UPDATED),
        authors=tuple(_authors(head, page, sites))[:MAX_VALUES],
        categories=tuple(_categories(head))[:MAX_VALUES],
        images=tuple(
            address for name in _IMAGE for value in head.metas.get(name, ()) if (address := page.absolute(value))
        )[:1],
        publisher=_original(head, sites),
        language=head.language,
        rights=head.first("copyright", "dc.rights", "dcterms.rights"),
        paywalled=head.first("article:content_tier", "og:article:content_tier").lower() in _LOCKED,
    )


def _original(head: Head, sites: set[str]) -> str:
    said = head.first(*_ORIGINAL)
    return "" if "://" in said or fold(said) in set(map(fold, sites)) or len(said) > 100 else said


def _authors(head: Head, page: Page, sites: set[str]) -> Iterator[RawPerson]:
    """``citation_author`` says each author once; the others are one byline. The site's own name is no author."""
    folded = {fold(site) for site in sites} | {fold(page.site), fold(page.site.partition(".")[0])}
    for name in head.metas.get("citation_author", ()):
        yield RawPerson(name=name, context="citation_author")
    labelled = zip(head.metas.get("twitter:label1", ()), head.metas.get("twitter:data1", ()), strict=False)
    written = [data for label, data in labelled if _WRITTEN.search(label)]
    addresses = [
        page.absolute(value) for value in head.metas.get("article:author", ()) if value.startswith(("http", "/"))
    ]
    names = [value for value in head.metas.get("article:author", ()) if not value.startswith(("http", "/"))]
    for name in _AUTHOR:
        names.extend(head.metas.get(name, ()))
    seen = set()
    for name in names + written:
        key = fold(name)
        if key and key not in folded and key not in seen and "://" not in name and len(name) <= 200:
            seen.add(key)
            yield RawPerson(
                name=name, uri=addresses[0] if len(addresses) == 1 and len(seen) == 1 else "", context="meta"
            )


_WRITTEN = re.compile(
    r"written|author|by\b|verfasst|geschrieben|écrit|escrito|scritto|tác giả|autor|auteur", re.IGNORECASE
)


def _categories(head: Head) -> Iterator[RawCategory]:
    seen = set()
    for name in (*_SECTION, *_TAGS):
        for value in head.metas.get(name, ()):
            for part in re.split(r"[,;]", value) if name in _TAGS else [value]:
                term = part.strip()
                if term and fold(term) not in seen and len(term) <= 100 and "://" not in term:
                    seen.add(fold(term))
                    yield RawCategory(term=term)


def without_site(title: str, sites: set[str]) -> str:
    """``Title | Site`` without the site, where that is one of its names."""
    folded = {fold(site) for site in sites}
    parts = _PARTS.split(title)
    while len(parts) > 1 and fold(parts[-1]) in folded:
        title = title[: title.rfind(parts[-1])].rstrip(" |-–—·•»:")
        parts.pop()
    while len(parts) > 1 and fold(parts[0]) in folded:
        title = title[len(parts[0]) :].lstrip(" |-–—·•»:")
        parts.pop(0)
    return title
