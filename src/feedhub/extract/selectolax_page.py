"""A page for people -> its entries, without any configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from feedhub.extract import linked_data
from feedhub.extract.facts import Facts, entry_of
from feedhub.extract.furniture import size
from feedhub.extract.json_ld import Node
from feedhub.extract.page_state import articles_in_state
from feedhub.extract.reading import PageKind, PageReading
from feedhub.extract.selectolax_article import article_of
from feedhub.extract.selectolax_head import without_site
from feedhub.extract.selectolax_rows import MIN_ROWS, find_rows
from feedhub.extract.selectolax_survey import Survey, survey
from feedhub.extract.selectolax_text import ENOUGH, Body
from feedhub.extract.selectolax_tree import LexborNode, attribute, flat, inner, is_leaf, open_page, text_of
from feedhub.model import RawEntry, RawFeed, RawLink, RawPerson, RawText, TextType

_SHELL_TEXT = 300
"""Characters of visible text below which a page with scripts may be an empty frame."""
_STATE = 'script#__NEXT_DATA__, script#__NUXT_DATA__, script[type="application/json"], script[data-state], script#initial-state'
_MOUNTS = "#root, #app, #__next, #__nuxt, #___gatsby, #svelte, app-root, [data-reactroot], [ng-app], [ng-version]"
_NEEDS_SCRIPTS = re.compile(r"java\s?script", re.IGNORECASE)
_MIN_LISTED = 2
_HEADLINES = 5
_SOME_TEXT = 80


@dataclass(slots=True)
class _Listing:
    via: str
    articles: Sequence[Facts]
    items: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def read_page(html: str, url: str) -> PageReading:
    """What kind of page it is, and its entries.

    An article gives its own entry and the related ones; a listing is read from its structured data (JSON-LD,
    microdata, h-feed, several articles in full, the state of scripts), else from links that stand in rows of one
    likeness. Never raises for bad markup: a page of which nothing can be made is :attr:`PageKind.UNKNOWN`, one that
    scripts would have to fill is :attr:`PageKind.SHELL`.

    :param url: where the page was found in the end; relative addresses are absolute against its ``<base>``, else this.
    """
    page = open_page(html, url)
    if isinstance(page, str):
        return PageReading(kind=PageKind.UNKNOWN, feed=RawFeed(format="page", notes=(page,)), steps=(page,))
    seen = survey(page)
    steps = list(seen.notes)
    is_article, why = _is_article(seen)
    steps.append(why)
    if is_article:
        article = article_of(seen)
        feed = _feed(seen, "article", (article.entry, *article.related))
        return PageReading(kind=PageKind.ARTICLE, feed=feed, via="article page", steps=(*steps, *article.steps))
    for attempt in (_linked, _marked, _hfeed, _in_full, _in_state, _alike):
        listing = attempt(seen, steps)
        if listing is not None:
            entries = tuple(entry_of(_own(seen, facts)) for facts in _told_apart(listing.articles))
            return PageReading(
                kind=PageKind.LISTING,
                feed=_feed(seen, "page", entries),
                via=listing.via,
                items=listing.items,
                fields=listing.fields,
                steps=tuple(steps),
            )
    kind = PageKind.SHELL if _is_shell(seen) else PageKind.UNKNOWN
    steps.append(
        "the page is an empty frame that scripts fill: without a browser there is nothing to read"
        if kind is PageKind.SHELL
        else "nothing on the page looks like a list of articles, or like one"
    )
    return PageReading(kind=kind, feed=_feed(seen, "page", ()), steps=tuple(steps))


# ---------------------------------------------------------------- which kind


def _is_article(seen: Survey) -> tuple[bool, str]:
    """What speaks for one article against what speaks for a list, and the sentence that says so."""
    path = urlsplit(seen.page.url).path
    signs: list[tuple[float, str]] = []
    if seen.head.kind == "article" and path not in {"", "/"}:
        signs.append((2, "og:type is article"))
    if seen.main_article(seen.linked) or seen.main_article(seen.marked):
        signs.append((3, "structured data of one article that is this page"))
    if seen.head.first("article:published_time"):
        signs.append((1, "article:published_time"))
    running = _running_text(seen)
    if running >= 2 * ENOUGH:
        signs.append((2, "running text"))
    else:
        signs += _signs_of_rows(seen, running)
    kinds = {kind for node in seen.linked for kind in linked_data.types_of(node)}
    if kinds & {"CollectionPage", "SearchResultsPage", "Blog"}:
        signs.append((-2, "structured data of a collection"))
    if path in {"", "/"} or re.fullmatch(r"/(?:index|home|default)\.\w+", path):
        signs.append((-2, "the address of a front page"))
    if len(seen.hentries) > 1:
        signs.append((-3, f"{len(seen.hentries)} h-entries"))
    elif len(_full_articles(seen)) > 1:
        signs.append((-3, "several articles with headings that lead elsewhere"))
    if seen.head.kind in {"website", "blog"}:
        signs.append((-1, f"og:type is {seen.head.kind}"))
    score = sum(number for number, _sign in signs)
    kind = "an article" if score >= 2 else "a list, or nothing"
    return score >= 2, f"{kind}: " + (", ".join(sign for _number, sign in signs) or "no sign of either")


def _signs_of_rows(seen: Survey, running: int) -> list[tuple[float, str]]:
    """What little text means: headings that are links are rows, whatever ``og:type`` says."""
    heads = {attribute(node, "href") for node in seen.page.tree.css("h2 a[href], h3 a[href], h4 a[href]")[:60]}
    if len(heads) >= _HEADLINES:
        return [(-2, f"{len(heads)} headings that are links, and no running text")]
    return [(-1, "no running text")] if running < _SOME_TEXT else []


def _running_text(seen: Survey) -> int:
    """Characters of paragraphs that are longer than a row's lead and no links; the longest element's, not the page's."""
    by_parent: dict[int, int] = {}
    for node in seen.page.tree.css("p, blockquote")[:1_000]:
        text = flat(node.text())
        length = size(text)
        parent = node.parent
        if length < 60 or parent is None:
            continue
        if is_leaf(node):
            seen.page.read[node.mem_id] = text  # the lead of a row
        if parent.tag == "a" or (node.tag == "blockquote" and node.css_first("a h2, a h3") is not None):
            continue
        by_parent[parent.mem_id] = by_parent.get(parent.mem_id, 0) + length
    longest = max(by_parent.values(), default=0)
    if longest:
        return longest
    return max(
        (len(flat(node.text(deep=False))) for node in seen.page.tree.css("div, td, article, section")[:1_000]),
        default=0,
    )


