"""A bar that says how far a diagnosis has got: in a notebook a widget, in a console a line on stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from maskprobe.diagnose import Progress, Stage
from maskprobe.errors import UsageError


@contextmanager
def stages_shown(*, show: bool) -> Iterator[Progress]:
    """Give what a diagnosis tells its stages to; the bar is gone when it is over.

    Args:
        show: Whether to show anything.

    Raises:
        UsageError: tqdm, which draws it, is not installed.
    """
    if not show:
        yield lambda _stage: None
        return
    try:
        from tqdm.auto import tqdm  # noqa: PLC0415 - it comes with an extra
    except ImportError:
        raise UsageError("progress=True needs tqdm: python -m pip install 'maskprobe[notebook]'") from None
    stages = list(Stage)
    with tqdm(total=len(stages), bar_format="{desc}: {bar:20} {n_fmt}/{total_fmt}", leave=False) as bar:

        def tell(stage: Stage) -> None:
            bar.set_description_str(stage.value, refresh=False)
            bar.n = stages.index(stage)
            bar.refresh()

        yield tell
