"""The laboratory behind ``benchmarks/cadence.py``: polling policies on recorded or invented posting, in simulated time.

``traces.py`` and ``families.py`` say when sources post, ``replay.py`` reads it from a file or a database, ``simulate.py`` polls
one source by one policy and keeps score, ``feedhub_policy.py`` is the production code as such a policy, ``baselines.py`` the others,
``tuning.py`` gives all the same budget, ``report.py`` prints.
"""
