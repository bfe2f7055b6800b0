"""Explain one call of a report, or the first finding of a rule."""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.errors import UsageError
from maskprobe.explaining.keras_rules import rules_for, source_of
from maskprobe.explaining.snippets import snippets_for
from maskprobe.explaining.values import Explanation
from maskprobe.finding import Finding, Severity
from maskprobe.mask_trace import CallRecord, Mask, MaskState, TensorRecord, Unreadable
from maskprobe.report.report import Report
from maskprobe.witness import Movement, StepClass

_STEPS = {
    StepClass.CONTAMINATED: "moved by padding and data alike: padding leaks into them",
    StepClass.CLEAN: "moved by data alone",
    StepClass.PAD_ONLY: "moved by padding alone: they are the padding",
    StepClass.CONSTANT: "moved by nothing",
}


def explain(report: Report, what: str) -> Explanation:
    """Say all there is to say of a call.

    Args:
        report: What was found in the model.
        what: The path of a call, or the code or name of a rule: then the call of its first finding.

    Raises:
        UsageError: there is no such call, and no such finding.
    """
    call, wanted = _chosen(report, what)
    findings = tuple(finding for finding in report.findings if finding.path == call.path or finding is wanted)
    worst = max(findings, key=lambda finding: finding.severity.rank, default=None)
    needs = worst is not None and worst.severity is not Severity.NOTE
    return Explanation(
        path=call.path,
        class_name=call.class_name,
        engine=str(report.trace.engine),
        came_in=tuple(_came_in(call)),
        did=tuple(_did(report, call)),
        why=(*rules_for(call, report.trace.engine), *(finding.cause for finding in findings if finding.cause)),
        source=source_of(call, report.trace.engine),
        readers=_readers(report, call),
        costs=tuple(dict.fromkeys(_costs(report, findings))),
        findings=findings,
        snippets=snippets_for(worst, report.trace) if worst is not None and needs else (),
    )


def _chosen(report: Report, what: str) -> tuple[CallRecord, Finding | None]:
    """The call, and the finding that was asked for; one about the whole model is told at its first output."""
    by_path = report.trace.by_path
    if what in by_path:
        return by_path[what], None
    wanted = what.strip().lower()
    for finding in report.findings:
        path = finding.path or (report.trace.outputs[0].producer if report.trace.outputs else None) or ""
        if wanted in {finding.code.lower(), finding.name} and path in by_path:
            return by_path[path], finding
    named = [call for call in report.trace.calls if call.name == what]
    if named:
        return named[0], None
    codes = ", ".join(dict.fromkeys(finding.code for finding in report.findings)) or "none"
    calls = ", ".join(call.path for call in report.trace.calls if not call.opaque)
    raise UsageError(f"no call and no finding is named {what!r}; findings: {codes}; calls: {calls}")


def _came_in(call: CallRecord) -> Iterator[str]:
    for tensor in call.inputs:
        maker = f" made by '{tensor.producer}'" if tensor.producer else ""
        off = "; the call took it off" if tensor.number in call.took_masks_off else ""
        yield f"{tensor.name}: {_shape(tensor)}{maker}, {_mask(tensor.mask)}{off}"
    for argument in call.mask_arguments:
        by = "given by hand or wired in the graph" if argument.explicit else "filled in by Keras"
        yield f"{argument.name}: {_mask(argument.mask)}, {by}"


def _did(report: Report, call: CallRecord) -> Iterator[str]:
    event = report.events.get(call.path)
    if event is not None and (event.words or event.verdict):
        yield f"{event.words or event.event.value}" + (f"; {event.verdict.value}" if event.verdict else "")
    for tensor in call.outputs:
        yield f"returned {_shape(tensor)}, {_mask(tensor.mask)}"
    if call.replay is None:
        return
    if call.replay.problem is not None:
        yield f"was not run again: {call.replay.problem}"
    for witness in call.replay.outputs:
        for step, words in _STEPS.items():
            count = int((witness.classes == step).sum())
            if count:
                yield f"{count} of {witness.classes.size} steps of it are {words}"
        if witness.leak is not None and witness.leak.absolute is not None:
            yield f"padding moves {witness.leak.steps or 'its'} real steps by up to {_size(witness.leak)}"
    if call.replay.leaks_from:
        yield f"what leaks comes by {', '.join(call.replay.leaks_from)}"


def _readers(report: Report, call: CallRecord) -> tuple[str, ...]:
    numbers = [tensor.number for tensor in call.outputs]
    found = [reader.path for number in numbers for reader in report.trace.readers.get(number, ()) if not reader.opaque]
    if any(output.number in numbers for output in report.trace.outputs):
        found.append("the model's output")
        if report.trace.loss is not None:
            found.append("the loss")
    return tuple(dict.fromkeys(found))


def _costs(report: Report, findings: tuple[Finding, ...]) -> Iterator[str]:
    """Numbers of what was found here; of the model as a whole only if something was found here."""
    said = [sentence for finding in findings for sentence in finding.evidence]
    yield from said
    proof = report.trace.proof
    if not findings or proof is None:
        return
    for effect in proof.effects:
        known = any(sentence.startswith(f"{effect.change.value} moves the model output") for sentence in said)
        if effect.moved is not None and not known:
            name = report.trace.outputs[effect.output].producer or str(effect.output)
            yield f"{effect.change.value} moves the model output '{name}' by up to {_size(effect.moved)}"
    for loss in proof.losses:
        if loss.moved and not any(sentence.startswith(f"{loss.name} goes") for sentence in said):
            yield f"{loss.name} goes from {loss.before:.6g} to {loss.after:.6g} with predictions at padded steps"


def _size(moved: Movement) -> str:
    if moved.absolute is None:
        return "an amount that was not measured"
    share = f" ({moved.relative:.0%} of its spread)" if moved.relative is not None else ""
    return f"{moved.absolute:.3g}{share}"


def _shape(tensor: TensorRecord) -> str:
    return f"{tensor.dtype} {tuple(tensor.shape)}"


def _mask(state: MaskState) -> str:
    if isinstance(state, Mask):
        padded = int((~state.values).sum())
        return f"with a mask of {state.shape} that hides {padded} of {state.values.size} steps"
    if isinstance(state, Unreadable):
        return f"with a mask that could not be read ({state.reason})"
    return "without a mask"
