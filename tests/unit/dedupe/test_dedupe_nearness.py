"""Laws of near copies: who is compared with whom does not matter, and marks are the same everywhere."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.dedupe.digests import folded_words
from feedhub.dedupe.nearness import MOST_COMPARED, Text, nearness
from feedhub.dedupe.sketch import MARKS, MIN_WORDS, marks_of, words_of

WORDS = st.lists(
    st.sampled_from(["ship", "harbour", "rate", "bank", "4", "12", "monday", "river", "storm", "cat", "dog", "tree"]),
    max_size=120,
)
STORY = " ".join(f"word{n} tells of ship{n % 7}" for n in range(40))


@given(body=st.one_of(st.text(), st.text("aAß Đđ.é\u0301が\u3099中한🙂_1\n-ﬁ"), WORDS.map(" ".join)))
def test_words_are_those_that_marks_are_made_of(body: str) -> None:
    assert list(Text("", body).words) == words_of(body, MOST_COMPARED)


@given(one=WORDS, other=WORDS, titles=st.tuples(st.text(max_size=30), st.text(max_size=30)))
def test_nearness_is_symmetric_and_a_share(one: list[str], other: list[str], titles: tuple[str, str]) -> None:
    first, second = Text(titles[0], " ".join(one)), Text(titles[1], " ".join(other))
    assert nearness(first, second) == nearness(second, first)
    assert 0.0 <= nearness(first, second) <= 1.0


@given(
    words=st.lists(st.from_regex(r"[a-z]{3,8}", fullmatch=True), min_size=MIN_WORDS, max_size=200),
    title=st.text(max_size=40),
)
def test_a_text_is_a_copy_of_itself(words: list[str], title: str) -> None:
    text = Text(title, " ".join(words))
    assert nearness(text, Text(title, " ".join(words))) == 1.0


@given(text=st.text(max_size=400), title=st.text(max_size=60))
def test_marks_are_few_and_fit_the_database(text: str, title: str) -> None:
    marks = marks_of(folded_words(text), title)
    assert len(marks) <= MARKS + 1
    assert all(0 <= mark < 2**63 for mark in marks)


def test_marks_are_the_same_in_every_process() -> None:
    script = f"from feedhub.dedupe.sketch import marks_of; print(marks_of({STORY.lower()!r}, 'A title of five words'))"
    said = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert said == {f"{marks_of(STORY.lower(), 'A title of five words')}\n"}


@pytest.mark.parametrize(
    ("text", "count"),
    [("生成AI技術", 5), ("กาแฟสด", 6), ("cà phê sữa", 3), ("Ngân hàng trung ương", 4), ("", 0), ("김철수 기자", 2)],
)
def test_scripts_without_spaces_are_cut_into_characters(text: str, count: int) -> None:
    assert len([word for word in words_of(text) if word]) == count


def test_short_texts_say_nothing() -> None:
    assert marks_of("read more at our site", "A title of five words") == ()
    assert nearness(Text("t", "a b c d"), Text("t", "a b c d")) == 0.0


@pytest.mark.parametrize(
    ("change", "near"),
    [
        ({}, True),
        ({"12 percent": "15 percent"}, False),
        ({"Monday": "Tuesday"}, False),
        ({"Vesterby": "Sundvik"}, False),
        ({"quietly": "silently", "vessels": "ships"}, True),
    ],
)
def test_figures_days_and_subjects_decide(change: dict[str, str], near: bool) -> None:
    body = (
        "Vesterby harbour raised its fees by 12 percent on Monday. The council of Vesterby said that vessels had quietly"
        " stayed longer than agreed, and that Vesterby needs new cranes before the spring, when the fish come back."
    )
    other = body
    for old, new in change.items():
        other = other.replace(old, new)
    title = "Vesterby raises harbour fees"
    changed = title.replace("Vesterby", change.get("Vesterby", "Vesterby"))
    assert (nearness(Text(title, body), Text(changed, other)) > 0) is near
