"""Which tables a question is calculated with, among those of the documents that were found for it. Rules, no model.

A spreadsheet that was found first is asked whenever the question asks to calculate; of several, the first that holds
every word that matters goes before those that do not. What the words alone do not show to be for rows ("the revenue in
March", "who drives B-FN 104") is asked of spreadsheets that hold every word that matters. A table inside a document
stands among sentences, and most questions are for those: it is asked only if it holds every word that matters of the
question and the kind of column that the question needs, and no sentence says the answer. So is a spreadsheet further
down.
"""

import csv
import functools
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice

from rag.cells import Column, DataTable, Kind
from rag.evidence import Line
from rag.synonyms import widened
from rag.table_questions import Asked, Language, Wanted, asked, asked_of_sheets, is_extreme, said
from rag.terms import is_unspaced, terms
from rag.types import JOINT, Chunk, Hit

_DOCUMENTS = 3  # that were found first and are looked into
_HITS = 6
_TABLES = 8  # of one document
_CELLS = 200_000  # of a table that is looked into
_ROW = re.compile(r"\s\|\s|^\s*\||\t| {3,}")  # in a line: cells of a table
_NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|forty|fifty|sixty"
    r"|hundred|ein|eine|einen|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|zwanzig|dreißig|hundert)"
)
_HAS_NUMBER = re.compile(rf"\b{_NUMBER}\b|\d|[一二三四五六七八九十百千]", re.IGNORECASE)
_NUMBER_OF = re.compile(rf"\b{_NUMBER}\s+((?:[^\W\d_]+\s?){{1,3}})", re.IGNORECASE)
_RULE = re.compile(
    r"\b(?:can|(?-i:may)|must|should|shall|could|might|allowed|permitted|entitled|darf|dürfen|kann|können|muss|müssen|soll|sollen)\b",
    re.IGNORECASE,
)
_WHICH = re.compile(r"\b(?:which|what|welche\w*)\s+(?!is\b|are\b|was\b|were\b|ist\b|sind\b)\w+", re.IGNORECASE)
_NOT_THE_THING = re.compile(  # where a cell goes on that has named its thing: "Meal with customers, per person"
    r"\(|\s(?:with|without|for|of|per|in|on|at|to|from|mit|ohne|für|von|pro|je|im|am|bei|zum|zur)\s", re.IGNORECASE
)
_YEAR = re.compile(r"(?:19|20)\d\d")


def _stems(*lines: str) -> frozenset[str]:
    return frozenset(stem for line in lines for stem in terms(line))


# Words of a question that say how to calculate, or nothing of what is asked for.
_EMPTY = _stems(
    "average averages mean median many much number count total totals sum altogether combined all add overall",
    "highest lowest largest smallest biggest greatest cheapest most least fewest maximum minimum max min latest",
    "earliest longest shortest oldest newest best worst heaviest lightest dearest expensive top together every",
    "each per more less fewer over above below at between greater exceed exceeds after before since value values",
    "list show give tell find please row rows entry entries line lines table tables column columns listed",
    "document work works working live lives living belong sell sold make made need needs exist different there",
    "same given name named called kind kinds type types go come hold holds contain contains have having only just",
    "often whole entire full high",
    "der die das den dem des ein eine einen einem einer und oder ist sind hat haben wird werden war waren es in",
    "im am an auf aus bei von vom zu zum zur mit für nach pro je jede jeder jedes jeden alle allen aller wie viel",
    "viele vielen hoch welche welcher welches welchen wer was wo gibt anzahl summe gesamt gesamte gesamten",
    "insgesamt zusammen durchschnitt durchschnittlich durchschnittliche durchschnittlichen mittelwert mittel",
    "höchste höchsten niedrigste niedrigsten größte größten kleinste kleinsten teuerste teuersten billigste",
    "billigsten günstigste meisten wenigsten maximale minimale maximal minimal älteste ältesten neueste neuesten",
    "ganze ganzen oft",
    "jüngste jüngsten längste längsten kürzeste kürzesten beste besten mehr weniger als über unter mindestens",
    "höchstens zwischen vor seit zeige liste zeile zeilen tabelle eintrag einträge arbeiten arbeitet kostet",
)
_PERIODS = _stems(
    "january february march april may june july august september october november december month months year",
    "week quarter half first second third fourth day days",
    "januar februar märz mai juni juli oktober dezember monat jahr quartal tag tage",
)
_OF_MONEY = re.compile(
    r"\b(?:cheapest|dearest|expensive|teuerst\w*|billigst\w*|günstigst\w*)\b|最[贵便]", re.IGNORECASE
)
_OF_TIME = re.compile(
    r"\b(?:latest|earliest|oldest|newest|longest|ältest\w*|neuest\w*|jüngst\w*|längst\w*|spätest\w*|früheste\w*)\b",
    re.IGNORECASE,
)
_OF_WEIGHT = re.compile(r"\b(?:heaviest|lightest|schwerst\w*|leichtest\w*)\b", re.IGNORECASE)
_OF_COUNT = re.compile(r"\b(?:most|fewest|least|meisten|wenigsten)\b", re.IGNORECASE)
_MONEY = _stems("price cost amount fee charge preis kosten betrag gebühr")
_TIME = _stems("year date since from begin start founded built joined age born jahr datum seit beginn alter baujahr")
_WEIGHT = _stems("weight mass kg g t gewicht masse")


