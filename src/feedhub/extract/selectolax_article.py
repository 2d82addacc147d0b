"""The page of one article -> its entry, with whatever the page says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from feedhub.extract import linked_data
from feedhub.extract.bylines import looks_like_name
from feedhub.extract.facts import Facts, entry_of, laid_over
from feedhub.extract.furniture import PAYWALL, is_related_heading, size
from feedhub.extract.original import Origin, find_origin
from feedhub.extract.reading import Article
from feedhub.extract.selectolax_head import head_facts, without_site
from feedhub.extract.selectolax_markup import Markup, people_with_roles, read_crumbs, read_markup
from feedhub.extract.selectolax_related import related_articles, related_blocks
from feedhub.extract.selectolax_survey import Survey, survey
from feedhub.extract.selectolax_text import ENOUGH, Body, by_trafilatura, find_container
from feedhub.extract.selectolax_tree import LexborNode, Page, fold, inner, names_of, open_page, text_of
from feedhub.model import RawCategory, RawPerson, RawText, TextType
from feedhub.organisations import names_organisation

_FULL = 0.25
"""A text of trafilatura's that is shorter than this part of ours is not the article's."""


def read_article(html: str, url: str, *, content: str = "auto", remove: Sequence[str] = ()) -> Article:
    """Title, authors, dates, lead, text, categories, image and original publisher of one article, and its related ones.

    Structured data comes first (JSON-LD, microdata, h-entry, OpenGraph, meta, ``rel=author``), then what the markup
    says. Never raises for bad markup: what the page does not say stays empty.

    :param url: where the page was found in the end.
    :param content: ``auto``: the full text, by trafilatura when it is installed, else by rules of our own; ``off``:
        no text; anything else is a CSS selector of the elements that are the text.
    :param remove: CSS selectors of what is taken out of the page before anything is read.
    :raises ValueError: ``content`` or one of ``remove`` is no CSS selector.
    """
    page = open_page(html, url)
    if isinstance(page, str):
        return Article(entry=entry_of(Facts(link=url)), steps=(page,))
    for selector in remove:
        for node in selected(page, selector):
            node.decompose()
    return article_of(survey(page), content=content)


def selected(page: Page, selector: str) -> list[LexborNode]:
    """:raises ValueError: the selector is none."""
    try:
        return page.tree.css(selector)
    except Exception as error:  # selectolax raises its own kinds for selectors it cannot read
        raise ValueError(f"{selector!r} is not a CSS selector: {error}") from error


def article_of(seen: Survey, *, content: str = "auto") -> Article:
    """What :func:`read_article` promises, of a page that was looked at already."""
    page = seen.page
    blocks = related_blocks(page)
    page.aside = {node.mem_id for node in blocks}
    linked = seen.main_article(seen.linked) or Facts()
    marked = seen.main_article(seen.marked) or Facts()
    hentry = seen.hentries[0][0] if len(seen.hentries) == 1 else Facts()
    head = head_facts(seen.head, page, seen.sites)
    stated, _ = laid_over([("", linked), ("", marked), ("", hentry), ("", head)])
    markup = read_markup(page, stated.title or without_site(seen.head.title, seen.sites))
    container = find_container(page)
    own = Body(container.html or "").without_furniture() if container is not None else None
    origin = find_origin(own.lines() if own else (), frozenset(name.casefold() for name in seen.sites))
    people, people_from = _people(
        seen, [("JSON-LD", linked), ("microdata", marked), ("h-entry", hentry)], head, markup, origin, own
    )
    parts = [
        ("JSON-LD", replace(linked, authors=())),
        ("microdata", replace(marked, authors=())),
        ("h-entry", replace(hentry, authors=(), content=None)),
        ("meta", replace(head, authors=())),
        ("JSON-LD WebPage", _of_page(linked_data.page_facts(seen.linked, page.absolute))),
        ("markup", Facts(title=markup.title, published=markup.published, updated=markup.updated)),
    ]
    facts, told = laid_over(parts)
    title = _title(facts.title, markup.title, seen)
    text, text_from = _text(page, content, own, markup, title, people, origin)
    facts = replace(
        facts,
        id="",
        title=title,
        link=_link(seen),
        summary=markup.lead or facts.summary,
        content=text or (facts.content if content != "off" else None),
        authors=people,
        categories=_categories(seen, facts, title),
        publisher=origin.name if origin else facts.publisher,
        paywalled=False,
    )
    locked = linked.paywalled or marked.paywalled or head.paywalled or _is_walled(page)
    steps = [
        *seen.notes,
        *(step for step in told if step.partition(":")[0] in {"title", "published", "updated", "images", "language"}),
    ]
    steps += [f"authors: {people_from}"] if people else ["authors: none found"]
    steps += [f"text: {text_from}"] if text_from else []
    steps += [f"original publisher: “{origin.line[:80]}” at the end of the text"] if origin else []
    related = related_articles(page, blocks, facts.link)
    steps += [f"related articles: {len(related)}"] if related else []
    return Article(entry=entry_of(facts), related=related, paywalled=locked, steps=tuple(steps))


def _of_page(facts: Facts) -> Facts:
    """Of what a ``WebPage`` says only the dates and the image are the article's."""
    return Facts(published=facts.published, updated=facts.updated, images=facts.images)


def _link(seen: Survey) -> str:
    """The canonical address, unless it is another site's or the site's front page."""
    canonical = seen.head.canonical
    if canonical and seen.page.is_here(canonical) and urlsplit(canonical).path not in {"", "/"}:
        return canonical
    return seen.page.url


