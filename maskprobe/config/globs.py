"""Which files and layers a pattern stands for.

`*` and `?` stand for what is within a name, `**` for any number of names. All else stands for itself, brackets too:
layer names hold them.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CALL = re.compile(r":\d+(?=/|$)")
"""What a path says of a layer's second call, third call and so on."""


def fits_file(pattern: str, path: str) -> bool:
    """Whether `pattern` stands for the file at `path`, or for a folder that it is in.

    A pattern without a slash is looked for at any depth; one that begins with a slash only at the top.

    Args:
        pattern: Such as `legacy/**/*.h5`, `legacy` or `*.h5`.
        path: With forward slashes, seen from the folder that the pattern is meant from.
    """
    wanted = pattern.replace("\\", "/").removeprefix("./").rstrip("/")
    anchored = "/" in wanted
    compiled = _compiled(wanted.removeprefix("/"))
    names = path.removeprefix("./").split("/")
    if not anchored:
        return any(compiled.fullmatch(name) for name in names)
    return any(compiled.fullmatch("/".join(names[:end])) for end in range(len(names), 0, -1))


def fits_layer(pattern: str, path: str) -> bool:
    """Whether `pattern` stands for the call at `path`. Without a call's number it stands for all calls of the layer."""
    compiled = _compiled(pattern.strip("/"))
    return any(compiled.fullmatch(one) is not None for one in (path, _CALL.sub("", path)))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?)", pattern)
    return re.compile("".join(_MEANING.get(part, re.escape(part)) for part in parts), re.DOTALL)


_MEANING = {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
