"""Places in a page that are filled when it is written.

Pages of many models are made in other processes and kept: without what is the same in all of them, and without what
is known only in the end. A slot is a word between private-use characters, which no text in a page holds: where they
come in a name they are written as escapes.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from typing import Final

from maskprobe.report.pen import clean

_EDGE = "\ue000"


class _Slot(str):
    """A text that templates put in as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def _slot(name: str) -> _Slot:
    return _Slot(f"{_EDGE}{name}{_EDGE}")


SLOTS: Final[Mapping[str, str]] = {
    name: _slot(name) for name in ("policy", "style", "script", "title", "way", "note", "command")
}


def fill_slots(page: str, title: str, parts: Mapping[str, str], style: str, script: str) -> str:
    """Put into `page` its title, style and script, the policy that allows only these, and `parts`, which are HTML."""
    filled = {
        **parts,
        "policy": html.escape(_policy(style, script), quote=True),
        "style": style,
        "script": script,
        "title": html.escape(clean(title), quote=True),
    }
    for name, text in filled.items():
        page = page.replace(SLOTS[name], text)
    return page


def _policy(style: str, script: str) -> str:
    """What the page may do: use its own style and script, by their hashes, and nothing else."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
