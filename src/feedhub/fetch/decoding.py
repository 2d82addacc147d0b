"""Content codings, undone in small steps within limits, so that a bomb costs megabytes and not gigabytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it ships no types

from feedhub.fetch.refusal import Refused
from feedhub.model import Failure

STEP = 65_536
"""Most bytes that one step of a decoder yields."""
RATIO_FROM = 1_000_000
"""Decoded bytes from which the ratio is looked at; small documents may well be very repetitive."""

_PLAIN = frozenset({"", "identity", "none", "binary", "utf-8", "utf8"})  # the last four: seen in the wild, and plain
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Most bytes as sent and as decoded, and the largest ratio of the two."""

    wire: int
    decoded: int
    ratio: int


class Coding(Protocol):
    """One content coding, undone piece by piece."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decoded pieces of at most :data:`STEP` bytes (brotli's may be a little longer).

        :raises zlib.error, brotli.error: the data is not of this coding.
        """
        ...

    @property
    def complete(self) -> bool:
        """Whether the data could end here."""
        ...


class Body:
    """Takes a body as it arrives and keeps it decoded.

    :raises Refused: ``TOO_LARGE`` beyond a bound, ``BAD_ENCODING`` when it does not decode or has an unknown coding.
    """

    def __init__(self, coding: str, bounds: Bounds) -> None:
        self.wire = 0
        self._bounds = bounds
        self._coding = coding_of(coding)
        self._decoded = bytearray()

    def add(self, data: bytes) -> None:
        self.wire += len(data)
        if self.wire > self._bounds.wire:
            raise too_large(f"The answer is larger than {self._bounds.wire:,} bytes.")
        try:
            for piece in self._coding.feed(data):
                self._decoded += piece
                self._check()
        except (zlib.error, brotli.error) as error:
            raise _bad("The answer's content coding is damaged.") from error

    def finish(self) -> bytes:
        """The whole body; refuses one whose coded form stops in the middle."""
        if self.wire and not self._coding.complete:
            raise _bad("The answer's content coding ends in the middle.")
        return bytes(self._decoded)

    @property
    def so_far(self) -> bytes:
        return bytes(self._decoded)

    def _check(self) -> None:
        size = len(self._decoded)
        if size > self._bounds.decoded:
            raise too_large(f"The answer is larger than {self._bounds.decoded:,} bytes when decoded.")
        if size > RATIO_FROM and size > self.wire * self._bounds.ratio:
            raise too_large(f"The answer grows more than {self._bounds.ratio} times when decoded.")


def coding_of(name: str) -> Coding:
    """The decoder of a ``Content-Encoding`` value.

    :raises Refused: ``BAD_ENCODING`` for more than one coding, and for one that was not asked for.
    """
    coding = name.strip().lower()
    if coding in _PLAIN:
        return _Identity()
    if coding in {"gzip", "x-gzip"}:
        return _Gzip()
    if coding == "deflate":
        return _Deflate()
    if coding == "br":
        return _Brotli()
    raise _bad("The answer has a content coding that was not asked for.")


class _Identity:
    complete = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Gzip:
    """One or more gzip members (RFC 1952, 2.2). What follows them and is no member is padding and left out."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(31)
        self._held = b""  # one byte that may begin the next member
        self._padding = False

    @property
    def complete(self) -> bool:
        return self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        data, self._held = self._held + data, b""
        while data and not self._padding:
            if self._stream.eof:
                data = self._next_member(data)
            else:
                yield from _inflate(self._stream, data)
                data = self._stream.unused_data

    def _next_member(self, data: bytes) -> bytes:
        if data == _GZIP_MAGIC[:1]:
            self._held = data
            return b""
        if data.startswith(_GZIP_MAGIC):
            self._stream = zlib.decompressobj(31)
            return data
        self._padding = True
        return b""


class _Deflate:
    """zlib (RFC 1950) as the standard says, or bare deflate (RFC 1951) as some servers send."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._head = b""

    @property
    def complete(self) -> bool:
        return self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        if len(self._head) < 2:
            self._head += data
            if len(self._head) < 2:
                return
            data = self._head
            has_zlib_header = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._stream = zlib.decompressobj(15 if has_zlib_header else -15)
        yield from _inflate(self._stream, data)


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._stream.is_finished())

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._stream.is_finished():
            return  # padding
        piece = self._stream.process(data, output_buffer_limit=STEP)
        while piece:
            yield piece
            piece = b"" if self._stream.is_finished() else self._stream.process(b"", output_buffer_limit=STEP)


def _inflate(stream: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while data and not stream.eof:
        piece = stream.decompress(data, STEP)
        data = stream.unconsumed_tail
        if piece:
            yield piece
    while not stream.eof and (piece := stream.decompress(b"", STEP)):
        yield piece


def too_large(detail: str) -> Refused:
    return Refused(Failure.TOO_LARGE, detail)


def _bad(detail: str) -> Refused:
    return Refused(Failure.BAD_ENCODING, detail)
