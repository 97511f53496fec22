"""Citations: which sentence of an answer rests on which passage. Pure functions."""

import re
from collections.abc import Callable, Mapping, Sequence

from rag import sentences
from rag.support import Verdict, verdict
from rag.terms import terms
from rag.types import Citation, Hit, Span

Bears = Callable[[str], Sequence[float]]  # a sentence → how far each passage bears it, 0 to 1
Judged = tuple[list[int], Verdict]  # the numbers that a sentence keeps, and the verdict on it
Judge = Callable[[str, list[int]], Judged]  # a sentence with its numbers
DOUBT = "[?]"  # after a sentence that its passage bears in part, or none at all
DOUBT_MEANS = "A sentence with ? is borne out only in part by its source, or by none: check it."
DOUBTS = {
    Verdict.WEAK: "Its source bears this sentence out only in part: check it.",
    Verdict.UNSUPPORTED: "No passage bears this sentence out: check it.",
}

_NUMBERS = re.compile(r"\s*\[(\d+(?:\s*[,;]\s*\d+)*)\]")  # [1] and [1, 2]
_DOUBT = re.compile(r"\s*\[\?\]")
_MARKS_BEHIND = re.compile(r"(?:\s*\[(?:\d+|\?)\])+")  # a sentence
_ABOUT_PASSAGES = re.compile(  # "This can be found in passages and."
    r"(?:\b(?:found|stated|mentioned|described|listed|given|provided|explained|specified|outlined|detailed|confirmed"
    r"|indicated|contained|derived|shown|noted|located|included|discussed|written|supported|appears?|according|based"
    r"|refer|see|says?|states?|sources?)\b.*"
    r"|^(?:this|that|it|these|the\s+(?:answer|information))\s+(?:is|are|comes?|stands?)\s+(?:in|from)\b.*)"
    r"(?<!\ball )\bpassages?(?:\s*(?:and|or|,))*\s*\.?$",
    re.IGNORECASE,
)
_YES = re.compile(r"(?:yes|ja)\W+(?=\w)", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:not|no|never|neither|cannot|nothing|none|nicht|nie|niemals|kein(?:e[mnrs]?)?)\b|n['’]t\b",  # noqa: RUF001
    re.IGNORECASE,
)
_LIMIT = re.compile(  # how a "Yes" goes on that says on what condition, and is not taken back
    r"(?:but|except|unless|only|if|when|as long as|provided|though|although|however"
    r"|no\s+(?:later|earlier|sooner|more|less|fewer|longer)\b"
    r"|(?:not|nicht)\s+(?:later|earlier|more|less|before|until|after|only|nur|vor|nach|bis|mehr)\b"
    r"|aber|außer|nur|wenn|sofern|solange|allerdings|jedoch|falls)\b",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?…。！？:][\"'”’»)\]*_]*$")  # noqa: RUF001
_BEGUN_NUMBER = re.compile(r"\s*\[\d*$")  # of a footnote that was not written to its end
_CLAUSES = re.compile(r"(?:,|;|\s)\s*(?:and|but|while|whereas)\s+|;\s+", re.IGNORECASE)
_CLAUSE_WORDS = 3  # that make a clause one that can be weighed by itself
_MARKER = re.compile(r"#|\W*\d{1,3}\W*$")  # a heading, or the number of a list item
_MARKED = 0.75  # of the best passage sentence's overlap: others that reach it are marked too
_FEW = 0.25  # share of the words below which the passage only gives the setting and nothing is marked
_AS_GOOD, _MARKS = 2, 8  # passage sentences marked for one answer sentence: those as good as the best, and all
_NEW = 0.15  # share of the words that one adds without a number


def words(text: str) -> set[str]:
    """The terms that carry meaning; a plural is its singular."""
    return set(terms(text))


_TOLD = 3  # words of a sentence that tells something
_PLAIN = words(  # concludes, and names nothing
    "Yes no cannot can't don't doesn't isn't aren't won't mustn't neither ja nein nicht kein keine keinen"
)


