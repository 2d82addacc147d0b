"""Stories that several sources carry: are copies joined, and look-alikes kept apart? And what does it cost?

    python benchmarks/dedup.py [ENTRIES] [STORED] [SEED ...]      (default: 6000 1000000, seeds 11 12 13)

Invented news in English and Vietnamese, of which the truth is known. A fifth of the stories are syndicated in two to four
sources, under other addresses with tracking parameters: edited by 1 to 10 %, between a publisher's own furniture, cut off,
with shuffled paragraphs, under another title, and by several of these at once. As many look-alikes must stay apart:
reports from one template, daily figures, parts of a series, stories with a quotation or their furniture in common. Everything goes
through FeedHub's own identifying and committing into a SQLite file. The baseline joins what has the same canonical link
or the same text, which is what FeedHub's exact keys do alone.

The second table is the cost of a new entry with STORED others in the database. The thresholds were set while looking at
seeds 1 to 3; the default seeds were not looked at.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, insert, select

from feedhub.clean.urls import canonical
from feedhub.commit import Committer, Finding
from feedhub.config import load_text
from feedhub.dedupe import identify
from feedhub.dedupe.digests import folded_words
from feedhub.dedupe.sketch import marks_of
from feedhub.logs import set_up_logging
from feedhub.model import (
    Digest,
    Draft,
    Entry,
    FeedInfo,
    FeedKind,
    FeedRef,
    Fetched,
    Membership,
    PollHints,
    SourceId,
    Understood,
)
from feedhub.nearby import NearCopies
from feedhub.ports import SourceSpec
from feedhub.schedule import Tariff
from feedhub.store import SqlStore, open_store
from feedhub.store.tables import contents, entries, story_marks
from feedhub.store.upgrading import migrate
from languages import Language, figure
from reporting import Report, arguments

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SOURCES = 40
KINDS = ("edited", "furniture", "cut", "shuffled", "retitled", "several")
LOOKALIKES = ("template", "figures", "series", "quotation", "same furniture")


@dataclass(frozen=True)
class Story:
    """One text: its truth, and paragraphs."""

    truth: str
    kind: str
    language: str
    title: str
    paragraphs: tuple[str, ...]


class World:
    """Stories, their copies and their look-alikes."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.languages = [Language("en", seed), Language("vi", seed + 1)]
        self.furniture = {
            (number, language.tag): [language.sentence(self.dice) for _ in range(self.dice.randrange(2, 7))]
            for number in range(SOURCES)
            for language in self.languages
        }

    def story(self, truth: str, language: Language) -> Story:
        dice, subject = self.dice, self.dice.choice(language.names)
        title = " ".join([subject, *language.some(dice, dice.randrange(5, 9))])
        paragraphs = tuple(
            " ".join(
                language.sentence(dice, *([subject] if dice.random() < 0.4 else []))
                for _ in range(dice.randrange(2, 5))
            )
            for _ in range(dice.randrange(3, 9))
        )
        return Story(truth, "first", language.tag, title, paragraphs)

    def copy(self, story: Story, kind: str, language: Language) -> Story:
        if kind == "several":
            for one in self.dice.sample(KINDS[:5], 2):
                story = self.copy(story, one, language)
            return replace(story, kind="several")
        made: Callable[[Story, Language], Story] = getattr(self, f"_{kind}")
        return replace(made(story, language), kind=kind)

    def _edited(self, story: Story, language: Language) -> Story:
        share = self.dice.uniform(0.01, 0.1)
        return replace(story, paragraphs=tuple(self._worded(text, share, language) for text in story.paragraphs))

    def _worded(self, text: str, share: float, language: Language) -> str:
        return " ".join(
            self.dice.choice(language.words) if self.dice.random() < share else word for word in text.split()
        )

    def _furniture(self, story: Story, language: Language) -> Story:
        lines = self.furniture[self.dice.randrange(SOURCES), language.tag]
        cut = self.dice.randrange(len(lines) + 1)
        return replace(story, paragraphs=(*lines[:cut], *story.paragraphs, *lines[cut:]))

    def _cut(self, story: Story, _language: Language) -> Story:
        words = " ".join(story.paragraphs).split()
        return replace(
            story, paragraphs=(" ".join(words[: max(45, int(len(words) * self.dice.uniform(0.3, 0.8)))]) + "…",)
        )

    def _shuffled(self, story: Story, _language: Language) -> Story:
        paragraphs = list(story.paragraphs)
        self.dice.shuffle(paragraphs)
        return replace(story, paragraphs=tuple(paragraphs))

    def _retitled(self, story: Story, language: Language) -> Story:
        return replace(story, title=" ".join([story.title.split()[0], *language.some(self.dice, 6)]))

    def lookalike(self, story: Story, truth: str, kind: str, language: Language) -> Story:
        made: Callable[[Story, Language], Story] = getattr(self, f"_like_{kind.replace(' ', '_')}")
        return replace(made(story, language), truth=truth, kind=kind)

    def _like_template(self, story: Story, language: Language) -> Story:
        """The same sentences of another subject, with other figures."""
        old, new = story.title.split()[0], self.dice.choice(language.names)
        other = self._like_figures(story, language)
        swap: Callable[[str], str] = lambda text: text.replace(old, new)  # noqa: E731
        told = swap(other.paragraphs[0]) + f" {new} {' '.join(language.some(self.dice, 4))}."
        return replace(other, title=swap(story.title), paragraphs=(told, *map(swap, other.paragraphs[1:])))

    def _like_figures(self, story: Story, _language: Language) -> Story:
        """Yesterday's report: each figure another one."""
        again: Callable[[str], str] = lambda word: figure(self.dice) if any(map(str.isdigit, word)) else word  # noqa: E731
        paragraphs = [" ".join(map(again, text.split())) for text in story.paragraphs]
        return replace(story, paragraphs=tuple(paragraphs))

    def _like_series(self, story: Story, language: Language) -> Story:
        part = self.story("", language)
        return replace(part, title=story.title, paragraphs=(story.paragraphs[0], *part.paragraphs))

    def _like_quotation(self, story: Story, language: Language) -> Story:
        other = self.story("", language)
        return replace(other, paragraphs=(*other.paragraphs, story.paragraphs[0]))

    def _like_same_furniture(self, _story: Story, language: Language) -> Story:
        lines = self.furniture[self.dice.randrange(SOURCES), language.tag]
        other = self.story("", language)
        return replace(other, paragraphs=(*lines, *other.paragraphs[:2], *lines))

    def told(self, count: int) -> Iterator[tuple[int, Story]]:
        """(source, story) in the order of their arrival."""
        dice, made = self.dice, 0
        while made < count:
            language = dice.choice(self.languages)
            story = self.story(f"s{made}", language)
            sources = dice.sample(range(SOURCES), 5)
            told = [(sources[0], story)]
            if dice.random() < 0.2:
                told += [(s, self.copy(story, dice.choice(KINDS), language)) for s in sources[1 : dice.randrange(2, 5)]]
            elif dice.random() < 0.25:
                kind = dice.choice(LOOKALIKES)
                if kind in {"template", "figures"}:  # a report of figures, each in a sentence of its own
                    facts = [language.sentence(dice, figure(dice)) for _ in range(dice.randrange(2, 5))]
                    story = replace(story, paragraphs=(" ".join(facts), *story.paragraphs))
                    told = [(sources[0], story)]
                told.append((sources[4], self.lookalike(story, f"s{made} alike", kind, language)))
            made += len(told)
            yield from told


