"""Headings of PDF files as their print tells them, beside those of their outline.

`PYTHONPATH=. python benchmarks/pdf_headings.py FILE.pdf… [--shown]` reads each file with and without its outline.
Found: the share of the headings of the outline that are found without it, on their page. Right: the share of what is
found that stands in the outline; outlines may leave out small headings. Files without one only show what is found.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pypdf import PdfWriter

from ingest.readers import read
from rag.errors import FootnoteError
from rag.types import Document

_NUMBER = re.compile(r"^(?:[Cc]hapter\s*)?(?:\d[\d.]*|[A-Z])\.?\s+")  # which some outlines leave out
_MEGABYTE = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--shown", action="store_true", help="what is found in each file")
    parsed = parser.parse_args(arguments)
    print(f"{'file':40} {'pages':>5} {'outline':>7} {'found':>6} {'right':>6}")
    for file in parsed.files:
        try:
            document, printed = _read(file), _without_outline(file)
        except FootnoteError as exc:
            print(f"{file.name[:40]:40} {exc}")
            continue
        outline, found = _headings(document), _headings(printed)
        shares = [f"{len(outline & found) / len(of):.2f}" if of and outline else "–" for of in (outline, found)]
        print(f"{file.name[:40]:40} {len(document.pages):5} {len(outline):7} {shares[0]:>6} {shares[1]:>6}")
        for page in printed.pages if parsed.shown else ():
            for heading in page.headings:
                print(f"    {page.number:4} {'#' * heading.level} {heading.text}")
    return 0


def _read(file: Path) -> Document:
    return read(file, max_bytes=500 * _MEGABYTE)


def _without_outline(file: Path) -> Document:
    with tempfile.TemporaryDirectory() as folder:
        writer = PdfWriter(clone_from=file)
        writer.root_object.pop("/Outlines", None)
        writer.write(Path(folder) / file.name)
        return _read(Path(folder) / file.name)


def _headings(document: Document) -> set[tuple[int | None, str]]:
    """Page and words of each."""
    return {
        (page.number, re.sub(r"\W+", "", _NUMBER.sub("", heading.text)).casefold())
        for page in document.pages
        for heading in page.headings
    }


if __name__ == "__main__":
    sys.exit(main())