def cite(
    text: str, hits: Sequence[Hit], *, default: int = 1, question: str = "", bears: Bears | None = None
) -> tuple[str, tuple[Citation, ...]]:
    """Gives every sentence of an answer its citation.

    Numbers that name no passage are removed. A sentence without a number gets that of the passage which holds most of
    its words; one that shares no word with any passage follows the sentence before it, or takes `default`.

    Args:
        text: the answer as the generator wrote it.
        hits: passages in the order of the prompt: `[n]` is `hits[n - 1]`.
        question: its words count half when the sentences of a passage are chosen that bear the answer.
        bears: with it, a sentence gets the passage that bears it best; after one that none bears well stands `DOUBT`,
            without a number where none bears it at all. A sentence of the question's words alone ("No, you cannot…") is
            not judged: words tell nothing of what follows from a passage.

    Returns:
        The text with its numbers placed before the full stop's space, and the citations by rising number.
    """
    if not hits:
        return strip(text), ()
    claims: dict[int, list[str]] = {}
    lines = []
    previous = default
    plain = words(question) | _PLAIN

    def judge(sentence: str, given: list[int]) -> Judged:
        if bears is None or not words(sentence) - plain:
            return given, Verdict.SUPPORTED
        whole = _judged(given, bears(sentence))
        parts = _CLAUSES.split(sentence)
        if whole[1] is Verdict.SUPPORTED or len(parts) < 2 or any(len(words(part)) < _CLAUSE_WORDS for part in parts):
            return whole
        return _together(whole, [_judged(given, bears(part)) for part in parts])

    written = sentences.unwrap(_DOUBT.sub("", text)).strip().splitlines()
    for line in written:
        placed, previous = _cite_line(line, hits, claims, previous, judge, is_only=len(written) == 1)
        lines.append(placed)
    whole = " ".join(lines)
    if not claims and DOUBT not in whole and words(whole):  # nothing but a lead-in
        lines[-1] += _brackets([default])
        claims[default] = [lines[-1]]
    citations = [
        Citation(number, hits[number - 1], _marks(hits[number - 1].chunk.text, claims[number], words(question)))
        for number in sorted(claims)
    ]
    return "\n".join(lines).strip(), tuple(citations)


def in_reading_order(text: str, count: int) -> tuple[str, tuple[int, ...]]:
    """Numbers passages as a reader meets them: the first cited one is `[1]`; numbers above `count` are removed.

    Returns:
        The text with its new numbers, and the old number of each new one, those never cited last.
    """
    met = dict.fromkeys(number for match in _NUMBERS.finditer(text) for number in _numbers(match.group(1), count))
    order = (*met, *(number for number in range(1, count + 1) if number not in met))
    return renumbered(text, {number: place for place, number in enumerate(order, 1)}), order


def renumbered(text: str, new: Mapping[int, int]) -> str:
    """The text with other numbers in its brackets; those that are not in `new` are removed."""

    def numbered(match: re.Match[str]) -> str:
        return _brackets([new[number] for number in _numbers(match.group(1), max(new, default=0)) if number in new])

    return _NUMBERS.sub(numbered, text)


def without_false_yes(text: str, question: str) -> str:
    """The answer without a "Yes" that it takes back itself, as those of small generators do.

    That is "Yes, it is not allowed.", and "Yes, within a month. Used ones cannot be returned." to a question for used
    ones: then the answer begins with the sentence that denies what is asked.
    """
    text = text.strip()
    yes = _YES.match(text)
    if not yes:
        return text
    first, *others = sentences.split(text)
    if _NEGATION.search(first.text) and not _LIMIT.match(text, yes.end()):
        rest = text[yes.end() :]
        return rest[0].upper() + rest[1:]
    asked = words(question)
    denies = (part for part in others if _NEGATION.search(part.text) and asked and asked <= words(part.text))
    denial = next(denies, None)
    return text[denial.start :] if denial else text


def without_question(text: str, question: str) -> str:
    """The answer without the words of the question at its beginning, which small generators say once more.

    So is a statement beside the question: it is the asker's own.
    """
    text = text.strip()
    parts = [part.text for part in sentences.split(question)]
    asked = {part.casefold() for part in (*parts, question.strip())}
    first = next(iter(sentences.split(text)), None)
    if first is None:
        return text
    rest = text[first.end :].strip()
    is_said = strip(first.text).casefold() in asked or _is_told_again(first.text, parts)
    return without_question(rest, question) if rest and is_said else text


