"""`.keras` files that are broken."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

from broken_parts import (
    KERAS2,
    KERAS3,
    broken,
    keras_parts,
    replaced_config,
    with_config,
    write,
    write_zip,
)


@broken("cut or damaged")
def keras_cut_in_half(folder: Path) -> Path:
    content = KERAS3.read_bytes()
    return write(folder, "model.keras", content[: len(content) // 2])


@broken("cut or damaged")
def keras_with_damaged_bytes(folder: Path) -> Path:
    path = write_zip(folder, keras_parts())
    content = bytearray(path.read_bytes())
    start = content.index(b"config.json") + 20
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)
    return path


@broken("without config.json")
def zip_without_config(folder: Path) -> Path:
    return write_zip(folder, {"readme.txt": b"hello"})


@broken("zipped SavedModel")
def zipped_saved_model(folder: Path) -> Path:
    return write_zip(folder, {"model/saved_model.pb": b"", "model/variables/variables.index": b""}, "model.zip")


@broken("holds a model in a folder")
def keras_zipped_with_its_folder(folder: Path) -> Path:
    return write_zip(folder, {f"model/{name}": content for name, content in keras_parts().items()})


@broken("2 times")
def config_twice(folder: Path) -> Path:
    path = write_zip(folder, keras_parts())
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("config.json", "{}")
    return path


@broken("encrypted")
def encrypted_config(folder: Path) -> Path:
    path = write_zip(folder, keras_parts())
    content = bytearray(path.read_bytes())
    # Bit 0 of the general flags, in the entry's own header and in the directory, says that it is encrypted.
    for signature, flags, name in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = content.find(signature)
        while at >= 0:
            if content.startswith(b"config.json", at + name):
                content[at + flags] |= 1
            at = content.find(signature, at + 1)
    path.write_bytes(content)
    return path


@broken("larger than 64 MiB")
def zip_bomb(folder: Path) -> Path:
    return write_zip(folder, {"config.json": b" " * (65 * 2**20) + b"{}"})


@broken("not valid JSON")
def config_not_json(folder: Path) -> Path:
    return write_zip(folder, {**keras_parts(), "config.json": b"{'class_name': 'Functional'}"})


@broken("not valid JSON")
def config_cut(folder: Path) -> Path:
    parts = keras_parts()
    return write_zip(folder, {**parts, "config.json": parts["config.json"][:500]})


@broken("not valid JSON")
def metadata_not_json(folder: Path) -> Path:
    return write_zip(folder, {**keras_parts(), "metadata.json": b"3.15.1"[:3] + b"x"})


@broken("expected named entries")
def config_is_a_list(folder: Path) -> Path:
    return write_zip(folder, {**keras_parts(), "config.json": b"[1, 2, 3]"})


@broken("nested too deeply")
def config_nested_too_deeply(folder: Path) -> Path:
    return write_zip(folder, {**keras_parts(), "config.json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000})


@broken("nested too deeply")
def models_nested_too_deeply(folder: Path) -> Path:
    config = b'{"class_name": "Sequential", "config": {"name": "m", "layers": [' * 400 + b"]}}" * 400
    return write_zip(folder, {**keras_parts(), "config.json": config})


@broken("names no class")
def config_without_class(folder: Path) -> Path:
    return with_config(folder, lambda config: config.pop("class_name"))


@broken("one layer (Dense)")
def layer_instead_of_model(folder: Path) -> Path:
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "dense", "units": 3}}
    return replaced_config(folder, layer)


@broken("expected a list, found a number")
def layers_not_a_list(folder: Path) -> Path:
    return with_config(folder, lambda config: config["config"].update(layers=7))


@broken("expected named entries, found text")
def layer_is_text(folder: Path) -> Path:
    return with_config(folder, lambda config: config["config"]["layers"].append("LSTM"))


@broken("two layers have this name")
def same_layer_twice(folder: Path) -> Path:
    return with_config(folder, lambda config: config["config"]["layers"].append(config["config"]["layers"][-1]))


@broken("is not among the layers")
def layer_left_out(folder: Path) -> Path:
    return with_config(folder, lambda config: config["config"]["layers"].pop(1))


@broken("is not among the layers")
def output_of_unknown_layer(folder: Path) -> Path:
    return with_config(folder, lambda config: config["config"].update(output_layers=["nowhere", 0, 0]))


@broken("depends on its own output")
def layers_in_a_circle(folder: Path) -> Path:
    def change(config: dict) -> None:
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "Embedding":
                layer["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = [layer["name"], 0, 0]

    return with_config(folder, change)


@broken("no readable shape")
def input_without_shape(folder: Path) -> Path:
    return with_config(folder, lambda config: config["config"]["layers"][0]["config"].pop("batch_shape"))


@broken("unzipped .keras file of Keras 2")
def unzipped_keras2(folder: Path) -> Path:
    (folder / "model").mkdir()
    for name, content in keras_parts(KERAS2).items():
        write(folder / "model", name, content)
    return folder / "model"


@broken("", read_fails=False)
def keras_without_weights(folder: Path) -> Path:
    return write_zip(folder, {name: part for name, part in keras_parts().items() if not name.endswith(".h5")})


@broken("", read_fails=False)
def unknown_layer(folder: Path) -> Path:
    def change(config: dict) -> None:
        config["config"]["layers"][1].update(class_name="Attentive", module="my_layers", registered_name="Attentive")

    return with_config(folder, change)


@broken("", read_fails=False)
def unknown_argument(folder: Path) -> Path:
    return with_config(folder, lambda config: config["config"]["layers"][1]["config"].update(no_such_argument=1))


@broken("", read_fails=False)
def absurd_layer_size(folder: Path) -> Path:
    return with_config(folder, lambda config: config["config"]["layers"][1]["config"].update(input_dim=10**15))
