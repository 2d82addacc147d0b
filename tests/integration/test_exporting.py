"""A folder of files instead of a server: compressed forms, old addresses, and nothing touched that did not change."""

from __future__ import annotations

import gzip
import http.client
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
import zstandard

from feedhub import instance
from feedhub.exporting import Exported, export_site
from feedhub.publish.static_files import MANIFEST
from feedhub.settings import Settings
from feedhub.store.upgrading import migrate
from support.installed import wait_for
from support.real_site import write
from support.stories import HOUR, NOW, draft, spec, topic

BEFORE = [topic("ships"), topic("old"), topic("gone"), topic("secret")]
AFTER = [topic("ships"), topic("new", "old"), topic("hidden", "secret")]
SETTINGS = {
    "site": {"base_url": "https://hub.example/news"},
    "feeds": {"private": {"topics/hidden": [], "topics/secret": []}},
}


@dataclass(frozen=True)
class Site:
    """Exported, with topics renamed and gone since, and exported again."""

    home: instance.Home
    settings: Settings
    folder: Path

    def export(self, name: str = "site", *, copies: bool = False) -> Exported:
        return export_site(self.settings, self.home, self.folder / name, copies=copies)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    place = tmp_path_factory.mktemp("static")
    url = f"sqlite:///{place / 'feedhub.db'}"
    migrate(url)
    settings = Settings.model_validate({**SETTINGS, "database": {"url": url}})
    home = instance.open_home(settings)
    try:
        home.store.sync([spec("news")], BEFORE, NOW)
        topics = [one.key for one in BEFORE]
        write(home.store, "news", *(draft("news", str(n), at=NOW - n * HOUR, topics=topics) for n in range(60)))
        made = Site(home, settings, place)
        made.export()
        assert (place / "site" / "topics" / "old.atom").is_file()
        home.store.sync([spec("news")], AFTER, NOW)
        made.export()
        yield made
    finally:
        home.close()


def state(site: Path) -> dict[str, tuple[int, int]]:
    files = [path for path in site.rglob("*") if path.is_file()]
    return {str(path.relative_to(site)): (path.stat().st_mtime_ns, path.stat().st_ino) for path in files}


def test_each_file_has_its_compressed_forms(site: Site) -> None:
    files = site.folder / "site"
    feeds = [files / "topics" / f"new.{ending}" for ending in ("atom", "rss", "json", "html")]
    for file in [*feeds, files / "all.atom", files / "all" / "archive" / "1.atom"]:
        body = file.read_bytes()
        assert gzip.decompress(Path(f"{file}.gz").read_bytes()) == body
        assert brotli.decompress(Path(f"{file}.br").read_bytes()) == body
        assert zstandard.ZstdDecompressor().decompress(Path(f"{file}.zst").read_bytes()) == body


def test_what_did_not_change_is_not_touched(site: Site) -> None:
    before = state(site.folder / "site")
    assert site.export().written == 0
    assert state(site.folder / "site") == before
    site.export("again", copies=True)
    for name in before.keys() - {MANIFEST}:
        assert (site.folder / "again" / name).read_bytes() == (site.folder / "site" / name).read_bytes(), (
            "the same from nothing"
        )
    for ending in ("atom", "rss", "json"):
        copy, new = (site.folder / "again" / "topics" / f"{slug}.{ending}" for slug in ("old", "new"))
        assert copy.read_bytes() == new.read_bytes()


def test_what_is_gone_is_removed_with_its_forms(site: Site) -> None:
    names = state(site.folder / "site").keys()
    assert not [name for name in names if name.startswith(("topics/gone", "topics/old.atom", "topics/secret"))]
    assert "topics/old.html" in names  # it leads on


def test_nothing_tells_of_private_feeds(site: Site) -> None:
    for name in state(site.folder / "site"):
        if not name.endswith((".gz", ".br", ".zst")):
            body = (site.folder / "site" / name).read_bytes()
            assert b"topics/secret" not in body, name
            assert b"topics/hidden" not in body, name


def test_hosts_of_static_pages_are_told(site: Site) -> None:
    lines = (site.folder / "site" / "_redirects").read_text().splitlines()
    assert "/news/topics/old.atom /news/topics/new.atom 301" in lines
    assert "/news/topics/old /news/topics/new.html 301" in lines
    assert "/news/topics/old/archive/* /news/topics/new/archive/:splat 301" in lines
    assert not [line for line in lines if "gone" in line]
    page = (site.folder / "site" / "topics" / "old.html").read_text()
    assert '<meta http-equiv="refresh" content="0; url=https://hub.example/news/topics/new.html">' in page
    caddy = (site.folder / "site" / "redirects.caddy").read_text().splitlines()
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
def test_nginx_reads_it(site: Site) -> None:
    """In a folder that nginx's worker may read: pytest's own are closed to other users."""
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as free:
        work, port = Path(name), free.getsockname()[1]
        work.chmod(0o755)
        shutil.copytree(site.folder / "site", work / "site")
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


def test_whoever_follows_an_export_beside_commits_finds_each_archive(tmp_path: Path) -> None:
    """The newest page was made of a later moment than the list of feeds, and named an archive that was not written."""
    url = f"sqlite:///{tmp_path / 'feedhub.db'}"
    migrate(url)
    settings = Settings.model_validate({"database": {"url": url}})
    home = instance.open_home(settings)
    try:
        store, late = home.store, list(range(60, 200))
        store.sync([spec("news")], [], NOW)
        write(store, "news", *(draft("news", str(n), at=NOW - n * HOUR) for n in range(60)))
        outlines = store.outlines

        def disturbed(*asked: Any) -> Any:
            write(store, "news", *(draft("news", str(n), at=NOW + n * HOUR) for n in late))
            late.clear()
            return outlines(*asked)

        store.outlines = disturbed  # type: ignore[method-assign, assignment]
        export_site(settings, home, tmp_path / "site")
    finally:
        home.close()
    site, named = tmp_path / "site", set()
    for page in site.rglob("*.atom"):
        named.update(re.findall(rf'href="{settings.site.base_url}/([^"]+)" rel="prev-archive"', page.read_text()))
    assert {"all/archive/2.atom", "all/archive/4.atom"} <= named
    assert [path for path in sorted(named) if not (site / path).is_file()] == []
