"""The work that is measured: sources whose documents, changes and repeated stories follow from one seed.

Half of the sources write English, half Vietnamese; six of ten publish RSS 2.0, three Atom 1.0, one JSON Feed 1.1. Each lists its 30
newest entries, about 40 kB. A fifth of all entries retell what another source told first, under an address of their own and edited a
little, as papers do with what an agency sends; :meth:`Workload.truth` says which entries tell one story. The same sources, seed and
ticks give the same bytes on every machine.
"""

from __future__ import annotations

import json
import random
import unicodedata
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from html import escape

from languages import Language

SEED = 1
LISTED = 30
"""Entries of a document, where nobody says otherwise."""
RETOLD = 0.2
"""Part of the entries that retell what another source told first."""
TELLERS = 4
"""Sources that tell one story at most."""
RECENT = 400
"""Stories of a language that may still be retold."""
BEGIN = datetime(2025, 3, 1, 6, tzinfo=UTC)
PACE = timedelta(hours=2)
"""Time between two entries of a source."""


class Form(StrEnum):
    """What a source publishes; the value is its media type."""

    RSS = "application/rss+xml"
    ATOM = "application/atom+xml"
    JSON = "application/feed+json"


FORMS = (Form.RSS, Form.ATOM, Form.RSS, Form.RSS, Form.ATOM, Form.RSS, Form.JSON, Form.RSS, Form.ATOM, Form.RSS)


