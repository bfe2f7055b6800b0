"""Mend what can be mended, look again, and go on for as long as something new shows."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from maskprobe.errors import MaskprobeError
from maskprobe.finding import Finding, Severity
from maskprobe.fixes.fix import Fault
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit, OtherCallError
from maskprobe.fixes.registry import fixes_for
from maskprobe.mending.values import Change, Refusal
from maskprobe.report.report import Report

if TYPE_CHECKING:
    from maskprobe.backend.loaded import LoadedModel

_MOST_ROUNDS = 8


@dataclass
class Mended:
    """A model, and what was done to it so far."""

    loaded: LoadedModel
    report: Report
    changes: list[Change] = field(default_factory=list)
    refusals: tuple[Refusal, ...] = ()
    problem: str | None = None
    tried: set[tuple[str, str, str]] = field(default_factory=set)
    """Code, path and fix of what was done."""


def mend(loaded: LoadedModel, report: Report, codes: Collection[str], look: Callable[[LoadedModel], Report]) -> Mended:
    """Apply fixes until no finding is left that one applies to.

    Args:
        loaded: The model.
        report: What was found in it.
        codes: The rules whose findings to mend; empty: all.
        look: Trace a model.
    """
    state = Mended(loaded, report)
    for _ in range(_MOST_ROUNDS):
        try:
            if not _one_round(state, codes):
                break
            state.report = look(state.loaded)
        except MaskprobeError as error:
            state.problem = str(error)
            break
    return state


def _one_round(state: Mended, codes: Collection[str]) -> bool:
    """Change the graph for each finding that a fix applies to, and make the model anew; False if there is none."""
    wanted = [finding for finding in state.report.faults if _is_wanted(finding, codes)]
    state.refusals = ()
    if not wanted:
        return False
    from maskprobe.backend.fixing.rebuild import rebuilt
    from maskprobe.backend.fixing.wires import bare_config

    generation = state.loaded.engine.info.generation
    graph = GraphEdit(bare_config(state.loaded), generation)
    made, refused, touched = [], [], set[str]()
    for finding in wanted:
        if finding.path in touched:
            continue
        found = _changed(state, finding, graph)
        if isinstance(found, Refusal):
            refused.append(found)
        else:
            made.append(found)
            touched.add(finding.path)
    state.refusals = tuple(refused)
    if made:
        state.loaded = rebuilt(state.loaded, graph.config, graph.renamed)
        state.changes += made
    return bool(made)


def _is_wanted(finding: Finding, codes: Collection[str]) -> bool:
    return finding.severity is not Severity.NOTE and (not codes or finding.code in codes)


def _changed(state: Mended, finding: Finding, graph: GraphEdit) -> Change | Refusal:
    fault, reasons = Fault(finding, state.report.trace), []
    for fix in fixes_for(finding.code):
        mark = (finding.code, finding.path, fix.name)
        if mark in state.tried:
            continue
        config, renamed = copy.deepcopy(graph.config), dict(graph.renamed)
        try:
            words = fix.apply(fault, graph)
        except CannotFixError as error:
            graph.config, graph.renamed = config, renamed
            if not isinstance(error, OtherCallError):
                reasons.append(str(error))
            continue
        state.tried.add(mark)
        return Change(finding, fix.name, words)
    return Refusal(finding, tuple(dict.fromkeys(reasons)))
