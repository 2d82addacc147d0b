"""Inputs that nobody meant, made from some that somebody did: seeded, so that each can be had again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

INTERESTING = (
    b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf0\x9f\x98\x80", b"\r\n", b"\n\n", b"\t", b" ",
    b"-1", b"0", b"99999999999999999999", b"1e400", b"NaN", b"%00", b"%", b"..", b"//", b"\\", b"'", b'"', b"<", b">", b"&", b"]]>",
    b"&#0;", b"&#x110000;", b"<![CDATA[", b"<!--", b"${X}", b"{{", b"[", b"]", b"(", b")*", b":", b"@", b"|", b"e\xcc\x81" * 40,
    "\u202e".encode(), "\u0130".encode(), "ﬃ".encode(), "\U000e0041".encode(), b"A" * 3000,
)  # fmt: skip
LONGEST = 200_000
"""Bytes of one input: longer ones are tests of limits, which have tests of their own."""


def mutants(seeds: Sequence[bytes], words: Sequence[bytes], number: int) -> Iterator[bytes]:
    """Endless inputs: the seeds themselves first, then one to six changes of one of them each.

    :param words: what the format is made of, put where it is not expected.
    :param number: of the row; the same gives the same.
    """
    yield from seeds
    dice = random.Random(number)
    while True:
        body = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, 6)):
            _change(body, dice, seeds, words)
        yield bytes(body[:LONGEST])


def _change(body: bytearray, dice: random.Random, seeds: Sequence[bytes], words: Sequence[bytes]) -> None:
    start = dice.randrange(len(body) + 1)
    end = min(len(body), start + dice.choice((1, 2, 8, 64, 1024)))
    match dice.randrange(8):
        case 0 if body:
            body[start % len(body)] ^= 1 << dice.randrange(8)
        case 1:
            del body[start:end]
        case 2:
            body[start:start] = dice.choice(INTERESTING)
        case 3:
            body[start:start] = dice.choice(words)
        case 4:
            body[start:start] = body[start:end] * dice.choice((1, 2, 50))
        case 5:
            del body[start:]
        case 6:
            other = dice.choice(seeds)
            body[start:end] = other[dice.randrange(len(other) + 1) :][: dice.choice((8, 256, 4096))]
        case _:
            body[start:end] = dice.choice(words)
