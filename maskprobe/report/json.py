"""A report as JSON, for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from maskprobe.errors import UsageError, one_line
from maskprobe.finding import CallEvent
from maskprobe.mask_trace import (
    CallRecord,
    CompiledDifference,
    EngineInfo,
    LayerFacts,
    LossRecord,
    MaskArgument,
    ProbeInput,
    ProbeRecord,
    TensorRecord,
)
from maskprobe.report.json_finding import finding_to_json
from maskprobe.report.json_loss import loss_check_to_json, walk_to_json
from maskprobe.report.json_masks import mask_to_json, number_to_json, plain, steps_to_json, text
from maskprobe.report.json_values import (
    SCHEMA,
    JsonCall,
    JsonCompiledDifference,
    JsonEngine,
    JsonEvent,
    JsonFacts,
    JsonFile,
    JsonLoss,
    JsonMaskArgument,
    JsonProbe,
    JsonProbeInput,
    JsonReport,
    JsonSummary,
    JsonTensor,
)
from maskprobe.report.json_witness import proof_to_json, replay_to_json
from maskprobe.report.report import FileInfo, Report
from maskprobe.report.summary import count
from maskprobe.version import __version__

_OBEYED = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Characters that JSON may hold as they are, but that a terminal or an editor acts on or hides."""


def to_json(report: Report) -> bytes:
    """Write `report` as JSON, UTF-8, one line. The format is `schema()`."""
    return escaped(msgspec.json.encode(json_report(report)))


def escaped(encoded: bytes) -> bytes:
    """Write characters as escapes that a terminal or an editor acts on or hides."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", encoded.decode("utf-8")).encode("utf-8")


def from_json(data: bytes | str) -> JsonReport:
    """Read back what `to_json` wrote.

    Raises:
        UsageError: `data` is not a report of this version of the format.
    """
    try:
        return msgspec.json.decode(data, type=JsonReport)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(one_line(f"not a {SCHEMA} JSON report: {error}")) from error


def json_report(report: Report) -> JsonReport:
    """Put `report` into the values that the JSON is made of."""
    trace, counts = report.trace, count(report)
    return JsonReport(
        schema=SCHEMA,
        maskprobe=__version__,
        exit_code=report.exit_code(),
        summary=JsonSummary(
            errors=counts.errors,
            warnings=counts.warnings,
            notes=counts.notes,
            not_checked=counts.not_checked,
            calls=counts.calls,
            masked_calls=counts.masked_calls,
            not_replayed=counts.not_replayed,
        ),
        file=None if report.file is None else _file(report.file),
        model=text(trace.model),
        engine=_engine(trace.engine),
        probe=_probe(trace.probe),
        calls=[_call(call, report.events.get(call.path)) for call in trace.calls],
        outputs=_tensors(trace.outputs),
        loss=None if trace.loss is None else _loss(trace.loss),
        compiled=None if trace.compiled is None else [_difference(entry) for entry in trace.compiled],
        failure=_maybe(trace.failure),
        notes=_texts(trace.notes),
        findings=[finding_to_json(finding) for finding in report.findings],
        proof=proof_to_json(trace.proof),
        loss_check=loss_check_to_json(trace.loss_check),
        loss_walk=walk_to_json(report.walk),
        written_by=_maybe(trace.written_by),
        not_run=_maybe(trace.not_run),
    )


def _file(file: FileInfo) -> JsonFile:
    return JsonFile(path=text(file.path), format=file.format, keras_version=_maybe(file.keras_version))


def _engine(engine: EngineInfo) -> JsonEngine:
    return JsonEngine(name=engine.name, version=engine.version, tensorflow=engine.tensorflow, ran=engine.ran)


def _probe(probe: ProbeRecord) -> JsonProbe:
    return JsonProbe(
        inputs=[_probe_input(given) for given in probe.inputs],
        rows=_texts(probe.rows),
        seed=probe.seed,
        source=text(probe.source),
    )


def _probe_input(given: ProbeInput) -> JsonProbeInput:
    return JsonProbeInput(
        name=text(given.name),
        role=given.role.value,
        shape=[int(size) for size in given.shape],
        dtype=given.dtype,
        pad_value=number_to_json(given.pad_value),
        real=None if given.real is None else steps_to_json(given.real),
    )


def _call(call: CallRecord, event: CallEvent | None) -> JsonCall:
    return JsonCall(
        path=text(call.path),
        name=text(call.name),
        class_name=text(call.class_name),
        module=text(call.module),
        kind=call.kind.value,
        parent=_maybe(call.parent),
        inputs=_tensors(call.inputs),
        outputs=_tensors(call.outputs),
        mask_arguments=[_argument(argument) for argument in call.mask_arguments],
        took_masks_off=list(call.took_masks_off),
        facts=_facts(call.facts),
        opaque=call.opaque,
        warnings=_texts(call.warnings),
        error=_maybe(call.error),
        event=None if event is None else _event(event),
        replay=replay_to_json(call.replay),
    )


def _tensors(tensors: Iterable[TensorRecord]) -> list[JsonTensor]:
    return [
        JsonTensor(
            number=tensor.number,
            name=text(tensor.name),
            shape=list(tensor.shape),
            dtype=tensor.dtype,
            mask=mask_to_json(tensor.mask),
            symbolic_mask=tensor.symbolic_mask,
            producer=_maybe(tensor.producer),
        )
        for tensor in tensors
    ]


def _argument(argument: MaskArgument) -> JsonMaskArgument:
    return JsonMaskArgument(
        name=text(argument.name),
        mask=mask_to_json(argument.mask),
        explicit=argument.explicit,
        number=argument.number,
    )


def _facts(facts: LayerFacts) -> JsonFacts:
    return JsonFacts(
        supports_masking=facts.supports_masking,
        accepts_mask=facts.accepts_mask,
        computes_mask=facts.computes_mask,
        builtin=facts.builtin,
        time_distributed=facts.time_distributed,
        settings=plain(facts.settings),
    )


def _event(event: CallEvent) -> JsonEvent:
    return JsonEvent(
        event=event.event.value, words=text(event.words), codes=_texts(event.codes), verdict=event.verdict.value
    )


def _difference(entry: CompiledDifference) -> JsonCompiledDifference:
    return JsonCompiledDifference(
        path=text(entry.path),
        output=entry.output,
        eager=mask_to_json(entry.eager),
        compiled=mask_to_json(entry.compiled),
    )


def _loss(loss: LossRecord) -> JsonLoss:
    return JsonLoss(losses=_texts(loss.losses), metrics=_texts(loss.metrics), problem=_maybe(loss.problem))


def _maybe(value: str | None) -> str | None:
    return None if value is None else text(value)


def _texts(values: Iterable[str]) -> list[str]:
    return [text(value) for value in values]
