"""Run one call of a layer under the eyes of an observer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from maskprobe.backend.engine import CallObserver


def watched(
    observer: CallObserver,
    original: Callable[..., Any],
    layer: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Any:
    """Call `original(layer, *args, **kwargs)` and tell `observer` of its begin and its end."""
    token = observer.enter(layer, args, kwargs)
    try:
        outputs = original(layer, *args, **kwargs)
    except BaseException as error:
        observer.fail(token, error)
        raise
    return observer.leave(token, outputs)
