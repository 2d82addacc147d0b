"""Cost of sorting one entry into topics, beside one regular expression per topic: ``python benchmarks/topics.py``.

Texts are made of invented Vietnamese-like syllables (some 700 words in 3,000 characters, which is more than English
has), keywords half of one word and half of two. What is timed is everything from the entry to its memberships: cutting
into words, looking up, and the words that say why.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from feedhub.classify import compile_rules
from feedhub.model import Entry
from feedhub.settings import Authors, Rule, Topic
from reporting import Report, arguments, versions

KEYWORDS, TEXTS, LENGTH = 20, 600, 3000
PHRASES = 0.55
"""Part of the keywords that have two words."""
EVERYWHERE = ["title", "summary", "content"]
_ONSETS = ("", "ch", "gh", "kh", "ng", "nh", "ph", "qu", "th", "tr", *"bcdđghklmnrstvx")
_RIMES = (
    *"aáạăâơưêo",
    *[
        "an",
        "anh",
        "ao",
        "ăn",
        "ấp",
        "ến",
        "iên",
        "ình",
        "oan",
        "ội",
        "ông",
        "ới",
        "ương",
        "ước",
        "ừng",
        "uyên",
        "uôn",
        "yêu",
    ],
)
_DICE = random.Random(7)

Plan = list[tuple[str, ...]]


def main(report: Report) -> None:
    syllables = [onset + rime for onset in _ONSETS for rime in _RIMES]
    _DICE.shuffle(syllables)
    weights = [1 / (place + 3) for place in range(len(syllables))]
    texts = [_text(syllables, weights) for _ in range(TEXTS)]
    rare = [syllable + tail for syllable in syllables for tail in ("b", "d", "g", "x")]  # in no text
    report.table(
        "topics", "keywords that are in the texts", "looked for in", "topics an entry", "FeedHub",
        "a regular expression each",
        title=f"Texts of {LENGTH} characters, {KEYWORDS} keywords a topic; milliseconds of CPU an entry.",
    )  # fmt: skip
    for topics, known, where in (
        (1_000, 0.0, EVERYWHERE),
        (1_000, 0.01, EVERYWHERE),
        (1_000, 0.03, EVERYWHERE),
        (1_000, 0.03, EVERYWHERE[:2]),
        (10_000, 0.003, EVERYWHERE),
    ):
        _row(report, _plan(topics, known, syllables, rare), known, where, texts)
    _row(
        report,
        _marked(_plan(1_000, 0.01, syllables, rare)),
        0.01,
        EVERYWHERE,
        texts,
        "1 000, a tenth each of `=x`, `~x`, `x*`",
    )


def _text(syllables: Sequence[str], weights: Sequence[float]) -> str:
    words = _DICE.choices(syllables, weights, k=LENGTH // 3)
    marks = _DICE.choices((" ", ", ", ". "), (88, 8, 4), k=len(words))
    return "".join(word + mark for word, mark in zip(words, marks, strict=True))[:LENGTH]


def _plan(topics: int, known: float, syllables: Sequence[str], rare: Sequence[str]) -> Plan:
    def keyword() -> str:
        words = syllables if _DICE.random() < known else rare
        return " ".join(_DICE.sample(words, 1 + (_DICE.random() < PHRASES)))

    return [tuple(keyword() for _ in range(KEYWORDS)) for _ in range(topics)]


def _marked(plan: Plan) -> Plan:
    return [("=" + a, "=" + b, "~" + c, "~" + d, e + "*", f + "*", *rest) for a, b, c, d, e, f, *rest in plan]


def _row(report: Report, plan: Plan, known: float, where: list[str], texts: Sequence[str], name: str = "") -> None:
    rules = {
        f"t{number}": Topic(any=(Rule.model_validate({"keyword": keys, "in": where}),))
        for number, keys in enumerate(plan)
    }
    classifier = compile_rules(rules, Authors(), ())
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    entries = [
        Entry(original_id="", link="", canonical_link="", title=t[:60], text=t, published=moment, updated=moment)
        for t in texts
    ]
    warm, fresh = entries[: TEXTS // 2], entries[TEXTS // 2 :]
    for entry in warm:  # other texts than those that are timed
        classifier.memberships(entry, "s", "S")
    ours = _timed(lambda: [classifier.memberships(entry, "s", "S") for entry in fresh]) / len(fresh)
    found = sum(len(classifier.memberships(entry, "s", "S")) - 2 for entry in fresh) / len(fresh)
    plain = [[word.strip("=~*") for word in keys] for keys in plan]
    patterns = [re.compile(rf"\b(?:{'|'.join(map(re.escape, keys))})\b", re.IGNORECASE) for keys in plain]
    sample = texts[:3]
    theirs = _timed(lambda: [pattern.search(text) for text in sample for pattern in patterns]) / len(sample)
    name = name or f"{len(plan):,}".replace(",", " ")
    report.figure(f"{name} topics, {known:.1%} known, in {', '.join(where)}", ours * 1000, "ms", baseline=theirs * 1000)
    report.row(name, f"{known:.1%}", ", ".join(where), f"{found:.1f}", ours * 1000, theirs * 1000)


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    with Report("topics", options, seed=7, versions=versions("regex")) as begun:
        main(begun)
