"""What reading documents costs: the fast reader beside feedparser, over a folder of feed documents.

    python benchmarks/parse.py [FOLDER]        (default: ../shared/corpus/feeds, else the documents of the tests)

Each parser reads every XML feed of the folder once a round, in turn; the least of the rounds counts, because other work
on the machine only adds. The fast reader is measured as it runs in service: what it is not certain of is read by
feedparser, and both attempts are in its time. *As in the design* is ``feedparser.parse`` over bytes in memory after our
decoding and counting, with its cleaning off, and without making records of its dictionaries, which the others do.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import feedparser

from feedhub.model import ParseFailed
from feedhub.parse import read_with
from feedhub.parse.chardet_guess import guess
from feedhub.parse.decode import decode
from feedhub.parse.preflight import preflight
from feedhub.parse.sniff import Kind, sniff_bytes, sniff_text
from feedhub.settings import Limits, Parser
from reporting import Report, arguments

ROUNDS = 7
LIMITS = Limits()
PROJECT = Path(__file__).parents[1]
FOLDERS = (PROJECT.parent / "shared" / "corpus" / "feeds", PROJECT / "tests" / "corpus")
HEADERS = {"content-type": "application/xml; charset=utf-8"}


def as_in_the_design(body: bytes) -> None:
    document = decode(body, None, guess).text.encode()
    preflight(document, LIMITS.depth)
    feedparser.parse(BytesIO(document), response_headers=HEADERS, sanitize_html=False, resolve_relative_uris=False)


def by(parser: Parser) -> Callable[[bytes], None]:
    def read(body: bytes) -> None:
        read_with(parser, body, content_type="", charset=None, limits=LIMITS)

    return read


def xml_feeds(folder: Path) -> list[bytes]:
    bodies = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".tsv"]
    return [body for body in bodies if is_xml_feed(body)]


def is_xml_feed(body: bytes) -> bool:
    if sniff_bytes(body):
        return False
    sniffed = sniff_text(decode(body, None, guess).text)
    return not isinstance(sniffed, ParseFailed) and sniffed.kind is Kind.XML


def seconds(read: Callable[[bytes], None], bodies: Sequence[bytes]) -> float:
    begun = time.process_time()
    for body in bodies:
        read(body)
    return time.process_time() - begun


def measured(bodies: Sequence[bytes]) -> dict[str, float]:
    """CPU seconds of each way, the least of all rounds."""
    ways = {
        "feedparser as in the design": as_in_the_design,
        "`parser: feedparser`": by(Parser.FEEDPARSER),
        "`parser: fast`": by(Parser.FAST),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, read in ways.items():
            times[name].append(seconds(read, bodies))
    return {name: min(each) for name, each in times.items()}


def table(title: str, bodies: Sequence[bytes], report: Report) -> None:
    taken = measured(bodies)
    size = sum(map(len, bodies)) / 1e6
    base = taken["feedparser as in the design"]
    report.table(
        "reader", "CPU s", "documents per CPU second", "MB/s", "times feedparser as in the design",
        title=f"{title}: {len(bodies)} documents, {size:.1f} MB",
    )  # fmt: skip
    for name, cpu in taken.items():
        report.figure(f"{title}: {name}", cpu, "s", baseline=base)
        report.row(name, cpu, len(bodies) / cpu, size / cpu, base / cpu)


def main(folder: Path, report: Report) -> None:
    warnings.simplefilter("ignore")
    bodies = xml_feeds(folder)
    parsings = [read_with(Parser.SHADOW, body, content_type="", charset=None, limits=LIMITS)[1] for body in bodies]
    fast = [body for body, parsing in zip(bodies, parsings, strict=True) if parsing.fast]
    rest = [body for body, parsing in zip(bodies, parsings, strict=True) if not parsing.fast]
    differ = sum(bool(parsing.differences) for parsing in parsings)
    print(
        f"\nRead fast: {len(fast)} of {len(bodies)} documents ({len(fast) / len(bodies):.1%}); read differently: {differ}"
    )
    report.figure("documents read fast", len(fast) / len(bodies), "of 1", baseline=1, more_is_better=True)
    report.table("left to feedparser because of", "documents")
    for reason, count in Counter(parsing.reason for parsing in parsings if not parsing.fast).most_common():
        report.row(reason, count)
    table("All", bodies, report)
    table("Read fast", fast, report)
    table("Left to feedparser", rest, report)


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="feed documents, in any depth of folders")
    options = parser.parse_args()
    chosen = options.folder or next(filter(Path.is_dir, FOLDERS))
    with Report("parse", options, "FOLDER" if options.folder else chosen.name) as begun:
        main(chosen, begun)
