"""Everything that is published -> a folder of static files, for any web server.

The folder holds what the server would answer: every feed in every format with its archived documents, a page for people at
each feed's path (``topics/x.html``), the directory, the OPML; each with compressed forms beside it; and what tells web
servers of renamed and withdrawn feeds (``feedhub.publish.redirects``). Private feeds stay out. Older pages (``?before=``) need a
server, so exported documents do not link to them; archived documents hold the whole history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from feedhub import instance, wiring
from feedhub.errors import Unpublishable
from feedhub.model import Feed, FeedKind, Format
from feedhub.newest import newest_page
from feedhub.ports import Press
from feedhub.publish import Moved, Place, StaticExport, redirect_files
from feedhub.serve.codings import compressed
from feedhub.serve.jinja_pages import STATIC
from feedhub.settings import Settings

FeedIndex = Mapping[tuple[FeedKind, str], Feed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Counts of files."""

    written: int
    unchanged: int
    removed: int


def export_site(settings: Settings, home: instance.Home, folder: Path, *, copies: bool = False) -> Exported:
    """Write the site; files of an earlier export that are no longer part of it are removed at the end.

    :param copies: also write renamed feeds under their old names, for hosts that cannot redirect.
    :raises feedhub.errors.OutputError: the folder cannot be written.
    """
    shelf = wiring.build_shelf(settings, home, paged=False)
    target = StaticExport(folder, compressed)
    feeds = [feed for feed in home.store.feeds(limit=instance.MOST_FEEDS) if settings.feeds.is_public(feed)]
    changed = [target.write(f"static/{name}", body) for name, body in STATIC.items()]
    changed.append(target.write("index.html", shelf.pages.directory(feeds).encode()))
    changed.append(target.write("404.html", shelf.pages.not_found("/", []).encode()))
    changed.append(target.write("feeds.opml", shelf.press.opml().body))
    changed += [
        target.write(f"{kind.value}.html", shelf.pages.listing(kind, feeds).encode())
        for kind in settings.feeds.kinds
        if kind is not FeedKind.ALL
    ]
    index = {(feed.kind, feed.key): feed for feed in feeds}
    for feed in feeds:
        changed += _write_feed(target, feed, home, shelf, index)
    changed += _write_redirects(target, settings, home, shelf.press if copies else None)
    shelf.press.flush()
    removed = target.finish()
    return Exported(written=sum(changed), unchanged=len(changed) - sum(changed), removed=len(removed))


def _write_feed(
    target: StaticExport, feed: Feed, home: instance.Home, shelf: wiring.Shelf, index: FeedIndex
) -> list[bool]:
    path, emitted = feed.path.lstrip("/"), shelf.feeds

    def documents(numbers: Iterable[int]) -> list[bool]:
        return [
            _write_document(target, f"{path}{_part(number)}.{form.value}", feed, form, shelf.press, number)
            for number in numbers
            for form in emitted.formats
        ]

    changed = documents(range(feed.archives + 1))
    now = home.store.current(feed.id)  # the newest page may be of a later moment than the feed, and name later archives
    changed += documents(range(feed.archives + 1, now.archives + 1) if now else ())
    page = newest_page(partial(home.store.page, feed.id), feed, emitted)
    changed.append(target.write(f"{path}.html", shelf.pages.feed(feed, page.entries, index=index).encode()))
    return changed


def _write_redirects(target: StaticExport, settings: Settings, home: instance.Home, press: Press | None) -> list[bool]:
    """Of public feeds only: an old name of a private one says nothing. ``press``: to copy feeds under their old names."""
    emitted, found = (
        settings.feeds,
        [(old, feed) for old, feed in home.store.moved() if not _hides(feed, old, settings)],
    )
    moved = [
        Moved(path=_path(feed.kind, old), target=feed.path[1:], title=feed.title or feed.slug)
        for old, feed in found
        if emitted.is_public(feed)
    ]
    gone = [_path(feed.kind, old) for old, feed in found if feed.withdrawn]
    gone += [feed.path[1:] for feed in home.store.withdrawn() if not _hides(feed, feed.slug, settings)]
    parts = urlsplit(settings.site.base_url)
    place = Place(root=f"{parts.scheme}://{parts.netloc}", prefix=parts.path.rstrip("/"))
    files = redirect_files(moved, gone, place, emitted.formats)
    changed = [target.write(path, body, packed=path.endswith(".html")) for path, body in files.items()]
    for old, feed in found if press else ():
        if press and emitted.is_public(feed):
            changed += [
                _write_document(target, f"{_path(feed.kind, old)}.{form.value}", feed, form, press, 0)
                for form in emitted.formats
            ]
    return changed


def _path(kind: FeedKind, slug: str) -> str:
    return f"{kind.value}/{slug}"


def _hides(feed: Feed, slug: str, settings: Settings) -> bool:
    emitted = settings.feeds
    return feed.kind not in emitted.kinds or emitted.is_private(feed) or _path(feed.kind, slug) in emitted.private


def _part(archive: int) -> str:
    return f"/archive/{archive}" if archive else ""


def _write_document(target: StaticExport, path: str, feed: Feed, form: Format, press: Press, archive: int) -> bool:
    """A document that breaks a rule of its format never replaces the last good one."""
    try:
        return target.write(path, press.document(feed, form, archive=archive).body)
    except Unpublishable:
        target.keep(path)  # the press has logged why
        return False
