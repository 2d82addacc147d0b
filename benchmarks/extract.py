"""What reading a page without configuration costs, and how right it is.

    python benchmarks/extract.py

Milliseconds of CPU, the median of many reads, beside what the parser alone and trafilatura alone take in the same run.
The large pages are generated; the others, and what is expected of them, are those of ``tests/corpus/pages``, which were
made for FeedHub: they show that nothing was lost, not how often pages in the wild are read rightly.
"""

from __future__ import annotations

import json
import statistics
import time
import tomllib
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser

from feedhub.extract import read_article, read_page
from reporting import Report, arguments, versions

CORPUS = Path(__file__).parents[1] / "tests" / "corpus" / "pages"
READS = 40
CARDS = 60
_LEAD = "The lead says in two or three lines what the article is about and why anybody should read it today. "
_PARAGRAPH = (
    "Paragraph number {n} of a generated article, as long as those of newspapers are, with a figure such as 2.5% or 630 billion in it, "
    "a <a href='/topic/x'>link to a topic</a>, and <em>a word that is stressed</em> so that it has markup inside. "
)


def main(report: Report) -> None:
    listing, article = _listing(), _article()
    report.table(
        "page", "kB", "FeedHub", "selectolax, parsing alone", "trafilatura alone", "aim",
        title=f"Milliseconds of CPU a page, median of {READS}.",
    )  # fmt: skip
    url = "https://news.example.org/markets"
    _row(report, "listing of 60 rows, repeated links", listing, lambda: read_page(listing, url), aim="5")
    structured = _structured(listing)
    _row(report, "the same with JSON-LD ItemList", structured, lambda: read_page(structured, url))
    story = "https://news.example.org/a/1-story.html"
    _row(
        report, "article with full text", article, lambda: read_article(article, story), _trafilatura(article), aim="15"
    )
    _row(report, "article without text", article, lambda: read_article(article, story, content="off"))
    for name in ("vi_finance_article", "news_front_page", "forum", "h_feed", "nextjs_state", "javascript_shell"):
        html, options, _expected = _case(name)
        _row(
            report,
            f"corpus: {name}",
            html,
            _reader(html, options["url"]),
            _trafilatura(html) if name.endswith("article") else "",
        )
    _accuracy(report)


def _row(
    report: Report, name: str, html: str, read: Callable[[], object], trafilatura: str = "", aim: str = ""
) -> None:
    parse = _median(lambda: LexborHTMLParser(html))
    ours = _median(read)
    report.figure(f"{name}, times the loop", ours, "ms")  # parsing alone is too short to be a baseline
    report.row(name, f"{len(html.encode()) / 1000:.0f}", ours, parse, trafilatura, aim)


def _reader(html: str, url: str) -> Callable[[], object]:
    return lambda: read_page(html, url)


