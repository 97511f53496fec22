"""What printing adds to the text of pages and reading takes away: running heads, page numbers, hyphens at line ends."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile

_EDGE = 2  # lines at the top and at the bottom of a page among which running heads are looked for
_PAGES = 3  # on which a line recurs before it is a running head
_SHARE = 0.3  # of the pages of a document
_LONGEST = 120  # characters of a running head
_CELLS = "   "  # between the cells of a table, whose head may recur on every page
_NUMBER = re.compile(r"(?<!\d)\d{1,5}(?!\d)")
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|p\.?|s\.?)\s*)?\d{1,5}(?:\s*(?:of|von|/|\||-)\s*\d{1,5})?\W*", re.IGNORECASE
)
_PARTED = re.compile(r"(?<=[^\W\d_])(?P<last>[^\W\d_]+)-\n(?P<next>[^\W\d_]+)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def without_print(texts: Sequence[str]) -> list[str]:
    """The pages without running heads but where they stand first, without page numbers, words in one piece."""
    return _whole_words(_without_running_heads(texts))


def _without_running_heads(texts: Sequence[str]) -> list[str]:
    pages = [text.split("\n") for text in texts]
    counts: Counter[str] = Counter()
    for index, lines in enumerate(pages):
        counts.update({shape for side in _sides(lines) for place in side for shape in _shapes(lines[place], index)})
    limit = max(_PAGES, _SHARE * len(texts))
    recurring = {shape for shape, count in counts.items() if count >= limit}
    seen: set[str] = set()
    return [_cut(lines, index, recurring, seen) for index, lines in enumerate(pages)]


def _cut(lines: list[str], index: int, recurring: set[str], seen: set[str]) -> str:
    dropped: set[int] = set()
    found: set[str] = set()
    for side in _sides(lines):
        for place in side:
            known = recurring.intersection(_shapes(lines[place], index))
            if not known:
                break  # a running head has nothing else between it and the edge
            if known & seen or _PAGE_NUMBER.fullmatch(lines[place]):
                dropped.add(place)
            found |= known
    seen |= found
    left = "\n".join(line for place, line in enumerate(lines) if place not in dropped).strip("\n")
    return left if dropped and left.strip() else "\n".join(lines)


def _sides(lines: Sequence[str]) -> tuple[list[int], list[int]]:
    """Places of the lines at the top and at the bottom of a page that may be running heads, from the edge inwards."""
    filled = [place for place, line in enumerate(lines) if line.strip()]
    return _possible(lines, filled[:_EDGE]), _possible(lines, filled[::-1][:_EDGE])


def _possible(lines: Sequence[str], places: Sequence[int]) -> list[int]:
    return list(takewhile(lambda place: len(lines[place]) <= _LONGEST and lines[place].count(_CELLS) < 2, places))


def _shapes(line: str, index: int) -> Iterator[str]:
    """What the line may recur as: itself, and with a number that counts the pages as its distance from `index`."""
    plain = " ".join(line.split()).casefold()
    yield plain
    for number in _NUMBER.finditer(plain):
        yield f"{plain[: number.start()]}#{int(number[0]) - index}{plain[number.end() :]}"


def _whole_words(texts: Sequence[str]) -> list[str]:
    """Joins words that were parted; a hyphen stays where the document writes the word with one."""
    known = Counter(word.casefold() for text in texts if "-\n" in text or "-" in text for word in _WORD.findall(text))

    def join(match: re.Match[str]) -> str:
        text, start = match.string, match.start()
        before = re.search(r"[^\W\d_]*$", text[max(0, start - 40) : start])
        first = (before[0] if before else "") + match["last"]
        rest = match["next"]
        if rest[:1].isupper() or known[f"{first}-{rest}".casefold()]:
            return f"{match['last']}-{rest}\n"
        return f"{match['last']}{rest}\n"

    return [_PARTED.sub(join, text) if "-\n" in text else text for text in texts]
