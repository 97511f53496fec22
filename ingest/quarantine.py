"""Takes out of a document what nobody sees who opens it, and what gives orders to a language model. Pure functions.

Such a passage is set aside: neither search nor answer reads it until a person has released it. Then the document is
read again with the passage in its place.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import reduce

from ingest import instructions
from ingest.readers.hiding import Hiding, Stretch, places, shown, stretches, without_marks
from ingest.readers.tables import SheetTable
from rag.types import JOINT, Heading, Page, SetAside, Span

ORDER = "it gives orders to a language model"
_INVISIBLE = re.compile("[\u200b-\u200f\u2060-\u2064\u180e\U000e0000-\U000e007f\U000e0100-\U000e01ef]{4,}")
_FLAG = "\U0001f3f4"  # flags of regions are written in the same characters, after a black one
_TAGS = (0xE0020, 0xE007E)  # of which each stands for a character of ASCII
_PART = 20  # characters of a cell that count as a part of an order which reaches over several
_EXCERPT = 2_000  # characters of a passage that are kept to be shown


@dataclass(frozen=True)
class _Suspect:
    """Stretches of a page in order, why they are set aside, and what they say; an order may have gaps."""

    spans: tuple[Span, ...]
    reason: str
    says: str


def settle(pages: Sequence[Page], released: AbstractSet[str]) -> tuple[tuple[Page, ...], tuple[SetAside, ...]]:
    """The pages without what is set aside, and what that is, in order; marks of readers are gone.

    Args:
        released: ids of passages that stay in.
    """
    settled: list[Page] = []
    found: dict[str, SetAside] = {}
    for page in pages:
        plain = _unmarked(page)
        suspects = _suspects(plain.text, list(stretches(page.text)))
        passages = [_set_aside(page.number, suspect) for suspect in suspects]
        found.update((passage.id, passage) for passage in passages)
        held = (one for one, passage in zip(suspects, passages, strict=True) if passage.id not in released)
        cuts = (span for one in held for span in one.spans)
        settled.append(_without(plain, sorted(cuts, key=lambda cut: cut.start)))
    return tuple(settled), tuple(found.values())


def settle_tables(tables: Sequence[SheetTable], held: Sequence[SetAside]) -> Iterator[SheetTable]:
    """The tables without what is set aside: cells and headings in it are empty, and marks of readers gone.

    Args:
        held: what was not released.
    """
    for table in tables:
        own = [passage for passage in held if passage.page == table.page]
        orders = [" ".join(passage.text.split()) for passage in own if passage.reason.endswith(ORDER)]
        is_hidden = any(passage.reason != ORDER for passage in own)
        if table.hidden and any(passage.reason.startswith(Hiding.SHEET.value) for passage in own):
            continue
        rows = ((number, tuple(_cell(cell, is_hidden, orders) for cell in cells)) for number, cells in table.rows)
        heads = tuple(_cell(head, is_hidden, orders) for head in table.heads)
        named = _named(table, is_hidden, orders) if orders else table
        yield replace(named, heads=heads, rows=tuple(row for row in rows if any(row[1])))


def _named(table: SheetTable, is_hidden: bool, orders: Sequence[str]) -> SheetTable:
    """The table with the headings over it that are left; a sheet without a name goes by its number."""
    headings = JOINT.join(filter(None, (_cell(one, is_hidden, orders) for one in table.headings.split(JOINT))))
    sheet = _cell(table.sheet, is_hidden, orders)
    if table.sheet and not sheet:
        sheet = f"Sheet {table.page}" if table.place is None else headings.rpartition(JOINT)[2]
    return replace(table, sheet=sheet, headings=headings)


def _cell(cell: str, is_hidden: bool, orders: Sequence[str]) -> str:
    seen = shown(cell) if is_hidden else without_marks(cell)
    words = " ".join(seen.split())
    is_part = len(words) >= _PART and any(words in order for order in orders)
    if is_part or (orders and any(map(is_order, {seen, without_marks(cell)}))):
        return ""
    return seen


def is_order(text: str) -> bool:
    """Whether a sentence of the text gives orders to a language model."""
    return next(instructions.orders(text), None) is not None


def _set_aside(number: int | None, suspect: _Suspect) -> SetAside:
    identifier = hashlib.sha256(f"{number}\0{suspect.reason}\0{suspect.says}".encode()).hexdigest()[:32]
    return SetAside(identifier, number, suspect.reason, suspect.says[:_EXCERPT])


def _unmarked(page: Page) -> Page:
    place = places(page.text)
    headings = (Heading(one.level, without_marks(one.text), place[one.start]) for one in page.headings)
    return replace(page, text=without_marks(page.text), headings=tuple(headings))


def _suspects(text: str, marked: Sequence[Stretch]) -> list[_Suspect]:
    """In order, none overlapping: what is hidden, and the orders in what is seen."""
    hidden = list(_joined(text, sorted([*marked, *_invisible(text)], key=lambda stretch: stretch.start)))
    found = [_hidden(text, stretch) for stretch in hidden]
    wholly = [stretch for stretch, one in zip(hidden, found, strict=True) if one.reason.endswith(ORDER)]
    for order in _merged([*_orders(text, wholly), *_orders_as_seen(text, hidden)]):
        spans = tuple(_outside(order, hidden))
        says = reduce(_spliced, (text[span.start : span.end] for span in spans), "").strip()
        if any(map(str.isalnum, says)):
            found.append(_Suspect(spans, ORDER, says))
    return sorted(found, key=lambda suspect: suspect.spans[0].start)


def _orders(text: str, wholly: Sequence[Stretch]) -> Iterator[Span]:
    """What gives orders, hidden stretches read too, but for those of which a hidden stretch holds the whole order."""
    for order in instructions.orders(text):
        if all(order.end <= stretch.start or order.start >= stretch.end for stretch in wholly):
            yield order


def _orders_as_seen(text: str, hidden: Sequence[Stretch]) -> Iterator[Span]:
    """What gives orders without the hidden stretches, whether these stand between words or inside them."""
    is_inside = any(_touch(text[one.start - 1 : one.start], text[one.end : one.end + 1]) for one in hidden)
    gaps = ("", " ") if is_inside else ("",) if hidden else ()
    for gap in gaps:
        seen, places = _seen(text, hidden, gap)
        for order in instructions.orders(seen):
            yield Span(places[order.start], places[order.end - 1] + 1)


def _seen(text: str, hidden: Sequence[Stretch], gap: str) -> tuple[str, list[int]]:
    """The text with `gap` in place of the hidden stretches, and where each of its characters stands in `text`."""
    seen: list[str] = []
    places: list[int] = []
    begun = 0
    for stretch in hidden:
        seen += (text[begun : stretch.start], gap)
        places += (*range(begun, stretch.start), *[stretch.start] * len(gap))
        begun = stretch.end
    return "".join((*seen, text[begun:])), [*places, *range(begun, len(text))]


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """In order, those that overlap as one."""
    last: Span | None = None
    for span in sorted(spans, key=lambda one: one.start):
        if last and span.start < last.end:
            last = Span(last.start, max(last.end, span.end))
            continue
        if last:
            yield last
        last = span
    if last:
        yield last


def _outside(span: Span, hidden: Sequence[Stretch]) -> Iterator[Span]:
    """What of a span lies in none of the hidden stretches."""
    begun = span.start
    for stretch in hidden:
        if begun < stretch.end and stretch.start < span.end:
            if begun < stretch.start:
                yield Span(begun, stretch.start)
            begun = stretch.end
    if begun < span.end:
        yield Span(begun, span.end)


def _hidden(text: str, stretch: Stretch) -> _Suspect:
    says = _decoded(text[stretch.start : stretch.end]).strip()
    reason = f"{stretch.hiding.value}, and {ORDER}" if is_order(says) else stretch.hiding.value
    return _Suspect((Span(stretch.start, stretch.end),), reason, says)


def _invisible(text: str) -> Iterator[Stretch]:
    """Runs of characters that are not drawn; single ones join and part letters in many scripts."""
    for run in [] if text.isascii() else _INVISIBLE.finditer(text):
        if text[run.start() - 1 : run.start()] != _FLAG:
            yield Stretch(run.start(), run.end(), Hiding.CHARACTERS)


def _joined(text: str, marked: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbours that are hidden in the same way as one; what overlaps another is a part of it."""
    last: Stretch | None = None
    for stretch in marked:
        between = text[last.end : stretch.start] if last else ""
        if last and (stretch.start < last.end or (not between.strip() and stretch.hiding is last.hiding)):
            last = replace(last, end=max(last.end, stretch.end))
            continue
        if last:
            yield last
        last = stretch
    if last:
        yield last


