"""maskprobe: where padding gets into a Keras model.

```python
import maskprobe

report = maskprobe.trace("model.keras")  # or a model in memory
for finding in report.findings:
    print(finding.code, finding.path, finding.message)
```

Importing maskprobe imports neither TensorFlow nor rich; a trace imports TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskprobe.errors import (
    LoadError,
    MaskprobeError,
    MissingFunctionError,
    NotCheckedError,
    NotFixedError,
    ProbeError,
    RunError,
    UnreadableModelError,
    UntrustedCodeError,
    UsageError,
)
from maskprobe.finding import Confidence, FailOn, Finding, Severity
from maskprobe.version import __version__

if TYPE_CHECKING:
    from maskprobe.callback import MaskCallback, MaskFaultError, MaskWarning
    from maskprobe.explaining.values import Explanation
    from maskprobe.probe.options import Padding
    from maskprobe.report.report import Report
    from maskprobe.version_matrix.values import Matrix

__all__ = [
    "Confidence",
    "Explanation",
    "FailOn",
    "Finding",
    "LoadError",
    "MaskCallback",
    "MaskFaultError",
    "MaskWarning",
    "MaskprobeError",
    "Matrix",
    "MissingFunctionError",
    "NotCheckedError",
    "NotFixedError",
    "ProbeError",
    "Report",
    "RunError",
    "Severity",
    "UnreadableModelError",
    "UntrustedCodeError",
    "UsageError",
    "__version__",
    "explain",
    "fix",
    "matrix",
    "trace",
    "verify_loss",
]


def trace(  # noqa: PLR0913 - the options of the command line
    model: Any,
    inputs: Any = None,
    *,
    padding: str = "mixed",
    length: int | None = None,
    batch: int | None = None,
    pad_value: float | None = None,
    seed: int = 0,
    mask_inputs: Sequence[str] = (),
    compiled: bool = False,
    replay: bool = True,
    training: bool = False,
    static: bool = False,
    assume: Mapping[str, str] | Sequence[str] = (),
    keras: int | str | None = None,
    trust: bool = False,
    custom_objects: Mapping[str, Any] | Sequence[str] = (),
    imports: Sequence[str | Path] = (),
    replace: Mapping[str, Callable[..., Any]] | Sequence[str] = (),
    progress: bool = False,
) -> Report:
    """Trace the masks of a saved model, or of a Keras 3 or tf_keras model in memory.

    Args:
        model: Path of a saved model (`.h5`, `.keras`, SavedModel folder), or the model itself, which is left as it was.
        inputs: Arrays to run it on: by input name, in order, one array, or the path of an `.npz` file. None: padded
            inputs are made.
        padding: Where made inputs are padded: `mixed`, `after`, `before` or `inside`.
        length: Time steps of made inputs where the model leaves them free.
        batch: Rows of made inputs.
        pad_value: The value at padded steps, if not the one that the model looks for.
        seed: Seed of made inputs.
        mask_inputs: Names of inputs that are masks themselves, where their names do not tell.
        compiled: Also run the model the way `predict` does, and report masks that differ.
        replay: Run each call again on noise, to see which steps move: the second witness.
        training: Run with `training=True`: normalisation layers take the moments of the batch, Dropout drops.
        static: Read the file only, which must be a path then: TensorFlow is not imported, and nothing is run.
        assume: With `static`, what layers with code of their own do to masks: `carry`, `drop`, `source` or `use`, by
            class or layer name.
        keras: 2 or 3: the Keras to load a file with, if not the one that suits it; with `static` any version, such as
            `"3.4"` or `"tf.keras-2.10"`: whose rules to go by, if not those of the Keras that wrote the file.
        trust: Let code that the file holds run.
        custom_objects: Layers and functions that the file needs: by name, or as `module:name` references.
        imports: Python files with layers that the file needs.
        replace: Functions in the place of Lambda layers: by layer name, or as `layer=module:function`.
        progress: Show a bar while it runs: a widget in a notebook, a line on stderr elsewhere.

    Returns:
        The report: the trace of all layer calls, what happened to the mask at each, and the findings.

    Raises:
        UsageError: an argument is wrong.
        NotCheckedError: the model could not be looked at; its subclasses say why.
    """
    from maskprobe.probe.options import ProbeOptions

    probe = ProbeOptions(_padding(padding), length, batch, pad_value, seed, tuple(mask_inputs))
    if static:
        from maskprobe.diagnose_static import StaticRequest, read_off

        if not isinstance(model, str | Path):
            raise UsageError(f"static=True reads a saved model: give a path, not a {type(model).__name__}")
        return read_off(Path(model), StaticRequest(None if keras is None else str(keras), assume, probe, replay))
    from maskprobe.diagnose import TraceRequest, trace_file, trace_live
    from maskprobe.progress_bar import stages_shown

    request = TraceRequest(
        probe=probe,
        inputs=inputs,
        trust=trust,
        keras=_loadable(keras),
        custom_objects=custom_objects,
        imports=tuple(Path(file) for file in imports),
        replace=replace,
        compiled=compiled,
        replay=replay,
        training=training,
    )
    with stages_shown(show=progress) as tell:
        if isinstance(model, str | Path):
            return trace_file(Path(model), request, tell)
        return trace_live(model, request, tell)


def verify_loss(  # noqa: PLR0913 - the options of the command line
    model: Any,
    data: Any = None,
    targets: Any = None,
    *,
    loss: str | None = None,
    padding: str = "mixed",
    length: int | None = None,
    batch: int | None = None,
    seed: int = 0,
    mask_inputs: Sequence[str] = (),
    keras: int | None = None,
    trust: bool = False,
    custom_objects: Mapping[str, Any] | Sequence[str] = (),
    imports: Sequence[str | Path] = (),
    replace: Mapping[str, Callable[..., Any]] | Sequence[str] = (),
    progress: bool = False,
) -> Report:
    """Check the compiled loss and metrics of a model against masked references computed apart from Keras.

    Args:
        model: Path of a saved model, or a Keras 3 or tf_keras model, whose weights and loss stay as they are.
        data: Inputs of your own, as for `trace`; None: padded inputs are made.
        targets: Targets of your own: an array, a list, by output name, or the path of an `.npz` or `.npy` file.
            None: they are made up, three times.
        loss: A loss that Keras knows by name, in the place of the model's own; without either it is `mse`.
        padding: Where made inputs are padded: `mixed`, `after`, `before` or `inside`.
        length: Time steps of made inputs where the model leaves them free.
        batch: Rows of made inputs.
        seed: Seed of made inputs.
        mask_inputs: Names of inputs that are masks themselves.
        keras: 2 or 3: the Keras to load a file with, if not the one that suits it.
        trust: Let code that the file holds run.
        custom_objects: Layers, losses and functions that the file needs: by name, or as `module:name` references.
        imports: Python files with what the file needs.
        replace: Functions in the place of Lambda layers.
        progress: Show a bar while it runs: a widget in a notebook, a line on stderr elsewhere.

    Returns:
        The report: `report.trace.loss_check` is what was seen of each loss and metric, `report.findings` what is wrong.

    Raises:
        UsageError: an argument is wrong.
        NotCheckedError: the model could not be looked at; its subclasses say why.
    """
    from maskprobe.diagnose import LossTask, TraceRequest, verify_loss_file, verify_loss_live
    from maskprobe.probe.options import ProbeOptions
    from maskprobe.progress_bar import stages_shown

    request = TraceRequest(
        probe=ProbeOptions(_padding(padding), length, batch, None, seed, tuple(mask_inputs)),
        inputs=data,
        trust=trust,
        keras=keras,
        custom_objects=custom_objects,
        imports=tuple(Path(file) for file in imports),
        replace=replace,
    )
    task = LossTask(request, loss, targets)
    with stages_shown(show=progress) as tell:
        if isinstance(model, str | Path):
            return verify_loss_file(Path(model), task, tell)
        return verify_loss_live(model, task, tell)


def fix(  # noqa: PLR0913 - the options of the command line
    model: Any,
    inputs: Any = None,
    *,
    rules: Sequence[str] = (),
    padding: str = "mixed",
    length: int | None = None,
    seed: int = 0,
    mask_inputs: Sequence[str] = (),
    keras: int | None = None,
    trust: bool = False,
    custom_objects: Mapping[str, Any] | Sequence[str] = (),
    imports: Sequence[str | Path] = (),
    replace: Mapping[str, Callable[..., Any]] | Sequence[str] = (),
) -> Any:
    """Mend what a trace finds in a functional or Sequential model, and prove it.

    Args:
        model: Path of a saved model, or a Keras 3 or tf_keras model, which is left as it was.
        inputs: Inputs of your own, as for `trace`; None: padded inputs are made.
        rules: Codes or names of the rules whose findings to mend; empty: all.
        padding: Where made inputs are padded: `mixed`, `after`, `before` or `inside`.
        length: Time steps of made inputs where the model leaves them free.
        seed: Seed of made inputs.
        mask_inputs: Names of inputs that are masks themselves.
        keras: 2 or 3: the Keras to load a file with, if not the one that suits it.
        trust: Let code that the file holds run.
        custom_objects: Layers and functions that the file needs: by name, or as `module:name` references.
        imports: Python files with layers that the file needs.
        replace: Functions in the place of Lambda layers.

    Returns:
        The mended model, with the weights of the old one; a model in memory itself if there was nothing to mend.

    Raises:
        NotFixedError: it could not be mended, or the proof did not hold; the message says why.
        UsageError: an argument is wrong.
        NotCheckedError: the model could not be looked at.
    """
    from maskprobe.diagnose import TraceRequest
    from maskprobe.diagnose_fix import FixRequest, mended_model
    from maskprobe.probe.options import ProbeOptions
    from maskprobe.rules.registry import find_rule

    run = TraceRequest(
        probe=ProbeOptions(_padding(padding), length, None, None, seed, tuple(mask_inputs)),
        inputs=inputs,
        trust=trust,
        keras=keras,
        custom_objects=custom_objects,
        imports=tuple(Path(file) for file in imports),
        replace=replace,
    )
    return mended_model(model, FixRequest(run, tuple(find_rule(code).code for code in rules)))


def explain(model: Any, what: str, inputs: Any = None, **options: Any) -> Explanation:
    """Explain one call of a model: what came in, what it did and why, who reads it, what it costs, how to mend it.

    Args:
        model: Path of a saved model, a Keras 3 or tf_keras model in memory, or the report of a trace.
        what: The path of a call, or the code or name of a rule: then the call of its first finding.
        inputs: As for `trace`.
        **options: The other arguments of `trace`.

    Raises:
        UsageError: there is no such call or finding, or an argument is wrong.
        NotCheckedError: the model could not be looked at.
    """
    from maskprobe.explaining.explain import explain as explain_call
    from maskprobe.report.report import Report

    report = model if isinstance(model, Report) else trace(model, inputs, **options)
    return explain_call(report, what)


def matrix(  # noqa: PLR0913 - the options of the command line
    path: str | Path,
    keras: str | Sequence[str] = (),
    *,
    static: bool = False,
    assume: Mapping[str, str] | Sequence[str] = (),
    trust: bool = False,
    custom_objects: Mapping[str, Any] | Sequence[str] = (),
    imports: Sequence[str | Path] = (),
    replace: Mapping[str, Callable[..., Any]] | Sequence[str] = (),
) -> Matrix:
    """Compare what a saved model does with masks, loss and metrics under each version of Keras.

    Args:
        path: The saved model: `.h5`, `.keras` or a SavedModel folder.
        keras: Versions to show: `3.4`, `2.10`, `keras-2.2.4` ...; empty: all that can matter. The one that wrote the
            file is always there.
        static: Run nothing. Else the model also runs in each Keras that is installed and can load it, and what the run
            shows is compared with the rules.
        assume: What layers with code of their own do to masks: `{"NAME": "carry"}`, or `drop`, `source`, `use`.
        trust: Let code that the file holds run.
        custom_objects: Layers and functions that the file needs: by name, or as `module:name` references.
        imports: Python files with layers that the file needs.
        replace: Functions in the place of Lambda layers: by layer name, or as `layer=module:function`.

    Returns:
        The matrix: `sentences` say what changes, `columns` and `rows` where; `exit_code` is that of the command.

    Raises:
        UsageError: an argument is wrong.
        NotCheckedError: the file cannot be read, or does not state the model's calls.
    """
    from maskprobe.diagnose_matrix import MatrixRequest, make_matrix

    run = None
    if not static:
        from maskprobe.diagnose import TraceRequest

        files = tuple(Path(file) for file in imports)
        run = TraceRequest(trust=trust, custom_objects=custom_objects, imports=files, replace=replace)
    names = (keras,) if isinstance(keras, str) else tuple(keras)
    return make_matrix(Path(path), MatrixRequest(names, run, assume))


def _padding(wanted: str) -> Padding:
    from maskprobe.probe.options import Padding

    try:
        return Padding(wanted)
    except ValueError:
        raise UsageError(f"padding is one of {', '.join(Padding)}; got {wanted!r}") from None


def __getattr__(name: str) -> Any:
    # Report needs NumPy; it is brought in when somebody asks for it.
    if name == "Report":
        from maskprobe.report.report import Report

        return Report
    if name == "Explanation":
        from maskprobe.explaining.values import Explanation

        return Explanation
    if name == "Matrix":
        from maskprobe.version_matrix.values import Matrix

        return Matrix
    if name in {"MaskCallback", "MaskFaultError", "MaskWarning"}:
        from maskprobe import callback

        return getattr(callback, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _loadable(keras: int | str | None) -> int | None:
    if keras in {None, 2, 3, "2", "3"}:
        return None if keras is None else int(keras)
    raise UsageError(
        f"keras={keras!r}: a run takes the Keras that is installed, 2 or 3; for other versions static=True"
    )
