"""The page of one article -> its entry, with whatever the page says of it."""

from __future__ import annotations

from collections.abc import Sequence

from feedhub.extract.reading import Article


def read_article(html: str, url: str, *, content: str = "auto", remove: Sequence[str] = ()) -> Article:
    """Title, authors, dates, lead, text, categories, image and original publisher of one article, and its related ones.

    Structured data comes first (JSON-LD, microdata, h-entry, OpenGraph, meta, ``rel=author``), then what the markup
    says. Never raises for bad markup: what the page does not say stays empty.

    :param url: where the page was found in the end.
    :param content: ``auto``: the full text, by trafilatura when it is installed, else by rules of our own; ``off``:
        no text; anything else is a CSS selector of the elements that are the text.
    :param remove: CSS selectors of what is taken out of the page before anything is read.
    :raises ValueError: ``content`` or one of ``remove`` is no CSS selector.
    """
    raise NotImplementedError
