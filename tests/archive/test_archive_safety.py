"""Reading runs nothing, imports no Keras, writes nothing and takes little time."""

from __future__ import annotations

import base64
import json
import marshal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from maskprobe.archive import CodeKind, read_archive

LEGACY = Path(__file__).parents[1] / "data" / "legacy_models"


def test_neither_importing_nor_reading_imports_keras() -> None:
    program = (
        "import sys, pathlib, maskprobe.archive as a; "
        "early = {'h5py', 'google.protobuf'} & set(sys.modules); "
        f"files = sorted(pathlib.Path({str(LEGACY)!r}).glob('conv_fault.*')); "
        "read = [a.read_archive(f) for f in files]; "
        "late = {'tensorflow', 'keras', 'tf_keras'} & set(sys.modules); "
        "print(len(read), sorted(early), sorted(late), 'h5py' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == ["11", "[] [] True\n"]


def test_bytecode_that_would_write_a_file_is_listed_and_not_run(tmp_path: Path) -> None:
    target = tmp_path / "was_run"
    source = f"lambda x, run=open({str(target)!r}, 'w'): open({str(target)!r}, 'w')"
    code = compile(source, "x", "eval").co_consts[0]
    text = base64.encodebytes(marshal.dumps(code)).decode()
    function = {"class_name": "__lambda__", "config": {"code": text, "defaults": None, "closure": None}}
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "lam", "function": function}}
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [layer]}}
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
    items = read_archive(tmp_path / "m.keras").code
    assert [item.kind for item in items] == [CodeKind.BYTECODE]
    assert not target.exists()


def test_reading_leaves_no_trace_beside_the_file(tmp_path: Path) -> None:
    for name in ("lstm_pad.tf210.h5", "lstm_pad.keras3151.keras"):
        (tmp_path / name).write_bytes((LEGACY / name).read_bytes())
        (tmp_path / name).chmod(0o444)
        before = (tmp_path / name).stat()
        read_archive(tmp_path / name)
        assert (tmp_path / name).stat().st_mtime_ns == before.st_mtime_ns
    assert len(list(tmp_path.iterdir())) == 2


def test_format_is_told_by_content_and_not_by_name(tmp_path: Path) -> None:
    for name, wrong in (
        ("lstm_pad.tf210.h5", "a.keras"),
        ("lstm_pad.keras3151.keras", "b.h5"),
        ("lstm_pad.tf23.h5", "c"),
    ):
        (tmp_path / wrong).write_bytes((LEGACY / name).read_bytes())
        assert read_archive(tmp_path / wrong).graph == read_archive(LEGACY / name).graph


def test_unzipped_keras_3_file_is_read_as_it_is(tmp_path: Path) -> None:
    source = LEGACY / "conv_fault.keras3151.keras"
    with zipfile.ZipFile(source) as archive:
        archive.extractall(tmp_path / "model")
    assert read_archive(tmp_path / "model").graph == read_archive(source).graph


def test_config_of_400_layers_is_read_in_well_under_50_ms(tmp_path: Path) -> None:
    with zipfile.ZipFile(LEGACY / "lstm_pad.keras3151.keras") as archive:
        config = json.loads(archive.read("config.json"))
    layers = config["config"]["layers"]
    lstm = next(layer for layer in layers if layer["class_name"] == "LSTM")
    layers.remove(lstm)
    for number in range(400):
        added = json.loads(json.dumps(lstm))
        added["name"] = added["config"]["name"] = f"lstm_{number}"
        if number:
            added["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = [f"lstm_{number - 1}", 0, 0]
        layers.append(added)
    config["config"]["output_layers"] = ["lstm_399", 0, 0]
    with zipfile.ZipFile(tmp_path / "long.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
    times = []
    for _ in range(5):
        start = time.process_time()  # other processes of the machine do not count
        read = read_archive(tmp_path / "long.keras")
        times.append(time.process_time() - start)
    assert len(read.graph.calls) == 402
    assert min(times) < 0.15