def choices(
    question: str,
    hits: Sequence[Hit],
    lines: Sequence[Line],
    find: Callable[[str], Sequence[DataTable]],
    *,
    below: Sequence[Hit] = (),
) -> Iterator[tuple[Hit, tuple[DataTable, ...]]]:
    """Tables of one document at a time, those first that were found first, each with the hit that led there.

    Args:
        lines: of the hits, nearest first.
        below: what was found too far for an answer from passages, as rows are that hold names and numbers alone; of
            these, spreadsheets are asked that hold every word that matters.
        find: the tables of a document (id).
    """
    usual = asked(question)
    wanted = usual or asked_of_sheets(question)
    if wanted is None:
        return
    is_for_rows = not _is_for_a_rule(wanted)
    near = list(dict.fromkeys(hit.chunk.document_id for hit in hits[:_HITS]))[:_DOCUMENTS]
    found = functools.cache(find)
    own_of = {one: [hit for hit in hits if hit.chunk.document_id == one] for one in near}
    if near and _sheets(found(near[0])):
        with_sheets = [one for one in near if _sheets(found(one))]
        best = _best(wanted, {own_of[one][0].chunk: _sheets(found(one)) for one in with_sheets})
        near.sort(key=lambda one: one != best.document_id)
    for rank, identifier in enumerate(near):
        tables, own = found(identifier), own_of[identifier]
        sheets = _sheets(tables)
        if usual is None:
            if is_for_rows and _hold_all(wanted, own[0].chunk, sheets):
                yield own[0], sheets
        elif sheets and rank == 0:
            yield own[0], sheets
        elif is_for_rows and tables and (about := _about(wanted, own, tables, lines, hits)):
            yield _nearest(about[0], own), about
    if is_for_rows and _matter(question):
        yield from _far(wanted, [hit for hit in below if hit.chunk.document_id not in own_of], found)


def _far(
    wanted: Asked, below: Sequence[Hit], find: Callable[[str], Sequence[DataTable]]
) -> Iterator[tuple[Hit, tuple[DataTable, ...]]]:
    """Spreadsheets that hold every word that matters, of documents of which nothing was found near enough."""
    first = {hit.chunk.document_id: hit for hit in reversed(below)}
    own = ((hit, _sheets(find(hit.chunk.document_id))) for hit in below if first[hit.chunk.document_id] is hit)
    for hit, sheets in islice(((hit, sheets) for hit, sheets in own if sheets), _DOCUMENTS):
        if _hold_all(wanted, hit.chunk, sheets):
            yield hit, sheets


def _sheets(tables: Sequence[DataTable]) -> tuple[DataTable, ...]:
    return tuple(table for table in tables if table.place is None)


def _best(wanted: Asked, spreadsheets: Mapping[Chunk, Sequence[DataTable]]) -> Chunk:
    """The first passage whose spreadsheet holds every word that matters, or else the first."""
    chunks = list(spreadsheets)
    if len(chunks) == 1:
        return chunks[0]
    for is_literal in (True, False):
        for one in chunks:
            if _hold_all(wanted, one, spreadsheets[one], is_literal=is_literal):
                return one
    return chunks[0]


def _hold_all(wanted: Asked, chunk: Chunk, tables: Sequence[DataTable], *, is_literal: bool = False) -> bool:
    """Whether every word that matters stands in one of the tables or the title of their document, or one like it."""
    return any(_Words(table, chunk.title).holds_all(wanted, is_literal=is_literal) for table in tables)


def _is_for_a_rule(wanted: Asked) -> bool:
    """Whether it asks what may be or has to be, which sentences say: "How many guests may I bring?"."""
    is_limit = wanted.wanted is Wanted.COUNT and is_extreme(wanted.text) and not _WHICH.search(wanted.text)
    return is_limit or _RULE.search(wanted.text) is not None


