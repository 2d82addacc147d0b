"""Keywords that add nothing, because another one of the same list finds every text that they find."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from feedhub.classify.index import KeywordIndex, build_index
from feedhub.classify.keywords import Keyword, read_keyword
from feedhub.classify.words import View
from feedhub.settings import Fields

_GOES_ON = "qzxq"
"""Letters after a prefix, as no keyword has them: what any word that begins so may go on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A keyword as written, and where it is looked for."""

    source: str
    where: frozenset[Fields]


def overshadowed(listed: Sequence[Looked]) -> Iterator[tuple[str, str]]:
    """Keywords that add nothing, each with the one that finds as much. Of two that say the same the later one.

    Regular expressions are left out: what they find cannot be told from how they are written.
    """
    read = [(one, keyword) for one in listed if isinstance(keyword := read_keyword(one.source), Keyword)]
    indexes = _Indexes([keyword for _, keyword in read])
    for number, (one, keyword) in enumerate(read):
        wider = indexes.covering(keyword)
        for other, (its, shade) in enumerate(read):
            if other == number or shade not in wider or not one.where <= its.where:
                continue
            alike = one.where == its.where and keyword in indexes.covering(shade)
            if not alike or other < number:
                yield one.source, its.source
                break


class _Indexes:
    """What may find as much as a keyword does: one that regards case does not find what another case writes."""

    def __init__(self, keywords: Sequence[Keyword]) -> None:
        self._any = _index(keywords)
        self._caseless = _index([keyword for keyword in keywords if not keyword.exact])
        self._bare = _index([keyword for keyword in keywords if keyword.bare])

    def covering(self, keyword: Keyword) -> set[Keyword]:
        """The keywords that find every text in which this one stands."""
        index = self._any if keyword.exact else self._bare if keyword.bare else self._caseless
        text = _bare_text(keyword)
        return {index.keywords[number] for number in index.find(View(text + _GOES_ON if keyword.prefix else text))}


def _index(keywords: Collection[Keyword]) -> KeywordIndex:
    return build_index(tuple(dict.fromkeys(keywords)))


def _bare_text(keyword: Keyword) -> str:
    text = keyword.source.strip()
    text = text[1:] if keyword.exact or keyword.bare else text
    return text[:-1] if keyword.prefix else text
