"""Entry, rules -> Membership... (topics, authors, categories, and the rule that said so).

``words.py`` cuts text into words, ``keywords.py`` reads the keywords of the configuration, ``index.py`` finds
thousands of them in one pass, ``rules.py`` and ``topics.py`` combine them with the other conditions, ``people.py``
knows whose feed a byline belongs to, ``classifier.py`` joins it all, and ``verdicts.py`` says why. All of it is pure; a compiled
:class:`Classifier` is pickled once and sent to the worker processes.
"""

from feedhub.classify.classifier import Classifier, compile_rules
from feedhub.classify.facts import Facts, Stops, label_of
from feedhub.classify.verdicts import RuleVerdict, TopicVerdict

__all__ = ["Classifier", "Facts", "RuleVerdict", "Stops", "TopicVerdict", "compile_rules", "label_of"]
