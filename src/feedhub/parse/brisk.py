"""feedparser's two parsers, with what they do for each element done at less cost and to the same end.

What the tolerant one does from one tag to the next is in :mod:`feedhub.parse.brisk_tolerant`.

The steps are those of ``mixin.py`` and ``strict.py`` in feedparser 6.0. Left out is what can change nothing here, where
nothing is resolved or cleaned: a base is joined only where there is one, texts are searched for characters of
windows-1252 before they are translated, the facts about a text are kept in a plain dictionary. :class:`Direct` stands in
for the SAX layer between expat and feedparser's strict parser. ``parser: feedparser`` does without all of this, and
``shadow`` compares.
"""

from __future__ import annotations

import base64
import binascii
import re
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

Attributes = list[tuple[str, str]]

_XHTML = "application/xhtml+xml"
_DIVISIONS = ("xhtml:div", "div")
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_CP1252 = {n: bytes([n]).decode("cp1252") for n in range(0x80, 0xA0) if n not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
_QUERY = re.compile("&([A-Za-z0-9_]+);")
_IN_IMAGE = frozenset({"title", "link", "description", "url", "href", "width", "height"})
_IN_INPUT = frozenset({"title", "link", "description", "name"})
_NOT_STORED = frozenset({"category", "tags", "itunes_keywords"})
_USERLAND = "http://backend.userland.com/rss"
_DRAWINGS = {"math": "http://www.w3.org/1998/Math/MathML", "svg": "http://www.w3.org/2000/svg"}

if TYPE_CHECKING:
    _Parser = Any
else:
    _Parser = object


class Odd(Exception):
    """Something that only the SAX layer reads as the SAX layer does."""


def repaired(text: str) -> str:
    """Text as feedparser mends it: what was encoded as UTF-8 twice, and what was meant as windows-1252."""
    # a character from U+0080 to U+00BF is in both: half of one that was encoded twice, a control character
    if text.isascii():
        return text
    data = text.encode(errors="surrogatepass")
    if b"\xc2" not in data:
        return text
    try:
        text = text.encode("latin-1").decode()
    except UnicodeError:
        pass
    else:
        data = text.encode()
    return text.translate(_CP1252) if _C1.search(data) else text


def without_division(pieces: list[str]) -> list[str]:
    """The pieces of a text without the one ``<div>`` that holds all the others."""
    while len(pieces) > 1 and not pieces[-1].strip():
        del pieces[-1]
    while len(pieces) > 1 and not pieces[0].strip():
        del pieces[0]
    if not pieces or not (pieces[0] == "<div>" or pieces[0].startswith("<div ")) or pieces[-1] != "</div>":
        return pieces
    depth = 0
    for piece in pieces[:-1]:
        if piece.startswith("</"):
            depth -= 1
            if depth == 0:
                return pieces
        elif piece.startswith("<") and not piece.endswith("/>"):
            depth += 1
    return pieces[1:-1]


class Brisk(_Parser):  # type: ignore[misc]
    """To stand between the recorder and one of feedparser's parsers. ``base_within`` is given by its user."""

    base_within: Any
    contentparams: Any
    baseuri: Any
    lang: Any
    direct = False  # no SAX before it

    def push_content(self, tag: str, attrs: Any, default_type: str, expecting_text: int) -> None:
        super().push_content(tag, attrs, default_type, expecting_text)
        self.contentparams = dict(self.contentparams)

    def decode_entities(self, element: str, data: str) -> str:
        return str(super().decode_entities(element, data)) if "&" in data else data

    # ---------------------------------------------------------------- the start of an element

    def unknown_starttag(self, tag: str, attrs: Attributes) -> Any:
        self.depth += 1
        attrs = [self._normalize_attributes(pair) for pair in attrs] if attrs else []
        told = dict(attrs)
        self._enter(tag, told)
        for name, address in attrs:
            if name.startswith("xmlns:"):
                self.track_namespace(name[6:], address)
            elif name == "xmlns":
                self.track_namespace(None, address)
        if self.incontent:
            kind = self.contentparams.get("type", "xml")
            if not kind.endswith("xml"):
                if tag in _DIVISIONS:
                    return None
                if self.direct and not self.version.startswith("rss"):
                    raise Odd  # pieces of text, which SAX makes more of, may be taken for tags
                kind = self.contentparams["type"] = _XHTML
            if kind == _XHTML:
                return self._write_start(tag, attrs)
        return self._call_start(tag, told)

    def _enter(self, tag: str, told: dict[str, str]) -> None:
        stated = told.get("xml:base", told.get("base")) or self.baseuri
        if stated:
            self.baseuri = _joined_base(type(self).base_within, self.baseuri, stated)
        lang = (
            told.get("xml:lang", told.get("lang", self.lang)) or None
        )  # an empty one ends that of the elements around it
        if lang and tag in ("feed", "rss", "rdf:RDF"):
            self.feeddata["language"] = lang.replace("_", "-")
        self.lang = lang
        self.basestack.append(self.baseuri)
        self.langstack.append(lang)

    def _write_start(self, tag: str, attrs: Attributes) -> Any:
        if ":" in tag:
            prefix, tag = tag.split(":", 1)
            address = self.namespaces_in_use.get(prefix, "")
            if _DRAWINGS.get(tag, "-") == address:
                attrs.append(("xmlns", address))
        if tag == "svg":
            self.svgOK += 1
        return self.handle_data(f"<{tag}{self.strattrs(attrs)}>", escape=0)

    def _call_start(self, tag: str, told: dict[str, str]) -> Any:
        prefix, colon, suffix = tag.partition(":")
        if not colon:
            prefix, suffix = "", tag
        prefix = self.namespacemap.get(prefix, prefix)
        if prefix:
            name = f"{prefix}_{suffix}"
        else:
            name = suffix
            if tag not in _IN_INPUT:
                self.intextinput = 0
            if tag not in _IN_IMAGE:
                self.inimage = 0
        try:
            return getattr(self, "_start_" + name)(told)
        except AttributeError:
            if not told:
                return self.push(name, 1)
            self._get_context()[name] = told
            return None

    # ---------------------------------------------------------------- the end of an element

    def unknown_endtag(self, tag: str) -> None:
        self._call_end(tag)
        if self.incontent:
            kind = self.contentparams.get("type", "xml")
            if not kind.endswith("xml"):
                if tag in _DIVISIONS:
                    return
                kind = self.contentparams["type"] = _XHTML
            if kind == _XHTML:
                self.handle_data(f"</{tag.rpartition(':')[2]}>", escape=0)
        if self.basestack:
            self.basestack.pop()
            if self.basestack and self.basestack[-1]:
                self.baseuri = self.basestack[-1]
        if self.langstack:
            self.langstack.pop()
            if self.langstack:
                self.lang = self.langstack[-1]
        self.depth -= 1

    def _call_end(self, tag: str) -> None:
        prefix, colon, suffix = tag.partition(":")
        if not colon:
            prefix, suffix = "", tag
        prefix = self.namespacemap.get(prefix, prefix)
        name = f"{prefix}_{suffix}" if prefix else suffix
        if suffix == "svg" and self.svgOK:
            self.svgOK -= 1
        try:
            if self.svgOK:
                raise AttributeError
            getattr(self, "_end_" + name)()
        except AttributeError:
            self.pop(name)

    # ---------------------------------------------------------------- the end of a text

    def pop(self, element: str, strip_whitespace: int = 1) -> str | None:
        if not self.elementstack or self.elementstack[-1][0] != element:
            return None
        _, expecting_text, pieces = self.elementstack.pop()
        if not isinstance(pieces, str):  # as the attributes of CDF are
            pieces = [piece.decode() if isinstance(piece, bytes) else piece for piece in pieces]
        if self.version == "atom10" and self.contentparams.get("type", "text") == _XHTML:
            pieces = without_division(pieces)
        text = "".join(pieces)
        if strip_whitespace:
            text = text.strip()
        if not expecting_text:
            return text
        text = self._finished(element, text)
        if element not in _NOT_STORED and not (element == "title" and -1 < self.title_depth <= self.depth):
            text = self._store(element, text)
        return text

    def _finished(self, element: str, text: str) -> str:
        params = self.contentparams
        if params.get("base64", 0):
            with suppress(binascii.Error, UnicodeDecodeError):
                text = base64.decodebytes(text.encode()).decode()
        else:
            text = self.decode_entities(element, text)
        plain = params.get("type") == "text/plain"
        if plain and not self.version.startswith("atom") and self.looks_like_html(text):
            params["type"] = "text/html"
        params.pop("mode", None)
        params.pop("base64", None)
        return repaired(text)

    def _store(self, element: str, text: str) -> str:
        if self.inentry and not self.insource:
            return self._store_in_entry(element, text)
        if self.infeed or self.insource:
            context = self._get_context()
            if element == "description":
                element = "subtitle"
            context[element] = text
            if element == "link":
                text = _QUERY.sub(r"&\g<1>", text)
                context[element] = text
                context["links"][-1]["href"] = text
            elif self.incontent:
                context[element + "_detail"] = {**self.contentparams, "value": text}
        return text

    def _store_in_entry(self, element: str, text: str) -> str:
        entry = self.entries[-1]
        if element == "content":
            entry.setdefault(element, []).append({**self.contentparams, "value": text})
        elif element == "link":
            if not self.inimage:
                text = _QUERY.sub(r"&\g<1>", text.replace("&amp;", "&"))
                entry[element] = text
                if text:
                    entry["links"][-1]["href"] = text
        else:
            if element == "description":
                element = "summary"
            depths = self.property_depth_map.setdefault(entry, {})
            if element not in depths or self.depth <= depths[element]:
                depths[element] = self.depth
                entry[element] = text
            if self.incontent:
                entry[element + "_detail"] = {**self.contentparams, "value": text}
        return text


@lru_cache(maxsize=256)
def _joined_base(base_within: Any, outer: str, stated: str) -> str:
    return str(base_within(outer, stated))


class Direct:
    """Reads a document with expat for a strict parser of feedparser, as ``xml.sax`` would."""

    def __init__(self, parser: Any) -> None:
        parser.direct = True
        self.parser = parser
        self.in_use: dict[str, str] = {}  # names below are found by these
        self.starts: dict[str, tuple[str, str | None]] = {}
        self.ends: dict[str, str] = {}
        self.keys: dict[str, tuple[str, str]] = {}

    def read(self, document: bytes) -> None:
        """Whatever feedparser raises is passed on.

        :raises Odd: SAX is needed.
        :raises expat.ExpatError: it is not well-formed.
        """
        if b"<!DOCTYPE" in document:
            raise Odd
        reader = expat.ParserCreate("utf-8", namespace_separator=" ")
        reader.namespace_prefixes = True
        reader.buffer_text = True
        reader.StartNamespaceDeclHandler = self.declare
        reader.StartElementHandler = self.start
        reader.EndElementHandler = self.end
        reader.CharacterDataHandler = self.parser.handle_data
        reader.Parse(document, True)

    def declare(self, prefix: str | None, address: str | None) -> None:
        self.parser.startPrefixMapping(prefix, address)
        if self.in_use != self.parser.namespaces_in_use:
            self.in_use = dict(self.parser.namespaces_in_use)
            self.starts.clear()
            self.ends.clear()

    def start(self, name: str, attrs: dict[str, str]) -> None:
        found = self.starts.get(name)
        if found is None:
            found = self.starts[name] = self._start_name(name)
        tag, drawing = found
        told, self.parser.decls = self.parser.decls, {}
        if drawing:
            told["xmlns"] = drawing
        if attrs:
            keys = [self.keys.get(key) or self._attribute(key) for key in attrs]
            for one, value in zip(keys, attrs.values(), strict=True):
                told[one[0]] = value
            for one, value in zip(keys, attrs.values(), strict=True):
                told[one[1]] = value
        self.parser.unknown_starttag(tag, list(told.items()))

    def end(self, name: str) -> None:
        tag = self.ends.get(name)
        if tag is None:
            address, local = _pair(name)
            prefix = self.parser._matchnamespaces.get(address.lower(), "")
            tag = self.ends[name] = (f"{prefix}:{local}" if prefix else self._as_in_use(address, local)).lower()
        self.parser.unknown_endtag(tag)

    def _start_name(self, name: str) -> tuple[str, str | None]:
        address, local = _pair(name)
        if _USERLAND.removeprefix("http://") in address.lower():
            address = _USERLAND
        prefix = self.parser._matchnamespaces.get(address.lower())
        local = local.lower()
        drawing = address if _DRAWINGS.get(local) == address else None
        tag = f"{prefix}:{local}" if prefix else self._as_in_use(address, local)
        return tag.lower(), drawing

    def _as_in_use(self, address: str, local: str) -> str:
        if address:
            for name, value in self.parser.namespaces_in_use.items():
                if name and value == address:
                    return f"{name}:{local}"
        return local

    def _attribute(self, key: str) -> tuple[str, str]:
        """The two names of an attribute: by its namespace, and as it stands there."""
        parts = key.split()
        if len(parts) > 3:
            raise Odd
        local = parts[min(1, len(parts) - 1)]
        prefix = self.parser._matchnamespaces.get(parts[0].lower() if len(parts) > 1 else "", "")
        stated = f"{parts[2]}:{local}" if len(parts) == 3 else local
        found = self.keys[key] = (f"{prefix}:{local}" if prefix else local).lower(), stated.lower()
        return found


def _pair(name: str) -> tuple[str, str]:
    parts = name.split()
    if len(parts) > 3:
        raise Odd
    return (parts[0], parts[1]) if len(parts) > 1 else ("", name)
