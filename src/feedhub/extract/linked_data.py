"""schema.org nodes (JSON-LD, or microdata in its form) -> facts of articles. Pure."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from feedhub.extract.facts import MAX_VALUES, Facts
from feedhub.extract.json_ld import Node
from feedhub.model import RawCategory, RawPerson, RawText, TextType

ARTICLES = frozenset(
    """Article NewsArticle BlogPosting ReportageNewsArticle AnalysisNewsArticle OpinionNewsArticle ReviewNewsArticle
    BackgroundNewsArticle AskPublicNewsArticle LiveBlogPosting SocialMediaPosting DiscussionForumPosting TechArticle
    ScholarlyArticle MedicalScholarlyArticle Report SatiricalArticle AdvertiserContentArticle""".split()  # noqa: SIM905
)
LISTS = frozenset({"ItemList", "Blog", "CollectionPage", "SearchResultsPage", "DataFeed", "Periodical"})
_PAGES = frozenset({"WebPage", "ItemPage"})
_MEMBERS = ("itemListElement", "blogPost", "blogPosts", "hasPart", "dataFeedElement", "mainEntity")
_ORGANISATION = ("Organization", "NewsMediaOrganization", "Corporation", "NGO", "GovernmentOrganization")
_TEXT = 400
"""Characters of a name; longer "names" are text in the wrong place."""

Absolute = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFound:
    """The articles that a list of the page names, and what kind of list it is."""

    kind: str
    articles: tuple[Facts, ...]


def types_of(node: Node) -> set[str]:
    """The types of a node without their vocabulary: ``https://schema.org/NewsArticle`` is ``NewsArticle``."""
    return {kind.rstrip("/").rpartition("/")[2].rpartition(":")[2] for kind in _strings(node.get("@type"))}


def articles_of(nodes: Iterable[Node], absolute: Absolute) -> list[Facts]:
    """Every article that has a title, each address once, in the order of the page."""
    found: dict[str, Facts] = {}
    for node in nodes:
        if types_of(node) & ARTICLES:
            facts = facts_of(node, absolute)
            known = found.get(facts.link or facts.title)
            if facts.title and (known is None or (facts.published and not known.published)):
                found[facts.link or facts.title] = facts
    return list(found.values())


def list_of(nodes: Iterable[Node], absolute: Absolute) -> ListFound | None:
    """The longest list of things that have an address and a title; None below two of them."""
    best: ListFound | None = None
    for node in nodes:
        for kind in sorted(types_of(node) & LISTS):
            members = {facts.link: facts for facts in _members(node, absolute, 0) if facts.link and facts.title}
            if len(members) > max(1, len(best.articles) if best else 0):
                best = ListFound(kind=kind, articles=tuple(members.values()))
    return best


def _members(node: Node, absolute: Absolute, depth: int) -> Iterator[Facts]:
    for name in _MEMBERS:
        for member in _dicts(node.get(name)):
            item = member
            if "ListItem" in types_of(member) or "DataFeedItem" in types_of(member):
                item = next(iter(_dicts(member.get("item"))), member)
            if types_of(item) & LISTS and depth < 2:
                yield from _members(item, absolute, depth + 1)
                continue
            facts = facts_of(item, absolute)
            if (
                facts.title
                and not facts.link
                and (link := absolute(_first(member.get("url")) or _text(member.get("item"))))
            ):
                facts = Facts(title=facts.title, link=link)
            yield facts


def page_facts(nodes: Iterable[Node], absolute: Absolute) -> Facts:
    """What a ``WebPage`` says of itself: where an article is missing or thin, its dates and authors stand here."""
    return next((facts_of(node, absolute) for node in nodes if types_of(node) & _PAGES), Facts())


def breadcrumb_of(nodes: Iterable[Node], absolute: Absolute) -> list[tuple[str, str]]:
    """Names and addresses of the longest ``BreadcrumbList``, from the root on."""
    best: list[tuple[str, str]] = []
    for node in nodes:
        if "BreadcrumbList" not in types_of(node):
            continue
        crumbs = []
        for member in sorted(_dicts(node.get("itemListElement")), key=_position):
            item = next(iter(_dicts(member.get("item"))), member)
            name = _text(member.get("name")) or _text(item.get("name"))
            address = _text(item.get("@id")) or _first(item.get("url")) or _text(member.get("item"))
            if name:
                crumbs.append((name, absolute(address)))
        best = max(best, crumbs, key=len)
    return best


def site_names(nodes: Iterable[Node]) -> set[str]:
    """What the site calls itself: ``WebSite`` and the publisher of its articles."""
    names = set()
    for node in nodes:
        kinds = types_of(node)
        if "WebSite" in kinds:
            names.add(_text(node.get("name")))
        if kinds & ARTICLES or kinds & _PAGES:
            names.update(_text(publisher.get("name")) for publisher in _dicts(node.get("publisher")))
    return names - {""}


