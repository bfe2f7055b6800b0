"""The templates of the pages, and the texts that go into them as they are."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from maskprobe.report.pen import clean_line

if TYPE_CHECKING:  # it is imported when a page is made: the command line starts without it
    from jinja2 import Environment

_PACKAGE = "maskprobe.report.html"


def template(name: str) -> Any:  # noqa: ANN401 - Jinja's templates
    """A template by its file's name. It escapes all that is put into it."""
    return _environment().get_template(name)


@cache
def text_of(name: str) -> str:
    """A style or a script of the package."""
    return files(_PACKAGE).joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - as above

    return Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever a template writes
    """Text as it may stand in the page: what would be obeyed and not seen is written as an escape."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return "\n".join(map(clean_line, value.split("\n")))
    return value
