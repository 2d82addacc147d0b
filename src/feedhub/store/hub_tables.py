"""Tables of our own hub, and of what hubs of others were told.

What a subscriber is owed stands in no table: it is owed the document when its feed's version is newer than its own
``version``. So the debt comes with the commit that changes the feed, costs that commit nothing, and outlives a crash.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, String, Table

from feedhub.store.columns import ID, Due, Moment, metadata
from feedhub.store.columns import number as _number
from feedhub.store.columns import words as _words

websub_requests = Table(
    "websub_requests",
    metadata,
    Column("key", LargeBinary, primary_key=True),  # ports.hub.subscription_key
    Column("challenge", String, nullable=False),
    Column("mode", String, nullable=False),
    # No foreign key: a feed that goes leaves its subscribers behind, to be told so.
    Column("feed_id", ID, nullable=False),
    Column("format", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("callback", String, nullable=False),
    Column("host", String, nullable=False),
    _words("secret"),
    _number("lease_seconds"),
    _number("version"),
    Column("asked_at", Moment, nullable=False),
    Index(None, "asked_at"),
)

websub_subscribers = Table(
    "websub_subscribers",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("feed_id", ID, nullable=False),
    Column("format", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("callback", String, nullable=False),
    Column("host", String, nullable=False),
    _words("secret"),
    Column("since", Moment, nullable=False),
    Column("lease_until", Moment, nullable=False),
    _number("version"),  # of the feed, delivered last
    _words("etag"),  # of the document, delivered last
    Column("due_at", Due, nullable=False, server_default="0"),
    _number("failures"),
    Column("failing_since", Moment),
    _number("deliveries"),
    Column("delivered_at", Moment),
    _words("detail"),
    Index(None, "feed_id"),
    Index(None, "host"),
)

websub_hubs = Table(
    "websub_hubs",
    metadata,
    Column("hub", String, primary_key=True),
    Column("due_at", Due, nullable=False, server_default="0"),
    _number("failures"),
    _number("pings"),
    Column("pinged_at", Moment),
    _words("detail"),
)

websub_pings = Table(
    "websub_pings",
    metadata,
    Column("hub", String, nullable=False),
    Column("feed_id", ID, nullable=False),
    Column("version", BigInteger, nullable=False),  # of the feed, told last
    PrimaryKeyConstraint("hub", "feed_id"),
    sqlite_with_rowid=False,
)
