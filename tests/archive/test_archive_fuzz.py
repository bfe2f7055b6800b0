"""Whatever is done to a file, only a one-line error comes out."""

from __future__ import annotations

import copy
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maskprobe.archive import Archive, list_code, parse_graph, read_archive
from maskprobe.archive.read import _DAMAGED
from maskprobe.errors import MaskprobeError

LEGACY = Path(__file__).parents[1] / "data" / "legacy_models"
NAMES = [
    "multi_input_gru.keras3151.keras",
    "multi_input_gru.tfkeras221.keras",
    "sequential_masking_lstm.keras305.keras",
]
H5_NAMES = ["lstm_pad.tf210.h5", "masked_mse.keras3151.h5"]

fuzz = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


def config_of(name: str) -> dict[str, Any]:
    with zipfile.ZipFile(LEGACY / name) as archive:
        return json.loads(archive.read("config.json"))


CONFIGS = {name: config_of(name) for name in NAMES}
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("Lambda"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["class_name", "config", "layers", "name", "module", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*path, key))
    return found


PLACES = {name: places(config)[1:] for name, config in CONFIGS.items()}


def replaced(config: Any, path: tuple[Any, ...], value: object, *, drop: bool) -> Any:
    config = copy.deepcopy(config)
    parent = config
    for key in path[:-1]:
        parent = parent[key]
    if drop:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return config


def outcome(path: Path) -> Archive | str:
    try:
        return read_archive(path)
    except MaskprobeError as error:
        message = str(error)
    assert "\n" not in message
    assert str(path) in message
    return message


def zipped(folder: Path, config: object) -> Path:
    with zipfile.ZipFile(folder / "fuzz.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", '{"keras_version": "3.0.0"}')
    return folder / "fuzz.keras"


@fuzz
@given(data=st.data())
def test_config_with_a_value_replaced_or_dropped(data: st.DataObject, tmp_path: Path) -> None:
    name = data.draw(st.sampled_from(NAMES))
    path = data.draw(st.sampled_from(PLACES[name]))
    outcome(zipped(tmp_path, replaced(CONFIGS[name], path, data.draw(JUNK), drop=data.draw(st.booleans()))))


@fuzz
@given(config=JUNK)
def test_config_of_junk(config: object, tmp_path: Path) -> None:
    outcome(zipped(tmp_path, config))


@fuzz
@given(data=st.data())
def test_foreseen_damage_does_not_need_the_safety_net(data: st.DataObject) -> None:
    """`parse_graph` and `list_code` check types themselves: a bare TypeError in them would be a bug of ours."""
    name = data.draw(st.sampled_from(NAMES))
    path = data.draw(st.sampled_from(PLACES[name]))
    config = replaced(CONFIGS[name], path, data.draw(JUNK), drop=data.draw(st.booleans()))
    try:
        list_code(config)
        parse_graph(config)
    except MaskprobeError:
        pass
    except _DAMAGED as error:
        pytest.fail(f"{type(error).__name__}: {error} for {path}")


@fuzz
@given(data=st.data(), name=st.sampled_from([*NAMES, *H5_NAMES]))
def test_file_with_bytes_changed_or_cut(data: st.DataObject, name: str, tmp_path: Path) -> None:
    content = bytearray((LEGACY / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    size = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    path = tmp_path / "fuzz.model"
    path.write_bytes(bytes(content[:size]))
    outcome(path)


@fuzz
@given(
    value=st.one_of(
        st.binary(max_size=50).map(lambda data: data.replace(b"\0", b"")),
        st.integers(-(2**31), 2**31),
        st.lists(st.floats(), max_size=3),
        st.lists(st.sampled_from([b"{", b"}", b'"a"']), min_size=1, max_size=5),
    )
)
def test_h5_with_any_attribute(value: object, tmp_path: Path) -> None:
    path = tmp_path / "fuzz.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = value
        file.attrs["keras_version"] = value
    outcome(path)


@fuzz
@given(graph=st.binary(max_size=200), metadata=st.none() | st.binary(max_size=200))
def test_saved_model_of_any_bytes(graph: bytes, metadata: bytes | None, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir(exist_ok=True)
    (folder / "saved_model.pb").write_bytes(graph)
    (folder / "keras_metadata.pb").unlink(missing_ok=True)
    if metadata is not None:
        (folder / "keras_metadata.pb").write_bytes(metadata)
    assert isinstance(outcome(folder), str)
