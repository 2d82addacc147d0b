"""h-entry and hAtom (microformats.org) of a page -> facts, one for each entry with a title or a text."""

from __future__ import annotations

from feedhub.extract.facts import MAX_VALUES, Facts
from feedhub.extract.selectolax_tree import LexborNode, Page, attribute, text_of
from feedhub.model import RawCategory, RawPerson, RawText, TextType

MAX_ENTRIES = 200
_PERSON = ".p-author, .h-card, .vcard .fn, .author .fn, .author a, .vcard, .author, .fn"


def hentries_of(page: Page) -> list[tuple[Facts, LexborNode]]:
    """The outermost entries with their elements, in the order of the page."""
    found = []
    for node in page.tree.css(".h-entry, .hentry")[:MAX_ENTRIES]:
        if _is_inner(node):
            continue
        facts = _facts(page, node)
        if facts.title or facts.content:
            found.append((facts, node))
    return found


def _is_inner(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None:
        names = (parent.attributes.get("class") or "").split()
        if "h-entry" in names or "hentry" in names:
            return True
        parent = parent.parent
    return False


def _facts(page: Page, node: LexborNode) -> Facts:
    title = node.css_first(".p-name, .entry-title")
    link = node.css_first("a.u-url, .u-url a, a[rel~=bookmark], .entry-title a")
    content = node.css_first(".e-content, .entry-content")
    address = page.absolute(attribute(link, "href")) if link is not None else ""
    if not address and node.id:
        address = f"{page.url.partition('#')[0]}#{node.id}"
    summary = text_of(node.css_first(".p-summary, .entry-summary"))
    if content is not None and (more := content.css_first("a.more-link, a.read-more, a[href*='#more']")) is not None:
        more.decompose()  # what stands here is the beginning only
        summary, content = summary or text_of(content), None
    markup = content.inner_html if content is not None else None
    return Facts(
        title=text_of(title),
        link=address,
        summary=summary,
        content=RawText(value=markup, type=TextType.HTML, base=page.base) if markup and markup.strip() else None,
        published=_moment(node, ".dt-published, time.published, .published, time.entry-date, abbr.published"),
        updated=_moment(node, ".dt-updated, time.updated, .updated, abbr.updated"),
        authors=_people(page, node),
        categories=_categories(node),
        images=tuple(
            address for one in node.css("img.u-photo, .u-featured") if (address := page.absolute(attribute(one, "src")))
        )[:1],
    )


def _moment(node: LexborNode, selector: str) -> str:
    found = node.css_first(selector)
    if found is None:
        return ""
    return attribute(found, "datetime") or attribute(found, "title") or attribute(found, "value") or text_of(found)


def _people(page: Page, node: LexborNode) -> tuple[RawPerson, ...]:
    for selector in _PERSON.split(", "):
        people: list[RawPerson] = []
        for one in node.css(selector)[:10]:
            inner = one.css_first(".p-name, .fn") if not selector.endswith((".fn", " a")) else None
            link = one if one.tag == "a" else one.css_first("a.u-url, a.url, a[href]")
            name = text_of(inner if inner is not None else one)
            role = text_of(one.css_first(".p-job-title, .p-role, .title, .role"))
            if role and name.endswith(role):
                name = name.removesuffix(role).strip()
            if name and len(name) <= 120 and all(name != known.name for known in people):
                uri = page.absolute(attribute(link, "href")) if link is not None else ""
                people.append(RawPerson(name=name, uri=uri, role=role, context="h_card"))
        if people:
            return tuple(people)
    return ()


def _categories(node: LexborNode) -> tuple[RawCategory, ...]:
    names = dict.fromkeys(text_of(one) for one in node.css(".p-category, a[rel~=tag]")[:MAX_VALUES])
    return tuple(RawCategory(term=name) for name in names if name)