def form_of(source: int) -> Form:
    """Both languages have each form in the same share."""
    return FORMS[source // 2 % len(FORMS)]


@dataclass(frozen=True, slots=True)
class Placed:
    """One entry of the plan: the ``place``-th that the source ever had tells a story, as the ``teller``-th to do so."""

    source: int
    place: int
    story: int
    teller: int

    @property
    def id(self) -> str:
        return f"https://site{self.source}.example/{self.place}"

    @property
    def link(self) -> str:
        tracking = "?utm_source=feed&utm_medium=rss" if self.source % 3 == 0 else ""
        return f"https://site{self.source}.example/news/{self.story * 7 + self.source}-{self.place}.html{tracking}"

    @property
    def published(self) -> datetime:
        return BEGIN + PACE * self.place + timedelta(seconds=(self.source * 977 + self.teller * 600) % 7200)


@dataclass(frozen=True, slots=True)
class Text:
    """What an entry says."""

    title: str
    paragraphs: tuple[str, ...]
    categories: tuple[str, ...]


class Workload:
    """The sources ``0`` to ``sources - 1``, and all that they have published so far.

    :param listed: entries of a document.
    """

    def __init__(self, sources: int, seed: int = SEED, listed: int = LISTED) -> None:
        self.sources, self.seed, self.listed, self.ticks = sources, seed, listed, 0
        self._languages = (Language("en", seed), Language("vi", seed + 1))
        self._dice = random.Random(f"{seed} plan")
        self._open: tuple[deque[list[Placed]], ...] = (deque(maxlen=RECENT), deque(maxlen=RECENT))
        self._stories = 0
        self._placed: dict[int, list[Placed]] = defaultdict(list)
        for _ in range(listed):
            for source in range(sources):
                self._publish(source)

    def tick(self, share: float = 0.1) -> list[int]:
        """This share of the sources publishes an entry more, others at each tick; says which."""
        step = max(1, round(1 / share))
        changed = list(range(self.ticks % step, self.sources, step))
        self.ticks += 1
        for source in changed:
            self._publish(source)
        return changed

    def version(self, source: int) -> int:
        """How often the source's document has changed."""
        return len(self._placed[source]) - self.listed

    def modified(self, source: int) -> datetime:
        return self._placed[source][-1].published

    def entries(self) -> int:
        """How many entries all documents list together that were ever published."""
        return sum(map(len, self._placed.values()))

    def placed(self, source: int) -> list[Placed]:
        """All that the source ever published, the oldest first."""
        return self._placed[source]

    def truth(self) -> Iterator[tuple[str, int]]:
        """(id of an entry, number of its story) of everything published so far."""
        for source in range(self.sources):
            yield from ((one.id, one.story) for one in self._placed[source])

    def document(self, source: int) -> bytes:
        """What the source answers now."""
        newest = self._placed[source][: -self.listed - 1 : -1]
        return _WRITERS[form_of(source)](self, source, [(one, self.text(one)) for one in newest]).encode()

    def text(self, placed: Placed) -> Text:
        """What an entry says: the story, and whoever is not its first teller edits a little."""
        language = self._languages[placed.source % 2]
        told = self._story(placed.story, language)
        return told if placed.teller == 0 else self._edited(told, placed, language)

    def language(self, source: int) -> str:
        return self._languages[source % 2].tag

    def author(self, placed: Placed) -> str:
        names = self._languages[placed.source % 2].names
        return _composed(f"{names[placed.source % 350]} {names[350 + (placed.source * 5 + placed.place % 6) % 350]}")

    def _publish(self, source: int) -> None:
        place = len(self._placed[source])
        placed = self._retelling(source, place) if self._dice.random() < RETOLD else None
        if placed is None:
            placed = Placed(source, place, self._stories, 0)
            self._stories += 1
            self._open[source % 2].append([placed])
        self._placed[source].append(placed)

    def _retelling(self, source: int, place: int) -> Placed | None:
        """A recent story of the language that this source has not told yet; None when there is none at hand."""
        stories = self._open[source % 2]
        for _ in range(8 if stories else 0):
            told = stories[self._dice.randrange(len(stories))]
            if len(told) < TELLERS and all(one.source != source for one in told):
                told.append(Placed(source, place, told[0].story, len(told)))
                return told[-1]
        return None

    def _story(self, number: int, language: Language) -> Text:
        dice = random.Random(f"{self.seed} story {number}")
        subject = dice.choice(language.names)
        title = " ".join([subject, *language.some(dice, dice.randrange(5, 10))])
        paragraphs = tuple(
            _composed(" ".join(self._sentence(dice, language, subject) for _ in range(3)))
            for _ in range(dice.choice((2, 2, 3, 3, 4)))
        )
        return Text(_composed(title), paragraphs, tuple(map(_composed, dice.sample(language.words[40:200], 2))))

    def _sentence(self, dice: random.Random, language: Language, subject: str) -> str:
        return language.sentence(dice, *([subject] if dice.random() < 0.3 else []))

    def _edited(self, text: Text, placed: Placed, language: Language) -> Text:
        dice = random.Random(f"{self.seed} edition {placed.id}")
        share = dice.uniform(0.005, 0.05)

        def again(word: str) -> str:
            known = dice.random() >= share or any(map(str.isdigit, word)) or word in text.title
            return word if known else _composed(dice.choice(language.words))

        paragraphs = [" ".join(map(again, one.split())) for one in text.paragraphs]
        if dice.random() < 0.3:
            paragraphs.append(_composed(f"{language.sentence(dice)} site{placed.source}.example"))
        return Text(text.title, tuple(paragraphs), text.categories)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


# ---------------------------------------------------------------- documents

Listed = list[tuple[Placed, Text]]


def _html(placed: Placed, text: Text) -> str:
    """The body as content systems write it: paragraphs, in every third a picture, in every second a link."""
    parts = [f"<p>{one}</p>" for one in text.paragraphs]
    if placed.story % 3 == 0:
        parts.insert(
            1,
            f'<p><img src="https://site{placed.source}.example/i/{placed.story}.jpg" alt="" width="640" height="400"></p>',
        )
    if placed.place % 2 == 0:
        parts.append(f'<p><a class="more" href="{escape(placed.link)}" target="_blank">{text.title}</a></p>')
    return "".join(parts)


def _rss(work: Workload, source: int, listed: Listed) -> str:
    items = [
        f"<item><title>{text.title}</title><link>{escape(one.link)}</link><guid>{one.id}</guid>"
        f"<pubDate>{format_datetime(one.published)}</pubDate><dc:creator>{work.author(one)}</dc:creator>"
        + "".join(f"<category>{name}</category>" for name in text.categories)
        + f"<description><![CDATA[{_html(one, text)}]]></description></item>"
        for one, text in listed
    ]
    home = f"https://site{source}.example/"
    head = f"<title>Site {source}</title><link>{home}</link><description>News</description>"
    head += f"<language>{work.language(source)}</language>"
    declared = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    return f"{declared}<channel>{head}{''.join(items)}</channel></rss>"


def _atom(work: Workload, source: int, listed: Listed) -> str:
    entries = [
        f'<entry><title>{text.title}</title><link href="{escape(one.link)}"/><id>{one.id}</id>'
        f"<updated>{_rfc3339(one.published)}</updated><published>{_rfc3339(one.published)}</published>"
        f"<author><name>{work.author(one)}</name></author>"
        + "".join(f'<category term="{name}"/>' for name in text.categories)
        + f'<content type="html">{escape(_html(one, text))}</content></entry>'
        for one, text in listed
    ]
    home = f"https://site{source}.example/"
    head = f'<title>Site {source}</title><id>{home}</id><link href="{home}"/><updated>{_rfc3339(work.modified(source))}</updated>'
    declared = '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
    return f'{declared} xml:lang="{work.language(source)}">{head}{"".join(entries)}</feed>'


def _json(work: Workload, source: int, listed: Listed) -> str:
    items = [
        {
            "id": one.id,
            "url": one.link,
            "title": text.title,
            "content_html": _html(one, text),
            "date_published": _rfc3339(one.published),
            "authors": [{"name": work.author(one)}],
            "tags": list(text.categories),
        }
        for one, text in listed
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": f"Site {source}", "language": work.language(source)}
    home = f"https://site{source}.example/"
    return json.dumps({**head, "home_page_url": home, "items": items}, ensure_ascii=False)


_WRITERS = {Form.RSS: _rss, Form.ATOM: _atom, Form.JSON: _json}


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
