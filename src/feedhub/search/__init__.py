"""Searching: the query language and the text of the index. Pure; the database's part is ``store/finding.py``."""
