"""Whether the questions are refused that have no answer, and only those. Writes no answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answerability import Judge
from rag.evaluation.questions import Question
from rag.folding import fold
from rag.retriever import Retriever
from rag.settings import Settings
from rag.types import Hit

_DEPTH = 50  # passages found, from which those that answer are taken away


@dataclass(frozen=True)
class RefusalTest:
    """Measures the decision that is made before an answer is written."""

    retriever: Retriever
    settings: Settings
    judge: Judge

    def measure(self, question: Question) -> dict[str, float]:
        """An answerable question is asked twice: as it is, and with the passages taken away that answer it."""
        if question.history:
            return {}
        found = self.retriever.stages(question.text, count=_DEPTH).fused
        refused = float(self._refuses(question, found))
        if not question.answerable:
            return {"refused, unanswerable": refused}
        if not question.relevant:
            return {"refused, answerable": refused}
        others = [hit for hit in found if question.place(hit.chunk) not in question.relevant]
        return {
            "refused, answerable": refused,
            "refused, answer taken away": float(self._refuses(question, others)),
        }

    def _refuses(self, question: Question, found: Sequence[Hit]) -> bool:
        best = fold(found, count=self.settings.top_k)
        hits = [hit for hit in best if hit.score >= self.settings.minimum_score]
        asked = question.text, self.retriever.evidence(question.text, hits), hits
        return bool(self.judge.by_evidence(*asked) or self.judge.by_reading(self.judge.read(*asked)))
