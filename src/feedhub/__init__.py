"""FeedHub: follow topics and authors across sites, in the feed reader you already have.

The map, in the order in which data flows::

    cli/           commands (Typer, Rich)
    daemon.py      life of the process: start, signals, bounded stop
    once.py        one round without a daemon: a poll by hand, serving only
    exporting.py   everything that is published -> a folder of static files
    checking.py    looking at sources without storing anything
    explaining.py  a stored entry, accounted for
    surveying.py   topics beside what is stored: which match nothing, or everything
    trying.py      rules over stored entries, before they are in force
    wiring.py      the only place where parts are chosen and joined
    instance.py    the database of a configuration, and what is asked of it without polling or serving
    applying.py    a configuration -> a database that agrees with it
    pipeline.py    the way of a poll, from stage to stage                           <- start reading here
    inbox.py       what hubs push, from the door into the pipeline
    subscriber.py  asking hubs to push, for every source that names one
    clock_jumps.py the wall clock was set: plans put right, nothing removed at once
    relabel.py     stored entries under changed rules
    labelling.py   by which rules stored entries are labelled
    indexing.py    stored entries that the full-text index does not know
    hub.py         our own hub: who wants to be told, asked back and remembered
    distributor.py feeds that changed -> those who subscribed at our hub
    announcer.py   feeds that changed -> hubs of others
    press.py       stored entries -> documents, made at first need
    offering.py    which feeds hubs may offer, and as what
    prints.py      rendered entries, kept
    following.py   what a page leads to: its feed, parts of its list, articles of new entries
    asking.py      one source: what is asked of it, and what its answer means
    gapfill.py     what was probably missed -> looked for in the source's own archive pages
    nearby.py      new entries -> the stories that they are near copies of
    commit.py      findings of many sources -> one transaction with everything of each
    documents.py   one document, whatever it is -> what it lists: a feed, a page, JSON, a sitemap
    understand.py  one document -> Understood: read, clean, identify, label (pure; runs in a worker process)

    config/        YAML                 -> Settings, or errors that name file, line, key and the fix
    schedule/      SourceState, now     -> when to look again; the APScheduler timer
    websub/        Subscription, now    -> what to ask of a hub; whether what it says is believed
    fetch/         Request              -> Fetched | NotModified | FetchFailed  (polite, bounded, guarded)
    workers/       function, argument   -> result, in a process with limits; the writer's thread
    parse/         Fetched              -> RawFeed                 (faithful, untrusted)
    extract/       page, JSON, sitemap  -> RawFeed, or where its feeds are
    clean/         RawFeed              -> Entry...                (every promise kept)
    dedupe/        Entry, what we know  -> Insert | Update | Same, and the story it joins
    classify/      Entry, rules         -> Membership...           (and the rule that said so)
    store/         the database
    emit/          StoredEntry..., Feed -> Document                (Atom, RSS, JSON Feed, OPML)
    publish/       Document             -> files
    serve/         HTTP request         -> Document, pages for people, health, metrics

    readings.py    how many documents each parser read, and where they differed
    newest.py      what the newest page of a feed shows
    ports/         what the parts need of each other
    settings/      the configuration as the program sees it
    search/        what is typed        -> Query; text -> the tokens of the index (pure)
    zstandard_texts.py  texts of an entry <-> what the database keeps of them (pure)
    raw_digests.py one digest of all that an entry said   organisations.py  names that are no person's
    list_parts.py  which parts of a list (sitemaps of an index) a poll asks for
    plain_words.py the folded words of plain text, for all who ask for them (pure)
    records.py     frozen records, copied and handed between processes (pure)
    model.py       the nouns   slugs.py, names.py, category_paths.py, patterns.py, css_selectors.py, json_paths.py, masking.py, extras.py, logs.py, systemd.py, runner.py   small shared doors
                   turnstile.py   rules do not change under anybody who works by them
    errors.py      the one tree of errors

Imports go down this list only; stages do not know each other (import-linter holds it so).
"""

__version__ = "0.1.0"
