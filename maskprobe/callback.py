"""Look at the masks on the first batch of `fit`.

```python
model.fit(x, y, callbacks=[maskprobe.MaskCallback()])
```

The callback is of no Keras's class: both call what they need by name, so one class does for Keras 3 and tf_keras, and
which of the two trains need not be known when it is made (Keras 3.15.1: keras/src/callbacks/callback_list.py; tf_keras
2.21: src/callbacks.py). Importing this imports neither.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from maskprobe.errors import MaskprobeError
from maskprobe.finding import Finding
from maskprobe.selection import selection_of

if TYPE_CHECKING:  # it needs NumPy
    from maskprobe.fit_check import FitCheck
    from maskprobe.report.report import Report

_LIBRARIES = {"maskprobe", "keras", "tf_keras", "tensorflow"}
"""Code between the call of `fit` and a warning."""
ROWS = 32
"""Rows of the batch that are looked at."""


class MaskWarning(UserWarning):
    """The first batch of `fit` shows a fault of the masks, or could not be looked at."""


class MaskFaultError(MaskprobeError):
    """The first batch of `fit` shows a fault of the masks."""

    exit_code: ClassVar[int] = 1


class MaskCallback:
    """A callback for `fit` of Keras 3 and tf_keras: traces the model on the first batch, and warns of what is wrong.

    The batch is the one that the first training step trains on, with its targets. The model is traced right after that
    step, when all that training builds is built. Weights, the optimizer, metrics and random numbers are left as they
    are: training goes on as it would without the callback. It looks once, in the first `fit` that it is given to, and
    warns once. A batch without a padded step tells nothing; the model is then traced on made inputs.

    One exception: where a layer of your own draws random numbers with training=False too, a tf_keras model draws other
    ones for its Dropout after the trace. With steps_per_execution the trace comes after the first execution. Under a
    distribution strategy the batch cannot be seen: bring one as `data`.
    """

    async_safe = True
    """Keras 3 may call other callbacks apart from training."""
    _supports_tf_logs = True
    _chief_worker_only = None

    def __init__(
        self,
        ignore: str | Iterable[str] = (),
        *,
        fail: bool = False,
        fail_on: str = "warning",
        data: Any = None,
        rows: int = ROWS,
    ) -> None:
        """Say what counts and what to do.

        Args:
            ignore: Findings that do not count: codes, names, or either with a call: `MP101:encoder/attention`.
            fail: Stop training with a MaskFaultError in place of a warning. What could not be looked at is a warning
                in any case.
            fail_on: The least severe finding that counts: `error`, `warning`, `note` or `never`.
            data: What to look at instead: a dataset, whose first batch is taken, or a batch `(x, y)`.
            rows: How many rows of the batch to look at.

        Raises:
            UsageError: there is no such rule, or no such severity.
        """
        self.selection = selection_of(ignore, fail_on)
        self.fail = fail
        self.data = data
        self.rows = rows
        self.model: Any = None
        self.params: Any = None
        self.report: Report | None = None
        """What was seen; None before the first step, and if nothing could be seen."""
        self._done = False
        self._withdraw: Callable[[], None] | None = None

    def set_params(self, params: Any) -> None:
        """Keras says how it trains."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Keras says what it trains."""
        self.model = model

    def on_train_begin(self, logs: Any = None) -> None:
        """Wait for the first step."""
        del logs
        if self._done:
            return
        from maskprobe.backend.first_batch import on_first_batch  # noqa: PLC0415 - it imports TensorFlow

        try:
            self._withdraw = on_first_batch(self.model, self._look)
        except MaskprobeError as error:
            self._warn(f"the first batch of fit could not be checked: {error}")

    def on_train_end(self, logs: Any = None) -> None:
        """Leave the model as it was, if there was no step."""
        del logs
        if self._withdraw is not None:
            self._withdraw()
            self._withdraw = None

    def __getattr__(self, name: str) -> Any:
        """The other hooks of both libraries, which do nothing, and what tf_keras asks about them."""
        if name.startswith("on_"):
            return _nothing
        if name.startswith("_implements_") and name.endswith("_batch_hooks"):
            return _no
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _look(self, batch: Any) -> None:
        """Trace the model on `batch`, and tell."""
        self._done, self._withdraw = True, None
        from maskprobe.fit_check import check_fit  # noqa: PLC0415 - it needs NumPy

        try:
            check = check_fit(self.model, batch, self.data, self.rows)
            failing, unchecked = self._told(check)
        except Exception as error:  # noqa: BLE001 - whatever it is, training goes on
            self._warn(f"the first batch of fit could not be checked: {type(error).__name__}: {error}")
            return
        self.report = check.report
        if failing and self.fail:
            if unchecked:
                self._warn(unchecked)
            raise MaskFaultError(failing)
        if failing or unchecked:
            self._warn("\n\n".join(filter(None, (failing, unchecked))))

    def _told(self, check: FitCheck) -> tuple[str, str]:
        """The texts on what is wrong, and on what could not be looked at; empty where there is nothing."""
        failing = self.selection.failing(check.report.findings)
        unchecked = self.selection.unchecked(check.report.findings)
        notes = check.notes_on(failing)
        return (
            _text("masks are not ok", check, failing, notes),
            _text("something could not be checked", check, unchecked, ()),
        )

    @staticmethod
    def _warn(text: str) -> None:
        warnings.warn(f"maskprobe: {text}", MaskWarning, stacklevel=_level_of_user())


def _text(head: str, check: FitCheck, findings: tuple[Finding, ...], notes: tuple[str, ...]) -> str:
    if not findings:
        return ""
    from maskprobe.report.finding_text import findings_text, safe_line  # noqa: PLC0415 - it needs rich

    name = safe_line(check.report.trace.model)
    return "\n\n".join([f"{head}: model '{name}' on {check.seen_on}", findings_text(findings), *notes])


def _level_of_user() -> int:
    """The stack level, for a warning, of the code that called `fit`."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - `inspect` has it no other way
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _LIBRARIES:
        level, frame = level + 1, frame.f_back
    return level


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    """Do nothing."""


def _no() -> bool:
    return False
