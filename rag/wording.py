"""Words that go with a number."""


def counted(number: int, noun: str) -> str:
    """ "1 page", "2,000 pages"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def fits(number: int, one: str, more: str) -> str:
    """The word that goes with a number of things: "is" or "are"."""
    return one if number == 1 else more
