"""The database: SQLite or PostgreSQL, through SQLAlchemy Core.

::

    tables.py              what is kept                    schema.py      its version
    sqlalchemy_engine.py   connections, errors             upkeep.py      check, back up, restore
    statistics.py          what it holds, and where its bytes are
    store.py               SqlStore, open_store            lock.py        one FeedHub for one database
    upgrading.py           migrate, step by step with alembic_steps.py

    writing.py   batch.py   polled.py   attachments.py   touching.py                   a poll is written
    feeds.py     listing.py (pure)                                                     feeds and their lists
    configuring.py   moving.py   sources.py   relabelling.py                           the ledger's other calls
    subscribing.py                                                                     our subscriptions at hubs
    access.py                                                                          keys to private feeds
    hub_tables.py   hub_rows.py                                                        our own hub; what others' hubs were told
    retention.py   forgetting.py   compacting.py                                       what goes for good, and its room
    reading.py   catalogue.py   accounting.py                                          pages; questions
    search_index.py   text_search.py   finding.py                                      the full-text index; what is asked of it
    bodies.py   rows.py (pure)   statements.py   base.py                                           shared
"""

from feedhub.store.compacting import compact
from feedhub.store.lock import InstanceLock, holder
from feedhub.store.retention import Removed
from feedhub.store.schema import SchemaKind, SchemaState, schema_state
from feedhub.store.statistics import Statistics, statistics
from feedhub.store.store import SqlStore, open_store
from feedhub.store.upkeep import backup, check, restore

__all__ = [
    "InstanceLock",
    "Removed",
    "SchemaKind",
    "SchemaState",
    "SqlStore",
    "Statistics",
    "backup",
    "check",
    "compact",
    "holder",
    "open_store",
    "restore",
    "schema_state",
    "statistics",
]
