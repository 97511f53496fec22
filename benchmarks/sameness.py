"""Which questions are given the answer to one in other words: by their words, their cosine, and by the generator.

    python -m benchmarks.sameness docs/samples/wordings.jsonl
    python -m benchmarks.sameness --squad squad/qa.jsonl

Of pairs that ask for the same, as many as can be should be found; of those that do not, none. `--squad` compares all
questions about one paragraph that are nearer than 0.9: most were written to differ in one word.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from rag.build import load_embedder, load_generator
from rag.embedders import Embedder
from rag.generators import Scorer
from rag.sameness import NEAR, are_the_same, may_be_the_same
from rag.settings import load_settings

_NEAR_IN_SQUAD = 0.9


@dataclass(frozen=True)
class Pair:
    """Two questions; `same` is None where nobody said."""

    question: str
    other: str
    same: bool | None = None


def of_file(file: Path) -> list[Pair]:
    return [Pair(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def of_squad(file: Path, embedder: Embedder) -> Iterator[Pair]:
    paragraphs = defaultdict(list)
    for line in file.read_text(encoding="utf-8").splitlines():
        values = json.loads(line)
        paragraphs[values["context_id"]].append(values["question"].strip())
    for questions in paragraphs.values():
        vectors = embedder.encode_documents(questions)
        for (one, question), (two, other) in combinations(enumerate(questions), 2):
            if question.lower() != other.lower() and vectors[one] @ vectors[two] >= _NEAR_IN_SQUAD:
                yield Pair(question, other)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("pairs", type=Path, nargs="?", help="{question, other, same} as JSON lines")
    source.add_argument("--squad", type=Path, help="{question, context_id} as JSON lines")
    parsed = parser.parse_args()
    settings = load_settings()
    embedder, generator = load_embedder(settings), load_generator(settings)
    assert isinstance(generator, Scorer)
    pairs = of_file(parsed.pairs) if parsed.pairs else list(of_squad(parsed.squad, embedder))
    print("| | pairs | words allow it | and near | and the generator agrees |\n|---|---|---|---|---|")
    agreed: list[Pair] = []
    for same in (True, False, None):
        some = [pair for pair in pairs if pair.same is same]
        allowed = [pair for pair in some if may_be_the_same(pair.question, pair.other)]
        near = [pair for pair in allowed if _cosine(pair, embedder) >= NEAR]
        found = [pair for pair in near if are_the_same(pair.question, pair.other, generator)]
        if some:
            what = {True: "ask for the same", False: "ask for something else", None: "not told"}[same]
            print(f"| {what} | {len(some)} | {len(allowed)} | {len(near)} | {len(found)} |", flush=True)
        agreed += found
    print("\nTaken for the same:")
    for pair in agreed:
        print(f"- {pair.question} | {pair.other}{' (WRONG)' if pair.same is False else ''}")


def _cosine(pair: Pair, embedder: Embedder) -> float:
    one, two = embedder.encode_documents([pair.question, pair.other])
    return float(one @ two)


if __name__ == "__main__":
    main()