def _is_told_again(sentence: str, parts: Sequence[str]) -> bool:
    """Whether a sentence tells most of a statement beside the question, and nothing of what is asked."""
    beside = [part for part in parts if part[-1] not in "?\uff1f"]
    asked = {word for part in parts if part not in beside for word in words(part)}
    said = words(strip(sentence))
    if not asked or len(said) < _TOLD or said & asked:
        return False
    return any(said <= words(part) and 2 * len(said) >= len(words(part)) for part in beside)


def whole_and_half(text: str) -> tuple[str, str]:
    """The sentences of an answer that was stopped, and the one in work: it rests on nothing but what it names."""
    text = text.rstrip()
    last = next(reversed(sentences.split(text)), None)
    start = last.start if last is not None else len(text)
    if before := _NUMBERS.match(text, start):  # of the sentence before
        start = before.end()
    half = _BEGUN_NUMBER.sub("", text[start:])
    return (text, "") if not half.strip() or numbers(half) or _END.search(half) else (text[:start], half.strip())


def says_nothing(text: str, question: str) -> bool:
    """Whether an answer holds no word of its own: nothing but words of the question, and yes or no.

    What small generators conclude so is often wrong, and never says on what condition.
    """
    return not words(strip(text)) - words(question) - _PLAIN


def is_all_in_doubt(text: str) -> bool:
    """Whether every sentence of a text from `cite` is followed by `DOUBT`."""
    told = [part.text for part in sentences.split(_NUMBERS.sub("", text)) if words(part.text)]
    return bool(told) and len(_DOUBT.findall(text)) >= len(told)


def verdicts(text: str) -> list[tuple[str, Verdict]]:
    """The sentences of a text from `cite` that have a footnote or are in doubt, and how far their passages bear them.

    One that its passage bears in part has both, one that none bears has `DOUBT` alone.
    """
    found, start = [], 0
    for match in _MARKS_BEHIND.finditer(text):
        *_, last = [part.text for part in sentences.split(text[start : match.start()])] or [""]
        if DOUBT not in match[0]:
            said = Verdict.SUPPORTED
        else:
            said = Verdict.WEAK if numbers(match[0]) else Verdict.UNSUPPORTED
        found.append((last, said))
        start = match.end()
    return found


def numbers(text: str) -> set[int]:
    """Every number in brackets."""
    return {int(number) for match in _NUMBERS.finditer(text) for number in re.findall(r"\d+", match.group(1))}


def strip(text: str) -> str:
    """The text without any number in brackets, and without signs of doubt."""
    return _DOUBT.sub("", _NUMBERS.sub("", text)).strip()


def _cite_line(
    line: str, hits: Sequence[Hit], claims: dict[int, list[str]], previous: int, judge: Judge, *, is_only: bool
) -> tuple[str, int]:
    """One line with its citations, and the last number used. Headings and lead-ins ("Steps:") stay without.

    So do the numbers of list items; a number that is the whole answer, its only line (`is_only`), is none.
    """
    indent = line[: len(line) - len(line.lstrip())]
    placed = []
    found = _claims(line, len(hits))
    for sentence, given in found:
        if _ABOUT_PASSAGES.search(sentence):
            continue
        is_marker = _MARKER.match(sentence) and (sentence[0] == "#" or not is_only or len(found) > 1)
        if not words(sentence) or sentence.endswith(":") or is_marker:
            placed.append(sentence)
            continue
        own = given or [_best(sentence, hits) or previous]
        own, said = judge(sentence, own)
        for number in own:
            claims.setdefault(number, []).append(sentence)
        previous = own[-1] if own else previous
        placed.append(f"{sentence}{_brackets(own)}{'' if said is Verdict.SUPPORTED else f' {DOUBT}'}")
    return indent + " ".join(placed), previous


