"""What happened to the mask at one call, told from the masks before and after it."""

from __future__ import annotations

from maskprobe.finding import CallEvent, Event
from maskprobe.mask_trace import (
    ABSENT,
    CallKind,
    CallRecord,
    InputRole,
    Mask,
    MaskState,
    TensorRecord,
    Trace,
    Unreadable,
)
from maskprobe.rules.masks import (
    ATTENTION,
    all_of,
    any_of,
    given_masks,
    is_all_real,
    is_certain,
    is_present,
    is_time_joining,
    keeps_time,
    made_masks,
    same_shape,
)
from maskprobe.rules.unread_events import passed_unread

_NOTHING = CallEvent(Event.NOTHING, "")
_CARRIED = CallEvent(Event.CARRIED, "mask carried")
_CHANGED = CallEvent(Event.CHANGED, "mask changed")
_USES_MASK = frozenset({"GlobalAveragePooling1D"})
"""Layers that end the time axis and leave the masked steps out while they do (measured on Keras 3.15.1 and
tf_keras 2.21). Recurrent layers are told by their `return_sequences`."""


def is_source(call: CallRecord) -> bool:
    """Whether `call` makes a mask from the values of its input: Masking, Embedding, or a custom source."""
    if call.kind is CallKind.INPUT or not any(made_masks(call)):
        return False
    if call.class_name == "Masking" or call.facts.settings.get("mask_zero") is True:
        return True
    return call.kind is CallKind.LAYER and not any(given_masks(call))


def ends_time_rightly(call: CallRecord) -> bool:
    """Whether `call` is of a class known to use the mask where it ends the time axis."""
    return call.facts.builtin and (
        call.class_name in _USES_MASK or call.facts.settings.get("return_sequences") is False
    )


