"""Names of categories that say nothing. Pure data; one list for each question, any language."""

from __future__ import annotations

_NOTHING = """
uncategorized|uncategorised|uncategorized en|uncategorized-en|no category|none|null|undefined|unknown|default|misc|other
general category|not categorized|untagged|n/a
chưa phân loại|chưa được phân loại|không phân loại|chưa phân mục|khác
non classé|non classée|non classifié|non catégorisé|sans catégorie|allgemein|unkategorisiert|nicht kategorisiert
ohne kategorie|sin categoría|sin categorizar|sin clasificar|sem categoria|não categorizado|senza categoria
non categorizzato|non classificato|sense categoria|sen categoría|sailkatu gabea|geen categorie|niet gecategoriseerd
ongecategoriseerd|okategoriserade|okategoriserat|ukategorisert|ukategoriseret|ikke kategoriseret|luokittelematon
luokittelemattomat|määratlemata|nekategorizēts|be kategorijos|bez kategorii|bez kategorie|nezařazené|nezaradené
nekategorizirano|nekategorizovano|nerazvrščeno|nincs kategorizálva|kategorizálatlan|fără categorie|necategorizat
без рубрики|без категории|без категорії|некатегоризирани|некатегоризовано|χωρίς κατηγορία|αταξινόμητα
kategorize edilmemiş|kategorilenmemiş|tak berkategori|tanpa kategori|tidak dikategorikan|ללא קטגוריה|غير مصنف|بدون تصنيف
دسته‌بندی نشده|अवर्गीकृत|ไม่มีหมวดหมู่|ไม่ได้จัดหมวดหมู่|未分類|未分类|默认分类|无分类|カテゴリーなし|未設定|その他|미분류|기타|분류되지 않음
"""
_PAGES = """
homepage|home page|trang chủ|accueil|startseite|inicio|início|pagina principale|главная|головна|strona główna|hemsida
forside|etusivu|ana sayfa|beranda|ホーム|トップページ|首页|首頁|홈|หน้าแรก|الرئيسية
"""
_MAYBE_PAGES = "home|top|start|news home"  # subjects, too, when they stand alone


def _names(text: str) -> frozenset[str]:
    return frozenset(name for line in text.strip().splitlines() for name in line.casefold().split("|"))


JUNK = _names(_NOTHING) | _names(_PAGES)
"""Keys of names that are dropped wherever they stand."""
JUNK_BEGINNINGS = ("uncategorized", "uncategorised")
"""Several languages of one site number or name theirs: ``Uncategorized @fr``, ``uncategorized-2``."""
ROOTS = JUNK | _names(_MAYBE_PAGES)
"""Keys of names that are dropped at the beginning of a path: the way to a page begins at the site's first."""
