"""`maskprobe trace --static` reads a file and nothing else: it imports no engine, and it is soon done."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from maskprobe.archive.read import read_archive
from maskprobe.judging import judge
from maskprobe.static.trace import StaticOptions, static_trace

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from static_models import write_h5, write_keras

ROOT = Path(__file__).parents[2]

ENGINES = {"tensorflow", "keras", "tf_keras", "jax", "torch"}
TRIES = 5

SEEN = """
import json, sys
from maskprobe.cli import main
try:
    main()
except SystemExit as left:
    code = left.code
packages = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps([code, packages, sorted(sys.modules)]), file=sys.stderr)
"""


def modules_of(*arguments: str) -> tuple[int, set[str], set[str]]:
    """The exit code of a command, the packages that it imported, and all their modules."""
    done = subprocess.run(
        [sys.executable, "-c", SEEN, *arguments], capture_output=True, text=True, check=True, cwd=ROOT, timeout=300
    )
    code, packages, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(packages), set(modules)


def saved_model(folder: Path) -> Path:
    """A SavedModel of tf_keras. This process imports TensorFlow for it; the one that is looked at does not."""
    tf_keras = pytest.importorskip("tf_keras")
    layers = tf_keras.layers
    tf_keras.Sequential([layers.Input((4,)), layers.Embedding(9, 2, mask_zero=True)]).save(
        folder / "model", save_format="tf"
    )
    return folder / "model"


FILES: dict[str, Callable[[Path], Path]] = {
    "keras": lambda folder: write_keras(folder / "model.keras", 4),
    "h5": lambda folder: write_h5(folder / "model.h5", 4, 10_000),
    "SavedModel": saved_model,
}


@pytest.mark.parametrize("kind", FILES)
def test_static_imports_no_engine(kind: str, tmp_path: Path) -> None:
    code, packages, _ = modules_of("trace", "--static", str(FILES[kind](tmp_path)))
    assert code in {0, 1, 3}
    assert not packages & ENGINES
    assert "maskprobe" in packages


def test_a_run_does_import_one(tmp_path: Path) -> None:
    """So the test above can fail."""
    pytest.importorskip("keras")
    _, packages, _ = modules_of("trace", str(write_keras(tmp_path / "model.keras", 4)))
    assert {"tensorflow", "keras"} <= packages


def test_static_leaves_out_what_only_runs_and_losses_need(tmp_path: Path) -> None:
    _, packages, modules = modules_of("trace", "--static", str(write_keras(tmp_path / "model.keras", 4)))
    assert "pydantic" not in packages
    assert "h5py" not in packages
    unwanted = ("maskprobe.backend", "maskprobe.loss", "maskprobe.diagnose", "maskprobe.report.json")
    assert [name for name in modules if name.startswith(unwanted) and name != "maskprobe.diagnose_static"] == []


def test_a_gigabyte_of_weights_is_not_read(tmp_path: Path) -> None:
    """The file is sparse: it takes no room, but reading it would take time and memory."""
    import resource

    path = write_h5(tmp_path / "model.h5", 4, 10**9)
    assert path.stat().st_size > 10**9
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    static_trace(read_archive(path), StaticOptions())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def seconds(path: Path) -> float:
    start = time.process_time()
    archive = read_archive(path)
    judge(static_trace(archive, StaticOptions()))
    return time.process_time() - start


def test_time_grows_with_the_number_of_calls_and_no_faster(tmp_path: Path) -> None:
    """The machine may be busy with other things: the best of a few tries counts."""
    small, large = write_keras(tmp_path / "small.keras", 400), write_keras(tmp_path / "large.keras", 4000)
    least_small, least_large = seconds(small), seconds(large)
    for _ in range(TRIES):
        if least_large / least_small < 20 and 4002 / least_large > 3000:
            break
        least_small, least_large = min(least_small, seconds(small)), min(least_large, seconds(large))
    assert least_large / least_small < 20
    assert 4002 / least_large > 3000
