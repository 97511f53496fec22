"""How many sentences are found again on the picture of their page, and what a picture costs.

`PYTHONPATH=. python benchmarks/page_marks.py FILE.pdf… [--chunks 100] [--missing]`
"""

import argparse
import random
import statistics
import time
from pathlib import Path

from ingest.chunker import chunk
from ingest.page_picture import draw_page
from ingest.placing import has_letters
from ingest.readers import read
from rag import sentences
from rag.errors import FootnoteError
from rag.types import Chunk, Span


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--chunks", type=int, default=100, help="drawn at random from each file")
    parser.add_argument("--missing", action="store_true", help="print the sentences that were not found")
    options = parser.parse_args()
    print(f"{'sentences':>9} {'found':>7} {'ms':>5} {'kB':>5}  file")
    for file in options.files:
        try:
            _measure(file, options.chunks, options.missing)
        except FootnoteError as exc:
            print(f"{'–':>9} {'–':>7} {'–':>5} {'–':>5}  {exc}")


def _measure(file: Path, count: int, show_missing: bool) -> None:
    document = read(file, max_bytes=1_000_000_000)
    made = chunk(
        document, count_tokens=lambda text: len(text.split()), chunk_tokens=150, overlap_tokens=30, max_tokens=384
    )
    drawn = random.Random(0).sample(made, min(count, len(made)))
    asked, missing, seconds, sizes = 0, [], [], []
    for one in drawn:
        marks = _sentences(one)
        started = time.perf_counter()
        picture = draw_page(file, one.page or 1, name=file.name, chunk=one, marks=marks)
        seconds.append(time.perf_counter() - started)
        sizes.append(len(picture.png))
        asked += len(marks)
        missing += [(one.page, text) for text in picture.missing]
    found = 1 - len(missing) / asked if asked else 0.0
    print(
        f"{asked:>9} {found:>7.1%} {statistics.median(seconds) * 1000:>5.0f} {statistics.median(sizes) / 1000:>5.0f}"
        f"  {file.name}"
    )
    for page, text in missing if show_missing else ():
        print(f"          p. {page}: {text!r}")


def _sentences(one: Chunk) -> list[Span]:
    return [Span(part.start, part.end) for part in sentences.split(one.text) if has_letters(part.text)]


if __name__ == "__main__":
    main()
