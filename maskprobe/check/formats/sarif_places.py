"""Files and layers as SARIF points at them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote_from_bytes

from maskprobe.report.finding_words import shown

_DRIVE = re.compile("[A-Za-z]:/")
_OF_A_URI = "/~!$&'()*+;=@"
"""What may stand in the path of a URI as it is. A colon may not: it would make the first part a scheme."""


def uri_of(path: str) -> str:
    """Write a path with forward slashes as a URI: relative as it is, absolute as `file:///...`."""
    try:
        encoded = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        encoded = path.encode("utf-8", "backslashreplace")
    if path.startswith("/"):
        # Two slashes at the start would read as the name of a host.
        return "file:///" + quote_from_bytes(encoded.lstrip(b"/"), safe=_OF_A_URI)
    if _DRIVE.match(path):
        return f"file:///{path[:2]}" + quote_from_bytes(encoded[2:], safe=_OF_A_URI)
    return quote_from_bytes(encoded, safe=_OF_A_URI)


def artifact_location(path: str) -> dict[str, Any]:
    """Point at a file; a relative one is relative to the working folder, which is the root of the sources in CI."""
    uri = uri_of(path)
    return {"uri": uri} if uri.startswith("file:///") else {"uri": uri, "uriBaseId": "%SRCROOT%"}


def location(path: str, index: int, call: str) -> dict[str, Any]:
    """Point at a layer call in a model file, or with an empty `call` at the model as a whole."""
    # A model file has no lines; a viewer takes no result without one.
    physical = {"artifactLocation": artifact_location(path) | {"index": index}, "region": {"startLine": 1}}
    if not call:
        return {"physicalLocation": physical}
    file, layer = shown(path), shown(call)
    logical = {"name": layer.rpartition("/")[2] or layer, "fullyQualifiedName": f"{file}::{layer}", "kind": "member"}
    return {"physicalLocation": physical, "logicalLocations": [logical]}


def message(text: str) -> dict[str, str]:
    """A plain text message. Braces would read as a place to fill in, `](` as a link, if they were not changed."""
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}
