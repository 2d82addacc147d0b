"""Names of organisations: which words say that a name is one. Shared by the reading of bylines and of pages."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from feedhub.names import author_key

_DOMAIN = re.compile(
    r"[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|vn|de|fr|uk|io|co|info|news|tv|eu|es|it|jp|kr|cn|ru|br|au|ca|in)",
    re.IGNORECASE,
)


def _keys(text: str, between: str | None = "|") -> frozenset[str]:
    return frozenset(author_key(name) for name in text.split(between))


LISTED = _keys(
    """reuters|thomson reuters|associated press|the associated press|ap|ap news|afp|agence france-presse|agence france presse|
    dpa|dpa-afx|apa|sda|keystone-sda|epd|kna|sid|efe|agencia efe|europa press|ansa|adnkronos|lusa|anp|belga|ntb|tt|ritzau|
    stt|pap|ctk|čtk|mti|tass|тасс|риа новости|ria novosti|interfax|интерфакс|xinhua|新华社|新華社|中新社|中央社|kyodo|kyodo news|共同通信|
    時事通信|jiji press|yonhap|연합뉴스|뉴시스|뉴스1|pti|ani|ians|bernama|antara|upi|aap|bbc|bbc news|bbc sport|cnn|cnbc|msnbc|
    nbc news|abc news|cbs news|fox news|npr|pbs|sky news|al jazeera|aljazeera|bloomberg|bloomberg news|dow jones|financial times|
    wall street journal|the wall street journal|new york times|the new york times|washington post|the washington post|
    the guardian|guardian|the economist|economist|forbes|fortune|time|newsweek|politico|axios|vox|wired|the verge|techcrunch|
    ars technica|engadget|marketwatch|barron's|nikkei|nikkei asia|日本経済新聞|朝日新聞|読売新聞|毎日新聞|nhk|le monde|le figaro|
    libération|der spiegel|spiegel|die zeit|faz|süddeutsche zeitung|el país|el mundo|la repubblica|corriere della sera|folha|
    o globo|globo|ttxvn|vtv|vov|vnexpress|tuổi trẻ|thanh niên|dân trí|vietnamnet|vietnamplus|zing|zing news|vneconomy|cafef|
    nhân dân|lao động|tiền phong|người lao động|znews|vietnam+|vnanet|sggp|vtc news|vtc|kinh tế sài gòn|tuổi trẻ online|vietstock|báo đầu tư|propublica|the conversation|project syndicate|
    pr newswire|business wire|globenewswire|accesswire|medienhaus|storyful|getty images|getty|shutterstock|unsplash"""
)
"""Agencies and papers that bylines name, by the key of their names."""

WORDS = _keys(
    """news times post press agency agencies daily journal magazine media university institute inc ltd llc gmbh corp corporation
    company association foundation ministry department council committee bureau newspaper gazette herald tribune chronicle
    observer network broadcasting radio television tv studio studios group society academy college school bank zeitung verlag
    nachrichten rundfunk presse-agentur agence agencia agenzia noticias nachrichtenagentur université universidad universidade
    università universität institut instituto ministerio laboratory labs newsroom newswire wire digest quarterly monthly
    review insider today tribüne anzeiger echo kurier report reports research securities capital""",
    None,
)

STARTS = tuple(
    key + " "
    for key in sorted(
        _keys(
            """báo|tạp chí|đại học|trường đại học|học viện|viện|đài|thông tấn xã|công ty|tập đoàn|ngân hàng|bộ|sở|cục|ủy ban|hội|hiệp hội|
    trung tâm|tổ chức|liên đoàn|nhóm|ban|agence|agencia|agenzia|universität|université|universidad|газета|журнал|агентство|радио"""
        )
    )
)

_ENDS = (
    "新聞",
    "新闻",
    "新聞社",
    "通信",
    "通信社",
    "通讯社",
    "通訊社",
    "日報",
    "日报",
    "放送",
    "電視台",
    "电视台",
    "大学",
    "大學",
    "研究所",
    "신문",
    "일보",
    "뉴스",
    "통신",
    "방송",
    "대학교",
    "연구소",
    "株式会社",
    "有限公司",
)


def names_organisation(text: str, listed: AbstractSet[str] = LISTED) -> bool:
    """Whether a name is an organisation's for sure: it is listed, or says so by one of its words.

    :param listed: keys (:func:`feedhub.names.author_key`) of known organisations.
    """
    key = author_key(text)
    bare = key.removeprefix("the ")
    if key in listed or bare in listed or _DOMAIN.fullmatch(text):
        return True
    parts = key.split()
    if text.endswith(_ENDS):
        return True
    if len(parts) < 2:
        return False
    if key.startswith(STARTS) and any(part[:1].isupper() for part in text.split()):
        return text.isupper() is False or len(parts) > 2
    return (
        parts[-1] in WORDS
        or parts[0] == "the"
        or (parts[0] in {"university", "universität", "université", "institute", "ministry", "department", "bank"})
    )
