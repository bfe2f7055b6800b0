"""Imports go one way, and TensorFlow stays in the backend."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import maskprobe

PACKAGE = Path(maskprobe.__file__).parent
BASE = {"errors", "mask_trace", "finding", "version", "witness", "loss_check"}
ALLOWED = {
    "errors": set(),
    "version": set(),
    "witness": set(),
    "loss_check": set(),
    "mask_trace": {"witness", "loss_check"},
    "finding": {"witness"},
    "archive": BASE,
    "probe": BASE | {"archive"},
    "padding_map": {"witness"},
    "backend": BASE | {"archive", "fixes", "layers", "loss", "padding_map"},
    "layers": set(),
    "fixes": BASE | {"archive"},
    "explaining": BASE | {"report", "static"},
    "minimizing": BASE | {"archive", "fixes"},
    "diagnose_minimize": BASE | {"archive", "backend", "diagnose", "fixes", "minimizing", "report"},
    "mending": BASE | {"backend", "fixes", "report"},
    "static": BASE | {"archive", "probe", "padding_map"},
    "rules": BASE | {"loss"},
    "report": BASE | {"loss", "version_matrix"},
    "loss": BASE,
    "agreement": BASE | {"rules"},
    "version_matrix": BASE | {"agreement", "archive", "loss", "rules", "static"},
    "config": BASE | {"probe", "rules", "report"},
    "assumptions": BASE | {"config", "static"},
    "judging": BASE | {"archive", "rules", "report"},
    "diagnose": BASE | {"archive", "probe", "backend", "rules", "report", "loss", "judging"},
    "diagnose_static": BASE | {"archive", "assumptions", "judging", "probe", "report", "static"},
    "diagnose_fix": BASE | {"archive", "backend", "diagnose", "fixes", "mending", "probe", "report"},
    "matrix_runs": BASE | {"archive", "backend", "diagnose", "static", "version_matrix"},
    "diagnose_matrix": BASE
    | {"agreement", "archive", "assumptions", "diagnose", "matrix_runs", "probe", "static", "version_matrix"},
    "check": BASE
    | {"archive", "assumptions", "backend", "config", "diagnose", "diagnose_static", "probe", "report", "rules"},
    "cli": BASE
    | {"diagnose_fix", "diagnose_minimize", "explaining", "mending"}
    | {"assumptions", "backend", "check", "diagnose", "diagnose_matrix", "diagnose_static", "probe", "report", "rules"}
    | {"config", "static", "version_matrix"},
    "progress_bar": BASE | {"diagnose"},
    "selection": BASE | {"rules"},
    "testing": BASE | {"report", "selection"},
    "fit_check": BASE | {"backend", "diagnose", "report"},
    "callback": BASE | {"backend", "fit_check", "report", "selection"},
    "__init__": BASE
    | {
        "callback",
        "diagnose",
        "diagnose_fix",
        "explaining",
        "rules",
        "diagnose_static",
        "diagnose_matrix",
        "report",
        "probe",
        "progress_bar",
        "version_matrix",
    },
    "__main__": {"cli"},
}
# `layers` holds the layers of a fixed model: whoever loads one imports them himself, and a Keras with them.
HEAVY = {
    "tensorflow": {"backend", "layers"},
    "keras": {"backend", "layers"},
    "tf_keras": {"backend", "layers"},
    "h5py": {"archive"},
    "google": {"archive"},
    "pebble": {"check"},
    "dask": {"check"},
    "distributed": {"check"},
    "jinja2": {"report"},
    "rich": {"report", "cli", "check"},
    "typer": {"cli"},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The package or top-level module that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports_of(source: str) -> set[str]:
    """Every module that a source text imports, wherever the statement stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names if node.module == "maskprobe")
    return found


def wrong_imports(part: str, source: str) -> set[str]:
    """The imports in `source` that a file of `part` must not have."""
    wrong = set()
    for name in imports_of(source):
        first, _, rest = name.partition(".")
        if first == "maskprobe":
            target = rest.partition(".")[0]
            if target and target != part and target not in ALLOWED[part]:
                wrong.add(name)
        elif part not in HEAVY.get(first, {part}):
            wrong.add(name)
    return wrong


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_is_below_it(path: Path) -> None:
    assert wrong_imports(part_of(path), path.read_text(encoding="utf-8")) == set()


def test_the_check_sees_an_import_that_goes_up() -> None:
    assert wrong_imports("archive", "from maskprobe.backend.load import LoadOptions") == {"maskprobe.backend.load"}
    assert wrong_imports("rules", "def f():\n    import tensorflow as tf") == {"tensorflow"}
    assert wrong_imports("probe", "from maskprobe import diagnose") == {"maskprobe.diagnose"}


def test_every_part_has_its_line_in_the_table() -> None:
    assert {part_of(path) for path in modules()} == set(ALLOWED)


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh Python has loaded after `code`."""
    program = (
        f"import sys\n{code}\nprint(' '.join({{name.partition('.')[0] for name in sys.modules}}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    return set(done.stderr.split())


HELP = """
from maskprobe.cli import app
try:
    app({arguments!r}, standalone_mode=False)
except SystemExit:
    pass
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["trace", "--help"],
        ["verify-loss", "--help"],
        ["matrix", "--help"],
        ["check", "--help"],
        ["merge", "--help"],
        ["fix", "--help"],
        ["explain", "--help"],
        ["minimize", "--help"],
        ["rule", "--help"],
    ],
)
def test_help_imports_neither_tensorflow_nor_numpy(arguments: list[str]) -> None:
    loaded = loaded_after(HELP.format(arguments=arguments))
    assert "typer" in loaded
    assert not loaded & {"tensorflow", "keras", "tf_keras", "h5py", "numpy"}


@pytest.mark.parametrize("arguments", [["--version"], ["rule", "MP104"], ["rule", "--all"]])
def test_version_and_rules_do_not_import_tensorflow(arguments: list[str]) -> None:
    assert not loaded_after(HELP.format(arguments=arguments)) & {"tensorflow", "keras", "tf_keras", "h5py"}


def test_importing_the_library_imports_neither_tensorflow_nor_rich() -> None:
    assert not loaded_after("import maskprobe") & {"tensorflow", "keras", "tf_keras", "rich", "typer", "h5py"}


def test_reading_a_file_does_not_import_tensorflow() -> None:
    model = Path(__file__).parents[1] / "data" / "legacy_models" / "lstm_pad.keras3151.keras"
    code = f"from pathlib import Path\nfrom maskprobe.archive import read_archive\nread_archive(Path({str(model)!r}))"
    assert not loaded_after(code) & {"tensorflow", "keras", "tf_keras"}


def test_the_check_sees_a_heavy_import() -> None:
    assert "h5py" in loaded_after("import h5py")
