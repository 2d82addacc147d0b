"""What of a text counts for its digest: not the numbers of who looked, nor the words over advertisements."""

from __future__ import annotations

import random

import pytest

from feedhub.clean.parts import _ADVERT_WORDS, _COUNTERS, _said

PIECES = (
    *(
        "1",
        "12",
        "1,234",
        "1.5k",
        "3 M",
        "2\u00a0000",
        "٣",
        "views",
        "viewS",
        "Lượt xem",
        "likes",
        "lıkes",
        "LİKES",
        "clapſ",
    ),
    *(
        "评论",
        "次阅读",
        ":",
        "：",
        "(",
        ")",
        "\n",
        ".",
        ",",
        "a",
        "é",
        "_",
        "12views",
        "-",
        "просмотров",
        "commentaires",
    ),
    *(
        "ADVERTISEMENT",
        "advertıSement",
        "ſponsored content",
        "Sponsored  post",
        "sponsored post",
        "QUẢNG CÁO",
        "広告",
        "광고",
    ),
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The bank raised its rate. 1,234 views", "The bank raised its rate."),
        ("Lượt xem: 15 Ngân hàng tăng lãi suất", "Ngân hàng tăng lãi suất"),
        ("Rates rise (12 comments) in 2024", "Rates rise ( ) in 2024"),
        ("Quảng cáo Giá vàng tăng", "Giá vàng tăng"),
        ("In 2024 the views of 12 ministers differ", "In 2024 the views of 12 ministers differ"),
    ],
)
def test_what_changes_with_every_request_is_left_out(text: str, said: str) -> None:
    assert _said(text) == said


def test_looking_for_what_the_patterns_need_first_changes_nothing() -> None:
    dice, changed = random.Random(5), 0
    for _ in range(5_000):
        pieces = "".join(dice.choice(PIECES) + dice.choice(("", " ", " ")) for _ in range(dice.randrange(1, 9)))
        text = " ".join(pieces.split())
        plain = " ".join(_ADVERT_WORDS.sub(" ", _COUNTERS.sub(" ", text)).split())
        assert _said(text) == plain, text
        changed += plain != text
    assert changed > 1_000
