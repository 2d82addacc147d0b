"""Edits of the file: what was not edited stays byte for byte, the result loads, a failure writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from feedhub.config import editing
from feedhub.config.editing import add_source, import_opml, remove_source
from feedhub.config.loader import load
from feedhub.config.surgery import NewSource, with_sources, without_source
from feedhub.errors import ConfigError, FeedHubError, OutputError

NEW = "https://new.example/feed"
A, B, C = (f"https://{name}.example/feed" for name in "abc")

ADDING = {
    "indented": (f"# mine\nsources:\n  - {A}  # first\n\n# topics\ntopics: {{ai: [x]}}\n", f"  - {A}  # first\n"),
    "not indented": (f"sources:\n- {A}\n- url: {B}\n  name: 'B'\ntopics:\n  ai: ['x']\n", "  name: 'B'\n"),
    "empty value": ("sources: # none yet\n\nsite:\n  title: 'x'\n", ""),
    "crlf": (f"site: {{title: x}}\r\nsources:\r\n  - {A}\r\n\r\ntopics: {{ai: [x]}}\r\n", f"  - {A}\r\n"),
    "byte order mark": (f"\ufeffsources:\n  - {A}\n", f"  - {A}\n"),
    "no line end": (f"sources:\n  - {A}", f"  - {A}"),
    "flow": (f"sources: [{A}, '{B}']  # two\ntopics: {{}}\n", f"'{B}'"),
    "long flow": (f"sources: [\n  {A}, # one\n  {B}, # two\n]\n", B),
    "empty flow": ("sources: []  # none yet\nsite: {title: x}\n", ""),
    "no key": ("# just a site\nsite:\n  title: x\n", ""),
    "json": (f'{{"sources": ["{A}"], "site": {{"title": "x"}}}}\n', f'"{A}"'),
    "empty json": ('{"sources": [], "site": {"title": "x"}}\n', ""),
    "empty file": ("", ""),
    "comments only": ("# nothing\n", ""),
}


@pytest.mark.parametrize("name", ADDING)
def test_adding_keeps_everything_else(name: str, tmp_path: Path) -> None:
    text, before = ADDING[name]
    file = tmp_path / "config.yaml"
    file.write_bytes(text.encode())
    file.chmod(0o640)
    old = load(file, {})
    add_source(file, NEW, name="The: New", categories=["a, b", "c"], environ={})
    edited, new = file.read_bytes().decode(), load(file, {})
    assert new.sources[:-1] == old.sources
    assert (new.sources[-1].url, new.sources[-1].name, new.sources[-1].categories) == (NEW, "The: New", ("a, b", "c"))
    assert file.stat().st_mode & 0o777 == 0o640
    if before:
        at = text.index(before) + len(before)
        assert edited.startswith(text[:at])
        assert edited.endswith(text[at:])
    assert ("\r\n" in text) == ("\r\n" in edited)
    assert edited.count("\n") == edited.count("\r\n") or "\r\n" not in text


REMOVING = {
    "block": (
        f"sources:\n  # a\n  - {A}\n  # b\n  - url: {B}\n    slug: b\n\n  # c\n  - {C}\n",
        f"  - url: {B}\n    slug: b\n",
    ),
    "not indented": (f"sources:\n- {A}\n- url: {B}\n  slug: b\n# end\ntopics: {{}}\n", f"- url: {B}\n  slug: b\n"),
    "crlf": (f"sources:\r\n  - {A}\r\n  - {{url: {B}, slug: b}}\r\n", f"  - {{url: {B}, slug: b}}\r\n"),
    "flow": (f"sources: [{A}, {{url: {B}, slug: b}}, {C}] # x\n", f"{{url: {B}, slug: b}}, "),
    "end of flow": (f"sources: [{A}, {{url: {B}, slug: b}}] # x\n", f", {{url: {B}, slug: b}}"),
    "long flow": (f"sources: [\n  {A}, # a\n  {{url: {B}, slug: b}} # b\n]\n", f"  {{url: {B}, slug: b}} # b\n"),
    "only": (f"sources:\n  - {{url: {B}, slug: b}}\n", f"  - {{url: {B}, slug: b}}\n"),
}


@pytest.mark.parametrize("name", REMOVING)
def test_removing_takes_the_item_and_no_more(name: str, tmp_path: Path) -> None:
    text, gone = REMOVING[name]
    file = tmp_path / "config.yaml"
    file.write_bytes(text.encode())
    assert remove_source(file, "b", environ={})
    assert file.read_bytes().decode() == text.replace(gone, "")
    assert load(file, {}).source("b") is None
    assert not remove_source(file, "b", environ={})


REFUSED: dict[str, tuple[str, str, type[FeedHubError] | tuple[type[FeedHubError], ...]]] = {
    "known": (f"sources:\n  - {A}\n", A, ConfigError),
    "not an address": (f"sources:\n  - {A}\n", "nowhere", ConfigError),
    "anchored": (f"sources: &all\n  - {A}\ntopics: {{ai: [x]}}\n...\n", "\udc80", (ConfigError, OutputError)),
    "odd line ends": (f"sources:\r  - {A}\r", NEW, OutputError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_edit_writes_nothing(name: str, tmp_path: Path) -> None:
    text, url, error = REFUSED[name]
    file = tmp_path / "config.yaml"
    file.write_bytes(text.encode())
    with pytest.raises(error):
        add_source(file, url, environ={})
    assert file.read_bytes() == text.encode()
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


def test_a_removal_never_renames_another_source(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"sources:\n  - {A}\n  - {A}/rss\n", encoding="utf-8")
    first, second = (source.slug for source in load(file, {}).sources)
    with pytest.raises(OutputError, match=second):
        remove_source(file, first, environ={})
    assert remove_source(file, second, environ={})


def test_edits_of_two_programs_at_once_are_both_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each edit has the file read and checked before it is written: with many sources that takes seconds."""
    file, late = tmp_path / "config.yaml", [f"sources:\n- {A}\n- {C}\n"]
    file.write_text(f"sources:\n- {A}\n")

    def meanwhile() -> None:
        while late:
            file.write_text(late.pop())

    def adding(text: str, new: Sequence[NewSource]) -> str:
        meanwhile()
        return with_sources(text, new)

    def removing(text: str, index: int) -> str:
        meanwhile()
        return without_source(text, index)

    monkeypatch.setattr(editing, "with_sources", adding)
    monkeypatch.setattr(editing, "without_source", removing)
    assert add_source(file, NEW, environ={}) == load(file, {}).sources[-1].slug
    assert [source.url for source in load(file, {}).sources] == [A, C, NEW]
    late.append(f"sources:\n- {A}\n- {B}\n- {C}\n- {NEW}\n")
    assert remove_source(file, load(file, {}).sources[1].slug, environ={})
    assert [source.url for source in load(file, {}).sources] == [A, B, NEW]
    late.append(f"sources:\n- {A}\n- {NEW}\n")
    document = f"<opml><body><outline xmlUrl='{B}'/><outline xmlUrl='https://d.example/feed'/></body></opml>"
    assert import_opml(file, document.encode(), environ={}) == [B, "https://d.example/feed"]
    assert [source.url for source in load(file, {}).sources] == [A, NEW, B, "https://d.example/feed"]


def test_folders_become_categories_and_known_feeds_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"sources:\n  - {A}\n", encoding="utf-8")
    opml = f"""<opml version="2.0"><body><outline text="News"><outline text="Tech">
      <outline type="rss" text="B" xmlUrl="{B}"/></outline><outline xmlUrl="{A}#x"/></outline>
      <outline xmlUrl="{C}"/><outline xmlUrl="ftp://x.example/"/></body></opml>"""
    assert import_opml(file, opml.encode(), environ={}) == [B, C]
    assert load(file, {}).sources[1].categories == ("News", "Tech")
    assert import_opml(file, opml.encode(), environ={}) == []


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><opml><body><outline text="&b;"/></body></opml>',
        b"<opml><body>" + b"<outline text='x'>" * 200 + b"</outline>" * 200 + b"</body></opml>",
        b"<html/>",
        b"",
        b"<?xml version='1.0' encoding='klingon'?><opml/>",
    ],
)
def test_a_dangerous_document_is_refused(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError):
        import_opml(file, data, environ={})
    assert file.read_bytes() == b""
