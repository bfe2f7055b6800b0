"""`--show-settings`: the settings of a run, and where each came from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path

from maskprobe.config.ignore import Ignore
from maskprobe.config.merge import NAMES
from maskprobe.config.settings import Settings
from maskprobe.report.pen import clean_line

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def settings_lines(settings: Settings) -> list[str]:
    """A line a setting, as it would stand in maskprobe.toml, with its source: `seed = 3  # command line`.

    What has no value stands in a comment.
    """
    shown = [_line(settings, name) for name in NAMES]
    width = min(max(len(text) for text, _ in shown), 40)
    head = f"# settings file: {settings.file}" if settings.file is not None else "# no settings file"
    return [clean_line(line) for line in (head, *(f"{text:<{width}}  # {source}" for text, source in shown))]


def _line(settings: Settings, name: str) -> tuple[str, str]:
    value, source, key = getattr(settings, name), settings.source_of(name), name.replace("_", "-")
    if value is None:
        return f"# {key} is not set", source
    return f"{key} = {_written(value)}", source


def _written(value: object) -> str:
    """`value` as TOML."""
    match value:
        case bool():
            text = str(value).lower()
        case int() | float():
            text = repr(value)
        case date():
            text = value.isoformat()
        case Ignore():
            text = _table({key: one for key, one in asdict(value).items() if one not in {None, ()}})
        case Mapping():
            text = _table(value)
        case tuple():
            text = f"[{', '.join(map(_written, value))}]"
        case _:
            text = json.dumps(value.as_posix() if isinstance(value, Path) else str(value), ensure_ascii=False)
    return text


def _table(values: Mapping[str, object]) -> str:
    return f"{{{', '.join(f'{_key(name)} = {_written(value)}' for name, value in values.items())}}}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
