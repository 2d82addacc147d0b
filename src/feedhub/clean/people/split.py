"""A byline parted into segments, each with the role that is said once for all its names (``Editing by A and B``)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from feedhub.clean.people import lexicon
from feedhub.clean.people.lookup import Lexicon
from feedhub.names import author_key

_BORDERS = re.compile(
    r"\s*[|;；•\n]\s*|\s+·\s+|\.\s+(?=(?:[A-Z][\w-]+\s){1,3}by\s)"
    r"|\s*(?:[/,.，、]|\s[-–—])\s*(?=[^\W\d_][^:：/,.;|]{1,30}?\s*[:：]\s*\S)"
    rf"|\s*,\s*(?=(?:{'|'.join(sorted(map(re.escape, lexicon.CREDITS), key=len, reverse=True))})\s+(?:by|de|di|von|par|por)\s)"
    r"|\s+(?=[\u4e00-\u9fff]{1,4}[:：]\s*\S)",
    re.IGNORECASE,
)
"""Besides the usual signs: where another credit begins, as in ``Text: A, Foto: B`` or ``Story by A, photography by B``."""
_HAN = r"[\u4e00-\u9fff]"
_HAN_CREDIT = re.compile(
    r"(?P<role>(?:文字|文|图|圖|写真|寫真|取材|構成|撰文|作者|记者|記者|编辑|編輯|摄影|攝影|采访|採訪|・(?=文|写真|構成)){1,4})"
    r"\s*(?:[/／=＝]|・)\s*(?=[\u3040-\u30ff\u4e00-\u9fff])"
)
_HAN_REPORT = re.compile(
    rf"(?:(?P<organisation>(?!本[报報社]){_HAN}{{1,6}}[社報报網网台]))?"
    r"(?P<role>(?:本报|本報|本社|见习|特约|駐\S{2}|驻\S{2})?(?:记者|記者|通讯员|实习生))[\s：:]*"
    rf"(?P<names>(?:{_HAN}|[\s、，]){{2,40}})"
)
_HAN_DESK = re.compile(
    rf"[〔\[（(]?(?:(?P<organisation>{_HAN}{{1,6}}[社報报網网台]))?(?P<role>記者|记者)(?P<names>{_HAN}{{2,3}})"
    rf"(?:[/／]{_HAN}{{2,4}}(?:報導|报道)|{_HAN}{{2,3}}\d{{1,2}}日[電电讯訊])[〕\]）)]?"
)
_HANGUL_LINE = re.compile(r"\[?[가-힣]{2,4}=(?P<organisation>[^\]\s=]{2,10})\]?\s*(?P<rest>.*)")
_HANGUL_PAIR = re.compile(r"(?P<names>[가-힣]{2,4}(?:\s*[·ㆍ]\s*[가-힣]{2,4})+)\s*(?P<role>[가-힣]*(?:기자|특파원))")
_TRAIL = re.compile(
    r"\s*(?:[(\[©]\s*(?:19|20)\d{2}\s*[)\]]?|\((?:she|he|they|xe|ze)(?:/\w+)+\)|(?<=\w)\s+Follow)$", re.IGNORECASE
)
_HAN_DATELINE = re.compile(r"\s+\S{2,4}(?:报道|報導|报导|報道|电|電|讯|訊)$")
_HAN_NAMES = re.compile(r"[\u4e00-\u9fff]{2,4}(?:\s+[\u4e00-\u9fff]{2,4})*")
_CONTRIBUTED = re.compile(r"\s+(?:contributed|contributed to this (?:report|story|article))\.?$", re.IGNORECASE)
_COLON = re.compile(r"(?P<role>[^:：]{1,40}?)\s*[:：]\s*(?P<names>.+)")
_ROLE_BY = re.compile(r"(?P<role>(?:[\w&,-]+\s+){1,4}?)(?:by|von|par|por|de|di)\s*:?\s+(?P<names>.+)", re.IGNORECASE)
_BY = re.compile(
    rf"(?:{'|'.join(sorted(map(re.escape, lexicon.BY), key=len, reverse=True))})(?:\s*[:：]\s*|\s+)(?P<names>.+)",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"\d+\s*-?\s*(?:min|mins|minute|minutes|minuten|minutos|phút)\b.*|(?:last\s+)?(?:updated|published|posted|modified|cập nhật|publié|mis à jour|"
    r"aktualisiert|veröffentlicht|actualizado|publicado|обновлено|опубликовано)\b(?!\s+(?:by|von|par|por|bởi)\b).*|\d[\d\s:./,-]*|(?:share|comments?|follow|subscribe)\b.*|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\b.*\d.*|.{0,30}\b(?:19|20)\d{2}\b.*|min read|photo",
    re.IGNORECASE,
)
_DATE_TAIL = re.compile(
    r"\s*(?:,|-|–|—)?\s*\b(?:on|am|le|el|em|ngày|lúc|at|updated|published|posted|cập nhật)?\s+(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?"
    r"(?:(?:\d{1,2}\.?\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|okt|dez|janv|févr|avr|juin|juil|août|déc|tháng)[\w.]*"
    r"\s+\d{1,2}(?:\d{2})?\b|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}).*$",
    re.IGNORECASE,
)
_SITE_BY = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?:/\S*)? (?:by|via) (?P<names>\S.*)", re.IGNORECASE)
"""What sites of links say: where the linked text stands, and who wrote or found it."""
_CERTAIN_BY = frozenset({"by"})
_WEAK_BY = frozenset({"theo", "di", "da", "af", "av", "von", "source", "bài", "text", "текст", "от", "của", "文", "글"})


@dataclass(frozen=True, slots=True)
class Segment:
    text: str
    role: str = ""


def segments(text: str, lexicon_: Lexicon) -> list[Segment]:
    """The parts of a byline that name someone; dates, reading times and buttons are left out."""
    found = []
    text = _TRAIL.sub("", _CONTRIBUTED.sub("", _HAN_CREDIT.sub(r"\g<role>：", text)))
    if line := _HANGUL_LINE.fullmatch(text):
        text = f"{line['rest']}, {line['organisation']}" if line["rest"] else line["organisation"]
    for part in _BORDERS.split(text):
        part = _DATE_TAIL.sub("", part).strip(" ,-–—")
        if pair := _HANGUL_PAIR.fullmatch(part):
            found.append(Segment(re.sub(r"\s*[·ㆍ]\s*", "、", pair["names"]), pair["role"]))
            continue
        if han := _HAN_DESK.fullmatch(part) or _HAN_REPORT.fullmatch(_HAN_DATELINE.sub("", part)):
            names = han["names"].strip()
            names = "、".join(names.split()) if _HAN_NAMES.fullmatch(names) else names
            names += f"、{han['organisation']}" if han["organisation"] else ""
            found.append(Segment(names, han["role"]))
            continue
        if part and not _NOISE.fullmatch(part):
            found.append(_segment(part, lexicon_))
    people = [segment for segment in found if not lexicon_.is_place(segment.text)]
    return people or found


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
    if site := _SITE_BY.fullmatch(text):
        return site["names"]
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