def facts_of(node: Node, absolute: Absolute) -> Facts:
    """What one node says of an article."""
    body = node.get("articleBody") or node.get("text")
    return Facts(
        title=_text(node.get("headline")) or _text(node.get("name")) or _text(node.get("title")),
        link=_address(node, absolute),
        summary=_text(node.get("description"), 4_000) or _text(node.get("abstract"), 4_000),
        content=_body(body) if isinstance(body, str) else None,
        published=_first(node.get("datePublished"))
        or _first(node.get("dateCreated"))
        or _first(node.get("uploadDate")),
        updated=_first(node.get("dateModified")),
        authors=tuple(_people(node.get("author") or node.get("creator"), absolute))[:MAX_VALUES],
        categories=tuple(_categories(node))[:MAX_VALUES],
        images=tuple(_images(node, absolute))[:MAX_VALUES],
        publisher=_original(node),
        language=_first(node.get("inLanguage"))
        or next((_text(one.get("alternateName")) for one in _dicts(node.get("inLanguage"))), ""),
        rights=_first(node.get("copyrightNotice")),
        comments=absolute(_first(node.get("discussionUrl"))),
        paywalled=str(node.get("isAccessibleForFree", "")).strip().lower().rpartition("/")[2] == "false",
    )


def _address(node: Node, absolute: Absolute) -> str:
    entity = node.get("mainEntityOfPage")
    named = [_first(node.get("url")), *_strings(entity)]
    for one in _dicts(entity):
        named += [_text(one.get("@id")), _first(one.get("url"))]
    named.append(_text(node.get("@id")).partition("#")[0])
    return next((address for one in named if (address := absolute(one))), "")


def _people(value: Any, absolute: Absolute) -> Iterator[RawPerson]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and one.strip():
            name = _clean(one)
            yield RawPerson(
                name="" if "://" in name else name, uri=absolute(name) if "://" in name else "", context="json_ld"
            )
        elif isinstance(one, dict):
            name = _text(one.get("name")) or " ".join(
                part for part in (_text(one.get("givenName")), _text(one.get("familyName"))) if part
            )
            if name:
                kind = "json_ld_organisation" if types_of(one) & set(_ORGANISATION) else "json_ld"
                uri = absolute(_first(one.get("url")))
                yield RawPerson(name=name, uri=uri, role=_text(one.get("jobTitle"))[:80], context=kind)


def _categories(node: Node) -> Iterator[RawCategory]:
    seen = set()
    for section in _names(node.get("articleSection")):
        if section not in seen:
            seen.add(section)
            yield RawCategory(term=section)
    for word in _names(node.get("keywords")):
        for part in word.split(",") if "," in word else [word]:
            part = part.strip()
            if (
                part
                and part not in seen
                and len(part) <= 100
                and not part.lower().startswith(("tag:", "id:", "section:"))
            ):
                seen.add(part)
                yield RawCategory(term=part)


def _names(value: Any) -> list[str]:
    return [
        name
        for one in (value if isinstance(value, list) else [value])
        if (name := _text(one.get("name") if isinstance(one, dict) else one))
    ]


def _images(node: Node, absolute: Absolute) -> Iterator[str]:
    for value in (node.get("image"), node.get("thumbnailUrl")):
        for one in value if isinstance(value, list) else [value]:
            address = (
                absolute(_first(one.get("url")) or _first(one.get("contentUrl")))
                if isinstance(one, dict)
                else absolute(_text(one))
            )
            if address:
                yield address


def _original(node: Node) -> str:
    """The publisher that a text was taken from, where the page says one that is not its own."""
    own = {_text(one.get("name")) for one in _dicts(node.get("publisher"))}
    for name in ("sourceOrganization", "provider", "isBasedOn"):
        for one in _dicts(node.get(name)):
            inner = next(iter(_dicts(one.get("publisher"))), one)
            said = _text(inner.get("name"))
            if said and said not in own:
                return said
    return ""


def _body(text: str) -> RawText | None:
    paragraphs = [part for line in html.unescape(text).split("\n") if (part := " ".join(line.split()))]
    if not paragraphs:
        return None
    return RawText(value="".join(f"<p>{html.escape(part, quote=False)}</p>" for part in paragraphs), type=TextType.HTML)


def _position(node: Node) -> float:
    try:
        return float(node.get("position") or 0)
    except (TypeError, ValueError):
        return 0


def _dicts(value: Any) -> list[Node]:
    if value is None:  # most names of most nodes
        return []
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _strings(value: Any) -> list[str]:
    if value is None:
        return []
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _first(value: Any) -> str:
    """The first string or number of a value or list, decoded."""
    if value is None:
        return ""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            one = one.get("@value") or one.get("@id")
        if isinstance(one, str | int | float) and not isinstance(one, bool) and (text := _clean(str(one))):
            return text
    return ""


def _text(value: Any, longest: int = _TEXT) -> str:
    if value is None:
        return ""
    text = (
        _first(value)
        if isinstance(value, str | list | int | float) or (isinstance(value, dict) and "@value" in value)
        else ""
    )
    return text if len(text) <= longest else ""


def _clean(text: str) -> str:
    """References in JSON are text by the letter, but nearly all who write them mean the character."""
    return " ".join(html.unescape(text).split())


def people_without(people: Sequence[RawPerson], sites: set[str]) -> tuple[RawPerson, ...]:
    """The people of a byline without the site itself, which is no author."""
    if not sites or not people:
        return tuple(people)
    folded = {name.casefold() for name in sites}
    return tuple(one for one in people if one.name.casefold() not in folded)