def entry_of(number: int, source: int, story: Story, dice: random.Random) -> Entry:
    link = f"https://s{source}.example/{number}-{story.title.split()[0].lower()}.html?utm_source=feed&utm_medium=rss"
    text = " ".join(" ".join(story.paragraphs).split())
    at = NOW - timedelta(minutes=dice.randrange(60 * 24))
    return Entry(
        original_id=f"s{source}:{number}",
        link=link,
        canonical_link=canonical(link),
        title=story.title,
        content="".join(f"<p>{one}</p>" for one in story.paragraphs),
        text=text,
        published=at,
        updated=at,
        language=story.language,
        raw_digest=Digest(number.to_bytes(16)),
        parts={"title": Digest(number.to_bytes(16))},
    )


ALL = (Membership(feed=FeedRef(kind=FeedKind.ALL, key="all", title="All"), rule="everything"),)


def commit(store: SqlStore, told: Sequence[tuple[int, int, Entry]]) -> None:
    """(number, source, entry), committed as polls of their sources, some sources at a time."""
    lines = "\n".join(f"  - {{url: 'https://s{n}.example/feed', slug: s{n}}}" for n in range(SOURCES))
    settings = load_text(f"sources:\n{lines}\n", Path("config.yaml"), {})
    committer = Committer(settings, store, lambda: NOW, lambda: 0.5, Tariff())
    states = {state.slug: state for state in store.states()}
    for first in range(0, len(told), 200):
        by_source: dict[int, list[Entry]] = defaultdict(list)
        for _, source, entry in told[first : first + 200]:
            by_source[source].append(entry)
        committer.commit(
            [finding(states[f"s{source}"].id, states[f"s{source}"], some) for source, some in by_source.items()]
        )


