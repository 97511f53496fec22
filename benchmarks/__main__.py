"""Every comparison with its peers, one after the other; what they print is saved, too.

    make bench                                            # what needs nothing but the samples
    make bench ARGS="embed query"                         # some parts
    make bench ARGS="--data FOLDER --gguf model.gguf"     # all parts

FOLDER holds public sets: squad/ and nq/ with corpus.jsonl and qa.jsonl (docs/evaluation.md), and pdfs/ with PDF files.
The GGUF file is the one that our weights were converted from. Each part is a script of its own (see there), tells its
machine and versions, and is left out, by name, where what it needs is not given. Peers run in the same part, in turn
with ours, those of other libraries in virtual environments of their own, pinned.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PARTS = ("embed", "query", "search", "answer", "embedders", "library", "generators", "ingest", "scale")
FOLDER = Path(".stamps/bench")
Command = list[str]


def command_of(part: str, data: Path | None, gguf: Path | None) -> tuple[Command, list[Path | str]]:
    """What runs a part, and what it needs besides the samples: files, or words for what was not named."""
    squad, nq, pdfs = ((data or Path("--data")) / name for name in ("squad", "nq", "pdfs"))
    texts, questions = nq / "corpus.jsonl", nq / "qa.jsonl"
    if part in ("embed", "query", "search", "answer"):
        more = ["--texts", str(texts)] if data and part == "embed" else []
        return ["benchmarks/speed.py", part, *more], [texts] if more else []
    commands: dict[str, tuple[Command, list[Path | str]]] = {
        "library": (["-m", "benchmarks.search", str(texts), str(questions), "--peers"], [texts, questions]),
        "embedders": (["-m", "benchmarks.embed_peers", str(texts)], [texts]),
        "generators": (
            ["benchmarks/generator_peers.py", str(squad / "qa.jsonl"), str(squad / "corpus.jsonl"), str(gguf)]
            + ["--questions", "60", "--as-asked"],
            [squad / "qa.jsonl", squad / "corpus.jsonl", gguf or "--gguf"],
        ),
        "ingest": (["-m", "benchmarks.ingest_peers", str(pdfs), "--pages", "300"], [pdfs]),
        "scale": (["-m", "benchmarks.scale", str(texts), "--documents", "500"], [texts]),
    }
    return commands[part]


def run(command: Command, tell: Callable[[str], object]) -> int:
    """Runs a part, telling its lines as they come; returns its exit code."""
    environment = {**os.environ, "PYTHONPATH": ".", "PYTHONUNBUFFERED": "1"}  # lines as they come
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen([sys.executable, *command], text=True, env=environment, **pipes) as child:
        assert child.stdout is not None
        for line in child.stdout:
            tell(line)
    return child.returncode


def main(arguments: Sequence[str]) -> int:
    """Returns 1 where a part failed or one that was named lacks something."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--data", type=Path, help="folder of public sets")
    parser.add_argument("--gguf", type=Path, help="the generator as llama.cpp and OpenVINO read it")
    parser.add_argument("--out", type=Path, default=FOLDER / f"{time.strftime('%Y-%m-%d %H-%M')}.md")
    parsed = parser.parse_args(arguments)
    parsed.out.parent.mkdir(parents=True, exist_ok=True)
    failed = False
    with parsed.out.open("w", encoding="utf-8") as saved:

        def tell(text: str) -> None:
            print(text, end="", flush=True)
            saved.write(text)
            saved.flush()

        for part in parsed.parts or PARTS:
            command, needed = command_of(part, parsed.data, parsed.gguf)
            tell(f"\n## {part}: {' '.join(command)}\n\n")
            if lacking := [str(one) for one in needed if not (isinstance(one, Path) and one.exists())]:
                tell(f"Left out: needs {', '.join(lacking)}.\n")
                failed |= bool(parsed.parts)
            elif code := run(command, tell):
                tell(f"Broke off with exit code {code}.\n")
                failed = True
    print(f"\nSaved in {parsed.out}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
