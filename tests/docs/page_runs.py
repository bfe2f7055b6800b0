"""Do what a page tells its reader to do, in an empty folder, from top to bottom.

A block whose first line is a comment with a file name (`# tagger.py`) is saved as that file. Other Python blocks run,
one after the other, in one namespace. A block after `<!-- output -->` shows what the command in its first line prints,
or, where it begins with no command, what the Python above it printed. After `<!-- output: short -->` of a trace the
table and what was found are shown, and the rest is left out. The picture `pictures/NAME.svg` is that of the trace of
`NAME.keras`.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from unittest import mock

from page_blocks import Block, with_bodies
from typer.testing import CliRunner

import maskprobe
from maskprobe.cli import app
from maskprobe.report.svg import flow_svg

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "proof"))
from keras_limits import start_names_again
from verdict_outputs import shortened

WIDTH = "88"
_EXIT_CODE = '; echo "exit code $?"'
PICTURE = re.compile(r"\]\(pictures/(\w+)\.svg\)")
"""A picture on a page, by its name."""
_PLUGIN = "maskprobe.testing.plugin"
_SECONDS = re.compile(r" in \d+\.\d+s(?: \([\d:]+\))?")


class PageRun:
    """The state of a reader who is somewhere on a page."""

    def __init__(self, pictures: frozenset[str] = frozenset()) -> None:
        self.names: dict[str, Any] = {"__name__": "page"}
        self.printed = ""
        self.wanted = pictures
        self.pictures: dict[str, str] = {}

    def body_of(self, block: Block) -> str:
        """What the block should hold. Code and files stay as they are, and are run or saved."""
        if block.shows is None:
            self._do(block)
            return block.body
        if block.command is None:
            return self.printed
        output = output_of(block.command)
        self._draw(block.command)
        return f"$ {block.command}\n{shortened(output) if block.shows.endswith('short') else output}"

    def _draw(self, command: str) -> None:
        found = re.match(r"maskprobe trace (\w+)\.keras\b", command)
        if found is not None and found[1] in self.wanted:
            self.pictures[found[1]] = flow_svg(maskprobe.trace(f"{found[1]}.keras"))

    def _do(self, block: Block) -> None:
        if block.file is not None:
            path = Path(block.file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        elif block.language == "python":
            start_again()
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(block.body, "page", "exec"), self.names)  # noqa: S102 - our own page
            self.printed = out.getvalue()


def start_again() -> None:
    """Seeds and layer names as in a fresh Python, so that each block gives the same model."""
    import keras
    import tf_keras

    for library in (keras, tf_keras):
        start_names_again(library)
        library.utils.set_random_seed(0)


def output_of(command: str) -> str:
    """What a reader sees of a command, at the width of the pages."""
    _forget_modules()
    command, tells_exit_code, _ = command.partition(_EXIT_CODE)
    words = shlex.split(command)
    if words[0] == "maskprobe":
        result = CliRunner().invoke(app, words[1:], env={"COLUMNS": WIDTH, "NO_COLOR": "1"})
        output, code = str(result.output), result.exit_code
    elif words[:3] == ["python", "-m", "pytest"]:
        output, code = _of_pytest(words[3:])
    else:
        output, code = _of_script(words[1]), 0
    return output + (f"exit code {code}\n" if tells_exit_code else "")


def _of_script(path: str) -> str:
    start_again()
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        runpy.run_path(path, run_name="__main__")
    return out.getvalue()


def _of_pytest(words: list[str]) -> tuple[str, int]:
    """A pytest of its own, with the plugin of this checkout; how long it took is left out."""
    plugins = {point.value for point in entry_points(group="pytest11")}
    brought = () if _PLUGIN in plugins else ("-p", _PLUGIN)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *brought, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**kept, "COLUMNS": WIDTH, "NO_COLOR": "1"},
    )
    return _SECONDS.sub("", done.stdout), done.returncode


def _forget_modules() -> None:
    """Let files of the folder be imported anew: the page may have changed them."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(f"{Path.cwd()}{os.sep}"):
            del sys.modules[name]


@contextlib.contextmanager
def reader(pictures: frozenset[str] = frozenset()) -> Iterator[PageRun]:
    """A reader in an empty folder, with a cache and registered classes of their own."""
    import keras

    with (
        tempfile.TemporaryDirectory() as place,
        contextlib.chdir(folder := str(Path(place).resolve())),
        mock.patch.dict(os.environ, {"MASKPROBE_CACHE_DIR": str(Path(folder) / ".cache")}),
        mock.patch.dict(keras.saving.get_custom_objects()),
        mock.patch.object(sys, "path", [folder, *sys.path]),
        mock.patch.object(sys, "dont_write_bytecode", True),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield PageRun(pictures)
        _forget_modules()


def rerun(text: str) -> str:
    """The page with the real outputs in it."""
    return rerun_with_pictures(text)[0]


def rerun_with_pictures(text: str) -> tuple[str, dict[str, str]]:
    """The page with the real outputs in it, and its pictures by their names."""
    with reader(frozenset(PICTURE.findall(text))) as run:
        return with_bodies(text, run.body_of), run.pictures