def _median(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(READS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return statistics.median(times) * 1000


def _trafilatura(html: str) -> str:
    try:
        import trafilatura
    except ImportError:
        return "not installed"
    return f"{_median(lambda: trafilatura.extract(html, output_format='html', fast=True, include_links=True)):.1f}"


# ---------------------------------------------------------------- pages


def _listing() -> str:
    furniture = "<script>" + "window.state = 1;" * 20 + '</script><svg><path d="' + "M10 10 " * 270 + '"/></svg>'
    cards = "".join(
        f'<div class="card card--news"><a class="thumb" href="/n/{n}-slug-of-the-article.html"><img data-src="/img/{n}.jpg" '
        f'src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==" alt="" width="320" height="180"></a>'
        f'<div class="txt"><h3 class="ttl"><a href="/n/{n}-slug-of-the-article.html">Title number {n} of an article with words</a></h3>'
        f'<div class="by"><a class="name" href="/author/a{n % 7}">Jane Doe</a><span class="role">Reporter</span></div>'
        f'<time datetime="2025-02-14T10:{n % 60:02}:00Z">14 Feb</time><p class="sapo">{_LEAD * 3}</p></div></div>{furniture}'
        for n in range(CARDS)
    )
    menu = "".join(f'<li><a href="/section/{n}">Section number {n} of the site</a></li>' for n in range(80))
    return f"<!doctype html><html lang=en><head><title>Markets</title></head><body><nav><ul>{menu}</ul></nav><main>{cards}</main></body></html>"


def _structured(listing: str) -> str:
    items = [
        {
            "@type": "ListItem",
            "position": n,
            "item": {
                "@type": "Article",
                "url": f"/n/{n}-slug-of-the-article.html",
                "headline": f"Title number {n} of an article with words",
            },
        }
        for n in range(CARDS)
    ]
    script = json.dumps({"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items})
    return listing.replace("</head>", f'<script type="application/ld+json">{script}</script></head>')


def _article() -> str:
    html, _options, _expected = _case("wordpress_article_yoast")
    body = "".join(f"<p>{(_PARAGRAPH * 2).format(n=n)}</p>" for n in range(40))
    scripts = "<script>" + "window.state = 1;" * 700 + "</script>"
    return html.replace('<div class="entry-content">', f'<div class="entry-content">{body}').replace(
        "</body>", f"{scripts}</body>"
    )


def _case(name: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    folder = CORPUS / name
    options = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return (folder / "page.html").read_text(encoding="utf-8"), options, expected


# ---------------------------------------------------------------- how right


def _accuracy(report: Report) -> None:
    try:
        from trafilatura.metadata import extract_metadata
    except ImportError:
        print("\ntrafilatura is not installed: nothing to compare with.")
        return
    ours = {"title": 0, "authors": 0, "date": 0}
    theirs = dict(ours)
    pages = 0
    for folder in sorted(CORPUS.iterdir()):
        html, options, expected = _case(folder.name)
        if expected["kind"] != "article":
            continue
        pages += 1
        wanted = expected["entries"][0]
        names = {author.partition(" | ")[0] for author in wanted.get("authors", ())}
        day = _day(wanted.get("published", ""), options.get("timezone", "UTC"))
        entry = read_article(html, options["url"], content="off").entry
        found = extract_metadata(html, default_url=options["url"])
        _count(
            ours,
            _said(entry.title.value if entry.title else ""),
            {one.name for one in entry.authors},
            day,
            entry.published,
            wanted["title"],
            names,
        )
        _count(
            theirs,
            _said(found.title or ""),
            {part.strip() for part in (found.author or "").split(";") if part.strip()},
            day,
            found.date or "",
            wanted["title"],
            names,
        )
    title = f"Right on the {pages} article pages of the corpus (authors: the same set of names; date: the same day):"
    report.table("", "title", "authors", "date", title=title)
    for name, counts in (("FeedHub", ours), ("trafilatura's metadata", theirs)):
        report.row(name, counts["title"], counts["authors"], counts["date"])
    for field, count in ours.items():
        report.figure(f"right {field}s", count, "pages", baseline=pages, more_is_better=True)


def _said(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text)


def _count(
    counts: dict[str, int], title: str, authors: Iterable[str], day: str, date: str, wanted: str, names: set[str]
) -> None:
    from feedhub.clean.dates import read_date
    from feedhub.clean.people import read_bylines
    from feedhub.model import RawPerson

    read = read_date(date, now=datetime.fromisoformat("2025-02-15T09:00:00+00:00")) if date else None
    counts["title"] += title == wanted
    counts["authors"] += {one.name for one in read_bylines(RawPerson(name=_said(name)) for name in authors)} == names
    counts["date"] += (read.at.date().isoformat() if read else "") == day


def _day(moment: str, zone: str) -> str:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).date().isoformat() if moment else ""


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    with Report("extract", options, versions=versions("selectolax", "trafilatura")) as begun:
        main(begun)
