"""Cost of reading a page without configuration, and how right it is: ``python benchmarks/extract.py``.

Milliseconds of CPU, the least and the median of many reads, beside what takes how long on the same machine in the same run: the
parser alone, a scraper that was written for the one page (seven fields of each of its rows by selectolax, cleaned of white space,
links absolute), trafilatura alone, and a loop of Python. Each read sees other texts, so that nothing is remembered but
what a site says again and again. Limits are ratios to the scraper, because machines differ.

The large pages are generated; the others, and what is expected of them, are those of ``tests/corpus/pages``, which were
made for FeedHub: they show that nothing was lost, not how often pages in the wild are read rightly.
"""

from __future__ import annotations

import json
import re
import statistics
import time
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from feedhub.extract import read_article, read_page
from reporting import Report, arguments, versions

CORPUS = Path(__file__).parents[1] / "tests" / "corpus" / "pages"
READS = 40
AIM = "at most 3.1 times the scraper"
CARDS = 60
_LEAD = "The lead says in two or three lines what the article is about and why anybody should read it today. "
_PARAGRAPH = (
    "Paragraph number {n} of a generated article, as long as those of newspapers are, with a figure such as 2.5% or 630 billion in it, "
    "a <a href='/topic/x'>link to a topic</a>, and <em>a word that is stressed</em> so that it has markup inside. "
)


def main(report: Report) -> None:
    listings, stories = [_listing(seed) for seed in range(READS)], [_article(seed) for seed in range(READS)]
    report.table(
        "page", "kB", "FeedHub", "parser alone", "scraper", "times the scraper", "trafilatura alone", "aim",
        title=f"Milliseconds of CPU a page, the least of {READS} (their median).",
    )  # fmt: skip
    url = "https://news.example.org/markets"
    scraped = _cost(_scraped, listings)
    _row(report, "listing of 60 rows, repeated links", listings, lambda html: read_page(html, url), scraped, aim=AIM)
    structured = [_structured(html) for html in listings]
    _row(report, "the same with JSON-LD ItemList", structured, lambda html: read_page(html, url), scraped)
    story = "https://news.example.org/a/1-story.html"
    _row(
        report, "article with full text", stories, lambda html: read_article(html, story), scraped, by_trafilatura=True
    )
    _row(report, "article without text", stories, lambda html: read_article(html, story, content="off"), scraped)
    for name in ("vi_finance_article", "news_front_page", "forum", "h_feed", "nextjs_state", "javascript_shell"):
        html, options, _expected = _case(name)
        is_article = name.endswith("article")
        _row(report, f"corpus: {name}", [html] * READS, _reader(options["url"]), scraped, by_trafilatura=is_article)
    _accuracy(report)


def _row(
    report: Report,
    name: str,
    pages: Sequence[str],
    read: Callable[[str], object],
    scraped: Cost,
    *,
    by_trafilatura: bool = False,
    aim: str = "",
) -> None:
    ours, parse = _cost(read, pages), _cost(LexborHTMLParser, pages)
    trafilatura = _trafilatura(pages) if by_trafilatura else ""
    size = f"{len(pages[0].encode()) / 1000:.0f}"
    times = report.figure(f"{name}, times the scraper", ours.least, "ms", baseline=scraped.least)
    report.row(name, size, str(ours), str(parse), str(scraped), f"{times:.1f}", trafilatura, aim)


