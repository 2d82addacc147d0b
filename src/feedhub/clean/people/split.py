"""A byline parted into segments, each with the role that is said once for all its names (``Editing by A and B``)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from feedhub.clean.people import lexicon
from feedhub.clean.people.lookup import Lexicon
from feedhub.names import author_key

_BORDERS = re.compile(r"\s*[|;；•\n]\s*|\s+·\s+|\.\s+(?=(?:[A-Z][\w-]+\s){1,3}by\s)")
_COLON = re.compile(r"(?P<role>[^:：]{1,40}?)\s*[:：]\s*(?P<names>.+)")
_ROLE_BY = re.compile(r"(?P<role>(?:[\w&,-]+\s+){1,4}?)(?:by|von|par|por)\s*:?\s+(?P<names>.+)", re.IGNORECASE)
_BY = re.compile(
    rf"(?:{'|'.join(sorted(map(re.escape, lexicon.BY), key=len, reverse=True))})(?:\s*[:：]\s*|\s+)(?P<names>.+)",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"\d+\s*-?\s*(?:min|mins|minute|minutes|minuten|minutos|phút)\b.*|(?:last\s+)?(?:updated|published|posted|modified|cập nhật|publié|mis à jour|"
    r"aktualisiert|veröffentlicht|actualizado|publicado|обновлено|опубликовано)\b.*|\d[\d\s:./,-]*|(?:share|comments?|follow|subscribe)\b.*|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\b.*\d.*|.{0,30}\b(?:19|20)\d{2}\b.*|min read|photo",
    re.IGNORECASE,
)
_DATE_TAIL = re.compile(
    r"\s*(?:,|-|–|—)?\s*\b(?:on|am|le|el|em|ngày|lúc|at|updated|published|posted|cập nhật)?\s+(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?"
    r"(?:(?:\d{1,2}\.?\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|okt|dez|janv|févr|avr|juin|juil|août|déc|tháng)[\w.]*"
    r"\s+\d{1,2}(?:\d{2})?\b|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}).*$",
    re.IGNORECASE,
)
_CERTAIN_BY = frozenset({"by"})
_WEAK_BY = frozenset({"theo", "di", "da", "af", "av", "von", "source", "bài", "text", "текст", "от", "của", "文", "글"})


@dataclass(frozen=True, slots=True)
class Segment:
    text: str
    role: str = ""


def segments(text: str, lexicon_: Lexicon) -> list[Segment]:
    """The parts of a byline that name someone; dates, reading times and buttons are left out."""
    found = []
    for part in _BORDERS.split(text):
        part = _DATE_TAIL.sub("", part).strip(" ,-–—")
        if part and not _NOISE.fullmatch(part):
            found.append(_segment(part, lexicon_))
    return found


def _segment(text: str, lexicon_: Lexicon) -> Segment:
    role = ""
    for _round in range(3):  # "By: Reporting by: A"
        names = _after_by(text, lexicon_)
        if names:
            text = names
            continue
        match = _COLON.fullmatch(text) or _ROLE_BY.fullmatch(text)
        if not match or not _says_role(match, lexicon_):
            break
        role, text = role or match["role"].strip(" ,-"), match["names"].strip()
    return Segment(text, role)


def _after_by(text: str, lexicon_: Lexicon) -> str:
    """What stands behind ``By`` and its like; "" when there is no such word, or when it is a name (``Theo James``)."""
    match = _BY.fullmatch(text)
    if not match:
        return ""
    names = match["names"].strip(" :")
    word = text[: match.start("names")].strip(" :：")
    if re.search(r"[:：]\s*$", text[: match.start("names")]):
        return names
    key = author_key(word)
    if key not in _WEAK_BY and (
        " " in key or key in _CERTAIN_BY or key in {"por", "par", "door", "bởi", "przez", "oleh", "written by"}
    ):
        return names
    return names if _may_follow(key, names, lexicon_) else ""


def _may_follow(key: str, names: str, lexicon_: Lexicon) -> bool:
    """Words that are also names, or parts of names, need two words behind them that look like a name."""
    if lexicon_.is_organisation(names):
        return True
    if key == "theo":
        return not names.isascii() and len(names.split()) >= 2
    if key in {"của", "tác giả", "автор", "от", "著者", "作者", "글", "文"}:
        return True
    return len(names.split()) >= 2 and names[:1].isupper()


def _says_role(match: re.Match[str], lexicon_: Lexicon) -> bool:
    role = match["role"].strip()
    if ":" in match[0] or "：" in match[0]:
        return len(role.split()) <= 6 and not any(char.isdigit() for char in role)
    key = author_key(role)
    first = key.split()[0] if key else ""
    return key in lexicon.CREDITS or first in lexicon.CREDITS or lexicon_.is_role(role)