def _judged(given: Sequence[int], support: Sequence[float]) -> Judged:
    """The numbers that a sentence keeps, those that bear it, else the one that bears it best; and the verdict on it."""
    best = max(range(len(support)), key=lambda index: support[index])
    found = verdict(support[best])
    if found is Verdict.UNSUPPORTED:
        return [], found
    kept = [number for number in given if verdict(support[number - 1]) is found]
    return kept or [best + 1], found


def _together(whole: Judged, parts: Sequence[Judged]) -> Judged:
    """A sentence whose clauses rest on several passages is borne as far as the least of them."""
    worst = max((found for _, found in parts), key=list(Verdict).index)
    if list(Verdict).index(worst) >= list(Verdict).index(whole[1]):
        return whole
    return list(dict.fromkeys(number for numbers, _ in parts for number in numbers)), worst


def _claims(line: str, count: int) -> list[tuple[str, list[int]]]:
    """Sentences of a line without their numbers, and the known numbers that stood in or right after each."""
    claims: list[tuple[str, list[int]]] = []
    for sentence in sentences.split(line):
        given = [number for match in _NUMBERS.finditer(sentence.text) for number in _numbers(match.group(1), count)]
        bare = strip(sentence.text)
        if bare or not claims:
            claims.append((bare, list(dict.fromkeys(given))))
        else:
            claims[-1][1].extend(number for number in given if number not in claims[-1][1])
    return [claim for claim in claims if claim[0]]


def _numbers(inside: str, count: int) -> list[int]:
    return [number for number in map(int, re.findall(r"\d+", inside)) if 1 <= number <= count]


def _brackets(given: Sequence[int]) -> str:
    return "".join(f" [{number}]" for number in given)


def _best(sentence: str, hits: Sequence[Hit]) -> int | None:
    wanted = words(sentence)
    shares = [len(wanted & words(f"{hit.chunk.context} {hit.chunk.text}")) for hit in hits]
    best = max(range(len(hits)), key=lambda index: (shares[index], hits[index].score))
    return best + 1 if shares[best] else None


def _marks(passage: str, claims: Sequence[str], asked: set[str]) -> tuple[Span, ...]:
    """The passage's sentences that hold the words of the claims: the best, those as good, those that add to them."""
    candidates = sentences.split(passage)
    held = [words(sentence.text) for sentence in candidates]
    found = {index for claim in claims for index in _marked(words(claim), held, asked)}
    return tuple(Span(candidates[index].start, candidates[index].end) for index in sorted(found))


def _marked(wanted: set[str], held: Sequence[set[str]], asked: set[str]) -> list[int]:
    """Which sets of words bear a claim: the best, those that it holds whole, and those that add to them."""
    scores = [_overlap(wanted, one, asked) for one in held]
    best = max(scores, default=0.0)
    by_score = sorted(range(len(held)), key=lambda index: -scores[index])
    good = [index for index in by_score[:_AS_GOOD] if scores[index] >= max(_FEW, _MARKED * best)]
    told = [index for index, one in enumerate(held) if len(one) >= _TOLD and one <= wanted and one - asked]
    if not good and not told:
        return []
    chosen = list(dict.fromkeys([*good, *told]))[:_MARKS]
    left = wanted.difference(asked, *(held[index] for index in chosen))
    while left and len(chosen) < _MARKS:
        adds = max(range(len(held)), key=lambda index: (_overlap(left, held[index] & left, asked), -index))
        added = held[adds] & left
        is_number = any(letter.isdigit() for word in added for letter in word)
        if _overlap(left, added, asked) < _FEW or not (is_number or _overlap(wanted, added, asked) >= _NEW):
            break
        chosen.append(adds)
        left -= added
    return chosen


def _overlap(wanted: set[str], held: set[str], asked: set[str]) -> float:
    """Share of the wanted words that are held, numbers and news counting double; a longer sentence pays a little."""
    total = sum(_weight(word, asked) for word in wanted)
    if not total:
        return 0.0
    return sum(_weight(word, asked) for word in wanted & held) / total - 0.001 * len(held)


def _weight(word: str, asked: set[str]) -> int:
    return (2 if any(letter.isdigit() for letter in word) else 1) * (1 if word in asked else 2)
