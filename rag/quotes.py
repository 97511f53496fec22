"""Quotes of documents taken out of the answers of old conversations. Pure, on answers as JSON values."""

import re
from collections.abc import Collection
from typing import Any

TAKEN_OUT = "(A sentence was taken out here: its document was deleted.)"
_SENTENCE = re.compile(r"(\s*)(\S.*?)((?:\s*\[(?:\d+|\?)\])+[.,;:!?]*)", re.DOTALL)  # text, and what it ends with
_NUMBER = re.compile(r"\s*\[(\d+)\]")
_LEADING = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])?\s*")  # of an item of a list
_BLANK: dict[str, Any] = {  # a passage of which nothing is left
    "document_id": "",
    "document_name": "deleted",
    "title": "",
    "page": None,
    "heading": "",
    "start": 0,
    "end": 0,
    "position": 0,
    "text": "",
    "sections": [],
}


def without_quotes(answer: dict[str, Any], documents: Collection[str]) -> dict[str, Any]:
    """An answer without what it says of documents (ids): their passages, and the sentences that rest on them alone.

    The numbers of the other passages stay what they are. Where no other document is cited, all of the text goes.
    """
    used = [_without_hit(hit, documents) for hit in answer["used"]]
    gone = {number for number, hit in enumerate(answer["used"], 1) if _is_of(hit["chunk"], documents)}
    citations = [_without_copies(entry, documents) for entry in answer["citations"] if entry["number"] not in gone]
    dropped = [_without_hit(hit, documents) for hit in answer["dropped"] if not _is_of(hit["chunk"], documents)]
    text = TAKEN_OUT if answer["citations"] and not citations else _without_sentences(answer["text"], gone)
    changed = {"text": text, "used": used, "citations": citations, "dropped": dropped}
    return {**answer, **changed, "basis": ""}  # never given again


def is_blank(document_id: str) -> bool:
    """Whether a passage is one that was taken out."""
    return not document_id


def _is_of(chunk: dict[str, Any], documents: Collection[str]) -> bool:
    return chunk["document_id"] in documents


def _without_hit(hit: dict[str, Any], documents: Collection[str]) -> dict[str, Any]:
    if _is_of(hit["chunk"], documents):
        return {**hit, "chunk": dict(_BLANK), "copies": []}
    return {**hit, "copies": [copy for copy in hit.get("copies", []) if not _is_of(copy, documents)]}


def _without_copies(citation: dict[str, Any], documents: Collection[str]) -> dict[str, Any]:
    return {**citation, "hit": _without_hit(citation["hit"], documents)}


def _without_sentences(text: str, gone: Collection[int]) -> str:
    """What ends with numbers of these passages only makes way for one note; other numbers of them are left out."""

    def change(match: re.Match[str]) -> str:
        space, sentence, marks = match.groups()
        if all(int(number) in gone for number in _NUMBER.findall(marks)):
            return space + _note(sentence)
        return space + sentence + _NUMBER.sub(lambda each: "" if int(each.group(1)) in gone else each.group(), marks)

    changed = _SENTENCE.sub(change, text)
    repeated = rf"{re.escape(TAKEN_OUT)}(?:[^\S\n]*{re.escape(TAKEN_OUT)})+"
    return re.sub(repeated, TAKEN_OUT, changed)


def _note(sentence: str) -> str:
    """The note in the place of a sentence; lines before it that end without a number, and the sign of a list, stay."""
    before, line_break, last = sentence.rpartition("\n")
    leading = _LEADING.match(last)
    return f"{before}{line_break}{leading.group() if leading else ''}{TAKEN_OUT}"
