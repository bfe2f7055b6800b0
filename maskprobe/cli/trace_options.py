"""The arguments and options of `maskprobe trace` and `maskprobe verify-loss`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from maskprobe.finding import FailOn
from maskprobe.probe.options import Padding

File = Annotated[Path, typer.Argument(help="A saved model: .h5, .keras or a SavedModel folder.", metavar="FILE")]

# What it is run on.
Inputs = Annotated[Path | None, typer.Option("--inputs", metavar="FILE.npz", help="Your own inputs, by name.")]
Where = Annotated[Padding, typer.Option(help="Where the padding of the probe rows is.")]
Length = Annotated[int | None, typer.Option(min=1, help="Time steps, where the model leaves them free.")]
Batch = Annotated[int | None, typer.Option(min=1, help="Rows of the probe.")]
PadValue = Annotated[float | None, typer.Option(help="What your data is padded with, if not what the model looks for.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the probe's values.")]
MaskInputs = Annotated[list[str] | None, typer.Option(metavar="NAME", help="This model input is a mask. Repeatable.")]

# Which loss is verified, on what.
MaybeFile = Annotated[
    Path | None,
    typer.Argument(
        help="A saved model: .h5, .keras or a SavedModel folder. Without one a built-in sample is walked through.",
        metavar="FILE",
        show_default=False,
    ),
]
Loss = Annotated[
    str | None, typer.Option("--loss", metavar="NAME", help="A loss of Keras in the place of the model's own.")
]
Data = Annotated[Path | None, typer.Option("--data", metavar="FILE.npz", help="Your own inputs, by name.")]
Targets = Annotated[
    Path | None, typer.Option("--targets", metavar="FILE.npz", help="Your own targets, by output name.")
]

# How it is run.
Compiled = Annotated[bool, typer.Option("--compiled", help="Also run as predict does, and report differences.")]
NoReplay = Annotated[bool, typer.Option("--no-replay", help="Leave out the second witness: look at the masks alone.")]
Training = Annotated[
    bool,
    typer.Option(
        "--training",
        help="Run with training=True: normalisation layers take the moments of the batch, Dropout drops.",
    ),
]

# How it is loaded.
KerasVersion = Annotated[int | None, typer.Option(min=2, max=3, help="Load with Keras 2 (tf_keras) or 3.")]
KerasName = Annotated[
    str | None,
    typer.Option(
        "--keras",
        metavar="VERSION",
        help="Load with Keras 2 (tf_keras) or 3; with --static go by the rules of any version: 3.4, 2.10, keras-2.2.4.",
    ),
]
Static = Annotated[bool, typer.Option("--static", help="Read the file only: no TensorFlow, and nothing is run.")]
Assume = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=carry|drop|source|use",
        help="With --static: what a layer with code of its own does to masks, by class or name. Repeatable.",
    ),
]
KerasNames = Annotated[
    list[str] | None,
    typer.Option("--keras", metavar="VERSION", help="A version to show: 3.4, 2.10, keras-2.2.4. Repeatable; else all."),
]
StaticOnly = Annotated[bool, typer.Option("--static", help="Run nothing: go by the rules of each version alone.")]
AssumeOfOwn = Annotated[
    list[str] | None,
    typer.Option(
        "--assume",
        metavar="NAME=carry|drop|source|use",
        help="What a layer with code of its own does to masks, by class or name. Repeatable.",
    ),
]
Trust = Annotated[bool, typer.Option("--trust", help="Let code that the file holds run.")]
CustomObjects = Annotated[
    list[str] | None, typer.Option(metavar="MODULE:NAME", help="A layer or function it needs. Repeatable.")
]
Imports = Annotated[
    list[Path] | None, typer.Option("--import", metavar="FILE.py", help="A file with layers it needs. Repeatable.")
]
Replace = Annotated[
    list[str] | None,
    typer.Option(metavar="LAYER=MODULE:FUNCTION", help="A function in the place of a Lambda's. Repeatable."),
]

# What is written.
AsJson = Annotated[bool, typer.Option("--json", help="Write the report as JSON.")]
AsPage = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE.html",
        help="Also write the report as a page to look at: it needs no network and no other file.",
    ),
]
AsPicture = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE.svg", help="Also draw the mask flow, for a paper or a README.")
]
AsMarkdown = Annotated[
    bool, typer.Option("--markdown", help="Write the report as Markdown, for a pull request or an issue.")
]
ShowAll = Annotated[bool, typer.Option("--all", help="Show every call, folded ones too.")]
ShowAlike = Annotated[bool, typer.Option("--all", help="Show every call, also those that no version changes.")]
EveryRow = Annotated[bool, typer.Option("--rows", help="Show the mask of every probe row.")]
LeastToFail = Annotated[FailOn, typer.Option(help="The least severe finding that gives exit code 1.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
