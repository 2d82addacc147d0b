"""A page by the operator's selectors: the rows, and in each row the fields. What is not said is found automatically."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urljoin

from feedhub.css_selectors import css_pick
from feedhub.extract.reading import PageKind, PageReading
from feedhub.extract.rows import SourceReading, Values, completed, entry_of, first_given
from feedhub.extract.selectolax_page import read_page
from feedhub.extract.selectolax_tree import LexborNode, Page, attribute, flat, open_page, text_of
from feedhub.model import Failure, PageMemory, ParseFailed, RawEntry, RawFeed, RawText, TextType
from feedhub.settings import Pick, RowField, RowFields, Source

MOST_ROWS = 1_000
OUTLINE = 160
"""Characters of an outline of what a page shows."""
_RICH = frozenset({RowField.SUMMARY, RowField.CONTENT})
_TITLES = ("h1, h2, h3, h4, h5, h6", "[itemprop=headline], [class*=title], [class*=headline]", "a[href]")
_DATES = ("time@datetime", "[datetime]@datetime", "time", "[itemprop=datePublished]@content", "[class*=date]")


def read_rows(html: str, url: str, source: Source) -> SourceReading | ParseFailed:
    """Read a page by ``source.items`` and ``source.fields``. Links stay as written; their base is that of the page."""
    page = open_page(html, url)
    if isinstance(page, str):
        return ParseFailed(failure=Failure.TOO_COMPLEX, detail=page)
    base = page.base
    nodes = page.tree.css(source.items)
    rows = [_values(node, source.fields) for node in nodes[:MOST_ROWS]]
    entries = [entry_of(values, base) for values in rows]
    automatic = read_page(html, url)
    known = _by_link(automatic.feed.entries, base)
    told = frozenset(name for name in RowField if source.fields and getattr(source.fields, name.value))
    whole = [_completed(entry, known, base, told) for entry in entries]
    count = len(nodes)
    return SourceReading(
        feed=_feed(automatic, page, whole),
        memory=PageMemory(kind="page", via=f"rows {source.items}"),
        steps=(f"`{source.items}` matches {count} element{'s' * (count != 1)}",),
        snippet=_outline(nodes[0]) if nodes else shown_by(page, automatic),
        suggestion=suggested(automatic),
        dated=RowField.DATE in told,
    )


def _feed(automatic: PageReading, page: Page, entries: list[RawEntry]) -> RawFeed:
    """What the page says of itself comes from automatic reading, its entries from the rows."""
    feed = automatic.feed
    title = feed.title or _title(page)
    notes = (
        (
            *page.notes,
            f"only the first {MOST_ROWS:,} rows are read",
        )
        if len(entries) >= MOST_ROWS
        else tuple(page.notes)
    )
    return RawFeed(
        format="page",
        title=title,
        subtitle=feed.subtitle,
        links=feed.links,
        language=feed.language or _language(page),
        image=feed.image,
        icon=feed.icon,
        entries=tuple(entries),
        notes=notes,
    )


def _title(page: Page) -> RawText | None:
    node = page.tree.css_first("title")
    text = flat(node.text()) if node else ""
    return RawText(value=text, type=TextType.PLAIN) if text else None


def _language(page: Page) -> str:
    root = page.tree.css_first("html[lang]")
    return attribute(root, "lang") if root else ""


# ---------------------------------------------------------------- one row


def _values(row: LexborNode, fields: RowFields | None) -> Values:
    values: dict[RowField, tuple[str, ...]] = {}
    for name in RowField:
        picks: Sequence[Pick] = getattr(fields, name.value) if fields else ()
        if picks:
            values[name] = _picked(row, picks, rich=name in _RICH)
    if not values.get(RowField.LINK) and not (fields and fields.link):
        values[RowField.LINK] = tuple(_link(row))
    if not values.get(RowField.TITLE) and not (fields and fields.title):
        values[RowField.TITLE] = tuple(_heading(row))
    return values


def _picked(row: LexborNode, picks: Sequence[Pick], *, rich: bool) -> tuple[str, ...]:
    markup = rich and not any(pick.regex or pick.template for pick in picks)
    return first_given(picks, lambda get: take(row, get, markup=markup))


def take(row: LexborNode, notation: str, *, markup: bool = False) -> Iterator[str]:
    """What the notation of :mod:`feedhub.css_selectors` finds in an element. ``markup``: the inside of elements as HTML."""
    pick = css_pick(notation)
    nodes = row.css(pick.selector) if pick.selector else [row]
    for node in nodes if pick.every else nodes[:1]:
        if pick.attribute:
            value = node.attributes.get(pick.attribute) or ""
            yield _source_of(value) if pick.attribute in {"srcset", "data-srcset"} else value
        elif markup:
            yield node.inner_html or ""
        else:
            yield text_of(node)


def _source_of(srcset: str) -> str:
    return srcset.split(",", maxsplit=1)[0].split(maxsplit=1)[0] if srcset.strip() else ""


def _link(row: LexborNode) -> Iterator[str]:
    """The link of the heading, else that with the longest text; of a row that is a link itself, its own."""
    if row.tag == "a" and row.attributes.get("href"):
        yield row.attributes["href"] or ""
        return
    headed = row.css("h1 a[href], h2 a[href], h3 a[href], h4 a[href], h5 a[href], h6 a[href]")
    best = max(headed or row.css("a[href]"), key=lambda node: len(text_of(node)), default=None)
    if best is not None:
        yield best.attributes.get("href") or ""


def _heading(row: LexborNode) -> Iterator[str]:
    for selector in _TITLES:
        best = max((text_of(node) for node in row.css(selector)), key=len, default="")
        if best:
            yield best
            return
    if row.tag == "a" and (text := text_of(row)):
        yield text


def _completed(entry: RawEntry, known: Mapping[str, RawEntry], base: str, told: frozenset[RowField]) -> RawEntry:
    """With what automatic reading found of the same link. Where the operator pointed, nothing else is believed."""
    link = _absolute(base, entry.links[0].href) if entry.links else ""
    other = known.get(link)
    return completed(entry, other, but=told) if other else entry


def _by_link(entries: Sequence[RawEntry], base: str) -> dict[str, RawEntry]:
    return {_absolute(link.base or base, link.href): entry for entry in entries for link in entry.links[:1]}


def _absolute(base: str, href: str) -> str:
    try:
        return urljoin(base, href.strip())
    except ValueError:
        return href


# ---------------------------------------------------------------- what is told when rows are missing


def shown_by(page: Page, automatic: PageReading) -> str:
    """An outline of the element that most probably is a row, or of the page's main part."""
    if automatic.kind is PageKind.SHELL:
        return "a frame that only scripts fill"
    for selector in (automatic.items, "main", "article", "body"):
        node = page.tree.css_first(selector) if selector else None
        if node is not None:
            return _outline(node)
    return ""


