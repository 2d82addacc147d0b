"""Commands that edit ``config.yaml``: comments and everything else in it stay as they are.

An edit is written only when the result says exactly what was meant: it is loaded again before it replaces the file.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from feedhub.config.addresses import same_address, usable
from feedhub.config.atomic_file import one_at_a_time, replace_bytes
from feedhub.config.loader import has_form, load_text, read_text, starts_with_mark
from feedhub.config.opml import read_opml
from feedhub.config.surgery import NewSource, with_sources, without_source
from feedhub.errors import OutputError
from feedhub.settings import Settings

T = TypeVar("T")

MAX_URL = 2048
"""Characters of an address that a source may have (standards, part 1, guard)."""
_ODD_LINES = re.compile("\\r(?!\\n)|[\x85\u2028\u2029]")


def add_source(
    path: Path,
    url: str,
    *,
    name: str = "",
    categories: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> str:
    """Add a source at the end of the list and return the slug it got.

    :raises ConfigError: the file, or the file with this source, is not valid (the address is there already, say).
    :raises OutputError: the file cannot be written, or its form is one that cannot be edited safely.
    """
    new = [NewSource(url=url, name=name, categories=tuple(categories))]
    return _upon_the_latest(lambda: _add(path, new, environ)).sources[-1].slug


def remove_source(path: Path, slug: str, *, environ: Mapping[str, str] | None = None) -> bool:
    """Take a source out of the list; False when there is none of this slug.

    :raises ConfigError: the file is not valid, or would not be without this source.
    :raises OutputError: the file cannot be written, or its form is one that cannot be edited safely; or another source
        would get another slug, because it has none of its own.
    """
    return _upon_the_latest(lambda: _remove(path, slug, environ))


def _remove(path: Path, slug: str, environ: Mapping[str, str] | None) -> bool:
    file = _File.read(path, os.environ if environ is None else environ)
    before = file.settings.sources
    index = next((index for index, source in enumerate(before) if source.slug == slug), None)
    if index is None:
        return False
    kept = (*before[:index], *before[index + 1 :])
    edited = without_source(file.text, index)
    after = file.loaded(edited)
    for old, new in zip(kept, after.sources, strict=False):
        if old.url == new.url and old.slug != new.slug:
            raise OutputError(
                f"Without {slug}, the source {old.slug} would be called {new.slug}.",
                f"Write `slug: {old.slug}` in it first. Nothing was changed.",
            )
    file.replace(edited, after, after.sources == kept)
    return True


def import_opml(path: Path, data: bytes, *, environ: Mapping[str, str] | None = None) -> list[str]:
    """Add every feed of an OPML document that is not there yet; the addresses that were added.

    Subscriptions whose address no source could have (not http, no host, far too long) are passed over.

    :raises ConfigError: the document or the file is not valid; nothing was added.
    :raises OutputError: the file cannot be written; nothing was added.
    """
    return _upon_the_latest(lambda: _import(path, data, environ))


def _import(path: Path, data: bytes, environ: Mapping[str, str] | None) -> list[str]:
    settings = load_text(read_text(path), path, os.environ if environ is None else environ)
    known = {same_address(source.url) for source in settings.sources}
    new: list[NewSource] = []
    for feed in read_opml(data):
        if _pollable(feed.url) and (key := same_address(feed.url)) not in known:
            known.add(key)
            new.append(NewSource(url=feed.url, name=feed.title, categories=feed.categories))
    if new:
        _add(path, new, environ)
    return [source.url for source in new]


def _pollable(url: str) -> bool:
    return usable(url) and len(url) <= MAX_URL and "${" not in url


def _add(path: Path, new: Sequence[NewSource], environ: Mapping[str, str] | None) -> Settings:
    file = _File.read(path, os.environ if environ is None else environ)
    edited = with_sources(file.text, new)
    after = file.loaded(edited)
    before, urls = file.settings.sources, [source.url for source in new]
    kept, added = after.sources[: len(before)], after.sources[len(before) :]
    file.replace(edited, after, kept == before and [source.url for source in added] == urls)
    return after


class _Overtaken(Exception):
    """Another program wrote the file while it was edited here. Stays in this module."""


def _upon_the_latest(edit: Callable[[], T]) -> T:
    """An edit of the file as it is, and not as it was before another program wrote it: else that would be undone."""
    while True:
        with suppress(_Overtaken):
            return edit()


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """The file as it is, and what it says."""

    path: Path
    environ: Mapping[str, str]
    text: str
    settings: Settings

    @staticmethod
    def read(path: Path, environ: Mapping[str, str]) -> _File:
        text = read_text(path)
        settings = load_text(text, path, environ)
        if _ODD_LINES.search(text):
            raise _unsafe(path)  # lines would be counted in another way than YAML counts them
        return _File(path=path, environ=environ, text=text, settings=settings)

    def loaded(self, edited: str) -> Settings:
        """What the edited text says.

        :raises ConfigError: it is refused for what was added or left out.
        :raises OutputError: it is no YAML, so the edit met a form it does not know.
        """
        if has_form(edited):
            return load_text(edited, self.path, self.environ)
        raise _unsafe(self.path)

    def replace(self, edited: str, after: Settings, as_meant: bool) -> None:
        """Write the edited text, if nothing but the sources changed and these ``as_meant``.

        :raises _Overtaken: the file is not the one that was edited any more.
        """
        same = {"sources": (), "plain_secrets": ()}
        if not as_meant or self.settings.model_copy(update=same) != after.model_copy(update=same):
            raise _unsafe(self.path)
        mark = codecs.BOM_UTF8 if starts_with_mark(self.path) else b""
        with one_at_a_time(self.path):
            if read_text(self.path) != self.text:
                raise _Overtaken
            replace_bytes(self.path, mark + edited.encode())


def _unsafe(path: Path) -> OutputError:
    return OutputError(
        f"{path} is written in a form that cannot be edited safely.",
        "Edit its `sources` by hand, best with one `- url` a line. Nothing was changed.",
    )
