"""A subscription at a hub, a question or a delivery of that hub -> what it becomes, and what to ask next. All pure.

The subscriber's side of W3C WebSub (2018)::

    discovery.py    what a source names, and whether its hub can and shall push  -> Wish
    planning.py     wishes, subscriptions  -> which to begin and which to leave
    asking.py       subscription, now      -> what to ask of the hub, and when again  (renewal, back-off, giving up)
    verifying.py    the hub's question     -> agreed or not                           (5.3 Hub Verifies Intent, 5.2 denial)
    delivering.py   body, signature        -> believed, only a ping, or forged        (7, 8)
    trust.py        polls beside pushes    -> whether the hub can be relied upon
    words.py        all of it in one sentence, for people

``feedhub.subscriber`` talks to hubs and to the database with these.
"""

from feedhub.websub.asking import Ask, rejected, step, unsent
from feedhub.websub.delivering import Verdict, forged, judge, pinged, pushed
from feedhub.websub.discovery import Wish, announced, outlook, wish_of
from feedhub.websub.planning import leave, plan
from feedhub.websub.trust import found, on_duty, push_of
from feedhub.websub.verifying import confirm
from feedhub.websub.words import note_of

__all__ = [
    "Ask",
    "Verdict",
    "Wish",
    "announced",
    "confirm",
    "forged",
    "found",
    "judge",
    "leave",
    "note_of",
    "on_duty",
    "outlook",
    "pinged",
    "plan",
    "push_of",
    "pushed",
    "rejected",
    "step",
    "unsent",
    "wish_of",
]