def _about(
    wanted: Asked, own: Sequence[Hit], tables: Sequence[DataTable], lines: Sequence[Line], hits: Sequence[Hit]
) -> tuple[DataTable, ...]:
    """The tables that hold what is asked for, those of them that were found nearest."""
    title = own[0].chunk.title
    held: dict[int, int] = {}
    for index, table in enumerate(tables):
        words = _Words(table, title)
        if words.answer(wanted, is_nearest=_is_nearest(table, lines, hits)):
            held[index] = words.count(wanted)
    if not held or _is_said(wanted, lines, hits):
        return ()
    best = [tables[index] for index, count in held.items() if count == max(held.values())]
    first = min(_rank(table, own) for table in best)
    return tuple(table for table in best if _rank(table, own) == first)[:_TABLES]


def _rank(table: DataTable, own: Sequence[Hit]) -> int:
    """The place of the first hit that stands where the table does, after all others where none does."""
    return next((rank for rank, hit in enumerate(own) if _stands_in(table, hit)), len(own))


def _nearest(table: DataTable, own: Sequence[Hit]) -> Hit:
    rank = _rank(table, own)
    return own[rank] if rank < len(own) else own[0]


def _stands_in(table: DataTable, hit: Hit) -> bool:
    """Whether a passage is of the section or the slide in which the table stands."""
    chunk = hit.chunk
    return table.page == chunk.page and table.headings in (chunk.heading, *(heading for _, heading in chunk.sections))


def _is_nearest(table: DataTable, lines: Sequence[Line], hits: Sequence[Hit]) -> bool:
    """Whether the nearest line of all is a row where the table stands."""
    return bool(lines) and _ROW.search(lines[0].text) is not None and _stands_in(table, hits[lines[0].number - 1])


class _Words:
    """The words by which a table is asked for."""

    def __init__(self, table: DataTable, title: str) -> None:
        self._table = table
        self._numbers = [column for column in table.columns if column.kind is not Kind.TEXT]
        texts = [index for index, column in enumerate(table.columns, 1) if column.kind is Kind.TEXT]
        is_small = table.rows * len(table.columns) <= _CELLS
        rows = list(csv.reader(io.StringIO(table.values, newline=""))) if is_small else []
        self._values = {row[index] for row in rows for index in texts if row[index]}
        self._plain = {cell for row in rows for cell in row[1:]}
        self._heads = _terms(" ".join(column.head for column in table.columns))
        self._own = self._heads | {term for value in self._values for term in _terms(value)}
        self._named = self._own | _terms(table.sheet)
        things = (_NOT_THE_THING.split(value)[0] for value in self._values)
        self._counted = self._heads | _terms(" ".join([table.sheet, *things]))
        self._around = _terms(f"{title} {table.headings.replace(JOINT, ' ')}")
        self._rows = [{index: row[index] for index in texts if row[index]} for row in rows]

    def count(self, wanted: Asked) -> int:
        """How many words of the question stand in the table itself."""
        return len(_matter(wanted.text) & self._own)

    def answer(self, wanted: Asked, *, is_nearest: bool) -> bool:
        """Whether the table holds what is asked for.

        Args:
            is_nearest: whether the line that is nearest to the question is one of it; then one word may be missing.
        """
        if is_unspaced(wanted.text):
            return self._answers_unspaced(wanted)
        words = _matter(wanted.text) | (self._heads & frozenset(terms(wanted.text)))
        missing = {word for word in words if not self._holds(word)}
        may_lack = 1 if is_nearest and wanted.wanted is not Wanted.COUNT and len(words) > 1 else 0
        is_meant = bool(widened(words) & self._named)
        if not is_meant or len(missing) > may_lack:
            return False
        return self._has_column(wanted, words) and not self._is_one_cell(wanted, words)

    def holds_all(self, wanted: Asked, *, is_literal: bool) -> bool:
        """Whether every word that matters stands in the table or above it, or one that means the same."""
        return all(self._holds(word, is_literal=is_literal) for word in _matter(wanted.text))

    def _holds(self, word: str, *, is_literal: bool = False) -> bool:
        words = {word} if is_literal else widened({word})
        if words & (self._named | self._around):
            return True
        dated = any(column.kind in (Kind.DATE, Kind.MOMENT) for column in self._numbers)
        if _YEAR.fullmatch(word):
            return any(word in cell for cell in self._plain)
        return word in _PERIODS and (dated or bool(_PERIODS & self._heads))

    def _is_one_cell(self, wanted: Asked, words: AbstractSet[str]) -> bool:
        """Whether the question names the one row and the column of a cell, which then is read like any sentence."""
        if wanted.wanted is Wanted.ROWS or not any(self._is_named(column, words) for column in self._table.columns):
            return False
        asked_for = _terms(wanted.text)
        named = {value for value in self._values if (own := _terms(value)) and own <= asked_for}
        columns = {index for row in self._rows for index, value in row.items() if value in named}
        rows = [row for row in self._rows if all(row.get(index) in named for index in columns)]
        return bool(columns) and len(rows) == 1

    def _has_column(self, wanted: Asked, words: AbstractSet[str]) -> bool:
        """Whether it has the column that is to be added up, compared or counted."""
        named = [column for column in self._numbers if self._is_named(column, words)]
        match wanted.wanted:
            case Wanted.SUM | Wanted.AVERAGE:
                return any(column.kind is Kind.NUMBER for column in named) or self._costs(wanted.text)
            case Wanted.EXTREME:
                return bool(named) or self._is_compared(wanted.text, words)
            case Wanted.ROWS | Wanted.VALUE:
                return bool(words & self._own)
            case Wanted.COUNT:
                first = next((term for term in terms(wanted.text) if term in words), "")
                return bool(widened({first}) & self._counted)

    def _is_named(self, column: Column, words: AbstractSet[str]) -> bool:
        return bool(_terms(column.head) & widened(words))

    def _costs(self, question: str) -> bool:
        return bool(re.search(r"\b(?:costs?|kosten|kostet|paid|spent)\b", question, re.IGNORECASE)) and any(
            _terms(column.head) & _MONEY for column in self._numbers
        )

    def _is_compared(self, question: str, words: AbstractSet[str]) -> bool:
        """Whether what "cheapest", "oldest" or "most" compares is there."""
        heads = [_terms(column.head) for column in self._numbers]
        dated = any(column.kind in (Kind.DATE, Kind.MOMENT) for column in self._numbers)
        return bool(
            (_OF_MONEY.search(question) and any(head & _MONEY for head in heads))
            or (_OF_TIME.search(question) and (dated or any(head & _TIME for head in heads)))
            or (_OF_WEIGHT.search(question) and any(head & _WEIGHT for head in heads))
            or (_OF_COUNT.search(question) and words & self._heads)
        )

    def _answers_unspaced(self, wanted: Asked) -> bool:
        """In a script without spaces words are looked for as they are written."""
        heads = [column.head for column in self._table.columns if len(column.head) > 1]
        numbers = [column.head for column in self._numbers if len(column.head) > 1]
        named = numbers if wanted.wanted in (Wanted.SUM, Wanted.AVERAGE, Wanted.EXTREME) else [*heads, *self._values]
        return any(text in wanted.text for text in named if len(text) > 1)


