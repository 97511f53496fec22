"""Finds the passages for a question, by meaning and by words. Knows the stores and an embedder, no generator."""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from rag import diversity, matters, overview_parts, overview_questions, overviews, ranges, series, spelling
from rag.catalog import Catalog, NamedDocument
from rag.cross_encoders import CrossEncoders
from rag.embedders import Embedder, Vectors
from rag.embedders.remembering import RememberingEmbedder
from rag.evidence import Line, nearest_lines
from rag.folding import fold
from rag.fused_search import FusedSearch, Stages
from rag.joining import join
from rag.lexical import LexicalIndex
from rag.library import Library, all_passages
from rag.overview_parts import Part
from rag.overviews import Overview
from rag.readings import lacks_head, readings
from rag.settings import Settings
from rag.support import Support
from rag.terms import terms
from rag.types import Chunk, Hit, Scope

if TYPE_CHECKING:
    from rag.store import Store  # Milvus takes half a second, and the page is shown before

_CANDIDATES = 50  # of each search, before they are fused
_RERANKED = 20  # of the best by both that a reranker reads: a second on two cores with one of six layers
_ISSUES, _OF_EACH = 6, 2  # of a series, and passages of each issue, where a question asks for each
_OF_ONE = 8  # passages that stand for a document
_DOCUMENTS = 12  # in an overview of several, each by one passage
_LOOKED_INTO = 50  # documents, for a page or section that is named without one
_ABOVE = 5  # passages before one that begins inside a table, among which the head of it may be
_A_LITTLE = 0.1  # below the minimum score
_WORDS = 5  # of a line that is no heading
_ALONE = 0.05  # by which a line read alone has to be above it: alone, any is nearer
_COMMON = 50_000  # chunks: a term that stands in more names no series, and is not looked up by document


@dataclass(frozen=True)
class Retrieval:
    """Hits that reached the minimum score, best first, and those found below it.

    Attributes:
        issues: documents of a series, in the order of time, where the question asks for each; hits are of them alone.
        left: documents that were not searched, as the question names others or their period.
        topic: the question, without the words that say which issues of a series are asked.
        overview: where one is asked for, what the hits stand for; of documents, `issues` are several of any kind.
        part: of documents, that the overview is asked of; lines of others that are joined in a hit are none of it.
        matter: what is asked of each issue, or of those that are named, which no line of them may answer.
        asked_of: these issues.
    """

    hits: tuple[Hit, ...]
    below: tuple[Hit, ...]
    issues: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    topic: str = ""  # of what is made of hits alone
    overview: Overview | None = None
    part: Part | None = None
    matter: str = ""
    asked_of: tuple[str, ...] = ()

    @classmethod
    def of(cls, fused: Sequence[Hit], *, k: int, minimum_score: float) -> "Retrieval":
        """The k best of what was found, repeats folded, split at `minimum_score`; neighbours above it are joined."""
        nearest_first = sorted(fused, key=lambda hit: hit.score < minimum_score)  # else in the order of `fused`
        hits = fold(nearest_first, count=k)
        near = tuple(hit for hit in hits if hit.score >= minimum_score)
        return cls(join(near), hits[len(near) :])


