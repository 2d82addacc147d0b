"""The one YAML file: from its text to :class:`feedhub.settings.Settings`, or to every problem with its place.

The map, in the order in which a file goes through it::

    ruamel_yaml.py   text                -> Node, a tree that knows its places (nodes.py); the one door to YAML
    shape.py         short forms         -> written out; slugs for sources without one (naming.py)
    secrets_file.py  ``${NAME}``, files  -> the secrets themselves
    validate.py      Node                -> Settings: types, ranges, unknown keys (sections.py knows the keys)
    checks.py        Settings            -> what does not fit together (check_rules.py, check_times.py, addresses.py)
    inherit.py       Settings            -> every source complete
    loader.py        all of these, in this order                                      <- start reading here

    advice.py        Settings            -> what is allowed but hardly meant
    snapshot.py      Settings            -> what was applied, to be remembered
    planning.py      two snapshots       -> what a changed file would do
    masked.py        Settings            -> YAML without secrets
    editing.py       commands that edit the file, byte for byte (surgery.py, atomic_file.py); opml.py reads OPML

    schema.py        the types           -> JSON Schema for editors
    docs.py          the types           -> docs/configuration.md (with manual.md)
    starter.py       the first config.yaml
    suggested.py     a source that was looked at -> an item for `sources`

Files are read and written only by loader.py, secrets_file.py, editing.py, atomic_file.py, starter.py and docs.py.
"""

from feedhub.config.advice import warnings
from feedhub.config.atomic_file import stamp_of
from feedhub.config.editing import add_source, import_opml, remove_source
from feedhub.config.loader import load, load_text
from feedhub.config.masked import show
from feedhub.config.opml import OpmlFeed, read_opml
from feedhub.config.planning import Plan, needs_restart, plan
from feedhub.config.schema import json_schema
from feedhub.config.snapshot import Snapshot, snapshot_of
from feedhub.config.starter import write_starter
from feedhub.config.suggested import source_block

__all__ = [
    "OpmlFeed",
    "Plan",
    "Snapshot",
    "add_source",
    "import_opml",
    "json_schema",
    "load",
    "load_text",
    "needs_restart",
    "plan",
    "read_opml",
    "remove_source",
    "show",
    "snapshot_of",
    "source_block",
    "stamp_of",
    "warnings",
    "write_starter",
]