def finding(source: SourceId, state: object, some: Sequence[Entry]) -> Finding:
    keys = identify(source, some, [(entry.original_id, entry.link) for entry in some])
    drafts = tuple(Draft(entry=entry, keys=key, memberships=ALL) for entry, key in zip(some, keys, strict=True))
    understood = Understood(info=FeedInfo(), hints=PollHints(), drafts=drafts, listed=len(some))
    result = Fetched(url="https://s.example/feed", status=200, body=b"", body_digest=Digest(b""))
    return Finding(state=state, result=result, understood=understood)  # type: ignore[arg-type]  # a state of the store


@dataclass
class Score:
    right: int = 0
    wrong: int = 0
    missed: int = 0


def judged(store: SqlStore, truth: dict[str, Story]) -> tuple[Score, dict[str, Score]]:
    """Every entry that is not the first of its truth ought to be in its story, and nothing else."""
    total = Score()
    kinds: dict[str, Score] = defaultdict(Score)
    engine = store._reader
    with engine.connect() as connection:
        rows = connection.execute(
            select(entries.c.id, entries.c.original_id, entries.c.cluster).order_by(entries.c.id)
        ).all()
    of_entry = {row.id: truth[row.original_id] for row in rows}
    first: dict[str, int] = {}
    for row in rows:
        story = of_entry[row.id]
        kind = f"{story.kind}, {story.language}"
        joined = row.cluster != row.id
        wanted = first.setdefault(story.truth, row.cluster)
        for score in (total, kinds[kind]):
            if joined and of_entry[row.cluster].truth != story.truth:
                score.wrong += 1
            elif row.cluster == wanted and joined:
                score.right += 1
            elif story.truth in first and not joined and first[story.truth] != row.id:
                score.missed += 1
    return total, kinds


def quality(count: int, seed: int) -> tuple[Score, dict[str, Score], Score]:
    """FeedHub's score, by kind too; and that of exact keys alone."""
    world = World(seed)
    dice = random.Random(seed)
    told = [(number, source, story) for number, (source, story) in enumerate(world.told(count))]
    given = [(number, source, entry_of(number, source, story, dice)) for number, source, story in told]
    truth = {f"s{source}:{number}": story for number, source, story in told}
    with tempfile.TemporaryDirectory() as folder:
        store = fresh(f"sqlite:///{Path(folder) / 'bench.db'}")
        commit(store, given)
        total, kinds = judged(store, truth)
        store.close()
    seen: dict[str, str] = {}
    exact = Score()
    for number, source, entry in given:
        story, text = truth[f"s{source}:{number}"], folded_words(entry.text)
        if text in seen:
            exact.right += seen[text] == story.truth
            exact.wrong += seen[text] != story.truth
        elif story.truth in seen.values():
            exact.missed += 1
        seen.setdefault(text, story.truth)
    return total, kinds, exact


def fresh(url: str) -> SqlStore:
    migrate(url)
    store = open_store(url)
    store.sync([SourceSpec(slug=f"s{n}", url=f"https://s{n}.example/feed") for n in range(SOURCES)], [], NOW)
    return store


