"""The pytest plugin, loaded as pytest loads it: through the entry point that pyproject.toml states."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ci" / "test_models.py"
SAMPLES = ROOT / "sample_models"
HEAVY = {"tensorflow", "keras", "tf_keras", "numpy", "rich", "typer", "h5py"}


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which maskprobe is installed with the entry points of this pyproject.toml."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    installed = tmp_path / "site" / "maskprobe_here-0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: maskprobe-here\nVersion: 0\n", encoding="utf-8")
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in names.items()) for group, names in stated.items()]
    (installed / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(installed.parent), str(ROOT)]), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    return folder


def run(project: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(project), *arguments]
    return subprocess.run(
        command, cwd=project, env=dict(environment), capture_output=True, text=True, timeout=300, check=False
    )


def test_the_example_passes_on_good_models_and_fails_on_a_bad_one(
    project: Path, environment: Mapping[str, str]
) -> None:
    shutil.copy(EXAMPLE, project / "test_models.py")
    shutil.copy(SAMPLES / "embedding_masking_fault.keras3.keras", project / "models" / "bad.keras")
    done = run(project, environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert "FAILED test_models.py::test_padding_gets_nowhere_in_a_saved_model[bad]" in done.stdout
    assert "error MP104 mask-overwritten at masking_again" in done.stdout
    assert "Remove Masking 'masking_again'" in done.stdout
    # The failure is shown at the line of the test, not in the code of maskprobe.
    assert re.search(r"^>\s+assert_masks_ok\(path, ", done.stdout, re.MULTILINE)
    assert "maskprobe/testing/assertion.py" not in done.stdout

    shutil.copy(SAMPLES / "embedding_masking_good.keras3.keras", project / "models" / "bad.keras")
    done = run(project, environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_the_fixture_is_listed_with_what_it_does(project: Path, environment: Mapping[str, str]) -> None:
    done = run(project, environment, "--fixtures")
    assert "assert_masks_ok [session scope]" in done.stdout
    assert "fail if padding gets through the model" in done.stdout


LOADED = """
import sys, pytest
pytest.main(["-q", "-p", "no:cacheprovider", "--collect-only"])
print(*sorted(sys.modules), file=sys.stderr)
"""


def modules_of_pytest(project: Path, environment: Mapping[str, str]) -> set[str]:
    (project / "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=project, env=dict(environment), capture_output=True, text=True, check=True
    )
    assert "1 test collected" in done.stdout
    return set(done.stderr.split())


def test_pytest_loads_the_plugin_without_anything_heavy(project: Path, environment: Mapping[str, str]) -> None:
    modules = modules_of_pytest(project, environment)
    assert "maskprobe.testing.plugin" in modules
    assert not HEAVY & {name.partition(".")[0] for name in modules}


START = """
import time, pytest
began = time.process_time()
import maskprobe.testing.plugin
print(time.process_time() - began)
"""


def test_the_plugin_costs_pytest_next_to_nothing(project: Path, environment: Mapping[str, str]) -> None:
    seconds = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", START],
            cwd=project,
            env=dict(environment),
            capture_output=True,
            text=True,
            check=True,
        )
        seconds.append(float(done.stdout))
    assert min(seconds) < 0.1
