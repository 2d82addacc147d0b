"""HTTP: documents for readers, pages for people, health for operators. ``app.py`` holds the map of the routes.

Names are imported from the modules: what a command needs of ``samples``, ``wire`` and ``narrowing`` comes without the
libraries of a server.
"""
