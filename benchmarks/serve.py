"""What serving costs: a feed of some 60 kB from `feedhub serve`, beside nginx serving the same bytes as files.

    python benchmarks/serve.py [ROUNDS]        (default: 5; needs nginx and wrk)

FeedHub is the real thing: a source is polled from loopback, and what was stored is served by the installed command. The
third server is the least that Python can do on the same HTTP protocol: an ASGI function with ready bytes, and no rules.
A mix of many small feeds, each asked seldom, is a table of its own: what one hot address does not show.
Servers run on one core and wrk on another, in interleaved rounds of two seconds. The figure is requests per CPU second of
the server, which is what compares across machines and days by its ratio to nginx.
"""

from __future__ import annotations

import asyncio
import gzip
import http.server
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from feedhub.runner import run_loop
from feedhub.serve.uvicorn_server import HttpServer
from reporting import Report, arguments, versions

ENTRIES, WORDS, SECONDS, CLIENTS = 50, 112, 2, 32
MIX, MIX_ENTRIES = 2_000, 100
"""Feeds of the mix, one for each category, and the older entries of another source that have these categories."""
PATH = "/all.atom"
_SYLLABLES = [
    "ngân",
    "hàng",
    "trung",
    "ương",
    "lãi",
    "suất",
    "giá",
    "tăng",
    "trưởng",
    "báo",
    "cáo",
    "thành",
    "phố",
    "market",
    "bank",
    "rate",
    "report",
    "river",
    "storm",
]


