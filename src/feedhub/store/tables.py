"""The tables (design, section 3). ``migrations/`` builds the same; a test holds the two equal.

Ids are given out by the single writer (:data:`counters`), so that a batch can be written with bulk statements and an
id is never used twice. Moments are whole UTC seconds. Digests and keys are 16 bytes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    false,
    true,
)

from feedhub.store.columns import ID, Due, Moment, metadata
from feedhub.store.columns import entry as _entry
from feedhub.store.columns import id_column as _id
from feedhub.store.columns import number as _number
from feedhub.store.columns import source as _source
from feedhub.store.columns import words as _words

sources = Table(
    "sources",
    metadata,
    _id(),
    Column("slug", String, nullable=False, unique=True),
    _words("name"),
    Column("url", String, nullable=False),
    Column("configured_url", String, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=true()),
    # False: it left the configuration. Its entries stay, its feed answers 410.
    Column("configured", Boolean, nullable=False, server_default=true()),
    Column("content", String, nullable=False, server_default="full"),
    # False: it does not want to be republished. Its entries stay, for the operator alone.
    Column("republish", Boolean, nullable=False, server_default=true()),
    _words("rights"),
    # what a poll needs and leaves behind (model.SourceState)
    Column("etag", String),
    Column("last_modified", String),
    Column("validators_url", String),
    Column("body_digest", LargeBinary),
    Column("next_poll_at", Due, nullable=False, server_default="0"),
    Column("leased_until", Due, nullable=False, server_default="0"),
    Column("last_poll_at", Moment),
    Column("last_success_at", Moment),
    Column("last_change_at", Moment),
    Column("failing_since", Moment),
    _number("failures"),
    Column("last_failure", String),
    _words("last_detail"),
    _number("last_status"),
    Column("health", String, nullable=False, server_default="new"),
    Column("rate", Float, nullable=False, server_default="0"),
    Column("rate_at", Moment),
    Column("habit", String),  # model.Habit as a JSON list; NULL: nothing was learned yet
    _number("same_body"),
    Column("has_validators", Boolean, nullable=False, server_default=true()),
    Column("fresh_until", Moment),
    Column("retry_at", Moment),
    _number("hint_ttl"),
    _number("hint_interval"),
    _words("hint_hours"),
    _words("hint_days"),
    Column("move_target", String),
    Column("move_since", Moment),
    _number("move_count"),
    _number("window"),
    Column("newest_listed", Moment),
    Column("traits", String),  # model.Trait to the second it was seen last, as JSON; NULL: its ids behave
    Column("gap", String),  # model.Gap as JSON, the same as its row of ``gaps``; NULL: none that matters
    Column("page", String),  # model.PageMemory as JSON; NULL: a feed, or nothing is known yet
    Column("listed_at", Moment),  # the last poll that brought a list of entries
    Column("credited_at", Moment),  # when that of the following which entries name changed last; NULL: never
    # what the source says of itself (model.FeedInfo)
    _words("feed_title"),
    _words("feed_id"),
    _words("feed_link"),
    _words("feed_self"),
    _words("feed_hub"),
    _words("feed_subtitle"),
    Column("feed_updated", Moment),
    _words("feed_rights"),
    _words("feed_language"),
    _words("feed_image"),
    Column("feed_authors", String, nullable=False, server_default="[]"),  # JSON list of names
    _words("feed_format"),
    Index(None, "enabled", "next_poll_at"),
)

entries = Table(
    "entries",
    metadata,
    _id(),
    Column("owner_id", ID, ForeignKey("sources.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("cluster", ID, nullable=False),  # the id of the story's first entry
    _number("rank"),  # place by ``stories.show``; the smallest is shown
    _words("joined"),  # why it joined its story, for ``explain``
    _words("original_id"),
    _words("link"),
    _words("canonical_link"),
    _words("title"),
    Column("published", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
    Column("date_origin", String, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("sort_key", BigInteger, nullable=False),  # published, at most first_seen; copied into memberships
    _words("image"),
    _words("language"),
    _words("rights"),
    _words("publisher"),
    _words("comments"),
    _words("in_reply_to"),
    _words("extras"),  # model.Extra as JSON
    Column("via", String),  # JSON
    Column("source_updated", Moment),  # the feed's own updated when this version was taken from it
    Column("raw_digest", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _words("parts"),  # "name:hex name:hex"
    Index(None, "owner_id", "sort_key"),
    Index(None, "sort_key", "id"),
    Index(None, "cluster"),
)

contents = Table(
    "contents",
    metadata,
    Column("entry_id", ID, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # Read and written through store.bodies alone. In its own table, so that lists do not drag bodies through the cache.
    _words("summary"),
    _words("content"),
    _words("said"),  # model.Entry.said as JSON; "" when the source wrote it all as it is kept
    Column("packed", LargeBinary),  # the three above in one piece, which are "" then; NULL: they are as they are
)

entry_keys = Table(
    "entry_keys",
    metadata,
    Column("key", LargeBinary, nullable=False),
    _entry(),
    Column("shared", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("key"),
    Index(None, "entry_id"),
    sqlite_with_rowid=False,
)

cluster_keys = Table(
    "cluster_keys",
    metadata,
    # A key leads to every story whose entries had it: years apart, a series on one address is many stories.
    Column("key", LargeBinary, nullable=False),
    Column("cluster", ID, nullable=False),
    PrimaryKeyConstraint("key", "cluster"),
    Index(None, "cluster"),
    sqlite_with_rowid=False,
)

story_marks = Table(
    "story_marks",
    metadata,
    # Near copies of a text share some of its marks. No foreign key: rows of entries that are gone are passed over, and
    # all go after a month (store.marks); an index for them would double the cost of every new entry.
    Column("mark", BigInteger, nullable=False),
    Column("entry_id", ID, nullable=False),
    PrimaryKeyConstraint("mark", "entry_id"),
    sqlite_with_rowid=False,
)

forgotten = Table(
    "forgotten",
    metadata,
    Column("key", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("key"),
    sqlite_with_rowid=False,
)

sightings = Table(
    "sightings",
    metadata,
    _source(),
    _entry(),
    _words("original_id"),
    _words("link"),
    _words("title"),
    Column("raw_digest", LargeBinary, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    PrimaryKeyConstraint("source_id", "entry_id"),
    Index(None, "entry_id"),
    Index(None, "source_id", "last_seen", "raw_digest"),
    sqlite_with_rowid=False,
)

authors = Table(
    "authors",
    metadata,
    _id(),
    Column("key", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("is_organisation", Boolean, nullable=False, server_default=false()),
)

author_pages = Table(
    "author_pages",
    metadata,
    # A page of a person's own, and the key of the first spelling that was seen with it (store.author_pages)
    Column("page", String, nullable=False),
    Column("person", String, nullable=False),
    PrimaryKeyConstraint("page"),
    sqlite_with_rowid=False,
)

author_spellings = Table(
    "author_spellings",
    metadata,
    # The key of a spelling, and that of the person it was joined to for the sake of a page
    Column("key", String, nullable=False),
    Column("person", String, nullable=False),
    PrimaryKeyConstraint("key"),
    sqlite_with_rowid=False,
)

entry_authors = Table(
    "entry_authors",
    metadata,
    _entry(),
    Column("contributor", Boolean, nullable=False, server_default=false()),
    Column("position", Integer, nullable=False),
    Column("author_id", ID, ForeignKey("authors.id"), nullable=False),
    Column("name", String, nullable=False),
    _words("role"),
    _words("organisation"),
    _words("uri"),
    Column("is_organisation", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("entry_id", "contributor", "position"),
    sqlite_with_rowid=False,
)

categories = Table(
    "categories",
    metadata,
    _id(),
    Column("key", String, nullable=False),
    Column("term", String, nullable=False),
    Column("scheme", String, nullable=False),
    Column("label", String, nullable=False),
    UniqueConstraint("key", "term", "scheme", "label"),
)

entry_categories = Table(
    "entry_categories",
    metadata,
    _entry(),
    Column("position", Integer, nullable=False),
    Column("category_id", ID, ForeignKey("categories.id"), nullable=False),
    PrimaryKeyConstraint("entry_id", "position"),
    sqlite_with_rowid=False,
)

enclosures = Table(
    "enclosures",
    metadata,
    _entry(),
    Column("position", Integer, nullable=False),
    Column("url", String, nullable=False),
    _words("type"),
    _number("length"),
    _words("title"),
    _number("duration"),
    PrimaryKeyConstraint("entry_id", "position"),
    sqlite_with_rowid=False,
)

feeds = Table(
    "feeds",
    metadata,
    _id(),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("slug", String, nullable=False),
    Column("title", String, nullable=False),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Column("updated", Moment, nullable=False, server_default="0"),
    Column("withdrawn", Boolean, nullable=False, server_default=false()),
    _number("size"),
    Column("every_copy", Boolean, nullable=False, server_default=false()),  # of a story, not one of them
    # complete archived documents, and the newest entry that was archived in its turn (store.archiving)
    _number("archives"),
    Column("archived_key", BigInteger),
    Column("archived_entry", ID),
    UniqueConstraint("kind", "key"),
    UniqueConstraint("kind", "slug"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("feed_id", ID, ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    Column("hidden", Boolean, nullable=False, server_default=false()),
    Column("sort_key", BigInteger, nullable=False),
    _entry(),
    Column("source_id", ID),  # whose sighting put it there
    _words("rule"),
    PrimaryKeyConstraint("feed_id", "hidden", "sort_key", "entry_id"),  # the newest N of a feed are one range
    UniqueConstraint("entry_id", "feed_id"),
    sqlite_with_rowid=False,
)

archive_pages = Table(
    "archive_pages",
    metadata,
    Column("feed_id", ID, ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    _entry(),
    Column("number", BigInteger, nullable=False),  # one more than ``feeds.archives``: still filling
    PrimaryKeyConstraint("feed_id", "entry_id"),
    Index(None, "feed_id", "number"),
    Index(None, "entry_id"),
    sqlite_with_rowid=False,
)

tombstones = Table(
    "tombstones",
    metadata,
    # An entry that was withdrawn from a feed that showed it (RFC 6721). The entry itself may be gone.
    Column("feed_id", ID, ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("entry_id", ID, nullable=False),
    _words("original_id"),
    _words("name"),  # what a minted id is made of (emit.identity)
    _words("source_slug"),
    PrimaryKeyConstraint("feed_id", "at", "entry_id"),
    sqlite_with_rowid=False,
)

redirects = Table(
    "redirects",
    metadata,
    Column("kind", String, nullable=False),
    Column("slug", String, nullable=False),
    Column("feed_id", ID, ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    PrimaryKeyConstraint("kind", "slug"),
    Index(None, "feed_id"),
    sqlite_with_rowid=False,
)

fragments = Table(
    "fragments",
    metadata,
    _entry(),
    Column("version", Integer, nullable=False),
    Column("format", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("entry_id", "version", "format"),
)

polls = Table(
    "polls",
    metadata,
    _source(),
    Column("number", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String, nullable=False),
    _number("status"),
    _number("listed"),
    _number("new"),
    _number("updated"),
    _number("rejected"),
    _number("wire_bytes"),
    Column("elapsed", Float, nullable=False, server_default="0"),
    _words("detail"),
    Column("next_poll_at", Moment),
    PrimaryKeyConstraint("source_id", "number"),
    sqlite_with_rowid=False,
)

source_changes = Table(
    "source_changes",
    metadata,
    _id("number"),
    _source(),
    Column("at", Moment, nullable=False),
    Column("before", String, nullable=False),  # model.Health
    Column("after", String, nullable=False),
    _words("cause"),
    _words("detail"),
    Index(None, "source_id", "number"),
)

service_events = Table(
    "service_events",
    metadata,
    _id("number"),
    Column("at", Moment, nullable=False),
    Column("what", String, nullable=False),
    _words("detail"),
)

gaps = Table(
    "gaps",
    metadata,
    _source(),
    Column("noticed_at", Moment, nullable=False),
    Column("after", Moment, nullable=False),
    Column("before", Moment, nullable=False),
    _words("older"),
    _number("pages"),
    _number("brought"),
    Column("tried_at", Moment),
    Column("filled_at", Moment),
    _words("remark"),
    PrimaryKeyConstraint("source_id", "noticed_at"),
    sqlite_with_rowid=False,
)

websub_subscriptions = Table(
    "websub_subscriptions",
    metadata,
    Column("token", String, primary_key=True),
    # No foreign key: a source that is forgotten leaves its subscription behind, to be ended at the hub.
    Column("source_id", ID, nullable=False),
    Column("hub", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("callback", String, nullable=False),
    _words("secret"),
    Column("standing", String, nullable=False),
    _words("pending"),
    Column("asked_at", Moment),
    Column("due_at", Moment),
    Column("since", Moment),
    Column("lease_until", Moment),
    _number("failures"),
    _words("detail"),
    _number("pushes"),
    _number("ignored"),
    _number("missed"),
    Column("last_push_at", Moment),
    Column("last_ping_at", Moment),
    Column("ended_at", Moment),
    Index(None, "due_at"),
    Index(None, "source_id"),
)

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("name", String, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the token, which is kept nowhere
    Column("feeds", String, nullable=False, server_default="[]"),  # JSON list of paths; []: every private feed
    Column("since", Moment, nullable=False),
    PrimaryKeyConstraint("name"),
    UniqueConstraint("digest"),
)

memory = Table(
    "memory",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
