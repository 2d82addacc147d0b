"""The rules for Atom and RSS. Pure: expat reads the document, without entities of its own and without network."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.parsers import expat

from feedhub.emit import checks

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
_RSS_ITEM = frozenset(
    ("title", "link", "description", "author", "category", "comments", "enclosure", "guid", "pubDate", "source")
)
_ONCE = _RSS_ITEM - {"category"} | {f"{CONTENT}encoded"}


def atom_violations(document: bytes) -> Iterator[str]:
    root = yield from _root(document, f"{ATOM}feed")
    if root is None:
        return
    yield from _atom_common("the feed", root)
    yield from _self_link(root)
    entries = root.findall(f"{ATOM}entry")
    yield from checks.unique("atom:id", (_text(entry, f"{ATOM}id") for entry in entries))
    for entry in entries:
        yield from _atom_entry(entry, bool(root.findall(f"{ATOM}author")))


def _atom_common(where: str, element: Element) -> Iterator[str]:
    for name in ("id", "title", "updated"):
        if len(element.findall(ATOM + name)) != 1:
            yield f"{where} does not have exactly one {name}"
    yield from checks.absolute_iri(f"{where}: id", _text(element, f"{ATOM}id"))
    yield from checks.present(f"{where}: title", _text(element, f"{ATOM}title"))
    yield from checks.utc_moment(f"{where}: updated", _text(element, f"{ATOM}updated"))
    for link in element.findall(f"{ATOM}link"):
        yield from checks.absolute_url(f"{where}: link rel={link.get('rel')}", link.get("href", ""))
    for person in (*element.findall(f"{ATOM}author"), *element.findall(f"{ATOM}contributor")):
        yield from checks.present(f"{where}: name of a person", _text(person, f"{ATOM}name"))
    for category in element.findall(f"{ATOM}category"):
        yield from checks.present(f"{where}: term of a category", category.get("term", ""))


def _atom_entry(entry: Element, feed_has_author: bool) -> Iterator[str]:
    where = f"entry {_text(entry, f'{ATOM}id')!r}"
    yield from _atom_common(where, entry)
    links = entry.findall(f"{ATOM}link")
    source = entry.find(f"{ATOM}source")
    if not entry.findall(f"{ATOM}author") and not feed_has_author:
        yield f"{where} has no author"
    if entry.find(f"{ATOM}content") is None and "alternate" not in {link.get("rel", "alternate") for link in links}:
        yield f"{where} has neither content nor a link to follow"
    for name in ("content", "summary", "published", "rights", "source"):
        if len(entry.findall(ATOM + name)) > 1:
            yield f"{where} has more than one {name}"
    if entry.find(f"{ATOM}published") is not None:
        yield from checks.utc_moment(f"{where}: published", _text(entry, f"{ATOM}published"))
    for name in ("content", "summary"):
        yield from checks.markup(f"{where}: {name}", _text(entry, ATOM + name))
    for link in links:
        if link.get("rel") == "enclosure" and link.get("length") is not None:
            yield from checks.whole_number(f"{where}: length of an enclosure", link.get("length", ""))
    if source is not None:
        yield from _atom_source(f"{where}: source", source)


def _atom_source(where: str, source: Element) -> Iterator[str]:
    yield from checks.present(f"{where}: title", _text(source, f"{ATOM}title"))
    if source.find(f"{ATOM}id") is not None:
        yield from checks.absolute_iri(f"{where}: id", _text(source, f"{ATOM}id"))
    if source.find(f"{ATOM}updated") is not None:
        yield from checks.utc_moment(f"{where}: updated", _text(source, f"{ATOM}updated"))


def rss_violations(document: bytes) -> Iterator[str]:
    root = yield from _root(document, "rss")
    if root is None:
        return
    channel = root.find("channel")
    if root.get("version") != "2.0" or channel is None:
        yield "the root is not rss version 2.0 with a channel"
        return
    for name in ("title", "link", "description"):
        if len(channel.findall(name)) != 1:
            yield f"the channel does not have exactly one {name}"
        yield from checks.present(f"the channel: {name}", _text(channel, name))
    yield from checks.absolute_url("the channel: link", _text(channel, "link"))
    yield from checks.mail_date("the channel: lastBuildDate", _text(channel, "lastBuildDate"))
    yield from _self_link(channel)
    items = channel.findall("item")
    yield from checks.unique("guid", (_text(item, "guid") for item in items))
    for item in items:
        yield from _rss_item(item)


def _rss_item(item: Element) -> Iterator[str]:
    where = f"item {_text(item, 'guid')!r}"
    names = [child.tag for child in item]
    yield from _rss_shape(where, names)
    yield from _rss_guid(where, item)
    for name in ("link", "comments"):
        if item.find(name) is not None:
            yield from checks.absolute_url(f"{where}: {name}", _text(item, name))
    yield from checks.mail_date(f"{where}: pubDate", _text(item, "pubDate"))
    enclosure, source = item.find("enclosure"), item.find("source")
    if enclosure is not None:
        yield from checks.absolute_url(f"{where}: enclosure", enclosure.get("url", ""))
        yield from checks.whole_number(f"{where}: length of the enclosure", enclosure.get("length", ""))
        yield from checks.present(f"{where}: type of the enclosure", enclosure.get("type", ""))
    if source is not None:
        yield from checks.absolute_url(f"{where}: source", source.get("url", ""))
        yield from checks.present(f"{where}: title of the source", source.text or "")
    for name in ("description", f"{CONTENT}encoded"):
        yield from checks.markup(f"{where}: {name}", _text(item, name))
    for creator in item.findall(f"{DC}creator"):
        yield from checks.present(f"{where}: dc:creator", creator.text or "")


def _rss_shape(where: str, names: list[str]) -> Iterator[str]:
    if "title" not in names and "description" not in names:
        yield f"{where} has neither title nor description"
    for name in sorted(_ONCE):
        if names.count(name) > 1:
            yield f"{where} has more than one {name}"
    for name in names:
        if "{" not in name and name not in _RSS_ITEM:
            yield f"{where} has the unknown element {name}"
    if "author" in names:
        yield f"{where} has author: names belong in dc:creator"
    encoded = f"{CONTENT}encoded"
    if encoded in names and "description" not in names[: names.index(encoded)]:
        yield f"{where} has content:encoded without a description before it"


def _rss_guid(where: str, item: Element) -> Iterator[str]:
    guid = item.find("guid")
    yield from checks.present(f"{where}: guid", _text(item, "guid"))
    if guid is not None and guid.get("isPermaLink", "true") != "false":
        yield from checks.absolute_url(f"{where}: guid that says it is a permalink", guid.text or "")


def _self_link(element: Element) -> Iterator[str]:
    found = [link for link in element.findall(f"{ATOM}link") if link.get("rel") == "self"]
    if len(found) != 1:
        yield "the document does not have exactly one link rel=self"
    for link in element.findall(f"{ATOM}link"):
        yield from checks.absolute_url(f"link rel={link.get('rel')}", link.get("href", ""))


def _text(element: Element, name: str) -> str:
    return element.findtext(name) or ""


def _root(document: bytes, name: str) -> Generator[str, None, Element | None]:
    """The tree of a well-formed document without DTD, or None after saying what is wrong with it."""
    try:
        root = _tree(document)
    except (ParseError, expat.ExpatError, ValueError) as error:
        yield f"the document is not well-formed: {error}"
        return None
    yield from checks.control_characters("".join(root.itertext()))
    if root.tag != name:
        yield f"the root is {root.tag}, not {name}"
        return None
    return root


def _tree(document: bytes) -> Element:
    """As UTF-8, whatever it says of itself. The C parser builds the tree; only where the letters of a document type
    declaration stand somewhere, the slower way by our own handlers tells whether they are one."""
    if b"<!DOCTYPE" in document:
        _refuse_dtd_in(document)
    parser = XMLParser(encoding="utf-8")  # noqa: S314  no document with entities of its own comes here
    parser.feed(document)
    root: Element = parser.close()
    return root


def _refuse_dtd_in(document: bytes) -> None:
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse_dtd
    parser.Parse(document, True)


def _refuse_dtd(*_: object) -> None:
    raise ValueError("it has a document type declaration")
