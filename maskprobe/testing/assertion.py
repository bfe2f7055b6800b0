"""Assert that padding gets nowhere in a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Unpack

import maskprobe
from maskprobe.errors import NotCheckedError
from maskprobe.finding import Finding
from maskprobe.selection import selection_of
from maskprobe.testing.keywords import TraceKeywords

if TYPE_CHECKING:  # it needs NumPy
    from maskprobe.report.report import Report


class MasksNotOkError(AssertionError):
    """A model has faults, or could not be looked at. The message is what there is to read."""

    def __init__(self, message: str, findings: tuple[Finding, ...] = (), report: Report | None = None) -> None:
        super().__init__(message)
        self.findings = findings
        """Those that count."""
        self.report = report
        """None if the model could not be looked at at all."""


def assert_masks_ok(
    model: Any,
    *,
    inputs: Any = None,
    ignore: str | Iterable[str] = (),
    fail_on: str = "warning",
    allow_unchecked: bool = False,
    **options: Unpack[TraceKeywords],
) -> Report | None:
    """Trace a model, and raise if something is wrong with its masks.

    Args:
        model: Path of a saved model, or a Keras 3 or tf_keras model in memory, which is left as it was.
        inputs: Arrays to run it on, as for `maskprobe.trace`; None: padded inputs are made.
        ignore: Findings that do not count: codes (`MP101`), names (`mask-dropped`), or either with a call
            (`MP101:encoder/attention`), in which `*` stands for anything.
        fail_on: The least severe finding that counts: `error`, `warning`, `note` or `never`.
        allow_unchecked: Also take it for right if something could not be looked at.
        **options: The other options of `maskprobe.trace`.

    Returns:
        The report; None if the model could not be looked at, and need not be.

    Raises:
        MasksNotOkError: an AssertionError: there are findings, or something could not be looked at.
        UsageError: an argument is wrong.
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    selection = selection_of(ignore, fail_on)
    try:
        report = maskprobe.trace(model, inputs, **options)
    except NotCheckedError as error:
        if allow_unchecked:
            return None
        raise MasksNotOkError(f"{_named(model)} could not be checked: {error}") from error
    failing = selection.failing(report.findings)
    unchecked = () if allow_unchecked else selection.unchecked(report.findings)
    if failing or unchecked:
        raise MasksNotOkError(_message(_named(model), failing, unchecked), (*failing, *unchecked), report)
    return report


def _named(model: Any) -> str:
    """How a message calls the model: the path, or the name of a model in memory."""
    from maskprobe.report.finding_text import safe_line  # noqa: PLC0415 - it needs rich, and most assertions hold

    name = getattr(model, "name", None)
    is_named = isinstance(name, str) and hasattr(model, "layers")
    return safe_line(f"model {name!r}" if is_named else str(model))


def _message(name: str, failing: tuple[Finding, ...], unchecked: tuple[Finding, ...]) -> str:
    from maskprobe.report.finding_text import findings_text  # noqa: PLC0415 - as above

    counts = []
    if failing:
        counts.append(f"{len(failing)} finding{'s' if len(failing) > 1 else ''}")
    if unchecked:
        counts.append(f"{len(unchecked)} not checked")
    head = f"masks of {name} are not ok: {', '.join(counts)}"
    tail = "\n\nTo allow what could not be checked: allow_unchecked=True" if unchecked and not failing else ""
    return f"{head}\n\n{findings_text((*failing, *unchecked))}{tail}"