def _is_shell(seen: Survey) -> bool:
    tree = seen.page.tree
    body = tree.body
    if body is None or not tree.css_first("script"):
        return False
    visible = len(text_of(body))
    mount = tree.css_first(_MOUNTS)
    asks = any(_NEEDS_SCRIPTS.search(node.text() or node.html or "") for node in tree.css("noscript")[:10])
    return visible < _SHELL_TEXT and (mount is not None or asks)


# ---------------------------------------------------------------- listings, the surest first


def _linked(seen: Survey, steps: list[str]) -> _Listing | None:
    return _structured(seen, seen.linked, "JSON-LD", steps)


def _marked(seen: Survey, steps: list[str]) -> _Listing | None:
    return _structured(seen, seen.marked, "microdata", steps)


def _structured(seen: Survey, nodes: list[Node], name: str, steps: list[str]) -> _Listing | None:
    if not nodes:
        return None
    listed = linked_data.list_of(nodes, seen.page.absolute)
    articles = [one for one in seen.articles(nodes) if one.link and not seen.is_this(one.link)]
    known = {one.link: one for one in articles}
    if listed is not None and len(listed.articles) >= max(_MIN_LISTED, len(articles)):
        full = [known.get(one.link, one) for one in listed.articles if not seen.is_this(one.link)]
        if len(full) >= _MIN_LISTED:
            steps.append(f"{name} {listed.kind}: {len(full)} entries")
            return _with_rows(seen, _Listing(f"{name} {listed.kind}", full), steps)
    if len(articles) >= _MIN_LISTED:
        steps.append(f"{name}: {len(articles)} articles")
        return _with_rows(seen, _Listing(f"{name} articles", articles), steps)
    steps.append(f"{name}: no list of articles")
    return None


def _with_rows(seen: Survey, listing: _Listing, steps: list[str]) -> _Listing | None:
    """What structured data leaves out (dates, authors, leads) stands in the rows of the page, found by their address.

    Structured data that lists less than half of what the page shows is a teaser, not the list.
    """
    rows = find_rows(seen.page, seen.page.tree.body)
    if len(rows.articles) > 2 * len(listing.articles):
        steps.append(f"the page shows {len(rows.articles)} rows, more than twice as many: the rows are taken")
        return None
    by_link = {facts.link: facts for facts in rows.articles}
    listing.articles = [_filled(facts, by_link.get(facts.link)) for facts in listing.articles]
    return listing


def _filled(facts: Facts, row: Facts | None) -> Facts:
    if row is None:
        return facts
    return replace(
        facts,
        summary=facts.summary or row.summary,
        published=facts.published or row.published,
        authors=facts.authors or row.authors,
        categories=facts.categories or row.categories,
        images=facts.images or row.images,
    )


def _hfeed(seen: Survey, steps: list[str]) -> _Listing | None:
    entries = [facts for facts, _node in seen.hentries if facts.link or facts.content]
    if len(entries) < _MIN_LISTED:
        return None
    rows = {facts.link: facts for facts in find_rows(seen.page, seen.page.tree.body).articles}
    if len(rows) > 2 * len(entries):
        steps.append(f"h-feed: {len(entries)} entries, but the page shows {len(rows)} rows")
        return None
    steps.append(f"h-feed: {len(entries)} entries")
    return _Listing("h-feed", [_filled(facts, rows.get(facts.link)) for facts in entries])