def _title(stated: str, heading: str, seen: Survey) -> str:
    """The page's own heading where it is what structured data says, or says it in full; else what structured data says."""
    one, other = fold(stated.rstrip("….")), fold(heading)
    if heading and (
        not one or one == other or (len(one) > 20 and other.startswith(one)) or (len(other) > 12 and other in one)
    ):
        return heading
    return without_site(stated, seen.sites) or without_site(seen.head.title, seen.sites) or heading


# ---------------------------------------------------------------- who


def _people(
    seen: Survey,
    structured: list[tuple[str, Facts]],
    head: Facts,
    markup: Markup,
    origin: Origin | None,
    own: Body | None,
) -> tuple[tuple[RawPerson, ...], str]:
    """Who wrote it, and where that was found. A site is nobody; an organisation only when no person is named."""
    organisations: tuple[RawPerson, ...] = ()
    for name, facts in structured:
        named = linked_data.people_without(facts.authors, seen.sites)
        persons = tuple(one for one in named if one.context != "json_ld_organisation")
        if persons and any(one.name for one in persons):
            return people_with_roles(tuple(one for one in named if one.name), markup.byline), name
        organisations = organisations or named
    visible = linked_data.people_without(markup.byline.people, seen.sites)
    if visible:
        return visible, "byline on the page"
    if named := tuple(one for one in head.authors if one.name):
        return named, "meta"
    if origin and origin.author:
        return (RawPerson(name=origin.author, context="byline"),), "last line of the text"
    if own and (last := _signed(own)):
        return (RawPerson(name=last, context="byline"),), "last line of the text"
    return organisations, "structured data names an organisation"


def _signed(own: Body) -> str:
    """A name at the end of the text that is set apart, by its weight or at the right edge."""
    last = own.root.last_child
    blocks = [node for node in own.root.css("p, div")[-4:] if inner(node, "p, div") is None]
    for node in reversed(blocks if last is not None else []):
        text = text_of(node)
        apart = node.css_first("strong, b, em, i") is not None or "right" in (node.attributes.get("style") or "") + (
            node.attributes.get("align") or ""
        )
        if apart and looks_like_name(text) and not names_organisation(text) and not is_related_heading(text):
            return text
        if len(text) > 80:
            break
    return ""


# ---------------------------------------------------------------- what


def _text(
    page: Page,
    content: str,
    own: Body | None,
    markup: Markup,
    title: str,
    people: Sequence[RawPerson],
    origin: Origin | None,
) -> tuple[RawText | None, str]:
    """The text and where it comes from."""
    names = [name for one in people for name in (one.name, one.role, f"{one.name} {one.role}")]
    if content == "off":
        return None, ""
    if content != "auto":
        chosen = selected(page, content)
        if not chosen:
            return None, f"nothing is at {content}"
        body = Body("".join(node.html or "" for node in chosen)).without_lines(set(), title, ())
        return _raw(body, page), f"selector {content}"
    ours = own.without_lines(markup.known, title, names) if own else None
    length = size(" ".join(ours.lines())) if ours else 0
    if found := by_trafilatura(page):
        body = Body(found).without_related().without_lines(markup.known, title, names).with_lead(markup.lead)
        if origin:
            body.with_line(origin.line)
        got = body.lines()
        in_one_piece = ours is not None and len(got) * 2 <= len(ours.lines())  # it gave up on the paragraphs
        if size(" ".join(got)) >= max(ENOUGH if not length else 0, _FULL * length) and not in_one_piece:
            return _raw(body, page), "trafilatura"
    if ours and length >= 40:
        return _raw(ours.with_lead(markup.lead), page), "the element with most running text"
    return None, ""


def _raw(body: Body, page: Page) -> RawText | None:
    markup = body.html()
    return RawText(value=markup, type=TextType.HTML, base=page.base) if markup else None


def _categories(seen: Survey, facts: Facts, title: str) -> tuple[RawCategory, ...]:
    """The breadcrumb as one path, then sections and tags. Never from the block of related articles."""
    crumbs = linked_data.breadcrumb_of([*seen.linked, *seen.marked], seen.page.absolute) or read_crumbs(seen.page)
    names = [
        name for name, address in crumbs if not _is_root(address) and fold(name) != fold(title) and len(name) <= 60
    ]
    if crumbs and names and seen.is_this(crumbs[-1][1]) and crumbs[-1][1]:
        names = [name for name in names if name != crumbs[-1][0]]
    found = [RawCategory(term=" > ".join(names))] if names else []
    known = {fold(name) for name in names}
    tags = [
        text_of(node) for node in seen.page.tree.css("article a[rel~=tag], .post a[rel~=tag], main a[rel~=tag]")[:20]
    ]
    for category in (*facts.categories, *(RawCategory(term=tag) for tag in tags if tag)):
        key = fold(category.term)
        if key and key not in known:
            known.add(key)
            found.append(category)
    return tuple(found)


def _is_root(address: str) -> bool:
    return bool(address) and urlsplit(address).path in {"", "/"}


def _is_walled(page: Page) -> bool:
    return any(
        PAYWALL.search(names_of(node)) and text_of(node)
        for node in page.tree.css(
            "[class*=wall], [class*=piano], [class*=subscriber], [class*=premium], [class*=locked]"
        )[:20]
    )
