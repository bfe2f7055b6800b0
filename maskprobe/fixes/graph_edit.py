"""A model's config while it is being changed: layers put in, taken out, put around others, and wires laid anew.

It works on a copy of what `get_config` gives, as JSON, of functional and Sequential models of Keras 3 and tf_keras.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from maskprobe.archive.graph import TensorRef
from maskprobe.errors import MaskprobeError
from maskprobe.fixes.references import changed, references

Entry = dict[str, Any]
"""A layer in a config."""

OWN = "maskprobe"
"""The package in which maskprobe's own layers are registered."""


class CannotFixError(MaskprobeError):
    """A fix does not apply; the message is why, as a clause."""


class OtherCallError(CannotFixError):
    """A fix is for calls of another sort."""


class GraphEdit:
    """The layers and wires of one model, its inner models included."""

    def __init__(self, config: Mapping[str, Any], generation: int) -> None:
        self.config: dict[str, Any] = copy.deepcopy(dict(config))
        self.generation = generation
        """2 or 3: how nodes are written."""
        self.renamed: dict[str, str] = {}
        """By the new path of a layer its old one."""

    @property
    def is_sequential(self) -> bool:
        """Whether the layers stand in a row, without wires."""
        return "input_layers" not in self.config

    @property
    def entries(self) -> list[Entry]:
        """The layers, in the order of the config."""
        found: list[Entry] = self.config["layers"]
        return found

    @property
    def names(self) -> set[str]:
        """The names of all layers."""
        return {name_of(entry) for entry in self.entries}

    def has(self, name: str) -> bool:
        """Whether there is a layer of this name."""
        return name in self.names

    def entry(self, name: str) -> Entry:
        """The layer `name`.

        Raises:
            CannotFixError: there is none.
        """
        for entry in self.entries:
            if name_of(entry) == name:
                return entry
        raise CannotFixError(f"'{name}' is no layer of the model's graph")

    def inside(self, path: str) -> tuple[GraphEdit, str]:
        """The graph in which the call at `path` happens, and the name of the layer that is called.

        Raises:
            CannotFixError: it happens in code, or in a layer that is no model.
        """
        first, _, rest = path.partition("/")
        name = first.partition(":")[0]
        if not rest:
            self.entry(name)
            return self, name
        inner = self.entry(name).get("config", {})
        if not isinstance(inner, dict) or not isinstance(inner.get("layers"), list):
            raise CannotFixError(f"it happens inside '{name}', whose calls are in code and not in the config")
        graph = GraphEdit.__new__(GraphEdit)
        graph.config, graph.generation, graph.renamed = inner, self.generation, self.renamed
        return graph.inside(rest)

    def nodes(self, name: str) -> list[Any]:
        """The calls of the layer `name`; none in a Sequential model."""
        found: list[Any] = self.entry(name).get("inbound_nodes") or []
        return found

    def reads(self, name: str, call: int = 0) -> tuple[TensorRef, ...]:
        """The tensors that a call of `name` reads, keywords included; in a Sequential model that of the layer before.

        An input reads none.

        Raises:
            CannotFixError: there is no such call.
        """
        if self.is_sequential:
            place = self._place(name)
            if place == 0:
                return ()
            return (TensorRef(name_of(self.entries[place - 1])),)
        nodes = self.nodes(name)
        if not nodes:
            return ()
        if call >= len(nodes):
            raise CannotFixError(f"call {call} of '{name}' is not in the config")
        return tuple(references(nodes[call], self.names))

    def is_output(self, name: str) -> bool:
        """Whether the layer `name` gives an output of the model."""
        if self.is_sequential:
            return name_of(self.entries[-1]) == name
        return any(found.layer == name for found in references(self.config["output_layers"], self.names))

    def redirect(
        self, old: TensorRef, new: TensorRef, *, only: Collection[str] = (), skip: Collection[str] = ()
    ) -> None:
        """Let whoever reads `old` read `new`: all layers and the model's outputs, or `only` some layers."""
        names = self.names | {old.layer, new.layer}
        change = lambda found: new if found == old else None  # noqa: E731 - said once, used twice
        for entry in self.entries:
            name = name_of(entry)
            if name not in skip and (not only or name in only):
                entry["inbound_nodes"] = changed(entry.get("inbound_nodes") or [], names, change)
        if not only:
            self.config["output_layers"] = changed(self.config["output_layers"], names, change)

    def remove(self, name: str) -> None:
        """Take out a layer that reads one tensor: its readers read that tensor instead.

        Raises:
            CannotFixError: the model would have nothing to return, or not under that name.
        """
        if self.is_output(name):
            raise CannotFixError(f"'{name}' is an output of the model")
        if not self.is_sequential:
            for call, _ in enumerate(self.nodes(name)):
                read = self.reads(name, call)
                self.redirect(TensorRef(name, call), read[0])
        self.entries.remove(self.entry(name))

    def put_around(self, name: str, class_name: str, settings: Mapping[str, Any] | None = None) -> None:
        """Put one of maskprobe's layers around `name`; it takes its name and its calls."""
        entry = self.entry(name)
        inner = {key: value for key, value in entry.items() if key not in {"inbound_nodes", "name", "build_config"}}
        made = self.own(class_name, name, {**(settings or {}), "layer": inner, **_shared_settings(inner)})
        self.replace(name, made)

    def replace(self, name: str, made: Entry) -> None:
        """Put the layer `made` in the place of `name`, with its name and its calls."""
        entry = self.entry(name)
        self.entries[self._place(name)] = made | {key: entry[key] for key in ("name", "inbound_nodes") if key in entry}

    def insert_after(self, name: str, made: Entry, others: Sequence[TensorRef] = ()) -> None:
        """Put a layer behind the one call of `name`; it reads its output, and `others` beside it.

        An output of the model keeps its name: the new layer takes it, and the old one another.

        Raises:
            CannotFixError: `name` is called several times, or returns several tensors.
        """
        if self.is_sequential:
            self._insert_in_row(name, made, others)
            return
        if len(self.nodes(name)) != 1:
            raise CannotFixError(f"'{name}' is called several times")
        if self.is_output(name):
            name = self._give_name_to(name, made)
        out = self._output_of(name)
        new = TensorRef(name_of(made))
        self.entries.insert(self._place(name) + 1, made)
        self.redirect(out, new, skip={new.layer})
        made["inbound_nodes"] = [self.node([out, *others])]

    def insert_before(self, names: Collection[str], read: TensorRef, made: Entry) -> None:
        """Put a layer between the tensor `read` and the layers `names` that read it."""
        new = TensorRef(name_of(made))
        place = self._place(read.layer) + 1
        self.entries.insert(place, made)
        self.redirect(read, new, only=names)
        made["inbound_nodes"] = [self.node([read])]

    def own(self, class_name: str, name: str, settings: Mapping[str, Any] | None = None) -> Entry:
        """An entry for one of maskprobe's layers."""
        module = "maskprobe.layers.keras" if self.generation > 2 else "maskprobe.layers.tf_keras"  # noqa: PLR2004
        return {
            "module": module,
            "class_name": class_name,
            "config": {"name": name, **(settings or {})},
            "registered_name": f"{OWN}>{class_name}",
            "name": name,
        }

    def builtin(self, class_name: str, name: str, settings: Mapping[str, Any] | None = None) -> Entry:
        """An entry for a layer of Keras."""
        return {
            "module": "keras.layers",
            "class_name": class_name,
            "config": {"name": name, **(settings or {})},
            "registered_name": None,
            "name": name,
        }

    def free_name(self, wanted: str) -> str:
        """`wanted`, or that with a number, whichever no layer has."""
        names, number, name = self.names, 1, wanted
        while name in names:
            name, number = f"{wanted}_{number}", number + 1
        return name

    def node(self, reads: Sequence[TensorRef]) -> Any:
        """A call on one tensor, or on a list of them."""
        if self.generation == 2:  # noqa: PLR2004 - Keras 2
            return [[found.layer, found.call, found.output, {}] for found in reads]
        tensors = [_keras_tensor(found) for found in reads]
        return {"args": [tensors[0] if len(tensors) == 1 else tensors], "kwargs": {}}

    def _place(self, name: str) -> int:
        return next(place for place, entry in enumerate(self.entries) if name_of(entry) == name)

    def _output_of(self, name: str) -> TensorRef:
        """The one tensor that `name` returns, as its readers know it."""
        outputs = self.config["output_layers"]
        found = {
            found
            for value in (*(entry.get("inbound_nodes") for entry in self.entries), outputs)
            for found in references(value, self.names)
            if found.layer == name
        }
        if len(found) != 1:
            raise CannotFixError(f"'{name}' returns several tensors")
        return found.pop()

    def _give_name_to(self, name: str, made: Entry) -> str:
        """Let `made` have the name of an output of the model; gives the new name of that layer."""
        moved = self.free_name(f"{name}_before_mask")
        out, entry = self._output_of(name), self.entry(name)
        entry["name"] = moved
        entry["config"]["name"] = moved
        self.redirect(out, TensorRef(moved, out.call, out.output))
        made["name"] = name
        made["config"]["name"] = name
        self.renamed[moved] = name
        return moved

    def _insert_in_row(self, name: str, made: Entry, others: Sequence[TensorRef]) -> None:
        if others:
            raise CannotFixError("a Sequential model has no place for a layer that reads two tensors")
        if self.is_output(name):
            raise CannotFixError(f"'{name}' is the output of the model")
        self.entries.insert(self._place(name) + 1, made)


def name_of(entry: Mapping[str, Any]) -> str:
    """The name of a layer in a config."""
    config = entry.get("config")
    own = config.get("name") if isinstance(config, Mapping) else None
    return str(entry.get("name") or own or "")


def _shared_settings(inner: Mapping[str, Any]) -> Entry:
    """What a layer around another has in common with it."""
    config = inner.get("config") or {}
    return {key: copy.deepcopy(config[key]) for key in ("trainable", "dtype") if key in config}


def _keras_tensor(found: TensorRef) -> Entry:
    # The shape is not looked at when the config is read back: the tensor is the one that the history names.
    config = {"shape": [], "dtype": "float32", "keras_history": [found.layer, found.call, found.output]}
    return {"class_name": "__keras_tensor__", "config": config}