def _full_articles(seen: Survey) -> list[LexborNode]:
    """The ``article`` elements that have a heading and a text of their own."""
    found = []
    for node in seen.page.tree.css("article")[:100]:
        heading = node.css_first("h1, h2, h3")
        paragraphs = sum(size(flat(one.text())) for one in node.css("p")[:40]) if heading is not None else 0
        if paragraphs >= ENOUGH and inner(node, "article") is None:
            found.append(node)
    return found


def _in_full(seen: Survey, steps: list[str]) -> _Listing | None:
    """A page with several articles in full, one behind the other."""
    nodes = _full_articles(seen)
    if len(nodes) < _MIN_LISTED:
        return None
    articles = [_full(seen, node) for node in nodes]
    steps.append(f"article elements with their text: {len(articles)}")
    return _Listing("articles in full", articles, "article", {"title": "h1, h2, h3", "content": "article"})


def _full(seen: Survey, node: LexborNode) -> Facts:
    page = seen.page
    heading = node.css_first("h1, h2, h3")
    link = (heading.css_first("a[href]") if heading is not None else None) or node.css_first("a[rel~=bookmark]")
    address = page.absolute(attribute(link, "href")) if link is not None else ""
    if not address and (anchor := node.id or (heading.id if heading is not None else "")):
        address = f"{page.url.partition('#')[0]}#{anchor}"
    title = text_of(heading)
    row = find_rows(page, node, least=1).articles
    stamp = node.css_first("time")
    writer = node.css_first("[rel~=author], [class*=author], [class*=byline]")
    published = (attribute(stamp, "datetime") or text_of(stamp)) if stamp is not None else ""
    known = {text_of(writer), text_of(stamp)} - {""}
    body = (
        Body(node.inner_html or "").without_furniture().without_lines({*map(str.casefold, known)}, title, sorted(known))
    )
    people = (RawPerson(name=text_of(writer), context="byline"),) if writer is not None and text_of(writer) else ()
    return Facts(
        title=title,
        link=address or (row[0].link if row else ""),
        published=published,
        authors=people,
        content=RawText(value=body.html(), type=TextType.HTML, base=page.base),
    )


def _in_state(seen: Survey, steps: list[str]) -> _Listing | None:
    """Only where the page itself shows no rows: what scripts would show is second to what is shown."""
    scripts = seen.page.tree.css(_STATE)[:10]
    if not scripts or len(find_rows(seen.page, seen.page.tree.body).articles) >= MIN_ROWS:
        return None
    for node in scripts:
        articles, path = articles_in_state(node.text() or "", seen.page.absolute)
        if len(articles) >= _MIN_LISTED:
            name = f"script#{node.id}" if node.id else "a script"
            steps.append(f"JSON in {name}: {len(articles)} entries at {path}")
            return _Listing("JSON state", articles)
    steps.append("JSON in scripts: no list of titles with addresses; a source of type json can be told where it is")
    return None


def _alike(seen: Survey, steps: list[str]) -> _Listing | None:
    rows = find_rows(seen.page, seen.page.tree.body)
    if len(rows.articles) < MIN_ROWS:
        steps.append("repeated links: fewer than three that look alike and read like titles")
        return None
    steps.append(f"repeated links: {len(rows.articles)} rows" + (f" at {rows.items}" if rows.items else ""))
    return _Listing("repeated links", rows.articles, rows.items, dict(rows.fields))


# ---------------------------------------------------------------- the feed


def _own(seen: Survey, facts: Facts) -> Facts:
    """The site itself is nobody's author."""
    people = linked_data.people_without(facts.authors, seen.sites)
    return facts if people == facts.authors else replace(facts, authors=people)


def _told_apart(articles: Sequence[Facts]) -> list[Facts]:
    """Entries that share a page but for the fragment of their address are told apart by it: it becomes their id."""
    pages: dict[str, int] = {}
    for one in articles:
        base = one.link.partition("#")[0]
        pages[base] = pages.get(base, 0) + 1
    return [
        replace(one, id=one.link) if "#" in one.link and pages[one.link.partition("#")[0]] > 1 else one
        for one in articles
    ]


def _feed(seen: Survey, form: str, entries: tuple[RawEntry, ...]) -> RawFeed:
    head = seen.head
    front = urlsplit(seen.page.url).path in {"", "/"}
    title = head.site_name if form == "article" or front else without_site(head.title, seen.sites)
    title = title or head.title or seen.page.site
    subtitle = head.first("description", "og:description") if form == "page" else ""
    return RawFeed(
        format=form,
        title=RawText(value=title, type=TextType.PLAIN),
        subtitle=RawText(value=subtitle, type=TextType.PLAIN) if subtitle else None,
        links=(RawLink(href=head.canonical or seen.page.url, type="text/html"),),
        language=head.language,
        image=seen.page.absolute(head.first("og:image")) if form == "page" else "",
        entries=entries,
        notes=seen.notes,
    )
