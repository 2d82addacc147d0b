"""The lines of a byline as it stands on a page -> who is credited, in which role, and the dates among them. Pure.

``Huyền Trần / Huyền Trần / Junior Analyst / 13:44 14/02/2025`` is one author with a role and a date: the picture's
alternative text says the name, the link says it again, and the role has a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from feedhub.extract.date_signs import looks_like_date, says_updated
from feedhub.model import RawPerson
from feedhub.names import author_key

MAX_NAME = 120
_ROLE = 60
_FURNITURE = re.compile(
    r"^\W*(?:follow(?:ing)?|theo dõi|share|chia sẻ|subscribe|save|lưu|print|in bài|e-?mail|bình luận|comments?|\d+ comments?|\d+ bình luận|copy link|"
    r"sao chép liên kết|listen|nghe|facebook|twitter|x|linkedin|zalo|whatsapp|telegram|rss|\d+|\d+\s*(?:min|phút|minutes?|мин|分).{0,12}|"
    r"advertisement|quảng cáo|more from.*|view (?:profile|all posts).*|xem thêm.*|avatar|photo|ảnh đại diện|about the authors?|aa|a\+|a-|folgen|suivre|seguir)\W*$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?…]\s+\w|[.!?]$")
_BY = re.compile(
    r"^(?:by|von|par|por|bởi|tác giả|author|autor|auteur|written by|posted by|đăng bởi|người viết|bài viết)\s*[:：]?$",
    re.IGNORECASE,
)
_LEADING_BY = re.compile(r"^(?:by|von|par|por|written by|posted by|tác giả|author)\s*[:：]?\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What the lines say. ``lines`` are those that were understood, so that they can be taken out of a text."""

    people: tuple[RawPerson, ...] = ()
    published: str = ""
    updated: str = ""
    lines: tuple[str, ...] = ()


def read_lines(lines: Iterable[str], *, addresses: dict[str, str] | None = None, context: str = "byline") -> Credited:
    """Read the lines of an element that is known to be a byline.

    :param addresses: of authors' pages, by the name that links there.
    """
    return _read(tuple(lines), tuple((addresses or {}).items()), context)


@lru_cache(maxsize=2048)
def _read(lines: tuple[str, ...], linked: tuple[tuple[str, str], ...], context: str) -> Credited:
    """A listing says the same few names again and again."""
    addresses = dict(linked)
    people: list[RawPerson] = []
    published = updated = ""
    used: list[str] = []
    for line in _split(lines):
        if looks_like_date(line):
            used.append(line)
            if says_updated(line):
                updated = updated or line
            else:
                published = published or line
            continue
        if _FURNITURE.match(line) or _BY.match(line):
            used.append(line)
            continue
        if len(line) > MAX_NAME or _SENTENCE.search(line):
            break  # the author's biography, or the text itself
        name = _LEADING_BY.sub("", line)
        if any(author_key(name) == author_key(one.name) for one in people):
            used.append(line)
        elif people and not people[-1].role and _may_be_role(line, addresses):
            people[-1] = RawPerson(name=people[-1].name, uri=people[-1].uri, role=line, context=context)
            used.append(line)
        elif not people or name in addresses:
            people.append(RawPerson(name=line, uri=addresses.get(name, ""), context=context))
            used.append(line)
    return Credited(people=tuple(people), published=published, updated=updated, lines=tuple(used))


def _split(lines: Iterable[str]) -> Iterable[str]:
    """``By Jane Doe | 14 February 2025`` in one line is two."""
    for line in lines:
        parts = [part.strip() for part in re.split(r"\s*[|•·]\s*|\s+[–—-]\s+(?=.*\d)", line) if part.strip()]
        if len(parts) > 1 and any(map(looks_like_date, parts)):
            yield from parts
        else:
            yield line


def _may_be_role(line: str, addresses: dict[str, str]) -> bool:
    return len(line) <= _ROLE and line not in addresses and not any(char.isdigit() or char in "@:/" for char in line)


def looks_like_name(text: str) -> bool:
    """Whether a short text may be a person's name: two to five words that begin with capitals, or one in scripts without."""
    words = text.split()
    if not text or len(text) > 60 or any(char.isdigit() or char in "@/:?!" for char in text):
        return False
    if text[0] >= "\u2e80":
        return 2 <= len(text.replace(" ", "")) <= 8
    if not 2 <= len(words) <= 6 or not (words[0][0].isupper() or not words[0][0].islower()) or words[-1][0].islower():
        return False
    return all(not word[0].islower() or len(word) <= 3 for word in words)  # van, de, bin
