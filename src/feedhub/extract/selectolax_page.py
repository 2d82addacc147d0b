"""A page for people -> its entries, without any configuration."""

from __future__ import annotations

from feedhub.extract.reading import PageReading


def read_page(html: str, url: str) -> PageReading:
    """What kind of page it is, and its entries.

    An article gives its own entry and the related ones; a listing is read from its structured data (JSON-LD,
    microdata, h-feed), else from links that stand in rows of one likeness. Never raises for bad markup: a page of
    which nothing can be made is :attr:`PageKind.UNKNOWN`, one that scripts would have to fill is
    :attr:`PageKind.SHELL`.

    :param url: where the page was found in the end; relative addresses are absolute against its ``<base>``, else this.
    """
    raise NotImplementedError
