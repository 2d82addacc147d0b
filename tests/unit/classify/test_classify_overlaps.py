"""Keywords that add nothing; syllables of Vietnamese."""

from __future__ import annotations

import pytest

from feedhub.classify.overlaps import Looked, overshadowed
from feedhub.config.vietnamese import is_syllable
from feedhub.settings import Fields

EVERYWHERE = frozenset(Fields)


@pytest.mark.parametrize(
    ("words", "needless"),
    [
        (["lãi", "lãi suất"], {"lãi suất": "lãi"}),
        (["lãi suất", "suất ăn"], {}),
        (["econom*", "economics"], {"economics": "econom*"}),
        (["economics", "econom*"], {"economics": "econom*"}),
        (["eco*", "econom*"], {"econom*": "eco*"}),
        (["econom", "econom*"], {"econom": "econom*"}),
        (["ngôn", "ngôn ng*"], {"ngôn ng*": "ngôn"}),
        (["~cafe", "café"], {"café": "~cafe"}),
        (["cafe", "~cafe"], {"cafe": "~cafe"}),
        (["AI", "=AI"], {"=AI": "AI"}),
        (["=AI", "ai"], {"=AI": "ai"}),
        (["=AI", "=Ai"], {}),
        (["=AI", "=AI hub"], {"=AI hub": "=AI"}),
        (["hòa bình", "hoà bình"], {"hoà bình": "hòa bình"}),
        (["Bank", "bank", "BANK"], {"bank": "Bank", "BANK": "Bank"}),
        (["C", "C++"], {"C++": "C"}),
        (["net", ".NET"], {".NET": "net"}),
        (["中国", "在中国"], {"在中国": "中国"}),
        (["/bank/", "bank"], {}),
        (["bank"], {}),
    ],
)
def test_which_keywords_add_nothing(words: list[str], needless: dict[str, str]) -> None:
    assert dict(overshadowed([Looked(source=word, where=EVERYWHERE) for word in words])) == needless


def test_one_that_is_looked_for_in_fewer_places_stands_in_for_none() -> None:
    title = frozenset({Fields.TITLE})
    assert not list(overshadowed([Looked(source="lãi", where=title), Looked(source="lãi suất", where=EVERYWHERE)]))
    assert list(overshadowed([Looked(source="lãi", where=EVERYWHERE), Looked(source="lãi suất", where=title)]))


@pytest.mark.parametrize(
    "word", ["vàng", "AI", "THAI", "nghiêng", "quý", "giá", "đất", "khuya", "yêu", "xuất", "tin", "ngoằn", "uống"]
)
def test_a_syllable(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize(
    "word", ["bank", "IMF", "NASA", "chat", "at", "ECB", "gold", "", "lãi suất", "R&D", "café", "phone", "中国"]
)
def test_no_syllable(word: str) -> None:
    assert not is_syllable(word)
