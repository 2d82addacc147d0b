"""RawFeed -> Entry...: every promise of :class:`feedhub.model.Entry` is made and kept here.

::

    feed.py         the whole document      entry.py       one entry, put together       <- start reading here
    text.py         NFC, invisible characters, titles
    html.py         what is allowed, text of HTML        nh3_html.py, selectolax_prepass.py   the cleaning itself
    urls.py         absolute and canonical addresses     dates/    every dialect of dates
    people/         bylines -> people, roles, organisations
    categories.py   media.py   moments.py   parts.py (digests of meaning)
"""

from feedhub.clean.context import CleanContext, PeopleRules
from feedhub.clean.feed import clean_feed
from feedhub.clean.urls import canonical

__all__ = ["CleanContext", "PeopleRules", "canonical", "clean_feed"]