def _decoded(text: str) -> str:
    """What tag characters say; other invisible ones by their number."""
    if not _INVISIBLE.search(text):
        return text
    said = "".join(chr(ord(one) - 0xE0000) if _TAGS[0] <= ord(one) <= _TAGS[1] else one for one in text)
    return _INVISIBLE.sub(lambda run: f"⟨{len(run[0])} invisible characters⟩", said)


def _without(page: Page, cuts: Sequence[Span]) -> Page:
    """The page without the stretches; headings of which nothing is left are gone, the others keep their place."""
    if not cuts:
        return page
    begins = [(heading, _first_kept(page.text, heading.start, cuts)) for heading in page.headings]
    text, begun = "", 0
    headings: list[Heading] = []
    for cut in [*cuts, Span(len(page.text), len(page.text))]:
        kept = page.text[begun : cut.start]
        text = _spliced(text, kept)
        moved = len(text) - len(kept) - begun
        headings += (replace(one, start=start + moved) for one, start in begins if begun <= start < cut.start)
        begun = cut.end
    return _with_true_headings(replace(page, text=text), headings)


def _first_kept(text: str, start: int, cuts: Sequence[Span]) -> int:
    """Where the line that begins at `start` begins without the cuts; in a cut where nothing of it is left."""
    for cut in cuts:
        if cut.start <= start < cut.end and "\n" not in text[start : cut.end]:
            start = cut.end
    return start


def _spliced(before: str, after: str) -> str:
    """Both texts, apart where two words would grow together."""
    return f"{before} {after}" if _touch(before[-1:], after[:1]) else before + after


def _touch(before: str, after: str) -> bool:
    return bool(before and after) and not before.isspace() and not after.isspace()


def _with_true_headings(page: Page, headings: Sequence[Heading]) -> Page:
    """The headings with the words that are left of their lines."""
    lines = ((heading, page.text[heading.start :].split("\n", 1)[0].strip()) for heading in headings)
    kept = (heading if heading.text in line else replace(heading, text=line) for heading, line in lines if line)
    return replace(page, headings=tuple(kept))
