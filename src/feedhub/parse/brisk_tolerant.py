"""feedparser's tolerant parser, with the steps from one tag to the next done at less cost and to the same end.

feedparser reads what is not XML by ``sgmllib``, which looks at each reference and each tag with half a dozen patterns. Here
one pattern knows the tags that are written as nearly all are, and the text between two tags is taken as a whole. Whatever
is written otherwise is given to sgmllib's own methods, at its place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from feedhub.parse.brisk import Brisk

if TYPE_CHECKING:
    _Brisk = Any
else:
    _Brisk = Brisk

_NAME = re.compile("[a-zA-Z][-_.:a-zA-Z0-9]*")
_START = re.compile(
    r"""<([a-zA-Z][-_.:a-zA-Z0-9]*)((?:\s+[a-zA-Z_][-:.a-zA-Z_0-9]*=(?:"[^"<>]*"|'[^'<>]*'))*)(?:>|(\s*/>|\s+>))"""
)
_ATTRIBUTE = re.compile(r"""\s+([^=]+)=(?:"([^"]*)"|'([^']*)')""")
_END = re.compile(r"</([a-zA-Z][-_.:a-zA-Z0-9]*)>")
_REFERENCE = re.compile("&(?:#(?:[0-9]+|[xX][0-9a-fA-F]+);|[a-zA-Z][-.a-zA-Z0-9]*;?)")
_PIECE = re.compile("(?:&#([0-9]+|[xX][0-9a-fA-F]+);|&([a-zA-Z][-.a-zA-Z0-9]*);?|([^&]+|&(?:#[0-9]*)?))")
_XHTML = "application/xhtml+xml"


class BriskTolerant(_Brisk):  # type: ignore[misc]
    """To stand before feedparser's tolerant parser, which looks for methods ``start_p``, ``end_p`` that it does not have."""

    rawdata: Any

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.references: dict[str, str] = {}  # what each stands for in this document

    def finish_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> int:
        self.unknown_starttag(tag, attrs)
        return -1

    def finish_endtag(self, tag: str) -> None:
        name = _NAME.match(tag)
        self.unknown_endtag(name[0] if name else tag)

    def goahead(self, end: bool) -> None:
        """Read up to the last tag; what follows it, or is not closed, sgmllib knows to end."""
        text = self.rawdata
        done = 0
        while (tag := text.find("<", done)) >= 0:
            if tag > done and self.elementstack:
                self._read_text(text[done:tag])
            match = _END.match(text, tag)
            if match:
                done = match.end()
                self.unknown_endtag(match[1].lower())
                continue
            match = _START.match(text, tag)
            done = self._read_start(match) if match else self._read_otherwise(text, tag)
            if done < 0:
                done = tag
                break
        self.rawdata = text[done:]
        super().goahead(end)

    def _read_start(self, match: re.Match[str]) -> int:
        name, stated, last = match.groups()
        if last == "/>" and not stated:  # the start of a <tag/text/ of SGML
            return int(self.parse_starttag(match.start()))
        self.lasttag = tag = name.lower()
        attributes = []
        for key, double, single in _ATTRIBUTE.findall(stated):
            value = double or single
            if "&" in value:
                value = self.entity_or_charref.sub(self._convert_ref, value)
            attributes.append((key.lower(), value))
        self.unknown_starttag(tag, attributes)
        if last and last.endswith("/>"):
            self.unknown_endtag(tag)
        return match.end()

    def _read_otherwise(self, text: str, tag: int) -> int:
        """Where to go on, or less than 0 if it has no end."""
        after = text[tag + 1 : tag + 4]
        if after == "!--":
            return int(self.parse_comment(tag))
        if after[:1] == "!":
            return int(self.parse_declaration(tag))
        if after[:1] == "?":
            length = int(self.parse_pi(tag))
            return length if length < 0 else tag + length
        if after[:1] == "/":
            return int(self.parse_endtag(tag))
        if after[:1] == ">" or (after[:1].isascii() and after[:1].isalpha()):
            return int(self.parse_starttag(tag))
        if not after:
            return -1
        self.handle_data("<")
        return tag + 1

    def _read_text(self, text: str) -> None:
        """Text before a tag. Its pieces are one piece where nobody asks for each."""
        if "&" not in text:
            self.handle_data(text)
            return
        if self.contentparams.get("type") != _XHTML:
            whole = _REFERENCE.sub(self._meaning, text)
            if "<" not in whole:  # which may be taken for a tag if it is a piece of its own
                self.elementstack[-1][2].append(whole)
                return
        for match in _PIECE.finditer(text):
            number, name, data = match.groups()
            if number:
                self.handle_charref(number)
            elif name:
                self.handle_entityref(name)
            else:
                self.handle_data(data)

    def _meaning(self, reference: re.Match[str]) -> str:
        found = self.references.get(reference[0])
        if found is None:
            found = self.references[reference[0]] = self._told(reference[0])
        return found

    def _told(self, reference: str) -> str:
        """What feedparser makes of a reference: asked for as if there was an element with nothing else in it."""
        pieces: list[str | bytes] = []
        self.elementstack.append(["", 0, pieces])
        try:
            if reference[1] == "#":
                self.handle_charref(reference[2:-1])
            else:
                self.handle_entityref(reference[1:].removesuffix(";"))
        finally:
            self.elementstack.pop()
        return "".join([piece.decode() if isinstance(piece, bytes) else piece for piece in pieces])
