"""Decide whether a file may be loaded, from what was read in it without Keras."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable

from maskprobe.archive.archive import Archive, CodeItem, CodeKind
from maskprobe.errors import LoadError, MissingFunctionError, UntrustedCodeError, UsageError


def check_permission(archive: Archive, *, trust: bool, replaced: Collection[str], provided: Collection[str]) -> None:
    """Raise unless `archive` may be loaded. Nothing of the file has run by then.

    Args:
        archive: What was read in the file.
        trust: The user said `--trust`.
        replaced: Names of Lambda layers that get a function of the user's.
        provided: Names of classes and functions that the user brings.

    Raises:
        UsageError: `replaced` names a layer that is no Lambda of this file.
        UntrustedCodeError: something in the file would run code, and the user did not trust it.
        MissingFunctionError: a Lambda's function is not in the file, or cannot run in this Python.
        LoadError: a class is named that only the user could bring.
    """
    _check_replaced(archive, replaced)
    open_items = [item for item in model_code(archive) if not is_settled(item, replaced, provided)]
    missing = [item for item in open_items if not item.runnable]
    running = [item for item in open_items if item.runnable]
    if running and not trust:
        raise UntrustedCodeError(_untrusted(archive, running))
    if missing:
        raise _missing(archive, missing[0])


def model_code(archive: Archive) -> list[CodeItem]:
    """The code items of the model itself; those of its compile settings are left aside."""
    return [item for item in archive.code if not _is_of_compile(item)]


def compile_code(archive: Archive) -> list[CodeItem]:
    """The code items of the compile settings."""
    return [item for item in archive.code if _is_of_compile(item)]


def _is_of_compile(item: CodeItem) -> bool:
    # The graph ops of a SavedModel belong to no layer either; they are the model.
    return not item.layer and item.kind is not CodeKind.TENSORFLOW_FUNCTION


def is_settled(item: CodeItem, replaced: Collection[str], provided: Collection[str]) -> bool:
    """Whether the user brought something in the place of `item`."""
    if item.is_lambda and layer_name(item) in replaced:
        return True
    is_named = item.kind in {CodeKind.FOREIGN_OBJECT, CodeKind.MISSING_FUNCTION}
    return is_named and short_name(item) in provided


def layer_name(item: CodeItem) -> str:
    """The layer's own name, without the path to it."""
    return item.layer.rpartition("/")[2]


def short_name(item: CodeItem) -> str:
    """The class or function without its module or package."""
    return item.what.rpartition(">")[2].rpartition(".")[2]


def _check_replaced(archive: Archive, replaced: Collection[str]) -> None:
    lambdas = {layer.name for _, layer in archive.graph.layers_deep() if layer.class_name == "Lambda"}
    lambdas |= {layer_name(item) for item in archive.code if item.is_lambda}
    unknown = sorted(set(replaced) - lambdas)
    if unknown:
        known = f"its Lambda layers are: {', '.join(sorted(lambdas))}" if lambdas else "it has no Lambda layer"
        raise UsageError(f"--replace {unknown[0]}: no Lambda layer of that name in {archive.path}; {known}")


_REASONS = {
    CodeKind.BYTECODE: "holds Python bytecode",
    CodeKind.FOREIGN_OBJECT: "is made by {what}, which is not Keras's own",
    CodeKind.TENSORFLOW_FUNCTION: "calls {what}, which can reach outside the model",
    CodeKind.MISSING_FUNCTION: "names the function {what}",
}


def _untrusted(archive: Archive, items: list[CodeItem]) -> str:
    first = items[0]
    reason = _REASONS[first.kind].format(what=first.what)
    more = f" (and {len(items) - 1} more like it)" if len(items) > 1 else ""
    ways = ["--trust if you trust the file"]
    if first.is_lambda:
        ways.append(f"--replace {layer_name(first)}=MODULE:FUNCTION")
    elif first.kind is CodeKind.FOREIGN_OBJECT:
        ways.append(f"--custom-objects MODULE:{short_name(first)}")
    where = f"layer '{first.layer}'" if first.layer else "its graph"
    return (
        f"{archive.path}: {where} {reason}{more}, so loading it would run code; "
        f"nothing was run. Use {' or '.join(ways)}"
    )


def _missing(archive: Archive, item: CodeItem) -> MissingFunctionError | LoadError:
    where = f"{archive.path}: layer '{item.layer}'"
    way = f"--replace {layer_name(item)}=MODULE:FUNCTION"
    if item.kind is CodeKind.BYTECODE:
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        return MissingFunctionError(
            f"{where} holds bytecode of Python {item.python or 'of another version'}, which Python {here} cannot run; "
            f"put a function in its place: {way}"
        )
    if item.is_lambda:
        return MissingFunctionError(
            f"{where} calls the function '{item.what}', which the file does not hold; supply it: {way}"
        )
    return LoadError(f"{where} needs {item.what}, which the file does not hold; bring it: {_bring(item)}")


def _bring(item: CodeItem) -> str:
    return f"--custom-objects MODULE:{short_name(item)} or --import FILE.py"


def registered_names(items: Iterable[CodeItem]) -> list[str]:
    """The names under which a file knows its foreign classes and functions."""
    return [item.what for item in items if item.kind in {CodeKind.FOREIGN_OBJECT, CodeKind.MISSING_FUNCTION}]
