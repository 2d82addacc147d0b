"""Content codings in pieces of any size."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedhub.fetch.decoding import STEP, Body, Bounds, coding_of
from feedhub.fetch.refusal import Refused
from feedhub.model import Failure

ROOMY = Bounds(wire=10_000_000, decoded=25_000_000, ratio=200)


def _raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data)[2:-4]


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": _raw_deflate,
    "br": brotli.compress,
    "": bytes,
}


def _decode(coding: str, wire: bytes, size: int, bounds: Bounds = ROOMY) -> bytes:
    body = Body(coding, bounds)
    for start in range(0, len(wire), size):
        body.add(wire[start : start + size])
    return body.finish()


@given(st.sampled_from(list(CODINGS)), st.binary(max_size=3000), st.integers(1, 4000))
def test_what_was_coded_comes_back(coding: str, data: bytes, size: int) -> None:
    assert _decode(coding, CODINGS[coding](data), size) == data


@given(st.sampled_from(["gzip", "deflate", "Deflate", "br"]), st.binary(min_size=1, max_size=500), st.data())
def test_what_was_cut_never_passes_for_whole(coding: str, data: bytes, choice: st.DataObject) -> None:
    wire = CODINGS[coding](data)
    cut = choice.draw(st.integers(1, len(wire) - 1))
    with pytest.raises(Refused) as caught:
        _decode(coding, wire[:cut], 100)
    assert caught.value.failure is Failure.BAD_ENCODING


@given(st.sampled_from(["gzip", "deflate", "br"]), st.binary(max_size=500))
def test_any_bytes_are_decoded_or_refused(coding: str, wire: bytes) -> None:
    assert _outcome(coding, wire) in {"decoded", Failure.BAD_ENCODING}


def _outcome(coding: str, wire: bytes) -> str:
    try:
        _decode(coding, wire, 7)
    except Refused as refused:
        return refused.failure
    return "decoded"


@pytest.mark.parametrize("padding", [b"\0", b"\x1f", b"\r\n", b"\x00" * 600, b"rubbish"])
@pytest.mark.parametrize("size", [1, 10_000])
def test_gzip_members_are_joined_and_padding_left_out(padding: bytes, size: int) -> None:
    assert _decode("gzip", gzip.compress(b"one ") + gzip.compress(b"two") + padding, size) == b"one two"


def test_a_second_member_must_end_too() -> None:
    with pytest.raises(Refused):
        _decode("gzip", gzip.compress(b"one") + gzip.compress(b"two")[:-3], 5)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_pieces_are_small(coding: str) -> None:
    wire = CODINGS[coding](b"\0" * 5_000_000)
    sizes = [len(piece) for piece in coding_of(coding).feed(wire)]
    assert sum(sizes) == 5_000_000
    assert max(sizes) <= 2 * STEP


@pytest.mark.parametrize(
    ("bounds", "word"),
    [
        (Bounds(wire=1000, decoded=25_000_000, ratio=100_000), "larger than 1,000 bytes."),
        (Bounds(wire=10_000_000, decoded=2_000_000, ratio=100_000), "larger than 2,000,000 bytes when decoded"),
        (Bounds(wire=10_000_000, decoded=25_000_000, ratio=200), "more than 200 times"),
    ],
)
def test_each_bound_says_what_it_is(bounds: Bounds, word: str) -> None:
    with pytest.raises(Refused, match=word) as caught:
        _decode("gzip", gzip.compress(b"\0" * 4_000_000), 100, bounds)
    assert caught.value.failure is Failure.TOO_LARGE


@pytest.mark.parametrize("coding", ["zstd", "compress", "gzip, gzip", "gzip,", "br gzip", "x"])
def test_codings_that_were_not_asked_for(coding: str) -> None:
    with pytest.raises(Refused) as caught:
        coding_of(coding)
    assert caught.value.failure is Failure.BAD_ENCODING
