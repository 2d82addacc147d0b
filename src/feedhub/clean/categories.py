"""Categories: split where a source crams several into one, without junk, each once."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from feedhub.clean.text import tidy
from feedhub.model import Category, RawCategory

MAX_NAME = 200
"""Characters; a longer "category" is text in the wrong element and is dropped."""

_JUNK = frozenset(
    """uncategorized|uncategorised|uncategorized en|no category|none|null|undefined|unknown|default|misc|other|general category|
    chưa phân loại|chưa được phân loại|không phân loại|khác|trang chủ|home|homepage|non classé|non classée|non catégorisé|
    sans catégorie|accueil|allgemein|unkategorisiert|nicht kategorisiert|ohne kategorie|startseite|sin categoría|
    sin categorizar|sin clasificar|inicio|sem categoria|não categorizado|início|senza categoria|non categorizzato|
    без рубрики|без категории|главная|未分類|未分类|カテゴリーなし|その他|ホーム|首页|首頁|미분류|기타|홈|
    geen categorie|niet gecategoriseerd|bez kategorii|okategoriserade|ukategoriseret|kategorize edilmemiş|tak berkategori"""
    .replace("\n", "").split("|")
)  # fmt: skip
_JUNK_KEYS = frozenset(" ".join(word.split()).casefold() for word in _JUNK)
_PATH = re.compile(r"\s*(?:>|»|›|→)\s*|\s+/\s+|\s*\|\s*")
_HASHTAGS = re.compile(r"(?:#[^\s#,;]+[\s,;]*){2,}")
_LIST = re.compile(r"\s*[,;，、；]\s*")
_LAST_WORD = re.compile(r"(?:and|or|und|oder|et|ou|y|o|e|và|hoặc|и|или|&)\s", re.IGNORECASE)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "‐": "-", "‑": "-"})


@lru_cache(maxsize=4096)
def category_key(name: str) -> str:
    """What two names of one category have in common: NFKC, case folded, quotes, hyphens and white space unified."""
    folded = unicodedata.normalize("NFKC", tidy(name)).casefold().translate(_QUOTES)
    return unicodedata.normalize("NFC", " ".join(folded.split()))


def clean_categories(raw: Iterable[RawCategory], added: Iterable[str] = ()) -> tuple[Category, ...]:
    """The categories of an entry in the source's order, then those that the configuration adds."""
    found: dict[str, Category] = {}
    for category in raw:
        for part in _parts(category):
            found.setdefault(part.key, part)
    for name in map(tidy, added):
        if name:
            found.setdefault(category_key(name), Category(key=category_key(name), term=name))
    return tuple(found.values())


def _parts(raw: RawCategory) -> Iterable[Category]:
    term, label = tidy(html.unescape(raw.term)), tidy(html.unescape(raw.label))
    scheme = tidy(raw.scheme)
    if label and label != term:
        name = label.lstrip("#").strip()
        if _is_name(name):
            yield Category(key=category_key(name), term=term or name, scheme=scheme, label=name)
        return
    for name in split_names(term):
        if _is_name(name):
            yield Category(key=category_key(name), term=name, scheme=scheme)


def _is_name(name: str) -> bool:
    return (
        0 < len(name) <= MAX_NAME
        and category_key(name) not in _JUNK_KEYS
        and any(char.isalnum() for char in name)
        and not name.startswith(("http://", "https://"))
    )


def split_names(text: str) -> list[str]:
    """``A > B`` gives A and B, ``#a #b`` gives a and b, a comma list its members; a name with a comma stays whole."""
    if _HASHTAGS.fullmatch(text + " "):
        return [part.strip("#,; ") for part in text.split("#") if part.strip("#,; ")]
    return [name for part in _PATH.split(text) for name in _listed(part.strip())]


def _listed(text: str) -> list[str]:
    """Members of a comma list. ``Arts, Culture and Media`` and ``Doe, Jane`` are names; ``a, b, c`` is a list."""
    parts = [part.lstrip("#").strip() for part in _LIST.split(text) if part.strip("# ")]
    if len(parts) < 2:
        return parts
    joined = any(
        _LAST_WORD.match(part) or re.search(rf"\s{_LAST_WORD.pattern}", part, re.IGNORECASE) for part in parts[-1:]
    )
    if joined or "(" in text:
        return [text]
    unmistakable = re.search(r"[;，、；]", text) or all("#" in part for part in _LIST.split(text))
    short = all(len(part.split()) <= 4 for part in parts)
    listed = unmistakable or (len(parts) >= 3 and short) or (len(parts) == 2 and short and not _inverted(parts))
    return parts if listed else [text]


def _inverted(parts: list[str]) -> bool:
    """``Washington, D.C.`` or ``Doe, Jane``: two capitalised Latin parts may be one name."""
    return all(part[:1].isupper() and len(part.split()) == 1 for part in parts) or parts[1].rstrip(".").isupper()
