"""What could not be told of a model that was not run: code of its own, masks and padding that nothing says more of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from maskprobe.finding import Event
from maskprobe.mask_trace import CallKind, CallRecord, Unreadable
from maskprobe.rules.blame import Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.by_value import moved_by_amount
from maskprobe.rules.masks import given_masks, is_unread, made_masks
from maskprobe.rules.unseen import not_followed
from maskprobe.rules.words import call_words, listed
from maskprobe.witness import Change

_RUN_IT = "Trace it by a run of the model instead."


@dataclass(frozen=True, slots=True)
class NotKnown:
    """One thing that is not known."""

    path: str
    message: str
    cause: str
    fix: str
    affects: tuple[str, ...] = ()


@dataclass(slots=True)
class _Group:
    """Calls of which the same is not known."""

    what: str
    reason: str
    paths: list[str] = field(default_factory=list)


def not_known(flow: BlamedFlow) -> Iterator[NotKnown]:
    """What could not be told of a trace that was not run: one for each reason, the first call with the others."""
    groups = _groups(flow)
    for group in groups:
        calls = [flow.trace.by_path[path] for path in group.paths]
        yield NotKnown(
            group.paths[0],
            f"{group.what} {listed(group.paths)} is not known: {group.reason}.",
            _cause(calls[0]),
            _fix(calls),
            tuple(group.paths[1:]),
        )
    told = {path for group in groups for path in group.paths}
    yield from _pooled(flow, told)
    yield from _not_followed(flow, told)
    yield from _told_by_value(flow)
    if not told:
        yield from _outputs(flow)


def _groups(flow: BlamedFlow) -> list[_Group]:
    """Masks that are not known, then what calls do to padding, each call once."""
    found: list[_Group] = []
    for call, reason in _unread(flow):
        _add(found, "What becomes of the mask at", reason, call.path)
    for call in flow.judged:
        if call.replay is not None and call.replay.problem is not None:
            _add(found, "What becomes of padding at", call.replay.problem, call.path)
    return found


def _add(found: list[_Group], what: str, reason: str, path: str) -> None:
    if any(path in group.paths for group in found):
        return
    group = next((group for group in found if group.reason == reason), None)
    if group is None:
        group = _Group(what, reason)
        found.append(group)
    group.paths.append(path)


def _unread(flow: BlamedFlow) -> Iterator[tuple[CallRecord, str]]:
    """Each call at which it is not known what becomes of the mask, or which mask it makes, and why."""
    for call in flow.judged:
        event = flow.events[call.path].event
        if event is Event.UNKNOWN:
            masks = (*given_masks(call), *made_masks(call))
        elif event is Event.MADE and flow.blame_of(call, Fault.WRONG) is None:
            masks = tuple(filter(is_unread, made_masks(call)))
        else:
            continue
        reason = next((mask.reason for mask in masks if isinstance(mask, Unreadable)), None)
        if reason is not None:
            yield call, reason


def _is_own_code(call: CallRecord) -> bool:
    return not call.facts.builtin or call.class_name == "Lambda"


def _cause(call: CallRecord) -> str:
    if _is_own_code(call):
        return f"{call_words(call)} runs code of its own, which is not run here."
    if any(is_unread(argument.mask) for argument in call.mask_arguments):
        return f"{call_words(call)} goes by a mask whose values a call before it computes."
    if _makes_mask(call):
        return f"{call_words(call)} makes its mask of values that are known only in a run."
    return f"Nothing that is known of {call_words(call)} tells it."


def _makes_mask(call: CallRecord) -> bool:
    """Whether `call` makes a mask, and none came to it."""
    return any(made_masks(call)) and not any(given_masks(call))


def _fix(calls: Sequence[CallRecord]) -> str:
    classes = list(dict.fromkeys(call.class_name for call in calls if _is_own_code(call)))
    if not classes:
        return _RUN_IT
    declared = " ".join(f"--assume {name}=carry|drop|source|use" for name in classes)
    return f"Declare {'it' if len(classes) == 1 else 'them'} with {declared}, or trace the model with --trust."


def _pooled(flow: BlamedFlow, told: set[str]) -> Iterator[NotKnown]:
    for call in flow.where(Event.UNKNOWN):
        if call.path not in told and call.kind is not CallKind.MODEL:
            yield NotKnown(
                call.path,
                f"{call_words(call)} takes the mask and ends the time axis; whether it leaves the padding out is not "
                "known.",
                "A custom layer may use its mask argument or not.",
                _fix([call]),
            )


def _not_followed(flow: BlamedFlow, told: set[str]) -> Iterator[NotKnown]:
    paths = [path for path in not_followed(flow) if path not in told]
    if paths:
        yield NotKnown(
            paths[0],
            f"{listed(paths)} reads padded ids and returns no steps: whether padding counts there is not known.",
            "No call inside is known that makes numbers of them.",
            _fix([flow.trace.by_path[path] for path in paths]),
            tuple(paths[1:]),
        )


def _told_by_value(flow: BlamedFlow) -> Iterator[NotKnown]:
    for blame in flow.blames:
        if blame.fault is Fault.BY_VALUE and moved_by_amount(flow, blame.call) is None:
            yield NotKnown(
                blame.call.path,
                f"{call_words(blame.call)} is likely to move with the padding; but it may tell padding by its value.",
                "It reads the input itself through code of its own, which may compare it with the pad value.",
                _fix([blame.call]),
            )


def _outputs(flow: BlamedFlow) -> Iterator[NotKnown]:
    """Outputs that could not be followed to, for another reason than a call that is not known."""
    effects = flow.trace.proof.effects if flow.trace.proof is not None else ()
    unknown = [effect for effect in effects if effect.problem is not None and effect.change is Change.NOISE]
    if unknown:
        names = listed([f"'{flow.trace.outputs[effect.output].producer}'" for effect in unknown])
        what = "the model output" if len(unknown) == 1 else "the model outputs"
        yield NotKnown(
            "",
            f"Whether padding reaches {what} {names} is not known: {unknown[0].problem}.",
            "Something on the way to it could not be followed.",
            _RUN_IT,
        )
