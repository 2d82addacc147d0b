"""Languages as sources state them -> BCP 47 tags."""

from __future__ import annotations

from functools import lru_cache

from feedhub.clean.words import words

_SHORTER = dict(
    pair.split("=")
    for pair in words(
        """ara=ar baq=eu bul=bg cat=ca ces=cs chi=zh cym=cy cze=cs dan=da deu=de dut=nl ell=el eng=en est=et eus=eu fas=fa fin=fi fra=fr
        fre=fr ger=de gle=ga glg=gl gre=el heb=he hin=hi hrv=hr hun=hu ice=is ind=id isl=is ita=it jpn=ja kor=ko lav=lv lit=lt may=ms
        msa=ms nld=nl nor=no per=fa pol=pl por=pt ron=ro rum=ro rus=ru slk=sk slo=sk slv=sl spa=es srp=sr swe=sv tha=th tur=tr ukr=uk
        vie=vi wel=cy zho=zh"""
    )
)
"""Codes of three letters that have one of two, which is then the only right one (RFC 5646, 2.2.1); those in use on the web."""


@lru_cache(maxsize=256)
def language_tag(text: str) -> str:
    """A BCP 47 tag in lower case; "" for what is none (``en_US`` is one with a typo, ``eng`` is ``en``, ``English`` is not one)."""
    tag = text.strip().lower().replace("_", "-")
    first, *rest = tag.split("-")
    fits = 2 <= len(first) <= 3 and all(1 <= len(part) <= 8 for part in rest)
    if not (fits and first.isalpha() and tag.isascii() and all(part.isalnum() for part in rest)):
        return ""
    return "-".join([_SHORTER.get(first, first), *rest])
