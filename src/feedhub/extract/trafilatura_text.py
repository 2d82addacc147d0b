"""The full text of a page by trafilatura, where it is installed (the extra ``fulltext``). Its one door."""

from __future__ import annotations

import logging
import unicodedata
from functools import lru_cache
from importlib.util import find_spec


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """Whether the extra is there. It is imported at its first use only: 40 MB and a third of a second."""
    return find_spec("trafilatura") is not None and find_spec("lxml_html_clean") is not None


def full_text(html: str, url: str) -> str:
    """The article's text as simple HTML with links, lists, quotes, tables and images; "" when none was found.

    Figure captions and players are lost, as trafilatura has no word for them.
    """
    if not is_installed():
        return ""
    from trafilatura import bare_extraction
    from trafilatura.htmlprocessing import build_html_output

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found = bare_extraction(
            html,
            url=url,
            output_format="html",
            fast=True,
            include_comments=False,
            include_formatting=True,
            include_links=True,
            include_images=True,
            include_tables=True,
            with_metadata=False,
        )
        if found is None or isinstance(found, dict) or found.body is None:
            return ""
        # `extract` would also make a fingerprint of the text, which takes as long as a quarter of all the rest
        return unicodedata.normalize("NFC", build_html_output(found))
    except (ValueError, TypeError, AttributeError, RecursionError, KeyError, IndexError):
        return ""  # what it trips over is a page without a text, not a failure of ours: our own rules come next
