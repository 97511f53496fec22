"""Text of PDF pages against what stands on them, beside other readers.

`python -m benchmarks.pdf_text [FOLDER]`, with the packages of benchmarks/requirements.txt; a reader that is not
installed is left out. Pages of the folder are those of NAME.pdf, with their checked text in NAME.pages.json, a list of
{"text": …}; the other groups are set here, from a text that is known.

Words: the mean over pages of the harmonic mean of precision and recall, each word as often as it stands. Order: one
less the share of characters that have to be changed, without white space.
"""

import argparse
import io
import json
import re
import statistics
import sys
import tempfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from rapidfuzz.distance import Levenshtein

from benchmarks.typeset import PAGES, typeset
from ingest.pdfium import open_pdf
from ingest.readers import read

ReadPages = Callable[[Path], list[str]]
_WORD = re.compile(r"\w+")
_MARKUP = re.compile(r"\\[a-z]+|[\\${}#*|]")  # of formulas and tables in checked texts


@dataclass(frozen=True)
class Score:
    words: float
    order: float


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="pages with checked text")
    parser.add_argument("--pages", action="store_true", help="our score of every page, the worst first")
    parsed = parser.parse_args(arguments)
    readers = {name: reader for name, reader in _READERS.items() if _is_there(reader)}
    scores: dict[str, dict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
    worst: list[tuple[float, str]] = []
    with tempfile.TemporaryDirectory() as made:
        for group, file, truth in (*_checked(parsed.folder), *_made(Path(made))):
            for name, reader in readers.items():
                found = [_score(text, true) for text, true in zip(reader(file), truth, strict=True)]
                scores[group][name] += found
                if name == "footnote":
                    worst += [
                        (s.order, f"{file.name} p. {n}: {s.words:.3f} {s.order:.3f}") for n, s in enumerate(found, 1)
                    ]
    _print(scores, list(readers))
    for _, line in sorted(worst)[: 40 if parsed.pages else 0]:
        print(line, file=sys.stderr)
    return 0


def _checked(folder: Path | None) -> Iterator[tuple[str, Path, list[str]]]:
    for file in sorted(folder.glob("*.pages.json")) if folder else ():
        truth = [page["text"] for page in json.loads(file.read_text())]
        yield "annual reports", file.with_name(file.name.replace(".pages.json", ".pdf")), truth


def _made(folder: Path) -> Iterator[tuple[str, Path, list[str]]]:
    for group in PAGES:
        yield group, *typeset(group, folder / f"{group}.pdf")


def _score(text: str, true: str) -> Score:
    found, expected = _normal(text), _normal(true)
    words, expected_words = Counter(_WORD.findall(found)), Counter(_WORD.findall(expected))
    both = (words & expected_words).total()
    total = words.total() + expected_words.total()
    letters = ["".join(part.split()) for part in (found, expected)]
    return Score(2 * both / total if total else 1.0, Levenshtein.normalized_similarity(*letters))


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", _MARKUP.sub("", text)).casefold()


def _footnote(file: Path) -> list[str]:
    return [page.text for page in read(file, max_bytes=1_000_000_000).pages]


def _pypdf(file: Path) -> list[str]:
    return [page.extract_text() for page in PdfReader(file).pages]


def _pdfium(file: Path) -> list[str]:
    texts = []
    with open_pdf(file) as document:
        for number in range(1, len(document) + 1):
            with document.page(number) as page:
                texts.append(page.text())
    return texts


def _pdfminer(file: Path) -> list[str]:
    from pdfminer.high_level import extract_text

    return [extract_text(file, page_numbers=[index]) for index in range(len(PdfReader(file).pages))]


def _markitdown(file: Path) -> list[str]:
    from markitdown import MarkItDown

    converter = MarkItDown()
    return [converter.convert_stream(page, file_extension=".pdf").text_content for page in _single_pages(file)]


def _single_pages(file: Path) -> Iterator[io.BytesIO]:
    """It knows no pages: each is a file of its own."""
    for page in PdfReader(file).pages:
        writer = PdfWriter()
        writer.add_page(page)
        single = io.BytesIO()
        writer.write(single)
        single.seek(0)
        yield single


_READERS: dict[str, ReadPages] = {
    "footnote": _footnote,
    "pypdf": _pypdf,
    "pdfium": _pdfium,
    "pdfminer.six": _pdfminer,
    "markitdown": _markitdown,
}


def _is_there(reader: ReadPages) -> bool:
    try:
        with tempfile.TemporaryDirectory() as folder:
            reader(typeset("prose", Path(folder) / "a.pdf")[0])
    except ImportError:
        return False
    return True


def _print(scores: dict[str, dict[str, list[Score]]], readers: Sequence[str]) -> None:
    print(f"| group | pages | {' | '.join(readers)} |")
    print("|---|---:|" + "---:|" * len(readers))
    for group, found in scores.items():
        cells = [
            " · ".join(f"{statistics.mean(getattr(s, kind) for s in found[name]):.3f}" for kind in ("words", "order"))
            for name in readers
        ]
        print(f"| {group} | {len(found[readers[0]])} | {' | '.join(cells)} |")


if __name__ == "__main__":
    sys.exit(main())