def cost(stored: int) -> list[tuple[str, float]]:
    """Milliseconds CPU of a new entry among ``stored`` others, step by step."""
    world, dice = World(5), random.Random(5)
    told = list(world.told(3000))
    given = [entry_of(number, source, story, dice) for number, (source, story) in enumerate(told)]
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        store = fresh(url)
        commit(store, [(number, source, given[number]) for number, (source, _) in enumerate(told[:1500])])
        fill(url, stored, dice)
        new = given[1500:]
        keys = [identify(SourceId(99), [entry], [(entry.original_id, entry.link)])[0] for entry in new]
        drafts = [Draft(entry=entry, keys=key, memberships=ALL) for entry, key in zip(new, keys, strict=True)]
        texts = [folded_words(entry.text) for entry in new]
        marking = timed(lambda: [marks_of(text, entry.title) for text, entry in zip(texts, new, strict=True)], len(new))
        with store.transaction() as transaction:
            batches = [drafts[first : first + 50] for first in range(0, len(drafts), 50)]
            near: list[NearCopies] = []
            looking = timed(lambda: near.extend(NearCopies(transaction, batch) for batch in batches), len(new))
            pairs = [(each, draft) for each, batch in zip(near, batches, strict=True) for draft in batch]
            comparing = timed(lambda: [each.stories_of(draft, SourceId(99), NOW) for each, draft in pairs], len(new))
        store.close()
    return [("marks (worker)", marking), ("looking up (writer)", looking), ("comparing texts (writer)", comparing)]


def timed(work: Callable[[], object], count: int) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000 / count


def fill(url: str, stored: int, dice: random.Random) -> None:
    """Entries with marks of their own, as many as asked for."""
    engine = create_engine(url)
    moment = int(NOW.timestamp())
    base = 10_000_000
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
        for first in range(0, stored, 20_000):
            numbers = range(base + first, base + min(first + 20_000, stored))
            rows = [
                {
                    "id": n,
                    "owner_id": 1 + n % SOURCES,
                    "version": 1,
                    "cluster": n,
                    "title": f"Entry {n}",
                    "published": NOW,
                    "updated": NOW,
                    "first_seen": NOW,
                    "date_origin": "stated",
                    "sort_key": moment,
                    "raw_digest": b"",
                    "digest": b"",
                }
                for n in numbers
            ]
            connection.execute(insert(entries), rows)
            connection.execute(insert(contents), [{"entry_id": n, "content": "x"} for n in numbers])
            marks = sorted((dice.getrandbits(63), n) for n in numbers for _ in range(7))
            connection.execute(insert(story_marks), [{"mark": mark, "entry_id": n} for mark, n in marks])
    engine.dispose()


def share(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else "–"


def main(count: int, stored: int, seeds: Sequence[int], report: Report) -> None:
    set_up_logging("warning", "json")
    report.table(
        "seed", "joined rightly", "wrongly", "missed", "precision", "recall", "exact keys alone: precision", "recall"
    )  # fmt: skip
    sums: dict[str, Score] = defaultdict(Score)
    for seed in seeds:
        total, kinds, exact = quality(count, seed)
        report.row(
            seed, total.right, total.wrong, total.missed, share(total.right, total.right + total.wrong),
            share(total.right, total.right + total.missed + total.wrong),
            share(exact.right, exact.right + exact.wrong), share(exact.right, exact.right + exact.missed + exact.wrong),
        )  # fmt: skip
        found = total.right / max(1, total.right + total.missed + total.wrong)
        report.figure(f"seed {seed}: recall", found, "of 1", baseline=1, more_is_better=True)
        report.figure(f"seed {seed}: wrongly joined and one", total.wrong + 1, "entries", baseline=1)
        for kind, score in kinds.items():
            sums[kind].right += score.right
            sums[kind].wrong += score.wrong
            sums[kind].missed += score.missed
    report.table("kind, all seeds", "joined rightly", "wrongly", "missed")
    for kind, score in sorted(sums.items()):
        report.row(kind, score.right, score.wrong, score.missed)
    if stored:
        report.table(f"with {stored:,} stored entries", "ms CPU a new entry")
        steps = cost(stored)
        for name, took in [*steps, ("together", sum(took for _, took in steps))]:
            report.row(name, took)
            report.figure(f"{stored} stored, {name}, times the loop", took, "ms")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("entries", type=int, nargs="?", default=6000)
    parser.add_argument("stored", type=int, nargs="?", default=1_000_000)
    parser.add_argument("seeds", type=int, nargs="*", default=[11, 12, 13], metavar="seed")
    options = parser.parse_args()
    command = " ".join(map(str, (options.entries, options.stored, *options.seeds)))
    with Report("dedup", options, command) as begun:
        main(options.entries, options.stored, options.seeds, begun)
