"""Nothing at all, and other things under a model's name."""

from __future__ import annotations

import gzip
import os
import pickle
import tarfile
from pathlib import Path

import numpy as np
from broken_parts import (
    H5,
    broken,
    keras_parts,
    write,
    write_zip,
)

# --- nothing there ------------------------------------------------------------------------------------------


@broken("no such file", exit_code=2)
def no_file(folder: Path) -> Path:
    return folder / "not_there.keras"


@broken("no such file", exit_code=2)
def symlink_to_nothing(folder: Path) -> Path:
    (folder / "link.keras").symlink_to(folder / "gone.keras")
    return folder / "link.keras"


@broken("no such file", exit_code=2)
def symlink_loop(folder: Path) -> Path:
    (folder / "a.keras").symlink_to(folder / "b.keras")
    (folder / "b.keras").symlink_to(folder / "a.keras")
    return folder / "a.keras"


@broken("no such file", exit_code=2)
def name_too_long(folder: Path) -> Path:
    return folder / ("x" * 5000)


# --- other things under a model's name ----------------------------------------------------------------------


@broken("empty")
def empty_file(folder: Path) -> Path:
    return write(folder, "model.keras", b"")


@broken("not a saved Keras model")
def random_bytes(folder: Path) -> Path:
    return write(folder, "model.h5", np.random.default_rng(0).bytes(5000))


@broken("not a saved Keras model")
def zeros_from_a_failed_copy(folder: Path) -> Path:
    return write(folder, "model.h5", bytes(100_000))


@broken("not a saved Keras model")
def text_file(folder: Path) -> Path:
    return write(folder, "model.keras", b"import keras\nmodel = keras.Sequential()\n")


@broken("web page")
def web_page(folder: Path) -> Path:
    return write(folder, "model.h5", b"\n<!DOCTYPE html><html><body>Sign in</body></html>")


@broken("git lfs pull")
def git_lfs_pointer(folder: Path) -> Path:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
    return write(folder, "model.keras", pointer)


@broken("pickle")
def pickled_object(folder: Path) -> Path:
    return write(folder, "model.h5", pickle.dumps({"weights": [1, 2, 3]}))


@broken("TensorFlow Lite")
def tflite_model(folder: Path) -> Path:
    return write(folder, "model.tflite", b"\x1c\x00\x00\x00TFL3" + bytes(100))


@broken("ONNX")
def onnx_model(folder: Path) -> Path:
    return write(folder, "model.onnx", b"\x08\x07\x12\x07pytorch\x1a\x052.1.0" + bytes(100))


@broken("frozen TensorFlow graph")
def frozen_graph(folder: Path) -> Path:
    return write(folder, "frozen.pb", b"\x0a\x1c\x0a\x05input\x12\x0bPlaceholder" + bytes(50))


@broken("TensorFlow checkpoint")
def checkpoint_index(folder: Path) -> Path:
    return write(folder, "ckpt-1.index", b"\x00\x00\x01\x02checkpoint" + bytes(100))


@broken("TensorFlow checkpoint")
def checkpoint_folder(folder: Path) -> Path:
    (folder / "ckpt").mkdir()
    write(folder / "ckpt", "checkpoint", b'model_checkpoint_path: "ckpt-1"\n')
    return folder / "ckpt"


@broken("it is JSON")
def config_alone(folder: Path) -> Path:
    return write(folder, "model.json", keras_parts()["config.json"])


@broken("gzip")
def gzipped_model(folder: Path) -> Path:
    return write(folder, "model.h5.gz", gzip.compress(H5.read_bytes()))


@broken("tar archive")
def tar_of_a_model(folder: Path) -> Path:
    path = folder / "model.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(H5, "model.h5")
    return path


@broken("NumPy archive")
def npz_of_weights(folder: Path) -> Path:
    np.savez(folder / "weights.npz", a=np.zeros(3))
    return folder / "weights.npz"


@broken("PyTorch")
def pytorch_file(folder: Path) -> Path:
    return write_zip(folder, {"archive/data.pkl": b"\x80\x02}", "archive/version": b"3"}, "model.pt")


@broken("device, pipe or socket")
def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "model.keras")
    return folder / "model.keras"


@broken("folder without a saved model")
def empty_folder(folder: Path) -> Path:
    (folder / "model").mkdir()
    return folder / "model"


@broken("")  # the words depend on who runs the test: root may read it all the same
def unreadable_file(folder: Path) -> Path:
    path = write(folder, "secret.keras", b"not for you")
    path.chmod(0)
    return path
