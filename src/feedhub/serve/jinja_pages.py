"""Pages for people, as text: the server sends them and the static export writes them. The one door to Jinja.

Browsers no longer apply XSLT to feeds: these pages are what a person sees who follows a feed's address. They need no
JavaScript, load nothing from elsewhere, and every word of a source is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from importlib.resources import files
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from feedhub.model import ContentPolicy, Feed, FeedKind, PushNote, SourceId, SourceState, StoredEntry
from feedhub.search.query import LONGEST
from feedhub.search.selection import Heading, IndexState
from feedhub.serve import views
from feedhub.serve.addresses import Visibility, site_prefix, site_root
from feedhub.serve.words import moment, number
from feedhub.settings import Settings

SHOWN = 50
"""Feeds of one kind on the directory; all of them are on a page of their own."""

STATIC: Mapping[str, bytes] = {
    name: files("feedhub.serve").joinpath("static", name).read_bytes() for name in ("style.css", "icon.svg")
}
"""Files that the pages name, by the name under ``/static/``."""

_STYLE_VERSION = blake2b(STATIC["style.css"], digest_size=6).hexdigest()


class PageRenderer:
    """Lays out pages. The same arguments give the same text: nothing here asks the clock or the database.

    ``page_ending`` is what the export adds to the addresses of pages (``.html``); a server needs none. ``searching``:
    whether there is somebody to answer searches.
    """

    def __init__(self, settings: Settings, version: str, page_ending: str = "", *, searching: bool = False) -> None:
        site = settings.site
        self._settings = settings
        self._visibility = Visibility(settings)
        self._zone = ZoneInfo(site.timezone)
        self._author_keys = views.author_keys(settings.authors)
        self._places = views.Places(
            prefix=site_prefix(site.base_url),
            root=site_root(site.base_url),
            page_ending=page_ending,
            formats=self._visibility.formats,
        )
        self._environment = Environment(
            loader=PackageLoader("feedhub.serve"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        self._environment.globals |= {
            "site": site,
            "version": version,
            "style_version": _STYLE_VERSION,
            "places": self._places,
            "noindex": settings.feeds.noindex,
            "narrowable": searching and self._visibility.narrowable,
            "searchable": searching and self._visibility.searchable,
        }

    def _render(self, template: str, **values: object) -> str:
        return self._environment.get_template(template).render(values)

    def _group(self, kind: FeedKind, feeds: Sequence[Feed]) -> views.FeedGroup:
        of_kind = [feed for feed in feeds if feed.kind is kind]
        best = of_kind if len(of_kind) <= SHOWN else views.by_size(of_kind)[:SHOWN]
        more = views.Link(text=f"All {len(of_kind)}", href=self._places.page(f"/{kind.value}"))
        return views.FeedGroup(
            kind=kind.value,
            title=views.KIND_NAMES[kind],
            lines=tuple(views.feed_line(feed, self._places, self._zone) for feed in views.by_title(best)),
            more=more if len(of_kind) > SHOWN else None,
        )

    def directory(self, feeds: Sequence[Feed]) -> str:
        """The front page: every public feed, or the largest 50 of a kind. Others than public ones are left out."""
        public = [feed for feed in feeds if self._visibility.is_public(feed)]
        everything = next((feed for feed in public if feed.kind is FeedKind.ALL), None)
        groups = [self._group(kind, public) for kind in FeedKind if kind is not FeedKind.ALL]
        return self._render(
            "directory.html",
            groups=[group for group in groups if group.lines],
            everything=views.feed_line(everything, self._places, self._zone) if everything else None,
            subscriptions=self._places.subscriptions(everything) if everything else (),
        )

    def listing(self, kind: FeedKind, feeds: Sequence[Feed]) -> str:
        """All public feeds of a kind, by name."""
        public = [feed for feed in feeds if feed.kind is kind and self._visibility.is_public(feed)]
        lines = [views.feed_line(feed, self._places, self._zone) for feed in views.by_title(public)]
        return self._render("listing.html", title=views.KIND_NAMES[kind], lines=lines)

    def _entries(
        self, entries: Sequence[StoredEntry], known: views.FeedIndex, most: ContentPolicy
    ) -> list[views.EntryView]:
        return [
            views.entry_view(entry, known, self._author_keys, self._places, self._zone, entry.policy.at_most(most))
            for entry in entries
        ]

    def feed(
        self, feed: Feed, entries: Sequence[StoredEntry], next_before: str = "", index: views.FeedIndex | None = None
    ) -> str:
        """A page of a feed. ``next_before`` asks for the next older page; ``index`` says which feeds may be linked."""
        known = index or {}
        topic = self._settings.topics.get(feed.slug) if feed.kind is FeedKind.TOPIC else None
        return self._render(
            "feed.html",
            feed=feed,
            kind=views.ONE_OF[feed.kind],
            all_of_kind=self._places.page(f"/{feed.kind.value}") if feed.kind is not FeedKind.ALL else "",
            kind_name=views.KIND_NAMES[feed.kind],
            description=topic.description if topic else "",
            count=number(feed.size),
            updated=moment(feed.updated, self._zone),
            subscriptions=self._places.subscriptions(feed),
            entries=self._entries(entries, known, self._settings.feeds.policy_of(feed)),
            newest=self._places.page(feed.path),
            older=f"{self._places.page(feed.path)}?before={next_before}" if next_before else "",
        )

    def selection(
        self,
        heading: Heading,
        entries: Sequence[StoredEntry],
        next_before: str = "",
        index: views.FeedIndex | None = None,
        notes: Sequence[str] = (),
        within: Sequence[Feed] = (),
    ) -> str:
        """A page of a search or of a narrowed feed. ``notes`` are for whoever typed it; ``within``: the feeds it is of."""
        known = index or {}
        here = views.selection_address(self._places.prefix, heading)
        return self._render(
            "search.html",
            title=heading.title,
            action=self._places.prefix + heading.path,
            typed=dict(heading.parameters).get("q", ""),
            hidden=[pair for pair in heading.parameters if pair[0] != "q"],
            notes=notes,
            subscriptions=views.selection_subscriptions(self._places, heading),
            entries=self._entries(entries, known, self._settings.feeds.policy_of(*within)),
            newest=here,
            older=views.selection_address(self._places.prefix, heading, before=next_before) if next_before else "",
            help=views.SEARCH_HELP,
        )

    def search_form(self, typed: str, said: str, state: IndexState) -> str:
        """The page that asks what to look for; ``said``: why there is no answer."""
        notes = [said] if said else []
        notes += [] if state.complete else [f"The index of words is {state.words}."]
        return self._render(
            "search.html",
            title="Search",
            action=f"{self._places.prefix}/search",
            hidden=(),
            typed=typed[:LONGEST],
            notes=notes,
            subscriptions=(),
            entries=(),
            older="",
            help=views.SEARCH_HELP,
        )

    def opensearch(self) -> str:
        """The OpenSearch description of this site."""
        return self._render("opensearch.xml", formats=self._visibility.formats)

    def status(
        self,
        states: Sequence[SourceState],
        now: datetime,
        explain: Callable[[SourceState, datetime], str],
        index: views.FeedIndex | None = None,
        notes: Mapping[SourceId, PushNote] | None = None,
        remarks: str = "",
    ) -> str:
        """The state of every source that is not private, in the words of ``explain``; ``notes`` tell of its hub.

        :param remarks: sentences about the service itself: labelling, the hub.
        """
        known, told = index or {}, notes or {}
        shown = [state for state in states if not self._visibility.is_private(f"sources/{state.slug}")]
        rows = [
            views.state_view(
                state,
                explain(state, now),
                (FeedKind.SOURCE, state.slug) in known,
                self._places,
                self._zone,
                now,
                told.get(state.id),
            )
            for state in sorted(shown, key=lambda state: state.slug)
        ]
        rows.sort(key=lambda row: not row.trouble)
        counts, at = views.health_counts(shown), moment(now, self._zone)
        return self._render("status.html", rows=rows, counts=counts, now=at, remarks=remarks)

    def not_found(self, path: str, suggestions: Sequence[Feed] = ()) -> str:
        """The page for an address that nothing has; ``suggestions`` are feeds with names like it."""
        public = [feed for feed in suggestions if self._visibility.is_public(feed)]
        lines = [views.feed_line(feed, self._places, self._zone) for feed in public]
        return self._render("not_found.html", path=path[:200], lines=lines)

    def notice(self, title: str, text: str) -> str:
        """A page with one thing to say: gone, refused, not now."""
        return self._render("notice.html", title=title, text=text)
