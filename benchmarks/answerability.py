"""Fits what tells whether lines answer a question, and which of them: `PYTHONPATH=. python benchmarks/answerability.py
GENERATOR/ READINGS.jsonl [READINGS.jsonl …] --fit SET=[M-]N [SET=[M-]N …] [--settle SET=[M-]N …] [--out PROBE.npz]`.

GENERATOR is the folder of its weights (`python -m rag models list`), READINGS what benchmarks/readings.py wrote. It is
fitted to questions of the half on which defaults are chosen, those from M to N of a set and kind, and printed for the
others of that half and for the other half. Minutes on a card; without one, some seconds for a reading and pass.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.adaptation import ANSWERABLE, EPOCHS, KINDS, RATE, Adapted, Blocks, Reading, read_readings

REFUSED_BELOW = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("generator", type=Path)
    parser.add_argument("readings", type=Path, nargs="+")
    parser.add_argument("--fit", nargs="+", required=True, help="questions that it is fitted to")
    parser.add_argument("--settle", nargs="*", default=[], help="questions that the certainty is weighed with then")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS, help="of readings that it is fitted to")
    parser.add_argument("--start", type=Path, help="a probe to go on from")
    parser.add_argument("--average", action="store_true", help="take the mean of that probe and what it comes to")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.average and not arguments.start:
        parser.error("--average needs the probe of --start")
    readings = [reading for file in arguments.readings for reading in read_readings(file)]
    fitted = [one for one in chosen(readings, arguments.fit) if one.kind in arguments.kinds]
    settled = chosen(readings, arguments.settle)
    adapted = Adapted(Blocks(arguments.generator), fitted)
    start = dict(np.load(arguments.start, allow_pickle=False)) if arguments.start else {}
    if start:
        adapted.begin_from(start)
    for done, of, loss in adapted.steps(arguments.epochs, arguments.rate):
        print(f"\r{done} of {of} steps, loss {loss:.3f} ", end="", flush=True)
    print()
    if arguments.average:
        adapted.begin_from({name: (start[name] + value) / 2 for name, value in adapted.kept().items()})
    if settled:
        adapted.settle(settled)
    if arguments.out:
        np.savez(arguments.out, **adapted.kept())
    seen = set(fitted)
    unseen = (one for one in readings if one not in seen)
    others = [one for one in unseen if one.kind != ANSWERABLE or one.answers]  # or none of the six lines holds it
    print("refused below", *REFUSED_BELOW)
    for name, held_out in sorted({(one.set, one.held_out) for one in others}):
        some = [one for one in others if (one.set, one.held_out) == (name, held_out)]
        print_refusals(f"{name}, {'held out' if held_out else 'half of the choice'}", some, adapted)


def chosen(readings: Sequence[Reading], ranges: Sequence[str]) -> list[Reading]:
    """Those of the half of the choice that ranges like "squad=1250" or "squad=1250-1479" name."""
    found = []
    for name, _, numbers in (one.partition("=") for one in ranges):
        first, _, last = numbers.rpartition("-")
        wanted = range(int(first or 0), int(last))
        found += [one for one in readings if one.set == name and not one.held_out and one.number in wanted]
    return found


def print_refusals(of: str, readings: Sequence[Reading], adapted: Adapted) -> None:
    """What is refused of each kind, the area under the curve, and how often the line that comes first is right."""
    with torch.inference_mode():
        weighed = [(odds.item(), lines.argmax().item()) for odds, lines in adapted.weigh(readings)]
    odds = {
        kind: np.array([own for (own, _), one in zip(weighed, readings, strict=True) if one.kind == kind])
        for kind in KINDS
    }
    for kind, some in odds.items():
        if not some.size:
            continue
        shares = " ".join(f"{np.mean(1 / (1 + np.exp(-some)) < least):.3f}" for least in REFUSED_BELOW)
        area = f", area {np.mean(odds[ANSWERABLE][:, None] > some):.3f}" if odds[ANSWERABLE].size else ""
        print(f"{of}, {len(some)} {kind}: {shares}{area if kind != ANSWERABLE else ''}")
    first = [
        (one.holds[0] == 1, one.holds[line] == 1)
        for (_, line), one in zip(weighed, readings, strict=True)
        if one.kind == ANSWERABLE
    ]
    if first:
        before, after = np.mean(first, axis=0)
        print(f"{of}: first line holds the answer: {before:.3f} before, {after:.3f} as reordered")


if __name__ == "__main__":
    main()
