"""What is remembered of pages and articles: :class:`feedhub.ports.PageStore`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from feedhub.model import KeptArticle, KeptPage, Key, SourceId
from feedhub.ports import PollRecord
from feedhub.store.base import Side
from feedhub.store.page_rows import link_digest, pack_entry, unpack_entry
from feedhub.store.page_tables import articles, pages
from feedhub.store.statements import chunks, put_over
from feedhub.store.tables import entry_keys, forgotten, sources
from feedhub.store.zstandard_pages import MOST_KEPT, packed, unpacked

ARTICLES_KEPT = 2_000
"""Articles remembered of each source: what its list may still show, several times over."""


class Paging(Side):
    """Reading calls are safe from any thread; the writing one comes from the writer's."""

    def kept_page(self, source: SourceId) -> KeptPage | None:
        with self.reading() as connection:
            row = connection.execute(select(pages).where(pages.c.source_id == source)).mappings().first()
        if row is None:
            return None
        return KeptPage(
            url=row["url"],
            body=unpacked(row["body"]),
            content_type=row["content_type"],
            charset=row["charset"],
            at=row["at"],
        )

    def articles(self, source: SourceId, links: Collection[str]) -> Mapping[str, KeptArticle]:
        by_digest = {link_digest(link): link for link in links}
        found: dict[str, KeptArticle] = {}
        with self.reading() as connection:
            for some in chunks(by_digest):
                query = select(articles).where(articles.c.source_id == source, articles.c.link.in_(some))
                for row in connection.execute(query).mappings():
                    link = by_digest[bytes(row["link"])]
                    found[link] = KeptArticle(
                        link=link,
                        at=row["at"],
                        tries=row["tries"],
                        entry=None if row["entry"] is None else unpack_entry(unpacked(row["entry"])),
                        remark=row["remark"],
                    )
        return found

    def keep_article(self, source: SourceId, article: KeptArticle) -> None:
        row = {
            "source_id": source,
            "link": link_digest(article.link),
            "at": article.at,
            "tries": article.tries,
            "remark": article.remark,
            "entry": None if article.entry is None else packed(pack_entry(article.entry)),
        }
        with self.writing() as connection:
            put_over(connection, articles, [row] if _present(connection, [source]) else [])

    def known_keys(self, keys: Iterable[Key]) -> frozenset[Key]:
        found: set[Key] = set()
        with self.reading() as connection:
            for some in chunks(set(keys)):
                for table in (entry_keys, forgotten):
                    found.update(
                        Key(bytes(key)) for key in connection.scalars(select(table.c.key).where(table.c.key.in_(some)))
                    )
        return frozenset(found)

    def trim_articles(self, kept: int = ARTICLES_KEPT) -> int:
        """Forget the articles of each source that were read before its newest ``kept``; returns how many."""
        gone = 0
        with self.writing() as connection:
            for source in connection.scalars(select(articles.c.source_id).distinct()).all():
                gone += _trim(connection, source, kept)
        return gone


def _trim(connection: Connection, source: int, kept: int) -> int:
    here = articles.c.source_id == source
    newest = select(articles.c.at).where(here).order_by(articles.c.at.desc()).offset(kept).limit(1)
    before: datetime | None = connection.scalar(newest)
    if before is None:
        return 0
    return connection.execute(delete(articles).where(here, articles.c.at <= before)).rowcount


def _present(connection: Connection, some: Iterable[SourceId]) -> set[int]:
    """Those of the sources that are still there: one may have been forgotten while it was asked."""
    return {
        number
        for ids in chunks(some)
        for number in connection.scalars(select(sources.c.id).where(sources.c.id.in_(ids)))
    }


def write_pages(connection: Connection, records: Sequence[PollRecord]) -> None:
    """Keep the pages of these polls, each in place of the one before; one too large to keep leaves none."""
    rows, present = [], _present(connection, [record.state.id for record in records])
    for record in records:
        page = record.kept
        if page is None or record.state.id not in present:
            continue
        if len(page.body) > MOST_KEPT:
            connection.execute(delete(pages).where(pages.c.source_id == record.state.id))
            continue
        rows.append(
            {
                "source_id": record.state.id,
                "url": page.url,
                "content_type": page.content_type,
                "charset": page.charset,
                "at": page.at,
                "body": packed(page.body),
            }
        )
    put_over(connection, pages, rows)
