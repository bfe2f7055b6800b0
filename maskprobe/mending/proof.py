"""The proof that a changed model is mended: what held before holds still, and padding gets nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maskprobe.finding import Finding, Severity
from maskprobe.mending.values import ProofLine
from maskprobe.report.report import Report
from maskprobe.witness import Change as PaddingChange

if TYPE_CHECKING:
    from maskprobe.backend.fixing.comparing import Batch, Compared
    from maskprobe.backend.loaded import LoadedModel

_LOSS_RULES = frozenset({"MP201", "MP202"})


@dataclass(frozen=True)
class Evidence:
    """What the proof rests on."""

    before: Report
    after: Report
    """Of the changed model, saved and loaded again."""
    mended: tuple[Finding, ...]
    original: LoadedModel
    changed: LoadedModel
    batches: Sequence[Batch]
    loss: Report | None
    """What verify-loss says of the changed model; None if its outputs have no time axis."""
    seed: int = 0


def prove(evidence: Evidence) -> tuple[ProofLine, ...]:
    """All parts of the proof, in order."""
    return tuple(_lines(evidence))


def _lines(evidence: Evidence) -> Iterator[ProofLine]:
    from maskprobe.backend.fixing.comparing import on_full_rows, without_padding

    yield _gone(evidence)
    yield _nothing_new(evidence)
    full = on_full_rows(evidence.original, evidence.changed, evidence.batches)
    yield ProofLine(
        "rows without padding give what they gave", full.same, _seen(full, "no row without padding could be run")
    )
    cut = without_padding(evidence.changed, evidence.batches, evidence.seed)
    yield ProofLine(
        "padded rows give what they give without their padding",
        cut.same if cut.rows else None,
        _seen(cut, "not looked at: the model needs its number of steps, or its inputs are padded differently"),
    )
    yield _noise(evidence.after)
    yield _loss(evidence)


def _key(finding: Finding) -> tuple[str, str]:
    return finding.code, finding.path


def _gone(evidence: Evidence) -> ProofLine:
    left = {_key(finding) for finding in evidence.after.faults if finding.severity is not Severity.NOTE}
    still = [finding for finding in evidence.mended if _key(finding) in left]
    words = f"{still[0].code} at '{still[0].path}' is still there" if still else _named(evidence.mended)
    return ProofLine("what was found is gone", not still, words)


def _named(findings: Sequence[Finding]) -> str:
    return ", ".join(dict.fromkeys(f"{finding.code} at '{finding.path or 'the model'}'" for finding in findings))


def _nothing_new(evidence: Evidence) -> ProofLine:
    known = {_key(finding) for finding in evidence.before.findings}
    new = [
        finding
        for finding in evidence.after.findings
        if _key(finding) not in known and finding.severity is not Severity.NOTE
    ]
    notes = sum(_key(finding) not in known and finding.severity is Severity.NOTE for finding in evidence.after.faults)
    if new:
        return ProofLine("nothing new is found", False, f"{_named(new)}: {new[0].message}")
    also = f"; {notes} new note{'s' if notes > 1 else ''}" if notes else ""
    return ProofLine("nothing new is found", True, f"no error and no warning{also}")


def _seen(compared: Compared, none: str) -> str:
    if not compared.rows:
        return none
    rows = f"{compared.rows} row{'s' if compared.rows > 1 else ''}"
    if compared.same:  # without the number: it is another one on each machine
        return f"{rows}, the same to the noise of floats"
    return f"{rows}, at most {compared.largest:.2g} apart, where {compared.allowed:.2g} may be noise of floats"


def _noise(after: Report) -> ProofLine:
    claim = "noise in the padding moves no output"
    proof = after.trace.proof
    effects = [effect for effect in proof.effects if effect.change is PaddingChange.NOISE] if proof else []
    moved = [effect for effect in effects if effect.moved is not None]
    if moved:
        by = moved[0].moved.absolute if moved[0].moved is not None else None
        return ProofLine(claim, False, f"output {moved[0].output} moved by {by or 0:.2g}")
    problem = next((effect.problem for effect in effects if effect.problem), None)
    if problem is not None or not effects:
        return ProofLine(claim, None, problem or "not looked at")
    return ProofLine(claim, True, f"{len(effects)} output{'s' if len(effects) > 1 else ''} looked at")


def _loss(evidence: Evidence) -> ProofLine:
    claim = "the loss counts real steps only"
    if evidence.loss is None:
        return ProofLine(
            claim, None, "the outputs have no time axis: there is a loss for each row, and no padding in it"
        )
    counted = [
        finding
        for finding in evidence.loss.faults
        if finding.code in _LOSS_RULES and finding.severity is not Severity.NOTE
    ]
    if counted:
        return ProofLine(claim, False, counted[0].message)
    check = evidence.loss.trace.loss_check
    if check is None or not check.outputs:
        return ProofLine(claim, None, "it could not be computed")
    return ProofLine(claim, True, "targets and predictions at padded steps do not move it")
