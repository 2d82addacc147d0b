"""Sources without a feed of their own at hand: where a page says its feeds are."""

from feedhub.extract.selectolax_discovery import FoundFeed, find_feeds

__all__ = ["FoundFeed", "find_feeds"]
