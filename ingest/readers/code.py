"""Source code: the text as it is, with the definitions in it as headings that name their line."""

import re
from collections.abc import Iterator

from ingest.readers.cleaning import clean
from ingest.readers.encoding import decode
from ingest.readers.source import Content, Source
from rag.types import Heading, Page

SUFFIXES = (
    *(".py", ".pyi", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".svelte", ".java", ".kt", ".scala"),
    *(".groovy", ".go", ".rs", ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".cs", ".vb", ".swift", ".m", ".rb"),
    *(".php", ".pl", ".pm", ".lua", ".r", ".jl", ".dart", ".ex", ".exs", ".erl", ".hs", ".clj", ".el", ".f90"),
    *(".pas", ".sh", ".bash", ".zsh", ".ps1", ".bat", ".sql", ".proto", ".graphql", ".tf", ".yaml", ".yml"),
    *(".toml", ".ini", ".cfg", ".conf", ".properties", ".diff", ".patch"),
)
_DEFINITION = re.compile(
    r"""^(?P<indent>[ \t]*)(?P<signature>
    (?:(?:export|public|private|protected|internal|static|abstract|final|async|override|default|sealed|open|data
        |inline|virtual|unsafe|extern|partial|pub(?:\([^)\n]*\))?)\s+)*
    (?:class|interface|struct|enum|trait|impl|module|namespace|record|object|protocol|extension|def|defp|defmodule
        |fn|func|function|fun|sub|procedure)\b[ \t]*[\w$<(*"'~:.][^\n]*
    |CREATE[ ][^\n]*(?:TABLE|VIEW|FUNCTION|PROCEDURE|TRIGGER|INDEX)[ ][^\n]*
    |[A-Za-z_][\w-]*[ \t]*\(\)[ \t]*\{?)$""",
    re.MULTILINE | re.VERBOSE,
)
_SIGNATURE_CHARACTERS = 80


def read_code(source: Source) -> Content:
    """One page without a number; a heading says line and signature: "line 41: def receive(self, name)"."""
    text = clean(decode(source.data, source.name))
    return Content("", (Page(None, text, tuple(_definitions(text))),))


def _definitions(text: str) -> Iterator[Heading]:
    """A definition stands inside the one above that is indented less; so indentation is the level."""
    line, seen = 1, 0
    for match in _DEFINITION.finditer(text):
        line += text.count("\n", seen, match.start())
        seen = match.start()
        signature = match["signature"].rstrip(" \t{:")[:_SIGNATURE_CHARACTERS]
        yield Heading(1 + len(match["indent"].expandtabs(4)), f"line {line}: {signature}", match.start())