def suggested(automatic: PageReading) -> str:
    """What would find entries, as the rest of a sentence."""
    if automatic.kind is PageKind.SHELL:
        return "its content comes by scripts: look for the JSON that they ask for and use `type: json`"
    count = len(automatic.feed.entries)
    if automatic.items:
        return f"`items: {automatic.items}` would give {count}"
    return f"without `items` {count} are found by {automatic.via}" if count > 1 else ""


def _outline(node: LexborNode) -> str:
    """Tags and classes of an element and what is in it; no text and no other attribute, which may hold keys."""
    text = " ".join(_tags(node))
    return f"`{text[:OUTLINE]}{'…' if len(text) > OUTLINE else ''}`"


def _tags(node: LexborNode, depth: int = 0) -> Iterator[str]:
    if depth > 4:
        return
    classes = (node.attributes.get("class") or "").split()[:2]
    yield ".".join([node.tag or "", *classes])
    inner: list[str] = []
    for child in node.iter():
        inner += _tags(child, depth + 1)
        if len(inner) > 24:
            break
    if inner:
        yield from (">", "[", *inner, "]") if depth == 0 else inner


def script_text(html: str, url: str, selector: str) -> str | None:
    """What is in the script element that holds a page's data; None when there is no such element."""
    page = open_page(html, url)
    node = None if isinstance(page, str) else page.tree.css_first(selector)
    return node.text() if node is not None else None
