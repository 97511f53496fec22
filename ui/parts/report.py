"""Kept reports of evaluations: the list, one of them with its questions, or two side by side."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from rag.errors import FootnoteError
from rag.evaluation.compare import Comparison, Pair, compare
from rag.evaluation.faults import Fault, faults, rank
from rag.evaluation.measures import RANKING_MEASURES, Estimate
from rag.evaluation.run import AS_RUN, CROSS_ENCODER, RERANKED, Record, Report, read_report
from rag.wording import counted
from ui.parts.question import show_question
from ui.parts.text import plain
from ui.session import Engine

SAMPLES = Path(__file__).parents[2] / "docs" / "samples" / "questions.jsonl"
_STAGES = {
    "dense": "By meaning",
    "lexical": "By words",
    "fused": "Both",
    AS_RUN: "As run",
    CROSS_ENCODER: "By the cross-encoder",
    RERANKED: "As answered from",
}
_ANSWERS = (
    "contains answer",
    "token F1",
    "exact match",
    "right passage cited",
    "citation precision",
    "citation recall",
    "false refusal",
    "right refusal",
    "invented citations",
    "sentences in doubt",
    "sentences borne by nothing",
    "refused, answerable",
    "refused, unanswerable",
    "refused, answer taken away",
)
_TOLD = {"fused hit@5": "Hit@5", "fused nDCG@10": "nDCG@10", "contains answer": "Right answers"}
_ALL, _FAULTY = "All questions", "Those with which something went wrong"
_COLUMNS = {  # pixels; 650 in all, beside the box to tick
    "Question": st.column_config.TextColumn(width=240),
    "Rank": st.column_config.TextColumn(width=70, help="Of the right passage, by meaning and words"),
    "Answer": st.column_config.TextColumn(width=170),
    "What went wrong": st.column_config.TextColumn(width=170),
}
_ROW = 35  # pixels of a table row
_ROWS = 12  # shown without scrolling
_KEPT = 8  # reports in memory


def set_title(file: Path) -> str:
    """What a set of questions is called."""
    return "About the samples" if file == SAMPLES else file.stem


def show_kept(engine: Engine) -> None:
    """Read top-down: the list, then what is ticked in it; the newest where nothing is."""
    files = engine.runs.reports()
    if not files:
        return
    st.subheader("Runs")
    chosen = _choose(engine, files)
    try:
        if len(chosen) == 2:
            older, newer = sorted(chosen, key=files.index, reverse=True)
            _show_comparison(_read(older), _read(newer), older.stem, newer.stem)
        elif len(chosen) < 2:
            file = chosen[0] if chosen else files[0]
            _show_report(engine, file, _read(file))
    except FootnoteError as exc:
        st.error(plain(str(exc)), icon=":material/error:")


def _read(file: Path) -> Report:
    return _cached(str(file), file.stat().st_mtime_ns)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _cached(file: str, _changed: int) -> Report:
    return read_report(Path(file))


def _choose(engine: Engine, files: list[Path]) -> list[Path]:
    event = st.dataframe(
        [_summary(file, file.stat().st_mtime_ns) for file in files],
        hide_index=True,
        height=_height(len(files), 6),
        column_config={name: st.column_config.NumberColumn(format="%.3f") for name in _TOLD.values()},
        on_select="rerun",
        selection_mode="multi-row",
        key=f"runs-{len(files)}",
    )
    chosen = [files[row] for row in event.selection.rows if row < len(files)]
    if not chosen:
        st.caption("Below is the newest. Tick a run to see it, two to compare them.")
        return chosen
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(chosen) > 2:
            st.caption("Tick one run to see it, two to compare them.", width="content")
        if st.button(f"Delete {counted(len(chosen), 'run')}", icon=":material/delete:", type="tertiary"):
            for file in chosen:
                engine.runs.remove_report(file)
            st.rerun()
    return chosen


@st.cache_data(max_entries=500, show_spinner=False)
def _summary(file: Path, _changed: int) -> dict[str, Any]:
    """The row of a report in the list."""
    try:
        report = read_report(file)
    except FootnoteError:
        return {"When": file.stem, "Questions": "cannot be read"}
    run, estimates = report.run, report.estimates
    told = {title: estimates[name].mean for name, title in _TOLD.items() if name in estimates}
    return {
        "When": run["when"],
        "Questions": set_title(Path(run["file"])),
        "On": _on(run),
        "Asked": run["questions"],
        **told,
    }


def _on(run: Mapping[str, Any]) -> str:
    return str(run["settings"]["collection"]) if run["corpus"] == "library" else Path(run["corpus"]).name


def _height(rows: int, most: int = _ROWS) -> int:
    return _ROW * (min(rows, most) + 1) + 3


# One report


def _show_report(engine: Engine, file: Path, report: Report) -> None:
    run = report.run
    st.subheader(plain(f"{set_title(Path(run['file']))} on {_on(run)}"), anchor=False)
    about = f"{counted(run['questions'], 'question')} · {counted(run['chunks'], 'passage')} · seed {run['seed']}"
    st.caption(plain(f"{about} · {run['when']} · commit {run['commit']}"))
    _show_passages(report.estimates, "")
    _show_passages(report.estimates, "follow-up ")
    _show_answers(report.estimates)
    _show_seconds(report.estimates)
    with st.expander("How it was measured"):
        st.download_button("Save the report", file.read_bytes, file.name, icon=":material/download:", on_click="ignore")
        st.code(json.dumps(dict(run), indent=1, ensure_ascii=False), language="json", height=300)
    _show_questions(engine, file, report)


def _show_passages(estimates: Mapping[str, Estimate], kind: str) -> None:
    """A row for each measure, a column for each stage. `kind` begins the names of the measures."""
    stages = [stage for stage in _STAGES if f"{kind}{stage} hit@1" in estimates]
    if not stages:
        return
    count = estimates[f"{kind}{stages[0]} hit@1"].count
    of = "for follow-ups as they were understood, " if kind else ""
    st.markdown(f"**Passages found**, {of}{counted(count, 'question')}, with the 95 % interval")
    rows = [
        {"Measure": name, **{_STAGES[stage]: _mean(estimates[f"{kind}{stage} {name}"]) for stage in stages}}
        for name in RANKING_MEASURES
    ]
    st.dataframe(rows, hide_index=True, height=_height(len(rows)))


def _show_answers(estimates: Mapping[str, Estimate]) -> None:
    rows = [
        {"Measure": name, "Mean": _mean(estimates[name]), "Questions": estimates[name].count}
        for name in _ANSWERS
        if name in estimates
    ]
    if rows:
        st.markdown("**Answers and refusals**, with the 95 % interval")
        st.dataframe(rows, hide_index=True, height=_height(len(rows)))


def _show_seconds(estimates: Mapping[str, Estimate]) -> None:
    names = [name for name in estimates if name.startswith("seconds") or name.endswith(" ms")]
    if not names:
        return
    with st.expander("Time of each step"):
        rows = [{"Step": name, "Mean": _mean(estimates[name], digits=2)} for name in names]
        st.dataframe(rows, hide_index=True, height=_height(len(rows)))


def _mean(value: Estimate, digits: int = 3) -> str:
    """ "0.850 (0.700 to 0.950)"; where no interval can be told, why."""
    if value.count < 2:
        return f"{value.mean:.{digits}f} (one question, no interval)"
    if value.low == value.high:
        return f"{value.mean:.{digits}f} (all {value.count:,} alike, no interval)"
    return f"{value.mean:.{digits}f} ({value.low:.{digits}f} to {value.high:.{digits}f})"


# Its questions


def _show_questions(engine: Engine, file: Path, report: Report) -> None:
    st.markdown("**Questions**")
    found = {record["id"]: faults(record) for record in report.records}
    chosen = _filter(found, key=f"filter-{file.stem}")
    records = [record for record in report.records if chosen is None or chosen(found[record["id"]])]
    if not records:
        st.info("None.", icon=":material/check:")
        return
    event = st.dataframe(
        [_row(record, found[record["id"]]) for record in records],
        hide_index=True,
        height=_height(len(records)),
        column_config=_COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        key=f"questions-{file.stem}-{len(records)}",
    )
    if rows := [row for row in event.selection.rows if row < len(records)]:
        show_question(engine, report, records[rows[0]])
    else:
        st.caption("Tick a question to see its passage, its ranks and its answer.")


def _filter(found: Mapping[str, Sequence[Fault]], *, key: str) -> Any:
    """Which questions are shown: a test of their faults, None for all."""
    totals = {fault: sum(fault in own for own in found.values()) for fault in Fault}
    faulty = sum(bool(own) for own in found.values())
    options: dict[str, Any] = {f"{_ALL} ({len(found):,})": None, f"{_FAULTY} ({faulty:,})": bool}
    for fault, total in totals.items():
        if total:
            label = f"{fault.value[0].upper()}{fault.value[1:]} ({total:,})"
            options[label] = lambda own, fault=fault: fault in own
    return options[st.selectbox("Show", list(options), index=1 if faulty else 0, key=key, label_visibility="collapsed")]


def _row(record: Record, found: Sequence[Fault]) -> dict[str, Any]:
    row: dict[str, Any] = {"Question": record["question"]}
    if "found" in record:
        row["Rank"] = str(rank(record) or "not found")
    if "answer" in record:
        row["Answer"] = record["answer"]
    row["What went wrong"] = "; ".join(fault.value for fault in found)
    return row


# Two reports


def _show_comparison(before: Report, after: Report, old: str, new: str) -> None:
    found = compare(before, after)
    st.subheader("Two runs", anchor=False)
    if not found.differences:
        st.info("The two have no question and measure in common.", icon=":material/search_off:")
        return
    st.caption(plain(f"Before: {old}. After: {new}. Only questions that both asked are compared."))
    rows = [
        {
            "Measure": one.measure,
            "Before": one.before,
            "After": one.after,
            "Change": one.change.mean,
            "95 % interval of the change": f"{one.change.low:+.3f} to {one.change.high:+.3f}",
        }
        for one in found.differences
    ]
    formats = {name: st.column_config.NumberColumn(format="%.3f") for name in ("Before", "After")}
    formats["Change"] = st.column_config.NumberColumn(format="%+.3f")
    st.dataframe(rows, hide_index=True, height=_height(len(rows)), column_config=formats)
    _show_settings(before, after)
    _show_changes(found)


def _show_settings(before: Report, after: Report) -> None:
    """What was set otherwise, so that a change has its cause beside it."""
    old, new = before.run["settings"], after.run["settings"]
    other = [name for name in new if old.get(name) != new[name]]
    for name in ("commit", "chunks", "generator bits"):  # the last is not told by older reports
        was, is_now = (str(report.run.get(name, "unknown")) for report in (before, after))
        if was != is_now:
            st.markdown(f"- {name}: {plain(was)} → {plain(is_now)}")
    for name in other:
        st.markdown(f"- `{name}`: {plain(str(old.get(name)))} → {plain(str(new[name]))}")


def _show_changes(found: Comparison) -> None:
    for title, pairs in (("Better", found.better), ("Worse", found.worse)):
        st.markdown(f"**{title} by {plain(found.deciding)}:** {counted(len(pairs), 'question')}")
        if pairs:
            st.dataframe([_change(pair) for pair in pairs], hide_index=True, height=_height(len(pairs), 8))


def _change(pair: Pair) -> dict[str, Any]:
    before, after = pair
    if "answer" in before and "answer" in after:
        return {"Question": before["question"], "Before": before["answer"], "After": after["answer"]}
    return {"Question": before["question"], "Rank before": rank(before), "Rank after": rank(after)}
