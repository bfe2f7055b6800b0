"""The settings of a check, from a file and from the command line."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maskprobe.cli.static import loadable, refuse
from maskprobe.errors import UsageError

if TYPE_CHECKING:  # importing these at run time would bring NumPy into `maskprobe --help`
    from maskprobe.check.settings import CheckSettings
    from maskprobe.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Given:
    """What only the command line says."""

    paths: Sequence[str]
    gitignore: bool = True
    keras: str | None = None
    trust: bool = False
    shard: str | None = None
    """`2/5`: the second of five shares."""
    dask: str | None = None
    """The address of a cluster to look at them on."""


def given_settings(config: Path | None, stated: Mapping[str, object]) -> Settings:
    """The settings of the file, with what the command line states before them.

    Raises:
        UsageError: Something in either is wrong.
    """
    from maskprobe.config.merge import merge
    from maskprobe.config.read import read_settings

    return merge(read_settings(config), stated)


def check_settings_of(given: Given, settings: Settings, *, pages: bool = False) -> CheckSettings:
    """What a check goes by; what is wrong with it is told before it goes wrong for each model.

    Args:
        given: What only the command line says.
        settings: All other settings.
        pages: A page of each model is wanted.

    Raises:
        UsageError: Something is.
    """
    from maskprobe.assumptions import settled
    from maskprobe.check.settings import CheckSettings, Limits, LookSettings
    from maskprobe.static.eras import named_keras

    if settings.static:
        refuse({"--trust": given.trust, "--custom-objects": settings.custom_objects, "--import": settings.imports})
        if given.keras is not None:
            named_keras(given.keras)
    else:
        loadable(given.keras)
    _check_references(settings.custom_objects)
    for path in settings.imports:
        if not Path(path).is_file():
            raise UsageError(f"--import {path}: no such file")
    look = LookSettings(
        static=settings.static,
        keras=given.keras,
        trust=given.trust,
        custom_objects=settings.custom_objects,
        imports=settings.imports,
        assume=settled(settings.assume),
        probe=settings.probe,
        pages=pages,
    )
    limits = Limits(settings.jobs, settings.timeout, settings.memory)
    return CheckSettings(look, limits, settings.cache, settings.fail_on, settings.fail_on_unchecked)


def _check_references(references: Sequence[str]) -> None:
    for reference in references:
        module, colon, name = reference.partition(":")
        if not (module and colon and name):
            raise UsageError(f"--custom-objects takes MODULE:NAME, such as my_layers:Attention; got {reference!r}")
        try:
            found = importlib.util.find_spec(module)
        except (ImportError, ValueError, AttributeError):
            found = None
        if found is None:
            raise UsageError(f"--custom-objects {reference}: there is no module {module}")
