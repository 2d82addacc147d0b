"""Servers, folders and words that many tests share."""