def _terms(text: str) -> frozenset[str]:
    return frozenset(terms(text, parts=True))


def _matter(question: str) -> frozenset[str]:
    """The words of a question that say what is asked for; of numbers only years do."""
    return frozenset(
        term for term in terms(question) if term not in _EMPTY and (_YEAR.fullmatch(term) or not term[0].isdigit())
    )


def _is_said(wanted: Asked, lines: Sequence[Line], hits: Sequence[Hit]) -> bool:
    """Whether a sentence of the passages says the answer: all that is asked for, with a number.

    It says of a total, an average or an extreme that it is one ("The maximum is 30 kg"), or of what is counted how many
    there are ("120 employees"). An extreme that it calls by the same word needs no number.
    """
    if wanted.wanted is Wanted.ROWS:
        return False
    for line in lines:
        if (
            not _ROW.search(line.text)
            and _says(wanted, line.text)
            and _covers(wanted, f"{hits[line.number - 1].chunk.title} {line.heading} {line.text}")
        ):
            return True
    return False


def _says(wanted: Asked, sentence: str) -> bool:
    if wanted.wanted is Wanted.EXTREME and said(wanted, wanted.text) & said(wanted, sentence):
        return True  # "The longest warranty is that of the mast"
    if not _HAS_NUMBER.search(sentence):
        return False
    return bool(said(wanted, sentence)) or (wanted.wanted is Wanted.COUNT and _counts(wanted.text, sentence))


def _covers(wanted: Asked, text: str) -> bool:
    if wanted.language is Language.CHINESE:
        own = set(terms(wanted.text))
        return 2 * len(own & set(terms(text))) >= len(own)
    return _matter(wanted.text) <= widened(_terms(text))


def _counts(question: str, sentence: str) -> bool:
    """Whether a number stands before what the question counts."""
    matter = _matter(question)
    first = next((term for term in terms(question) if term in matter), "")
    return any(widened({first}) & _terms(found[1]) for found in _NUMBER_OF.finditer(sentence))
