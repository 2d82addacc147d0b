"""Which parameters track, and which addresses only lead to another one that they carry."""

from __future__ import annotations

import re
from dataclasses import dataclass

from feedhub.clean.words import words

TRACKING_PREFIXES = (
    "utm_", "ga_", "pk_", "mtm_", "piwik_", "matomo_", "hsa_", "_hs", "__hs", "oly_", "vero_", "at_", "ns_", "guce_",
    "fb_action_", "fb_", "wt_", "wt.", "sc_", "mc_", "bsft_", "stm_", "ml_", "aff_", "itm_", "int_cmp", "spm",
)  # fmt: skip

TRACKING = words(
    "fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid igshid igsh li_fat_id rdt_cid epik "
    "srsltid _ga _gl _gac hsctatracking mkt_tok s_cid ncid cmpid cmp ocid smid smtyp icid ito xtor wtrid _openstat "
    "guccounter action_object_map action_type_map action_ref_map trk trkcampaign _branch_match_id zanpid irclickid "
    "wickedid ck_subscriber_id mibextid si feature share_id share_source sharetype rss_id feedname feeditemid ftag "
    "nr_email_referer partner_ref __twitter_impression ref_src ref_url referrer via_rss cvid ei ved usg"
)

REFERRER_PARAMETERS = frozenset(
    {"ref", "source", "src", "from", "via", "origin", "medium", "campaign", "cid", "mod", "rss"}
)
REFERRER_VALUES = re.compile(
    r"(?:rss|atom|feed|newsletter|email|twitter|facebook|fb|tw|linkedin|reddit|social|share|homepage|home|hn|1$|true$|$)"
)

INDEX_PAGE = re.compile(r"/(?:index\.(?:html?|php|aspx?|jsp|shtml)|default\.(?:aspx?|html?))$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Door:
    """A redirector: addresses of ``host`` (and below it) whose path matches carry their target in a parameter."""

    host: str
    path: re.Pattern[str]
    parameters: tuple[str, ...]


def _door(host: str, path: str, *parameters: str) -> Door:
    return Door(host, re.compile(path), parameters)


DOORS = (
    *(_door(f"google.{end}", r"/url$", "q", "url") for end in ("com", "de", "fr", "es", "co.uk", "com.vn", "co.jp")),
    _door("feedproxy.google.com", r"/", "url", "u"),
    _door("feeds.feedburner.com", r"/", "url", "u"),
    _door("facebook.com", r"/l\.php$|/flx/warn/$", "u"),
    _door("l.facebook.com", r"/", "u"),
    _door("l.instagram.com", r"/", "u"),
    _door("l.threads.net", r"/", "u"),
    _door("t.umblr.com", r"/redirect$", "z"),
    _door("out.reddit.com", r"/", "url"),
    _door("slack-redir.net", r"/link$", "url"),
    _door("duckduckgo.com", r"/l/?$", "uddg"),
    _door("youtube.com", r"/redirect$", "q"),
    _door("linkedin.com", r"/redir/|/safety/go", "url"),
    _door("vk.com", r"/away(?:\.php)?$", "to"),
    _door("link.zhihu.com", r"/", "target"),
    _door("steamcommunity.com", r"/linkfilter/?$", "url", "u"),
    _door("disq.us", r"/", "url"),
    _door("safelinks.protection.outlook.com", r"/", "url"),
    _door("go.skimresources.com", r"/", "url"),
    _door("click.linksynergy.com", r"/", "murl"),
    _door("getpocket.com", r"/redirect$", "url"),
    _door("redirectingat.com", r"/", "url"),
    _door("awin1.com", r"/", "ued", "p"),
    _door("anrdoezrs.net", r"/", "url"),
)

DOORS_BY_HOST: dict[str, list[Door]] = {}
for _one in DOORS:
    DOORS_BY_HOST.setdefault(_one.host, []).append(_one)
