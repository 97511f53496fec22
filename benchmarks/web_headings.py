"""How many headings of web pages are read, and how much of their text, beside all that stands in the pages.

    python -m benchmarks.web_headings FOLDER… [--sample 8]

Of each folder with pages so many are read. What stands in <nav> and <footer> is not counted; menus and lists of links
that are made of other elements are, so that a part of the text is rightly missing.
"""

import argparse
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import lxml.html

from ingest.readers import read
from rag.errors import UnreadableDocument

_NOT_COUNTED = ("nav", "footer", "script", "style")
_MOST = 1_000_000_000  # bytes of a page


@dataclass(frozen=True)
class Count:
    """Headings and characters of pages: of those that are there, and of those that are read."""

    headings: int
    headings_read: int
    characters: int
    characters_read: int


def counted(pages: list[Path]) -> tuple[Count, list[str]]:
    """The counts of some pages, and the headings that are not read with the names of their pages."""
    headings = found = characters = length = 0
    missing = []
    for page in pages:
        tree = lxml.html.document_fromstring(page.read_bytes())
        for element in list(tree.iter(*_NOT_COUNTED)):
            element.drop_tree()
        there = [text for heading in tree.iter("h1", "h2", "h3", "h4", "h5", "h6") if (text := _plain(heading))]
        there_all = " ".join(tree.text_content().split())
        try:
            document = read(page, max_bytes=_MOST)
        except UnreadableDocument:
            own, text = set[str](), ""
        else:
            own = {" ".join(heading.text.split()) for one in document.pages for heading in one.headings}
            text = " ".join(one.text for one in document.pages)
        lost = [heading for heading in there if heading not in own]
        headings, found = headings + len(there), found + len(there) - len(lost)
        characters, length = characters + len(there_all), length + len(" ".join(text.split()))
        missing += [f"{page.name}: {heading}" for heading in lost]
    return Count(headings, found, characters, length), missing


def _plain(heading: lxml.html.HtmlElement) -> str:
    """Without the sign by which others link to it."""
    for link in list(heading.iter("a")):
        if link.get("href", "").startswith("#") and not any(map(str.isalnum, link.text_content())):
            link.drop_tree()
    return " ".join(heading.text_content().split())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--sample", type=int, default=8, help="pages of a folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--missing", action="store_true", help="list the headings that are not read")
    parsed = parser.parse_args()
    pages = defaultdict(list)
    for folder in parsed.folders:
        for file in sorted(folder.rglob("*.htm*")):
            if file.suffix in (".htm", ".html") and file.is_file() and not file.is_symlink():
                pages[file.parent].append(file)
    chooser = random.Random(parsed.seed)  # noqa: S311
    print("| folder | pages | headings | read | characters | read |\n|---|---:|---:|---:|---:|---:|")
    for folder, files in pages.items():
        some = chooser.sample(files, min(parsed.sample, len(files)))
        count, missing = counted(some)
        print(
            f"| {folder} | {len(some)} | {count.headings} | {count.headings_read} | {count.characters} | "
            f"{count.characters_read} |"
        )
        for heading in missing if parsed.missing else ():
            print(f"    {heading}")


if __name__ == "__main__":
    main()