class EventFinder:
    """Tells the event of each call of one trace."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._mask_inputs = {given.name for given in trace.probe.inputs if given.role is InputRole.MASK}
        self._made = {tensor.number: tensor.mask for call in trace.calls for tensor in call.outputs}

    def __call__(self, call: CallRecord) -> CallEvent:
        """The event at `call`."""
        if call.error is not None:
            return CallEvent(Event.FAILED, "failed")
        if call.kind is CallKind.INPUT:
            return self._input_event(call)
        return self._of_masks(call, list(given_masks(call)), list(made_masks(call)))

    def _of_masks(self, call: CallRecord, came: list[Mask | Unreadable], went: list[Mask | Unreadable]) -> CallEvent:
        if self._trace.is_static and (came or went) and not any(map(is_certain, came or went)):
            return CallEvent(Event.UNKNOWN, "may have a mask")
        if not came:
            return self._unmasked(call, went)
        if not went:
            return self._ended(call, came) if call.outputs else _NOTHING
        if any(isinstance(mask, Unreadable) for mask in (*came, *went)):
            return passed_unread(call, came, went[0], is_source=is_source(call))
        readable_in = [mask for mask in came if isinstance(mask, Mask)]
        readable_out = [mask for mask in went if isinstance(mask, Mask)]
        return _passed(call, readable_in, readable_out[0])

    def _unmasked(self, call: CallRecord, went: list[Mask | Unreadable]) -> CallEvent:
        if went:
            return CallEvent(Event.MADE, "mask made")
        if self.stripped(call):
            return CallEvent(Event.LOST, "its input's mask was taken off")
        return _NOTHING

    def made_mask(self, number: int) -> MaskState:
        """The mask that tensor `number` was made with."""
        return self._made.get(number, ABSENT)

    def stripped(self, call: CallRecord) -> tuple[TensorRecord, ...]:
        """The inputs of `call` that had a mask when they were made and had none when `call` read them."""
        return tuple(
            tensor
            for tensor in call.inputs
            if not is_present(tensor.mask) and is_present(self.made_mask(tensor.number))
        )

    def _input_event(self, call: CallRecord) -> CallEvent:
        if call.path in self._mask_inputs:
            return CallEvent(Event.MADE, "is a mask itself")
        return CallEvent(Event.MADE, "mask given") if any(made_masks(call)) else _NOTHING

    def _ended(self, call: CallRecord, came: list[Mask | Unreadable]) -> CallEvent:
        steps = next((mask.shape[1] for mask in came if isinstance(mask, Mask) and len(mask.shape) > 1), None)
        goes_on = any(keeps_time(tensor, steps) for tensor in call.outputs)
        if ends_time_rightly(call):
            return CallEvent(Event.USED, "mask used up")
        own_code = not call.facts.builtin or call.class_name == "Lambda"
        by_hand = not any(is_present(tensor.mask) for tensor in call.inputs)
        if by_hand and (own_code or not call.facts.supports_masking):
            return CallEvent(Event.USED, "mask used, none passed on")
        if call.class_name in ATTENTION and not is_present(call.inputs[0].mask):
            # Its output follows the query, and the query came without a mask: nothing is lost here.
            return CallEvent(Event.USED, "masks used, query has none")
        if call.kind is CallKind.MODEL:
            return self._ended_in_model(call)
        if own_code and call.facts.accepts_mask and not goes_on:
            return _by_values(call)
        return CallEvent(Event.LOST, "mask lost" if goes_on else "mask lost with the time axis")

    def _ended_in_model(self, call: CallRecord) -> CallEvent:
        """A model ends the mask rightly if the calls in it do."""
        inner = [self(step) for step in self._trace.inside(call.path) if not step.opaque]
        happened = {event.event for event in inner}
        if Event.LOST in happened:
            return CallEvent(Event.LOST, "mask lost inside")
        if Event.UNKNOWN in happened:
            return CallEvent(Event.UNKNOWN, "cannot tell inside")
        if Event.USED in happened:
            return CallEvent(Event.USED, "mask used up inside")
        return CallEvent(Event.LOST, "mask lost inside")


def _by_values(call: CallRecord) -> CallEvent:
    """A custom layer took the mask and ended the time axis: whether it used the mask only values can tell."""
    if call.replay is None or not call.replay.outputs:
        return CallEvent(Event.UNKNOWN, "took the mask, ended time")
    if any(output.leak is not None for output in call.replay.outputs):
        return CallEvent(Event.USED, "took the mask, and mixed padding in")
    return CallEvent(Event.USED, "mask used up")


def _passed(call: CallRecord, came: list[Mask], went: Mask) -> CallEvent:
    if is_source(call):
        attached = [tensor.mask for tensor in call.inputs if isinstance(tensor.mask, Mask)]
        if went in attached:
            return CallEvent(Event.CARRIED, "made again, the same")
        return CallEvent(Event.OVERWRITTEN, "mask overwritten")
    if call.class_name in ATTENTION:
        followed = went == came[0]
        return _CARRIED if followed else _CHANGED
    attached = [tensor.mask for tensor in call.inputs if isinstance(tensor.mask, Mask)]
    if len(call.inputs) > 1 and attached:
        return _merged(call, attached, went)
    if went in came:
        return _CARRIED
    return _CHANGED


def _merged(call: CallRecord, came: list[Mask], went: Mask) -> CallEvent:
    if is_time_joining(call):
        return CallEvent(Event.MERGED, "masks joined in time")
    unmasked = any(not is_present(tensor.mask) for tensor in call.inputs)
    if unmasked and is_all_real(went) and not all(is_all_real(mask) for mask in came):
        return CallEvent(Event.MERGED, "merged to all real")
    if len(set(came)) == 1:
        return _CARRIED if went in came else _CHANGED
    return CallEvent(Event.MERGED, f"merged by {merge_rule(came, went)}")


def merge_rule(came: list[Mask], went: Mask) -> str:
    """Which of `AND`, `OR`, `the first input` or `a rule of its own` made `went` from different masks."""
    if same_shape([*came, went]):
        if (went.values == all_of(came)).all():
            return "AND"
        if (went.values == any_of(came)).all():
            return "OR"
    return "the first input" if went == came[0] else "a rule of its own"
