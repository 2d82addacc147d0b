"""What a source wrote is kept where cleaning made something else of it, and nowhere else."""

from __future__ import annotations

from feedhub.clean.said import said_of
from feedhub.model import Byline, Category, RawCategory, RawEntry, RawLink, RawPerson, RawText, TextType
from support.cleaned import clean_entry


def test_what_was_changed_is_kept_as_written() -> None:
    entry = clean_entry(
        link="https://n.example/1",
        title="One",
        authors=(Byline(key="an do", name="An Do"),),
        categories=(Category(key="ai", term="AI"),),
        language="vi",
    )
    raw = RawEntry(
        id="  " + entry.original_id,
        links=(RawLink(href="/1"), RawLink(href="https://n.example/feed", rel="self")),
        title=RawText(value="<b>One</b>"),
        published="Mon, 2 Mar 2026",
        authors=(RawPerson(name="By AN DO, an@n.example", role="Reporter"), RawPerson(email="x@n.example")),
        categories=(RawCategory(term="ai", label="AI", scheme="urn:x"), RawCategory(term="Uncategorized")),
        language="VI",
    )
    assert said_of(raw, entry) == {
        "id": ("  " + entry.original_id,),
        "link": ("/1",),
        "title": ("<b>One</b>",),
        "published": ("Mon, 2 Mar 2026",),
        "authors": ("By AN DO, (an address) (Reporter)", "(an address)"),
        "categories": ("ai = AI (urn:x)", "Uncategorized"),
        "language": ("VI",),
    }


def test_what_was_kept_as_it_was_is_not_kept_twice() -> None:
    entry = clean_entry(title="One", categories=(Category(key="ai", term="AI"),))
    raw = RawEntry(
        id=entry.original_id,
        links=(RawLink(href=entry.link),),
        title=RawText(value="One", type=TextType.PLAIN),
        categories=(RawCategory(term="AI"),),
    )
    assert said_of(raw, entry) == {}


def test_what_is_long_is_cut_and_says_so() -> None:
    raw = RawEntry(title=RawText(value="x" * 5000), categories=tuple(RawCategory(term=f"c{n}") for n in range(99)))
    said = said_of(raw, clean_entry(title="y"))
    assert said["title"][0].endswith("x…")
    assert len(said["title"][0]) == 301
    assert said["categories"][-1] == "…"
    assert len(said["categories"]) == 41
