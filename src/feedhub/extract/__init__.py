"""Sources without a feed of their own at hand: pages read as feeds, articles, and where a page says its feeds are."""

from feedhub.extract.reading import Article, PageKind, PageReading
from feedhub.extract.selectolax_article import read_article
from feedhub.extract.selectolax_discovery import FoundFeed, find_feeds
from feedhub.extract.selectolax_page import read_page

__all__ = ["Article", "FoundFeed", "PageKind", "PageReading", "find_feeds", "read_article", "read_page"]
