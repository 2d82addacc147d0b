"""A folder of files instead of a server: compressed forms, old addresses, and nothing touched that did not change."""

from __future__ import annotations

import gzip
import http.client
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
import zstandard

from feedhub.publish.static_files import MANIFEST
from support.feed_server import serving
from support.installed import feedhub, wait_for

CONFIG = """
site: {{base_url: "https://hub.example/news"}}
server: {{port: 0}}
polling: {{allow_networks: [127.0.0.0/8], ports: ["1-65535"], host_gap: 0s, manual_gap: 0s}}
sources: [{{url: '{url}', slug: news}}]
topics:
{topics}
feeds: {{private: {{topics/hidden: []}}}}
"""
BEFORE = "  ships: [ship]\n  old: [harbour]\n  gone: [tide]\n  secret: [ship]\n  hidden: [ship]"
AFTER = "  ships: [ship]\n  new: {formerly: old, any: [harbour]}\n  hidden: {formerly: secret, any: [ship]}"


def listed(numbers: range) -> bytes:
    text = "A ship lies in the harbour and waits for the tide. " * 8
    items = "".join(
        f"<item><title>Story {n}</title><guid isPermaLink='false'>{n}</guid><link>https://news.example/{n}</link>"
        f"<pubDate>{1 + n % 20} Nov 2026 0{n % 10}:00:00 GMT</pubDate><description>{text}</description></item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>News</title><link>https://news.example/</link>{items}</channel></rss>".encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Exported, renamed and exported again; ``site`` holds the files."""
    place = tmp_path_factory.mktemp("static")
    with serving({"news.rss": listed(range(60))}) as server:
        config, url = place / "config.yaml", server.url("news.rss")
        config.write_text(CONFIG.format(url=url, topics=BEFORE))
        feedhub(place, "poll", "--all")
        feedhub(place, "export", "site")
        assert (place / "site" / "topics" / "old.atom").is_file()
        config.write_text(CONFIG.format(url=url, topics=AFTER))
        feedhub(place, "poll", "--all")
        feedhub(place, "export", "site")
        yield place


def state(site: Path) -> dict[str, tuple[int, int]]:
    files = [path for path in site.rglob("*") if path.is_file()]
    return {str(path.relative_to(site)): (path.stat().st_mtime_ns, path.stat().st_ino) for path in files}


def test_each_file_has_its_compressed_forms(folder: Path) -> None:
    site = folder / "site"
    feeds = [site / "topics" / f"new.{ending}" for ending in ("atom", "rss", "json", "html")]
    for file in [*feeds, site / "all.atom", site / "all" / "archive" / "1.atom"]:
        body = file.read_bytes()
        assert gzip.decompress(Path(f"{file}.gz").read_bytes()) == body
        assert brotli.decompress(Path(f"{file}.br").read_bytes()) == body
        assert zstandard.ZstdDecompressor().decompress(Path(f"{file}.zst").read_bytes()) == body


def test_what_did_not_change_is_not_touched(folder: Path) -> None:
    before = state(folder / "site")
    assert " 0 files written" in feedhub(folder, "export", "site").stdout
    assert state(folder / "site") == before
    feedhub(folder, "export", "again", "--copies")
    for name in before.keys() - {MANIFEST}:
        assert (folder / "again" / name).read_bytes() == (folder / "site" / name).read_bytes(), "the same from nothing"
    for ending in ("atom", "rss", "json"):
        copy, new = (folder / "again" / "topics" / f"{slug}.{ending}" for slug in ("old", "new"))
        assert copy.read_bytes() == new.read_bytes()


def test_what_is_gone_is_removed_with_its_forms(folder: Path) -> None:
    names = state(folder / "site").keys()
    assert not [name for name in names if name.startswith(("topics/gone", "topics/old.atom", "topics/secret"))]
    assert "topics/old.html" in names  # it leads on


def test_nothing_tells_of_private_feeds(folder: Path) -> None:
    for name in state(folder / "site"):
        if not name.endswith((".gz", ".br", ".zst")):
            body = (folder / "site" / name).read_bytes()
            assert b"topics/secret" not in body, name
            assert b"topics/hidden" not in body, name


def test_hosts_of_static_pages_are_told(folder: Path) -> None:
    lines = (folder / "site" / "_redirects").read_text().splitlines()
    assert "/news/topics/old.atom /news/topics/new.atom 301" in lines
    assert "/news/topics/old /news/topics/new.html 301" in lines
    assert "/news/topics/old/archive/* /news/topics/new/archive/:splat 301" in lines
    assert not [line for line in lines if "gone" in line]
    page = (folder / "site" / "topics" / "old.html").read_text()
    assert '<meta http-equiv="refresh" content="0; url=https://hub.example/news/topics/new.html">' in page
    caddy = (folder / "site" / "redirects.caddy").read_text().splitlines()
    assert "redir /news/topics/old.rss https://hub.example/news/topics/new.rss 301" in caddy
    assert "respond /news/topics/gone.json 410" in caddy


NGINX = """daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log off; gzip_static on; gzip_vary on;
  types {{ application/atom+xml atom; text/html html; }}
  client_body_temp_path {work}/b; proxy_temp_path {work}/p; fastcgi_temp_path {work}/f;
  uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
  server {{
    listen 127.0.0.1:{port};
    include {site}/redirects.nginx;
    location /news/ {{ alias {site}/; }}
  }}
}}
"""


@pytest.mark.needs("nginx")
def test_nginx_reads_it(folder: Path) -> None:
    """In a folder that nginx's worker may read: pytest's own are closed to other users."""
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as free:
        work, port = Path(name), free.getsockname()[1]
        work.chmod(0o755)
        shutil.copytree(folder / "site", work / "site")
        (work / "nginx.conf").write_text(NGINX.format(work=work, port=port, site=work / "site"))
        free.close()
        server = subprocess.Popen(["nginx", "-c", str(work / "nginx.conf")], stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: _ask(port, "/") is not None)
            for old, new in (("old.atom", "new.atom"), ("old", "new.html"), ("old/archive/1.rss", "new/archive/1.rss")):
                assert _ask(port, f"/news/topics/{old}") == (301, f"https://hub.example/news/topics/{new}", b"")
            for gone in ("gone.atom", "gone", "gone/archive/1.json"):
                assert (_ask(port, f"/news/topics/{gone}") or (0,))[0] == 410
            status, _, packed = _ask(port, "/news/topics/new.atom") or (0, "", b"")
            assert (status, packed) == (200, (work / "site" / "topics" / "new.atom.gz").read_bytes())
        finally:
            server.terminate()
            server.wait(20)


def _ask(port: int, path: str) -> tuple[int, str, bytes] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        reply = connection.getresponse()
        body = reply.read()
        return reply.status, reply.getheader("Location") or "", body if reply.status == 200 else b""
    except ConnectionRefusedError:
        return None
    finally:
        connection.close()