class Retriever:
    """Dense and lexical retrieval over one collection. Thread-safe, as its parts are."""

    def __init__(
        self,
        embedder: Embedder,
        store: "Store",
        lexical: LexicalIndex,
        catalog: Catalog,
        *,
        collection: str,
        word_weight: float,
        diversity: float = 0.0,
        cross_encoders: CrossEncoders = CrossEncoders(),
    ) -> None:
        self._embedder = RememberingEmbedder(embedder)
        self._store = store
        self._lexical = lexical
        self._catalog = catalog
        self._collection = collection
        self._fused = FusedSearch(
            self._embedder, store, lexical, catalog, collection=collection, word_weight=word_weight
        )
        self._diversity = diversity
        self._cross_encoders = cross_encoders

    @classmethod
    def of_library(
        cls,
        library: Library,
        embedder: Embedder,
        settings: Settings,
        cross_encoders: CrossEncoders = CrossEncoders(),
    ) -> "Retriever":
        """The retriever of an open library whose store is open for `embedder`."""
        return cls(
            embedder,
            library.store,
            library.lexical,
            library.catalog,
            collection=settings.collection,
            word_weight=settings.word_weight,
            diversity=settings.diversity,
            cross_encoders=cross_encoders,
        )

    @property
    def reranks(self) -> bool:
        """Whether a reranker orders what is found."""
        return self._cross_encoders.reranker is not None

    def retrieve(
        self,
        question: str,
        *,
        k: int,
        minimum_score: float,
        scope: Scope = Scope(),
        every_issue: bool = False,
        overview: bool = False,
    ) -> Retrieval:
        """The k best chunks of whole documents as `Retrieval.of` gives them.

        Of a series of documents only the issues are searched that the question names a period of, and no other document
        where it names that series; where it asks for each, the best of each are taken.

        Args:
            every_issue: searches all issues alike, whatever period is named; only of a series that is named.
            overview: where the question asks for one of documents, the passages that stand for them are found.
        """
        about = overview_questions.subject(question) if overview else None
        if about is not None:
            if documents := self._overviewed(question, about, scope):
                return self._standing_for(documents, about, None)
            part, of = overview_parts.named(about)
            if part is not None:
                standing = self._standing_for(self._overviewed(question, of, scope, is_part=True), of, part)
                if standing.hits:
                    return standing
            if overview_questions.may_be_of_matter(question):
                found = self._search(about, k=k, minimum_score=minimum_score, scope=scope, every_issue=False)
                if self._treat(found.hits, about):
                    return replace(found, overview=Overview.MATTER)
        return self._search(question, k=k, minimum_score=minimum_score, scope=scope, every_issue=every_issue)

    def _search(self, question: str, *, k: int, minimum_score: float, scope: Scope, every_issue: bool) -> Retrieval:
        known, named, alone = self._series(question, scope)
        left = series.others(question, known, named, alone, every_issue=every_issue)
        topic = series.topic(question) if known else question
        asked = topic if left else question
        kept = {*alone, *(issue.document_id for issues in known for issue in issues)}.difference(left)
        only = Scope(tuple(kept)) if 0 < len(kept) < len(left) else None  # whichever list is shorter
        count = max(k, _CANDIDATES)
        best = self.stages(asked, count=count, scope=only or scope, without=() if only else left).best
        chosen = self._unlike(self._lifted(asked, best, k, minimum_score), k, minimum_score)
        found = replace(Retrieval.of(chosen, k=k, minimum_score=minimum_score), left=left, topic=asked)
        each = series.asks_each(question)
        if every_issue or not left and not each:
            return found
        meant = series.meant(found.hits, known, named)
        some = series.nearest([issue for issue in meant if issue not in left], best, count=_ISSUES)
        if not some or not (each or set(meant) & set(left)):
            return found
        found = replace(found, matter=matters.matter(topic, named.get(meant, ())), asked_of=tuple(some))
        return self._of_each(found, minimum_score) if each and len(some) > 1 else found

    def _lifted(self, question: str, hits: Sequence[Hit], k: int, minimum_score: float) -> list[Hit]:
        """The hits, those a little below the minimum score scored by their lines read alone, where few reach it.

        In a short passage of several matters, what stands around a line hides it.
        """
        found = list(hits)
        if sum(hit.score >= minimum_score for hit in hits) >= k or not self._embedder.reads(question):
            return found
        places = [place for place, hit in enumerate(hits) if 0 < minimum_score - hit.score <= _A_LITTLE][:k]
        lines_of = ([line.read for line in readings(hits[place].chunk.text)] for place in places)
        texts = [[line for line in lines if len(line.split()) >= _WORDS] for lines in lines_of]
        if not any(texts):
            return found
        asked = self._embedder.encode_query(question)
        for place, lines in zip(places, texts, strict=True):
            alone = float((self._embedder.encode_documents(lines) @ asked).max()) if lines else 0.0
            if alone >= minimum_score + _ALONE:
                found[place] = replace(hits[place], score=hits[place].score + alone - hits[place].line, line=alone)
        return found if self.reranks else sorted(found, key=lambda hit: -hit.score)

    def treating(self, found: Retrieval, *, minimum_score: float) -> Retrieval | None:
        """What is found for its matter in the issues that it is asked of; None where they do not treat it."""
        near = found if found.issues else self._of_each(found, minimum_score)
        return near if self._treat(near.hits, near.matter) else None

    def glance(self, question: str, *, minimum_score: float, scope: Scope = Scope()) -> tuple[Hit, ...]:
        """The best hit by meaning and words alone, if it reaches the minimum score: the quickest that there is."""
        fused = self._fused.stages(question, count=_CANDIDATES, scope=scope).fused
        return Retrieval.of(fused, k=1, minimum_score=minimum_score).hits

    def corrected(self, question: str) -> str:
        """The question without what is plainly misspelt, by the words of the collection."""
        return spelling.corrected(question, self._lexical.held)

    def evidence(self, question: str, hits: Sequence[Hit]) -> list[Line]:
        """The lines of the hits that are nearest to the question, nearest first."""
        weights = self._lexical.weights(question)
        lines = nearest_lines(question, hits, self._embedder, weights, self._above(hits))
        return ranges.settled(question, lines)

    def likeness(self, words: Sequence[str], others: Sequence[str]) -> Vectors:
        """float32[len(words), len(others)]: cosines of words, each read alone."""
        rows, columns = self._embedder.encode_documents(words), self._embedder.encode_documents(others)
        return np.asarray(rows @ columns.T, dtype=np.float32)

    def forget(self) -> None:
        """Lets go of the lines of passages that are kept to be compared faster again."""
        self._embedder.forget()

    def support(self, lines: Sequence[Line], hits: Sequence[Hit]) -> Support:
        """How far each of the hits bears a sentence; `lines` are all of theirs."""
        return Support(lines, hits, self._embedder, self._lexical.weights, self._cross_encoders.entailment)

    def _above(self, hits: Sequence[Hit]) -> dict[int, str]:
        """What stands on the page before hits that begin inside a table, by their number."""
        inside = {number: hit.chunk for number, hit in enumerate(hits, 1) if lacks_head(hit.chunk.text)}
        before = sorted(self._store.before([*inside.values()], _ABOVE), key=lambda chunk: chunk.position)
        return {
            number: "\n".join(
                one.text
                for one in before
                if (one.document_id, one.page) == (chunk.document_id, chunk.page)
                and chunk.position - _ABOVE <= one.position < chunk.position
            )
            for number, chunk in inside.items()
        }

    def names(self, documents: Collection[str]) -> list[str]:
        """The names of these documents (ids), in the order of names."""
        wanted = frozenset(documents)
        return sorted(one.name for one in self._catalog.named_documents(self._collection) if one.id in wanted)

    def dates(self, documents: Iterable[str]) -> dict[str, str]:
        """The day on which each of these documents (ids) was added, as YYYY-MM-DD of this machine's clock."""
        records = (self._catalog.document(self._collection, document) for document in documents)
        return {found.id: time.strftime("%Y-%m-%d", time.localtime(found.added_at)) for found in records if found}

    def count(self) -> int:
        """Chunks of the collection."""
        return self._store.count() + self._catalog.count_unembedded(self._collection)

    def passages(self, document_id: str) -> list[Chunk]:
        """The chunks of a document, in their order."""
        return all_passages(self._catalog, self._store, self._collection, document_id)

    def _named(self, scope: Scope) -> list[NamedDocument]:
        """The documents that are asked, the newest first."""
        found = self._catalog.named_documents(self._collection)
        return [one for one in found if not scope.documents or one.id in scope.documents]

    def _overviewed(self, question: str, about: str, scope: Scope, *, is_part: bool = False) -> list[NamedDocument]:
        """The documents that an overview is asked of."""
        asked = self._named(scope)
        meant = set(overview_questions.documents(question, about, asked, is_part=is_part))
        return [one for one in asked if one.id in meant]

    def _standing_for(self, documents: Sequence[NamedDocument], about: str, part: Part | None) -> Retrieval:
        """Passages that stand for documents, or for a part of them: several of one, or one of each by their names."""
        if part is not None:
            looked = documents if len(documents) <= _LOOKED_INTO else []
            documents = [one for one in looked if any(map(part.holds, self.passages(one.id)))]
        shown, left = documents[:_DOCUMENTS], documents[_DOCUMENTS:]
        of_each = _OF_ONE if len(documents) == 1 else 1
        ordered = sorted(shown, key=lambda one: one.name)
        hits = tuple(hit for one in ordered for hit in self._standing(one.id, of_each, part))
        issues = tuple(one.id for one in ordered) if len(documents) > 1 else ()
        topic = documents[0].title or documents[0].name if len(documents) == 1 else about
        return Retrieval(hits, (), issues, tuple(one.id for one in left), topic, Overview.DOCUMENTS, part)

    def _standing(self, document: str, count: int, part: Part | None) -> list[Hit]:
        """In the order of the document; while it has not all vectors, passages at equal distances."""
        if self._catalog.unembedded(self._collection, document):
            chunks = [chunk for chunk in self.passages(document) if part is None or part.holds(chunk)]
            rows = np.unique(np.linspace(0, len(chunks) - 1, count).astype(int))
            return [Hit(chunks[row], 0.0) for row in rows.tolist()]
        found = (one for one in self._store.records([document]) if part is None or part.holds(one.chunk))
        records = sorted(found, key=lambda record: record.chunk.position)
        if not records:
            return []
        vectors = np.stack([record.vector for record in records])
        full = [overviews.has_sentence(record.chunk.text) for record in records]
        middle = vectors.mean(axis=0)
        chosen = overviews.stretches(vectors, full, count)
        return [Hit(records[row].chunk, float(vectors[row] @ middle)) for row in chosen]

    def _series(
        self, question: str, scope: Scope
    ) -> tuple[list[tuple[series.Issue, ...]], dict[tuple[str, ...], set[str]], set[str]]:
        """The series among the documents that are asked, what the question names by which terms, and what is alone.

        All are empty where it asks for no period, or there is no series.
        """
        if not (series.asks_each(question) or series.asks_for_some(question)):
            return [], {}, set()
        found = self._named(scope)
        chunks = {one.id: one.chunks for one in found}
        names = [(one.id, one.name) for one in found]
        known = series.series(names)
        if not known:
            return [], {}, set()
        known += series.single(names, known)
        groups = [series.documents(issues) for issues in known]
        alone = chunks.keys() - {one for group in groups for one in group}
        counted = self._lexical.held(list(dict.fromkeys(terms(series.topic(question), parts=True))))
        held = self._lexical.by_document([term for term, count in counted.items() if count <= _COMMON])
        return known, series.named([*groups, *((one,) for one in alone)], held, chunks), alone

    def _treat(self, hits: Sequence[Hit], matter: str) -> bool:
        """Whether documents treat a matter for which these were found, the best first."""
        weights = map(self._lexical.weights, matters.alternatives(matter))
        return overviews.treats(hits, weights, by_meaning=self._embedder.reads(matter))

    def _of_each(self, found: Retrieval, minimum_score: float) -> Retrieval:
        """The best of each issue for its matter."""
        best = (self.stages(found.matter, count=_CANDIDATES, scope=Scope((one,))).best for one in found.asked_of)
        own = [Retrieval.of(hits, k=_OF_EACH, minimum_score=minimum_score) for hits in best]
        hits, below = (
            tuple(sorted(chain.from_iterable(parts), key=lambda hit: -hit.score))
            for parts in zip(*((one.hits, one.below) for one in own), strict=True)
        )
        return replace(found, hits=hits, below=below, issues=found.asked_of, topic=found.matter)

    def stages(self, question: str, *, count: int, scope: Scope = Scope(), without: Sequence[str] = ()) -> Stages:
        """What `FusedSearch.stages` gives, and the order of a reranker, where there is one."""
        found = self._fused.stages(question, count=count, scope=scope, without=without)
        if not self.reranks:
            return found
        started = time.perf_counter()
        reranked = self._reranked(question, found.fused)
        seconds = {**found.seconds, "cross_encoder": time.perf_counter() - started}
        return replace(found, cross_encoder=reranked, seconds=seconds)

    def _reranked(self, question: str, fused: Sequence[Hit]) -> tuple[Hit, ...]:
        """The best of both in the order of a reranker, and the others behind them; () without one."""
        reranker = self._cross_encoders.reranker
        if reranker is None:
            return ()
        read, others = fused[:_RERANKED], fused[_RERANKED:]
        relevance = reranker.relevance(question, [hit.chunk.embedded for hit in read])
        places = sorted(range(len(read)), key=lambda place: -relevance[place])
        return (*(read[place] for place in places), *others)

    def _unlike(self, hits: Sequence[Hit], k: int, minimum_score: float) -> Sequence[Hit]:
        """The hits, of whose first k each tells something that those before it do not, as far as that is wanted."""
        if not self._diversity:
            return hits
        near = fold((hit for hit in hits if hit.score >= minimum_score), count=max(k, _RERANKED))
        vectors = self._store.vectors([hit.chunk.id for hit in near])
        chosen = diversity.ordered(near, vectors, count=k, weight=self._diversity)
        return [*chosen, *(hit for hit in hits if hit.score < minimum_score)]
