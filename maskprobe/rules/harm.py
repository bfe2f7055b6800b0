"""How bad a fault is, by what moves: outputs, the loss, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from maskprobe.finding import Confidence, Severity
from maskprobe.mask_trace import CallRecord, TensorRecord
from maskprobe.rules.blame import Blame, Leak
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.scores import makes_scores
from maskprobe.rules.truth import hides
from maskprobe.rules.words import counted, listed
from maskprobe.witness import Change, Movement, OutputEffect, Proof

_OTHER_END = ("padded before", "padded inside")
_DISAGREE = "inputs disagree"
_AFTER = "padded after"
_NOT_A_NUMBER = 1e38
"""A movement as far as this stands for a number that became NaN or infinite."""


@dataclass(frozen=True, slots=True)
class Harm:
    """What a fault does."""

    severity: Severity
    words: str = ""
    """A sentence for the message; empty where nothing was looked at."""
    evidence: tuple[str, ...] = ()
    confidence: Confidence = Confidence.SEEN
    """`LIKELY` where severity and words were deduced."""


def harm_of(flow: BlamedFlow, call: CallRecord, blame: Blame | None, unproved: Severity = Severity.WARNING) -> Harm:
    """What the fault at `call` did.

    Args:
        flow: The trace.
        call: The call to blame.
        blame: The leaks that it caused; None if none was seen.
        unproved: How severe it is as far as masks alone tell.
    """
    proof = flow.trace.proof
    if proof is None or flow.trace.failure is not None:
        return Harm(unproved)
    harm = _proved(flow, call, proof, blame, unproved)
    return _deduced(harm, unproved) if flow.trace.is_deduced else harm


def _deduced(harm: Harm, unproved: Severity) -> Harm:
    """`harm` where nothing was run: at most a warning, unless the masks alone say more than that."""
    if not harm.words:
        return harm
    if harm.severity is not Severity.NOTE and unproved is Severity.ERROR:
        return replace(harm, severity=unproved)
    severity = Severity.WARNING if harm.severity is Severity.ERROR else harm.severity
    return replace(harm, severity=severity, confidence=Confidence.LIKELY)


def _proved(flow: BlamedFlow, call: CallRecord, proof: Proof, blame: Blame | None, unproved: Severity) -> Harm:
    if blame is None:
        return _without_leak(flow, call, proof, unproved)
    evidence = tuple(_leak_words(flow, leak) for leak in blame.leaks[:2])
    moved = tuple(moved_outputs(flow, proof, blame.leaks[0].call))
    loss = _loss_harm(flow, call, proof)
    if moved:
        return _with_loss(_reaching(flow, blame, moved, evidence), loss)
    if not proof.effects or any(effect.change is Change.NOISE and effect.problem for effect in proof.effects):
        return Harm(unproved, _unseen(flow, blame), evidence)
    before = tuple(_moved_before(proof, blame))
    if before:
        words = tuple(moved_words(flow, effect) for effect in before[:1])
        return _with_loss(Harm(Severity.WARNING, _where_before(flow), (*evidence, *words)), loss)
    return loss or Harm(Severity.NOTE, _harmless(flow, blame), evidence)


def _moved_before(proof: Proof, blame: Blame) -> Iterator[OutputEffect]:
    """The outputs that padding before instead of after moved, first at a call that `blame` is for."""
    leaking = {leak.call.path for leak in blame.leaks}
    for effect in proof.effects:
        if effect.change is Change.BEFORE and effect.moved is not None and effect.path in leaking:
            yield effect


def _reaching(flow: BlamedFlow, blame: Blame, moved: Sequence[OutputEffect], evidence: tuple[str, ...]) -> Harm:
    evidence += tuple(moved_words(flow, effect) for effect in moved[:2])
    only = _only_in_some_rows(flow, [leak.movement for leak in blame.leaks], moved)
    if only is not None:
        return Harm(Severity.WARNING, only, evidence)
    return Harm(Severity.ERROR, _reaches(flow, blame, moved), evidence)


def _with_loss(harm: Harm, loss: Harm | None) -> Harm:
    if loss is None:
        return harm
    return Harm(loss.severity, f"{harm.words} {loss.words}", (*harm.evidence, *loss.evidence))


def _without_leak(flow: BlamedFlow, call: CallRecord, proof: Proof, unproved: Severity) -> Harm:
    if _not_replayed(flow, call):
        return Harm(unproved)
    loss = _loss_harm(flow, call, proof)
    if loss is not None:
        return loss
    if makes_scores(flow, call):
        return Harm(Severity.NOTE, "It holds a value for each pair of steps, which a mask of steps does not fit.")
    bare = [output for output in _outputs_after(flow, call) if _is_bare(flow, output)]
    if bare and (proof.loss_problem is not None or flow.trace.loss is None or flow.trace.is_deduced):
        why = f" (the compiled loss could not be computed: {proof.loss_problem})" if proof.loss_problem else ""
        return Harm(
            Severity.WARNING,
            f"{flow.words.none_moves} with the padding; but {_names(bare)} has padded steps that no mask hides, and a "
            f"loss on it would count them{why}.",
        )
    return Harm(Severity.NOTE, f"{flow.words.no_harm}: {_reason(flow, call)}.")


def _not_replayed(flow: BlamedFlow, call: CallRecord) -> bool:
    """Whether what follows from `call` was not looked at, so that its silence says nothing."""
    numbers = {tensor.number for tensor in call.inputs}
    unknown = call.replay is None and not numbers.isdisjoint(flow.padding)
    return unknown or any(
        later.replay is not None and later.replay.problem is not None for later in (call, *flow.after(call))
    )


def moved_outputs(flow: BlamedFlow, proof: Proof, call: CallRecord) -> Iterator[OutputEffect]:
    """The effects on model outputs that `call` leads to: noise in the padding, or more of it, moved them."""
    reached = {place for place, _ in _places_after(flow, call)}
    for effect in proof.effects:
        if effect.moved is not None and effect.output in reached and effect.change is not Change.BEFORE:
            yield effect


def _places_after(flow: BlamedFlow, call: CallRecord) -> list[tuple[int, TensorRecord]]:
    numbers = flow.reached(call)
    return [(place, output) for place, output in enumerate(flow.trace.outputs) if output.number in numbers]


def _outputs_after(flow: BlamedFlow, call: CallRecord) -> list[TensorRecord]:
    return [output for _, output in _places_after(flow, call)]


def _is_bare(flow: BlamedFlow, output: TensorRecord) -> bool:
    """Whether a model output has padded steps that no mask of its own hides."""
    padding = flow.padding.get(output.number)
    return padding is not None and not hides(output.mask, padding)


def _loss_harm(flow: BlamedFlow, call: CallRecord, proof: Proof) -> Harm | None:
    """The loss or a metric counts padded steps of an output that has no mask because of `call`; None if not."""
    bare = [output for output in _outputs_after(flow, call) if _is_bare(flow, output)]
    return _counted(proof, bare) if bare else None


def unmasked_loss(flow: BlamedFlow) -> Harm | None:
    """The loss counts padded steps of a model output, whichever call is to blame; None if it does not."""
    proof = flow.trace.proof
    bare = [output for output in flow.trace.outputs if _is_bare(flow, output)]
    return None if proof is None or not bare else _counted(proof, bare)


def _counted(proof: Proof, bare: Sequence[TensorRecord]) -> Harm | None:
    counted_by = [effect for effect in proof.losses if effect.moved]
    if not any(effect.name == "loss" for effect in counted_by):
        return None
    evidence = tuple(
        f"{effect.name} goes from {effect.before:.6g} to {effect.after:.6g} when predictions at padded steps change"
        for effect in counted_by
    )
    return Harm(Severity.ERROR, f"The loss counts the padded steps of {_names(bare)}.", evidence)


def _names(outputs: Sequence[TensorRecord]) -> str:
    return listed([f"'{output.producer or output.name}'" for output in outputs])


def _reaches(flow: BlamedFlow, blame: Blame, moved: Sequence[OutputEffect]) -> str:
    outputs = [flow.trace.outputs[place] for place in dict.fromkeys(effect.output for effect in moved)]
    first = blame.leaks[0].call.path
    where = "" if first == blame.call.path else f" at '{first}'"
    words = flow.words
    return f"Padding {words.moves} real steps{where} and {words.and_reaches} the model output {_names(outputs)}."


def _unseen(flow: BlamedFlow, blame: Blame) -> str:
    path, words = blame.leaks[0].call.path, flow.words
    return f"What '{path}' returns {words.moves} with the padding; whether that reaches an output {words.unknown}."


def _harmless(flow: BlamedFlow, blame: Blame) -> str:
    path = blame.leaks[0].call.path
    if flow.trace.is_deduced:
        return f"{flow.words.no_harm}: padding is likely to move what '{path}' returns, and to reach no model output."
    return (
        f"{flow.words.no_harm}: padded steps move what '{path}' returns, but what they hold there "
        "comes from real steps, and no model output moves with the padding or with its amount."
    )


def _where_before(flow: BlamedFlow) -> str:
    after = "" if flow.trace.is_deduced else "; after it, none does"
    return f"Padding {flow.words.reaches} real steps only where it stands before or inside a sequence{after}."


def _reason(flow: BlamedFlow, call: CallRecord) -> str:
    """Why nothing moves."""
    later = [after for after in flow.after(call) if after.replay is not None and not after.replay.carried]
    if any(output.leak is not None for after in later if after.replay for output in after.replay.outputs):
        return f"padding {flow.words.moves} real steps further on, for another reason"
    ends = [after.path for after in later if not any(output.number in flow.padding for output in after.outputs)]
    outputs = _outputs_after(flow, call)
    if any(_is_bare(flow, output) for output in outputs):
        return (
            "what reads it works step by step, and the loss leaves its padding out"
            if flow.trace.loss
            else ("what reads it works step by step")
        )
    if not any(output.number in flow.padding for output in call.outputs):
        return flow.words.nothing_returned
    if ends:
        return f"what reads it works step by step, until {listed(ends[:2])} leaves the padding out"
    return "nothing after it mixes padding into real steps"


def _leak_words(flow: BlamedFlow, leak: Leak) -> str:
    move = leak.movement
    steps = f"{_steps(move)} of " if flow.keeps_steps(leak.call, leak.output) else ""
    seen = leak.call.replay.outputs[leak.output] if leak.call.replay is not None else None
    rows = len(seen.classes) if seen is not None else 0
    return f"padding {flow.words.moves} {steps}'{leak.call.path}' in {_rows(flow, move, rows)}{_far(move)}"


def _steps(move: Movement) -> str:
    """How many real steps moved; no number where that was deduced."""
    return "real steps" if move.absolute is None else counted(move.steps, "real step")


def moved_words(flow: BlamedFlow, effect: OutputEffect) -> str:
    """What moved a model output, where and how far."""
    output = flow.trace.outputs[effect.output]
    assert effect.moved is not None  # noqa: S101 - chosen so
    what = "padding" if flow.trace.is_deduced and effect.change is Change.NOISE else effect.change.value
    return (
        f"{what} {flow.words.moves} the model output '{output.producer or output.name}' in "
        f"{_rows(flow, effect.moved)}{_far(effect.moved)}"
    )


def _far(move: Movement) -> str:
    """How far, as the end of a sentence; empty where that was deduced."""
    if move.absolute is None or move.relative is None:
        return ""
    if move.absolute > _NOT_A_NUMBER:
        return ", to or from NaN or infinity"
    return f", by up to {move.absolute:.3g} ({_times(move.relative)})"


def _times(relative: float) -> str:
    if relative < 0.005:  # noqa: PLR2004 - it would be printed as 0 %
        return f"{100 * relative:.1g} % of its spread"
    return f"{100 * relative:.0f} % of its spread" if relative < 10 else f"{relative:.0f} times its spread"  # noqa: PLR2004


def _rows(flow: BlamedFlow, move: Movement, count: int = 0) -> str:
    """The rows that moved; `count` is how many the tensor has, if not those of the probe (heads in the batch axis)."""
    kinds = flow.trace.probe.rows
    if count not in {0, len(kinds)}:
        return f"{len(move.rows)} of its {count} rows"
    padded = [row for row, kind in enumerate(kinds) if kind != "full"]
    if len(padded) > 1 and list(move.rows) == padded:
        return "every padded row"
    made = flow.trace.probe.source == "made"
    named = [f"{row + 1} ({kinds[row]})" if made and row < len(kinds) else str(row + 1) for row in move.rows]
    return f"row {named[0]}" if len(named) == 1 else f"rows {listed(named)}"


def _only_in_some_rows(flow: BlamedFlow, leaks: Sequence[Movement], moved: Sequence[OutputEffect]) -> str | None:
    """A sentence on which sequences alone are harmed, if it is not all that are padded; None if it is."""
    kinds = flow.trace.probe.rows
    if flow.trace.probe.source != "made" or any(effect.change is Change.MORE for effect in moved):
        return None
    rows = {row for move in leaks for row in move.rows}
    rows |= {row for effect in moved if effect.moved for row in effect.moved.rows}
    harmed = {kinds[row] if row < len(kinds) else "" for row in rows}
    if harmed == {_DISAGREE} and len(kinds) > 1:
        return f"Padding {flow.words.reaches} real steps only where the inputs are padded unlike each other."
    has_after = any(kind.startswith(_AFTER) for kind in kinds)
    if has_after and all(kind.startswith(_OTHER_END) for kind in harmed - {_DISAGREE}):
        return _where_before(flow)
    return None
