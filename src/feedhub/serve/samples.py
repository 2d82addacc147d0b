"""The sample sources: invented feeds that show something on the first run, without any network.

They lie in ``examples/`` of the project and in ``feedhub/serve/examples`` of the wheel, are served by this program
(``samples_app``), and are polled like any other source.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from feedhub.errors import OutputError


class Sample(NamedTuple):
    """A sample source. ``media_type`` is what the server says of it."""

    slug: str
    name: str
    file: str
    media_type: str


_SAMPLES = (
    Sample("tin-tai-chinh", "Tin Tài Chính (mẫu)", "tin-tai-chinh.rss", "application/rss+xml; charset=utf-8"),
    Sample(
        "world-economy", "World Economy Review (sample)", "world-economy.atom", "application/atom+xml; charset=utf-8"
    ),
    Sample("markets-digest", "Markets Digest (sample)", "markets-digest.rdf", "application/rdf+xml; charset=utf-8"),
    Sample("open-tools", "Open Tools (sample)", "open-tools.json", "application/feed+json; charset=utf-8"),
    Sample("money-aloud", "Money Aloud (sample podcast)", "podcast.rss", "application/rss+xml; charset=utf-8"),
)


def sample_sources() -> list[Sample]:
    """The samples in the order in which they are listed."""
    return list(_SAMPLES)


def sample_folder() -> Path:
    """The folder of the documents: beside this module when installed, at the project's root in a checkout.

    :raises OutputError: when neither is there (a broken installation).
    """
    here = Path(os.path.abspath(__file__)).parent  # noqa: PTH100  # symbolic links stay as they are
    for folder in (here / "examples", here.parents[2] / "examples"):
        if (folder / _SAMPLES[0].file).is_file():
            return folder
    raise OutputError("The sample sources are missing from this installation.", "Install FeedHub again.")
