"""Cost of sorting one entry into topics, beside one regular expression per topic: ``python benchmarks/topics.py``."""

from __future__ import annotations

import random
import re
import time
from datetime import UTC, datetime

from feedhub.classify import compile_rules
from feedhub.model import Entry
from feedhub.settings import Authors, Rule, Topic

TOPICS, KEYWORDS, TEXTS, LENGTH = 1000, 20, 200, 3000
SYLLABLES = [
    "ba",
    "co",
    "đi",
    "hà",
    "kỳ",
    "lãi",
    "mô",
    "nền",
    "phố",
    "quý",
    "rừng",
    "sông",
    "thị",
    "ước",
    "vàng",
    "xuân",
    "ngân",
    "hàng",
    "tế",
    "kinh",
]


def main() -> None:
    dice = random.Random(7)
    words = ["".join(dice.choices(SYLLABLES, k=dice.choice((2, 3, 4)))) for _ in range(60_000)]
    words = list(dict.fromkeys(words))
    weights = [1 / (place + 1) for place in range(len(words))]
    texts = []
    for _ in range(TEXTS):
        text = " ".join(dice.choices(words, weights, k=700))
        texts.append(text[:LENGTH])
    plan = [
        tuple(" ".join(dice.sample(words, 1 + (dice.random() < 0.55))) for _ in range(KEYWORDS)) for _ in range(TOPICS)
    ]
    rules = {
        f"t{n}": Topic(any=(Rule.model_validate({"keyword": keys, "in": ["title", "summary", "content"]}),))
        for n, keys in enumerate(plan)
    }
    started = time.process_time()
    classifier = compile_rules(rules, Authors(), ())
    compiled = time.process_time() - started
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    entries = [
        Entry(original_id="", link="", canonical_link="", title=t[:60], text=t, published=moment, updated=moment)
        for t in texts
    ]
    started = time.process_time()
    found = sum(len(classifier.memberships(entry, "s", "S")) - 2 for entry in entries)
    ours = (time.process_time() - started) / len(entries)
    patterns = [re.compile(rf"\b(?:{'|'.join(map(re.escape, keys))})\b", re.IGNORECASE) for keys in plan]
    sample = texts[:5]
    started = time.process_time()
    hits = sum(bool(pattern.search(text)) for text in sample for pattern in patterns)
    theirs = (time.process_time() - started) / len(sample)
    print(f"{TOPICS} topics x {KEYWORDS} keywords, texts of {LENGTH} characters; compiled in {compiled:.2f} s\n")
    print("| how | ms CPU an entry | topics an entry |\n|---|---|---|")
    print(f"| feedhub.classify | {ours * 1000:.3f} | {found / len(entries):.1f} |")
    print(f"| one regular expression per topic | {theirs * 1000:.3f} | {hits / len(sample):.1f} |")


if __name__ == "__main__":
    main()
