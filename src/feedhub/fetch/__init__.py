"""Request -> Fetched | NotModified | FetchFailed: polite, bounded, guarded.

::

    aiohttp_fetcher.py   the only one that talks: one exchange a hop, in the order of the files below
    urls.py              a stored URL -> what is really asked                       (pure)
    guard.py             which addresses and ports may be asked at all              (pure)
    rests.py             hosts that asked for quiet, or are down                    (pure, keeps what it was told)
    gate.py              whose turn it is
    hosts.py             both of them, for all fetchers of a process
    registrable.py       the registrable domain of a host, by the Public Suffix List
    dns_resolver.py      names -> addresses, in threads, remembered for a while
    user_agent.py        who we say we are                                          (pure)
    headers.py           what we send and what we read of the answer's head         (pure)
    aiohttp_errors.py    the library's errors -> Refused
    decoding.py          content codings, in small steps, within limits             (pure)
    freshness.py         when the answer's head says to come back                   (pure)
    redirects.py         the next hop, or why there is none                         (pure)
    challenge.py         pages that want a browser                                  (pure)
    conclusion.py        the last reply -> the result                               (pure)
    robots.py            robots.txt: its rules, and what they let be asked           (pure)
    robots_keeper.py     robots.txt of sites, asked for once a day
    submission.py        a form for a WebSub hub, and its answer                    (pure)
    refusal.py           the one exception that carries a failure between these files
"""

from feedhub.fetch.aiohttp_fetcher import AiohttpFetcher
from feedhub.fetch.gate import Gate, Manners
from feedhub.fetch.headers import Headers, content_type_of, links_of
from feedhub.fetch.hosts import Hosts
from feedhub.fetch.robots_keeper import RobotsKeeper

__all__ = ["AiohttpFetcher", "Gate", "Headers", "Hosts", "Manners", "RobotsKeeper", "content_type_of", "links_of"]
