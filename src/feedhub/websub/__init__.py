"""A subscription at a hub, a question or a delivery of that hub -> what it becomes, and what to ask next. All pure.

The subscriber's side of W3C WebSub (2018)::

    discovery.py    what a source names, and whether its hub can and shall push  -> Wish
    planning.py     wishes, subscriptions  -> which to begin and which to leave
    asking.py       subscription, now      -> what to ask of the hub, and when again  (renewal, back-off, giving up)
    verifying.py    the hub's question     -> agreed or not                           (5.3 Hub Verifies Intent, 5.2 denial)
    delivering.py   body, signature        -> believed, only a ping, or forged        (7, 8)
    trust.py        polls beside pushes    -> whether the hub can be relied upon
    words.py        all of it in one sentence, for people

The hub's side, for our own feeds::

    hub_forms.py       what is posted to us     -> a wish, or why not                 (5.1)
    hub_asking.py      a wish, the answer       -> whether it was meant; the subscription (5.3); denials (5.2)
    hub_delivering.py  a document, the answer   -> how the subscription goes on       (7, 8)
    hub_turns.py       who is owed something    -> whose delivery begins
    hub_pinging.py     what changed             -> a form for hubs of others
    hub_words.py       all of it in sentences, for people

``feedhub.subscriber``, ``feedhub.hub``, ``feedhub.distributor`` and ``feedhub.announcer`` talk to hubs, callbacks and the
database with these.
"""

from feedhub.websub.asking import Ask, rejected, step, unsent
from feedhub.websub.delivering import Verdict, forged, judge, pinged, pushed
from feedhub.websub.discovery import Wish, announced, outlook, wish_of
from feedhub.websub.hub_asking import denial, question, subscribed, was_meant
from feedhub.websub.hub_delivering import caught_up, delivery_headers, settled
from feedhub.websub.hub_forms import Unfit, Wished, granted, wished
from feedhub.websub.hub_pinging import MOST_TOPICS, after_ping, ping
from feedhub.websub.hub_turns import Places, choose, in_turn
from feedhub.websub.hub_words import note_of_hub, subscription_words
from feedhub.websub.planning import leave, plan
from feedhub.websub.trust import found, on_duty, push_of
from feedhub.websub.verifying import confirm
from feedhub.websub.words import note_of

__all__ = [
    "MOST_TOPICS",
    "Ask",
    "Places",
    "Unfit",
    "Verdict",
    "Wish",
    "Wished",
    "after_ping",
    "announced",
    "caught_up",
    "choose",
    "confirm",
    "delivery_headers",
    "denial",
    "forged",
    "found",
    "granted",
    "in_turn",
    "judge",
    "leave",
    "note_of",
    "note_of_hub",
    "on_duty",
    "outlook",
    "ping",
    "pinged",
    "plan",
    "push_of",
    "pushed",
    "question",
    "rejected",
    "settled",
    "step",
    "subscribed",
    "subscription_words",
    "unsent",
    "was_meant",
    "wish_of",
    "wished",
]
