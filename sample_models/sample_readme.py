"""Write the README of the samples from their truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sample_truth import Sample

_HEAD = """# Sample models

Small models saved by a real Keras, sound and faulty, and what is true of each. Try one:

```
maskprobe trace sample_models/flatten_fault.keras3.keras
```

`NAME.keras3.*` was saved by Keras 3, `NAME.tf_keras.*` by tf_keras (Keras 2). `_fault` and `_good` are twins: the same
model with a masking fault and without. `truth.toml` says what is true of each file, written by hand from what Keras
does with masks; the tests hold maskprobe to it. The table is made from it by

```
python sample_models/make_samples.py
```

which builds and saves all the models again, seeds fixed. A finding is its rule, its severity and the layer call; no
finding and exit code 0 means the model is sound.

| model | what it shows | files | findings | options | exit |
| --- | --- | --- | --- | --- | --- |
"""

_OLD = """
## Saved by old versions

As they were saved, by the Keras that is named in `shows`; Lambda functions that nothing can run today are replaced.

| file | what it shows | findings | options | exit |
| --- | --- | --- | --- | --- |
"""


def readme(samples: Sequence[Sample]) -> str:
    """The text of the README."""
    made = [sample for sample in samples if not sample.old]
    old = [sample for sample in samples if sample.old]
    return _HEAD + "".join(_made_rows(made)) + _OLD + "".join(map(_old_row, old))


def _made_rows(samples: Sequence[Sample]) -> Iterator[str]:
    for model, engine in dict.fromkeys((sample.model, sample.engine) for sample in samples):
        group = [sample for sample in samples if (sample.model, sample.engine) == (model, engine)]
        first = group[0]
        files = ", ".join(f"`.{engine}.{sample.ending}`" for sample in group)
        yield f"| {model} | {first.shows} | {files} | {_findings(first)} | {_options(first.options)} | {first.exit} |\n"


def _old_row(sample: Sample) -> str:
    return f"| `{sample.file}` | {sample.shows} | {_findings(sample)} | {_options(sample.options)} | {sample.exit} |\n"


def _findings(sample: Sample) -> str:
    return "<br>".join(f"{code} {severity} `{path}`" for code, severity, path in sample.findings) or "none"


def _options(options: Iterable[str]) -> str:
    words = " ".join(options)
    return f"`{words}`" if words else ""