def _reader(url: str) -> Callable[[str], object]:
    return lambda html: read_page(html, url)


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds."""

    least: float
    median: float

    def __str__(self) -> str:
        return f"{self.least:.1f} ({self.median:.1f})"


def _cost(work: Callable[[str], object], pages: Sequence[str]) -> Cost:
    work(pages[0])
    times = []
    for page in pages:
        begun = time.process_time()
        work(page)
        times.append((time.process_time() - begun) * 1000)
    return Cost(min(times), statistics.median(times))


def _first(card: LexborNode, where: str) -> LexborNode:
    found = card.css_first(where)
    assert found is not None, where
    return found


def _scraped(html: str) -> list[tuple[str, ...]]:
    """What somebody would write for the generated listing alone, who knows where everything stands."""
    rows = []
    for card in LexborHTMLParser(html).css("div.card"):
        link, stamp, image = _first(card, "h3 a"), _first(card, "time"), _first(card, "img")
        texts = [_first(card, where) for where in (".by .name", ".role", "p.sapo")]
        told = [" ".join(node.text().split()) for node in (link, *texts)]
        address = urljoin("https://news.example.org/markets", link.attributes["href"])
        rows.append((*told, address, stamp.attributes["datetime"] or "", image.attributes["data-src"] or ""))
    return rows


def _trafilatura(pages: Sequence[str]) -> str:
    try:
        import trafilatura
    except ImportError:
        return "not installed"
    return (
        f"{_cost(lambda html: trafilatura.extract(html, output_format='html', fast=True, include_links=True), pages)}"
    )


# ---------------------------------------------------------------- pages


def _listing(seed: int) -> str:
    """:param seed: which texts and addresses it has."""
    base = 1_000 * seed
    furniture = "<script>" + "window.state = 1;" * 20 + '</script><svg><path d="' + "M10 10 " * 270 + '"/></svg>'
    cards = "".join(
        f'<div class="card card--news"><a class="thumb" href="/n/{n}-slug-of-the-article.html"><img data-src="/img/{n}.jpg" '
        f'src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==" alt="" width="320" height="180"></a>'
        f'<div class="txt"><h3 class="ttl"><a href="/n/{n}-slug-of-the-article.html">Title number {n} of an article with words</a></h3>'
        f'<div class="by"><a class="name" href="/author/a{n % 7}">Jane Doe</a><span class="role">Reporter</span></div>'
        f'<time datetime="2025-02-14T10:{n % 60:02}:00Z">14 Feb</time><p class="sapo">{_LEAD * 3}</p></div></div>{furniture}'
        for n in range(base, base + CARDS)
    )
    menu = "".join(f'<li><a href="/section/{n}">Section number {n} of the site</a></li>' for n in range(80))
    return f"<!doctype html><html lang=en><head><title>Markets</title></head><body><nav><ul>{menu}</ul></nav><main>{cards}</main></body></html>"


def _structured(listing: str) -> str:
    numbers = dict.fromkeys(re.findall(r'href="/n/(\d+)-slug', listing))
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
        for n in numbers
    ]
    script = json.dumps({"@context": "https://schema.org", "@type": "ItemList", "itemListElement": items})
    return listing.replace("</head>", f'<script type="application/ld+json">{script}</script></head>')


def _article(seed: int) -> str:
    html, _options, _expected = _case("wordpress_article_yoast")
    body = "".join(f"<p>{(_PARAGRAPH * 2).format(n=n)}</p>" for n in range(40 * seed, 40 * seed + 40))
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


Said = tuple[str, Iterable[str], str]
"""Title, names of authors, and date, as somebody reads them from a page; "" and nothing for what was not found."""


def _accuracy(report: Report) -> None:
    """Counts of pages whose title, authors and date are read rightly, by us and by the libraries that are installed."""
    cases = [case for folder in sorted(CORPUS.iterdir()) if (case := _case(folder.name))[2]["kind"] == "article"]
    title = (
        f"Right on the {len(cases)} article pages of the corpus (authors: the same set of names; date: the same day)."
    )
    report.table("", "title", "authors", "date", title=title)
    for name, read in READERS.items():
        try:
            counts = [sum(column) for column in zip(*(_right(case, read) for case in cases), strict=True)]
        except ImportError:
            report.row(name, "not installed", "", "")
            continue
        report.row(name, *counts)
        if read is _by_us:
            for what, count in zip(("titles", "authors", "dates"), counts, strict=True):
                report.figure(f"right {what}", count, "pages", baseline=len(cases), more_is_better=True)


def _right(
    case: tuple[str, dict[str, Any], dict[str, Any]], read: Callable[[str, str], Said]
) -> tuple[bool, bool, bool]:
    html, options, expected = case
    wanted = expected["entries"][0]
    names = {author.partition(" | ")[0] for author in wanted.get("authors", ())}
    title, authors, date = read(html, options["url"])
    day = _day(wanted.get("published", ""), options.get("timezone", "UTC"))
    return _said(title) == wanted["title"], _names(authors) == names, _day_said(date) == day


def _by_us(html: str, url: str) -> Said:
    entry = read_article(html, url, content="off").entry
    return entry.title.value if entry.title else "", [one.name for one in entry.authors], entry.published


def _by_trafilatura(html: str, url: str) -> Said:
    from trafilatura.metadata import extract_metadata

    found = extract_metadata(html, default_url=url)
    return (
        found.title or "",
        [part.strip() for part in (found.author or "").split(";") if part.strip()],
        found.date or "",
    )


def _by_htmldate(html: str, url: str) -> Said:
    from htmldate import find_date

    return "", [], find_date(html, url=url, original_date=True) or ""


def _by_newspaper(html: str, url: str) -> Said:
    from newspaper import Article

    article = Article(url, language="en")
    article.download(input_html=html)
    article.parse()
    stated = article.publish_date
    return article.title or "", article.authors, stated.isoformat() if stated else ""


def _by_extruct(html: str, url: str) -> Said:
    """Only what JSON-LD, microdata and OpenGraph say, put together by the simplest rule."""
    import extruct

    said = extruct.extract(
        html, base_url=url, syntaxes=["json-ld", "microdata", "opengraph"], uniform=True, errors="ignore"
    )
    nodes = [
        node for name in ("json-ld", "microdata") for one in said.get(name, []) for node in one.get("@graph", [one])
    ]
    articles = [node for node in nodes if "Article" in str(node.get("@type")) or "Posting" in str(node.get("@type"))]
    node, graph = (articles or [{}])[0], (said.get("opengraph") or [{}])[0]
    people = node.get("author") or []
    people = people if isinstance(people, list) else [people]
    names = [str(one.get("name", "")) if isinstance(one, dict) else str(one) for one in people]
    date = node.get("datePublished") or graph.get("article:published_time") or ""
    return str(node.get("headline") or graph.get("og:title") or ""), [name for name in names if name], str(date)


READERS: dict[str, Callable[[str, str], Said]] = {
    "FeedHub": _by_us,
    "trafilatura's metadata": _by_trafilatura,
    "htmldate (dates only)": _by_htmldate,
    "newspaper4k": _by_newspaper,
    "extruct (structured data only)": _by_extruct,
}


def _said(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text)


def _names(authors: Iterable[str]) -> set[str]:
    from feedhub.clean.people import read_bylines
    from feedhub.model import RawPerson

    return {one.name for one in read_bylines(RawPerson(name=_said(name)) for name in authors)}


def _day_said(date: str) -> str:
    from feedhub.clean.dates import read_date

    read = read_date(date, now=datetime.fromisoformat("2025-02-15T09:00:00+00:00")) if date else None
    return read.at.date().isoformat() if read else ""


def _day(moment: str, zone: str) -> str:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).date().isoformat() if moment else ""


if __name__ == "__main__":
    options = arguments(__doc__).parse_args()
    with Report("extract", options, versions=versions("selectolax", "trafilatura")) as begun:
        main(begun)
