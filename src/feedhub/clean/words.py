"""Lists of words, written as one text."""


def words(text: str) -> frozenset[str]:
    """The words of a text, parted by white space."""
    return frozenset(text.split())


def phrases(text: str) -> frozenset[str]:
    """The phrases of a text, parted by ``|``; line breaks inside are white space."""
    return frozenset(phrase for part in text.split("|") if (phrase := " ".join(part.split())))
