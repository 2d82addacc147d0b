"""Sources without a feed of their own at hand.

::

    selectolax_page.py       a page, without any configuration -> its kind and entries
    selectolax_article.py    the page of one article -> its entry
    selectolax_configured.py a page by the operator's selectors -> its rows
    json_rows.py             JSON by the operator's expressions -> its rows               (pure)
    sitemap.py               sitemaps, indexes of them, robots.txt that names them        (pure)
    rows.py                  what a row says, field by field -> RawEntry                  (pure)
    contract.py              whether a document shows what was agreed on                  (pure)
    selectolax_discovery.py  where a page says that its feeds are
"""

from feedhub.extract.contract import broken, halved, undatable
from feedhub.extract.json_rows import read_json_rows
from feedhub.extract.reading import Article, PageKind, PageReading
from feedhub.extract.rows import SourceReading, completed
from feedhub.extract.selectolax_article import read_article
from feedhub.extract.selectolax_configured import read_rows, script_text
from feedhub.extract.selectolax_discovery import FoundFeed, find_feeds, usual_places
from feedhub.extract.selectolax_page import read_page
from feedhub.extract.sitemap import read_sitemap, titled_by_address, unpacked, whole

__all__ = [
    "Article",
    "FoundFeed",
    "PageKind",
    "PageReading",
    "SourceReading",
    "broken",
    "completed",
    "find_feeds",
    "halved",
    "read_article",
    "read_json_rows",
    "read_page",
    "read_rows",
    "read_sitemap",
    "script_text",
    "titled_by_address",
    "undatable",
    "unpacked",
    "usual_places",
    "whole",
]
