"""What went wrong with a question of a report."""

from collections.abc import Mapping
from enum import Enum

from rag.evaluation.run import AS_RUN, Record


class Fault(str, Enum):
    """A question may have several."""

    NOT_FIRST = "right passage not in the first place"
    NOT_IN_FIVE = "right passage not among the first five"
    NOT_TAKEN = "right passage not among those taken"
    WRONG = "no accepted answer in the answer"
    FALSE_REFUSAL = "refused, but there is an answer"
    NO_REFUSAL = "answered, but there is no answer"
    NOT_CITED = "right passage not cited"
    CITED_WRONGLY = "a cited passage does not hold the answer"
    INVENTED = "an invented citation"


# By the measure that shows a fault: where it is below 1, or, for the second, above 0.
_SHORT: Mapping[str, Fault] = {
    "fused hit@1": Fault.NOT_FIRST,
    "fused hit@5": Fault.NOT_IN_FIVE,
    f"{AS_RUN} hit@10": Fault.NOT_TAKEN,
    "contains answer": Fault.WRONG,
    "right refusal": Fault.NO_REFUSAL,
    "refused, unanswerable": Fault.NO_REFUSAL,
    "right passage cited": Fault.NOT_CITED,
    "citation precision": Fault.CITED_WRONGLY,
}
_OVER: Mapping[str, Fault] = {
    "false refusal": Fault.FALSE_REFUSAL,
    "refused, answerable": Fault.FALSE_REFUSAL,
    "invented citations": Fault.INVENTED,
}


def faults(record: Record) -> list[Fault]:
    """In the order of `Fault`; a refusal is no wrong answer besides."""
    values = {name.removeprefix("follow-up "): value for name, value in record["measures"].items()}
    found = [fault for name, fault in _SHORT.items() if values.get(name, 1.0) < 1.0]
    found += [fault for name, fault in _OVER.items() if values.get(name, 0.0) > 0.0]
    if Fault.FALSE_REFUSAL in found:
        found = [fault for fault in found if fault not in (Fault.WRONG, Fault.NOT_CITED)]
    return [fault for fault in Fault if fault in found]


def rank(record: Record, stage: str = "fused") -> int | None:
    """Rank from 1 of the first right passage in a stage, None where it is not among those that were looked at."""
    places = record.get("found", {}).get(stage, ())
    return next((number for number, place in enumerate(places, 1) if place in record["expected"]), None)
