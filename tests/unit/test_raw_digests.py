"""Digests are stored, so that what is hashed must stay as it was written down, whatever writes it and how fast."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from feedhub.model import Extra, RawCategory, RawEnclosure, RawEntry, RawLink, RawPerson, RawSource, RawText, TextType
from feedhub.raw_digests import digest_of, with_digest

TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)  # lone surrogates, too: JSON can say them
PEOPLE = st.lists(st.builds(RawPerson, name=TEXTS, uri=TEXTS, role=TEXTS), max_size=3).map(tuple)
BODIES = st.builds(RawText, value=TEXTS, type=st.sampled_from(TextType), language=TEXTS)
ENTRIES = st.builds(
    RawEntry,
    id=TEXTS,
    links=st.lists(st.builds(RawLink, href=TEXTS, title=TEXTS), max_size=2).map(tuple),
    title=st.none() | BODIES,
    content=st.lists(BODIES, max_size=2).map(tuple),
    published=TEXTS,
    authors=PEOPLE,
    categories=st.lists(st.builds(RawCategory, term=TEXTS), max_size=2).map(tuple),
    enclosures=st.lists(st.builds(RawEnclosure, url=TEXTS), max_size=2).map(tuple),
    images=st.lists(TEXTS, max_size=3).map(tuple),
    source=st.none() | st.builds(RawSource, title=TEXTS, authors=PEOPLE),
    extras=st.lists(
        st.builds(Extra, name=TEXTS, attributes=st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple)), max_size=2
    ).map(tuple),
)


def written(value: Any) -> bytes:
    """A text, a list or a record by the letter: kind, length, content; of a record what is not empty, by name."""
    if is_dataclass(value):
        said = {one.name: getattr(value, one.name) for one in fields(value) if one.name != "digest"}
        filled = {name: one for name, one in said.items() if one}
        return b"r%d:" % len(filled) + b"".join(written(name) + written(one) for name, one in filled.items())
    if isinstance(value, tuple):
        return b"t%d:" % len(value) + b"".join(map(written, value))
    data: bytes = value.encode("utf-8", "surrogatepass")
    return b"s%d:" % len(data) + data


@given(ENTRIES)
@example(RawEntry(id="\ud83d", rights="\ude00"))  # two halves stay two
@example(RawEntry(id="1", content=(RawText(value="Thị trường " * 200), RawText(value="a" * 2000)), rights="©"))
@example(RawEntry(authors=(RawPerson(name="Hà" * 2000), RawPerson(name="\ud83d", uri="\ude00"))))
@example(RawEntry(title=RawText(value="Tiêu đề", type=TextType.PLAIN), images=("a", "")))
def test_what_is_hashed_is_what_was_written_down(entry: RawEntry) -> None:
    by_the_letter = hashlib.blake2b(written(entry), digest_size=16).digest()
    said = {one.name: getattr(entry, one.name) for one in fields(RawEntry)[:-1]}
    assert with_digest(entry).digest == by_the_letter
    assert digest_of(said) == by_the_letter
    assert digest_of({name: value for name, value in said.items() if value}) == by_the_letter
