"""Texts come back from the database as they went in, packed or not."""

from __future__ import annotations

import string
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.zstandard_texts import SMALL, Texts, packed, unpacked

ANY = st.text(max_size=3_000)


@given(ANY, ANY, ANY, st.integers(1, 40))
def test_what_is_packed_comes_back(summary: str, content: str, said: str, times: int) -> None:
    texts = Texts(summary, content * times, said)
    frame = packed(texts)
    assert frame == b"" or unpacked(frame) == texts
    assert len(frame) < max(len("".join(texts).encode("utf-8", "surrogatepass")), 1)


def test_small_texts_and_noise_stay_as_they_are() -> None:
    assert packed(Texts("", "a" * (SMALL - 1), "")) == b""
    assert packed(Texts("", "a" * SMALL, "")) != b""
    noise = "".join(Random(1).choices(string.printable[:94], k=SMALL))
    assert packed(Texts("", noise, "")) == b""


@pytest.mark.parametrize("data", [b"", b"no frame", packed(Texts("", "a b " * 100, ""))[:-3]])
def test_damage_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpacked(data)