def source() -> bytes:
    """An RSS feed whose entries FeedHub makes a document of some 60 kB of."""
    dice, items = random.Random(4), []
    for at in range(ENTRIES):
        made = ["".join(dice.choices("abcdeghiklmnoprstuvy", k=dice.randint(2, 9))) for _ in range(WORDS // 2)]
        words = [*made, *dice.choices(_SYLLABLES, k=WORDS // 2)]
        dice.shuffle(words)
        link = f"https://site.example/{at}"
        items.append(
            f"<item><title>{' '.join(dice.sample(words, 8))}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>Tue, {1 + at % 23:02} Nov 2026 10:00:{at % 60:02} GMT</pubDate><author>Author {at % 7}</author>"
            f"<description>&lt;p&gt;{' '.join(words)}&lt;/p&gt;</description></item>"
        )
    head = "<title>Site</title><link>https://site.example/</link><description>d</description>"
    return f'<rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()


def many_categories() -> bytes:
    """A second source, whose entries are too old for the feed of everything."""
    items, each = [], MIX // MIX_ENTRIES
    for at in range(MIX_ENTRIES):
        link = f"https://mix.example/{at}"
        named = "".join(f"<category>mix{number}</category>" for number in range(at * each, (at + 1) * each))
        items.append(
            f"<item><title>Mixed {at}</title><link>{link}</link><guid>{link}</guid>{named}"
            f"<pubDate>Sat, 01 Nov 2025 10:00:{at % 60:02} GMT</pubDate><description>Words of {at}.</description></item>"
        )
    head = "<title>Mix</title><link>https://mix.example/</link><description>d</description>"
    return f'<rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()


def mixed_paths() -> list[str]:
    paths = [f"/categories/mix{number}.atom" for number in range(MIX)]
    random.Random(5).shuffle(paths)
    return paths


@contextmanager
def publisher() -> Iterator[int]:
    """The sources' server; yields its port."""
    bodies = {"/": source(), "/mix": many_categories()}

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name is http.server's
            body = bodies[self.path]
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


@dataclass(slots=True)
class Server:
    """A server under load, and what was measured: requests per CPU second by kind of request."""

    name: str
    port: int
    process: subprocess.Popen[str]
    tags: dict[str, str] = field(default_factory=dict)  # of the plain document ("") and of the compressed one ("gzip")
    lists: dict[str, Path] = field(default_factory=dict)  # of the mix, what is asked
    rates: dict[str, list[float]] = field(default_factory=dict)
    walls: dict[str, list[float]] = field(default_factory=dict)

    def fetch(self, headers: Mapping[str, str], path: str = PATH) -> tuple[bytes, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=dict(headers))
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read(), response.headers["ETag"]

    def cpu(self) -> float:
        """CPU seconds of the process and of those it started."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # has just ended
            if self.process.pid in (int(stat.parent.name), int(fields[1])):
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def started(name: str, command: list[str], folder: Path, port: int) -> Iterator[Server]:
    """A server on the first core, once it answers; SIGTERM ends it."""
    with (folder / "server.log").open("a") as log:
        process = subprocess.Popen(["taskset", "-c", "0", *command], cwd=folder, stdout=log, stderr=log, text=True)
        server = Server(name=name, port=port, process=process)
        try:
            _await(server)
            yield server
        finally:
            process.terminate()
            process.wait(20)


def _await(server: Server) -> None:
    for _ in range(300):
        try:
            server.tags = {"": server.fetch({})[1], "gzip": server.fetch({"Accept-Encoding": "gzip"})[1]}
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{server.name} did not begin to answer")


def feedhub(folder: Path, source_port: int, port: int) -> list[str]:
    """Poll the source into a new database, and the command that serves it."""
    command = str(Path(sys.executable).with_name("feedhub"))
    polling = "{allow_networks: [127.0.0.0/8], ports: ['1-65535']}"
    urls = {slug: f"http://127.0.0.1:{source_port}/{path}" for slug, path in (("s", ""), ("mix", "mix"))}
    sources = f"[{', '.join(f'{{url: {url}, slug: {slug}}}' for slug, url in urls.items())}]"
    (folder / "config.yaml").write_text(f"polling: {polling}\nfeeds: {{size: {ENTRIES}}}\nsources: {sources}\n")
    polled = subprocess.run([command, "poll", "--all"], cwd=folder, capture_output=True, text=True, check=False)
    if polled.returncode:
        raise SystemExit(polled.stdout + polled.stderr)
    return [command, "serve", "--port", str(port), "--log-level", "warning"]


_NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=10000;
  types {{ application/atom+xml atom; }}
  gzip_static on; gzip_vary on;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}/files; add_header Cache-Control "public, max-age=300"; }}
}}
"""


def nginx(folder: Path, port: int, plain: bytes, packed: bytes) -> list[str]:
    files = folder / "files"
    files.mkdir()
    files.joinpath(PATH[1:]).write_bytes(plain)
    files.joinpath(f"{PATH[1:]}.gz").write_bytes(packed)
    folder.chmod(0o755)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port))
    return ["nginx", "-c", str(folder / "nginx.conf")]


async def plain_asgi(port: int, folder: Path) -> None:
    """Ready bytes behind the protocol that FeedHub uses, until SIGTERM."""
    plain = folder.joinpath("files", PATH[1:]).read_bytes()
    packed = folder.joinpath("files", f"{PATH[1:]}.gz").read_bytes()
    shared = [(b"cache-control", b"public, max-age=300"), (b"vary", b"accept-encoding")]

    async def app(scope, _receive, send) -> None:  # type: ignore[no-untyped-def]  # ASGI's three
        asked = dict(scope["headers"])
        body, tag = (packed, b'"a-gzip"') if b"gzip" in asked.get(b"accept-encoding", b"") else (plain, b'"a"')
        headers = [*shared, (b"etag", tag)]
        if asked.get(b"if-none-match") == tag:
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        headers += [(b"content-type", b"application/atom+xml"), (b"content-length", str(len(body)).encode())]
        headers += [(b"content-encoding", b"gzip")] if body is packed else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    await HttpServer(app, "127.0.0.1", port).start()
    await asyncio.Event().wait()


_MIX_SCRIPT = """
local requests, at = {}, 0
function init(arguments)
  for line in io.lines(arguments[1]) do
    local path, tag = line:match("^(%S+) ?(.*)$")
    local headers = {["Accept-Encoding"] = "gzip"}
    if tag ~= "" then headers["If-None-Match"] = tag end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
"""
MIXED = {"a mix: 200 gzip": False, "a mix: 304": True}


def mix(folder: Path, ours: Server, files: Server) -> None:
    """The same documents behind both servers, and for each of them the two lists of what is asked."""
    (folder / "mix.lua").write_text(_MIX_SCRIPT)
    paths = mixed_paths()
    for path in paths:
        place = folder / "files" / path[1:]
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(ours.fetch({}, path)[0])
        place.with_name(f"{place.name}.gz").write_bytes(ours.fetch({"Accept-Encoding": "gzip"}, path)[0])
    for server in (ours, files):
        tags = [server.fetch({"Accept-Encoding": "gzip"}, path)[1] for path in paths]
        for what, conditional in MIXED.items():
            lines = [f"{path} {tag}" if conditional else path for path, tag in zip(paths, tags, strict=True)]
            server.lists[what] = folder / f"{server.port}{'-known' if conditional else ''}.txt"
            server.lists[what].write_text("\n".join(lines) + "\n")


REQUESTS = {"200 gzip": ("gzip", False), "304": ("gzip", True), "200 identity": ("", False)}


def load(server: Server, what: str) -> None:
    """Two seconds of one kind of request."""
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s"]
    url = f"http://127.0.0.1:{server.port}{PATH}"
    if (asked := server.lists.get(what)) is not None:
        command += ["-s", str(asked.with_name("mix.lua")), url, "--", str(asked)]
    else:
        coding, conditional = REQUESTS[what]
        headers = [f"Accept-Encoding: {coding}"] if coding else []
        headers += [f"If-None-Match: {server.tags[coding]}"] if conditional else []
        command += [*(part for header in headers for part in ("-H", header)), url]
    before = server.cpu()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    spent = server.cpu() - before
    if "Non-2xx or 3xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(f"{server.name}, {what}:\n{done.stdout}")
    count = re.search(r"(\d+) requests in ([\d.]+)s", done.stdout)
    assert count is not None, done.stdout
    server.rates.setdefault(what, []).append(int(count[1]) / max(spent, 0.01))
    server.walls.setdefault(what, []).append(int(count[1]) / float(count[2]))


def _table(servers: list[Server], size: int, packed: int, report: Report) -> None:
    title = (
        f"A feed of {size:,} bytes, {packed:,} in gzip; requests per CPU second of the server, median (times nginx)."
    )
    report.table("server", *REQUESTS, "most a second: 200 gzip", "304", title=title)
    medians: dict[str, float] = {}
    base = {what: statistics.median(servers[0].rates[what]) for what in REQUESTS}
    for server in servers:
        medians = {what: statistics.median(server.rates[what]) for what in REQUESTS}
        cells = [f"{rate:,.0f} ({rate / base[what]:.3f})" for what, rate in medians.items()]
        most = [f"{max(server.walls[what]):,.0f}" for what in ("200 gzip", "304")]
        report.row(server.name, *cells, *most)
    for what, rate in medians.items():  # the last one is FeedHub
        name = f"FeedHub, {what}: requests per CPU second beside nginx"
        report.figure(name, rate, "1/s", baseline=base[what], more_is_better=True)


def _mix_table(servers: list[Server], report: Report) -> None:
    title = f"{MIX:,} feeds of one entry in turn:"
    report.table("server", *MIXED, "most a second: 200 gzip", "304", title=title)
    medians: dict[str, float] = {}
    base = {what: statistics.median(servers[0].rates[what]) for what in MIXED}
    for server in servers:
        medians = {what: statistics.median(server.rates[what]) for what in MIXED}
        cells = [f"{rate:,.0f} ({rate / base[what]:.3f})" for what, rate in medians.items()]
        most = [f"{max(server.walls[what]):,.0f}" for what in MIXED]
        report.row(server.name, *cells, *most)
    for what, rate in medians.items():  # the last one is FeedHub
        name = f"FeedHub, {what} of {MIX:,} feeds in turn: requests per CPU second beside nginx"
        report.figure(name, rate, "1/s", baseline=base[what], more_is_better=True)


def main(rounds: int, report: Report) -> None:
    missing = [tool for tool in ("nginx", "wrk", "taskset") if shutil.which(tool) is None]
    if missing or (os.cpu_count() or 1) < 2:
        print(f"Not measured: {' and '.join(missing) or 'a second core'} is missing.")
        return
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        first = random.randint(20_000, 30_000)
        with publisher() as source_port:
            command = feedhub(folder, source_port, first)
        ours = stack.enter_context(started("FeedHub", command, folder, first))
        plain, packed = ours.fetch({})[0], ours.fetch({"Accept-Encoding": "gzip"})[0]
        assert gzip.decompress(packed) == plain
        assert len(plain) > 50_000, "the source was not stored"
        command = nginx(folder, first + 1, plain, packed)
        files = stack.enter_context(started("nginx, the same bytes as files", command, folder, first + 1))
        command = [sys.executable, __file__, "--plain", str(first + 2), name]
        least = stack.enter_context(started("plain ASGI", command, folder, first + 2))
        servers = [files, least, ours]
        for server in servers:
            assert server.fetch({"Accept-Encoding": "gzip"})[0] == packed, server.name
        mix(folder, ours, files)
        for _ in range(rounds):
            for what in MIXED:
                for server in (files, ours):
                    load(server, what)
            for what in REQUESTS:
                for server in servers:
                    load(server, what)
        _table(servers, len(plain), len(packed), report)
        _mix_table([files, ours], report)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--plain"]:
        run_loop(plain_asgi(int(sys.argv[2]), Path(sys.argv[3])))
    else:
        parser = arguments(__doc__)
        parser.add_argument("rounds", type=int, nargs="?", default=5)
        options = parser.parse_args()
        with Report(
            "serve", options, str(options.rounds), versions=versions("uvicorn", "httptools", "uvloop")
        ) as begun:
            main(options.rounds, begun)
