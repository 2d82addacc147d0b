"""Pages at the command line, through the installed program."""

from __future__ import annotations

import json
from pathlib import Path

from feedhub.config import load_text
from support.feed_server import serving
from support.forked import feedhub
from support.page_site import CONFIG, article, card, headline, listing

CARDS = [
    card(n, date="2026-11-20", author="Ada Quill", lead="The council sat in the hall for hours on end.")
    for n in range(8)
]


def test_a_page_is_tested_pasted_polled_and_read_again(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    with serving({"list.html": listing(CARDS)} | {f"story-{n}.html": article(n) for n in range(8)}) as server:
        config.write_text("polling: {allow_networks: [127.0.0.0/8], ports: ['1-65535'], host_gap: 0s}\n")
        said = feedhub(tmp_path, "sources", "test", server.url("list.html")).stdout
        assert "robots.txt lets it be read" in said
        assert "repeated links" in said
        assert headline(3) in said
        block = said.partition("For config.yaml:\n")[2]
        (suggested,) = load_text(block, config, {}).sources
        assert (suggested.items, suggested.expect and suggested.expect.min_items) == ("div.card", 4)
        text = CONFIG.format(database=tmp_path / "hub.db", url="", more="").partition("sources:")[0]
        config.write_text(f"server: {{port: 0}}\n{text}" + block.replace("- url:", "- slug: paper\n    url:"))
        (outcome,) = json.loads(feedhub(tmp_path, "poll", "paper", "--json").stdout)
        assert (outcome["kind"], outcome["new"]) == ("ok", 8)
        config.write_text(config.read_text().replace("author: span.by", "author: .nobody"))
        (outcome,) = json.loads(feedhub(tmp_path, "sources", "reextract", "--json").stdout)
        assert (outcome["kind"], outcome["updated"]) == ("read again", 8)
        asked = len(server.asked)
        config.write_text(config.read_text().replace("items: div.card", "items: div.gone"))
        failed = feedhub(tmp_path, "sources", "test", "paper", check=False)
        assert failed.returncode == 1
        assert "would give 8" in failed.stdout + failed.stderr
        assert len(server.asked) == asked + 2  # robots.txt, and the page
