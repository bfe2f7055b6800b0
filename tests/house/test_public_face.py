"""What `import maskprobe` offers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import maskprobe
from maskprobe.errors import MaskprobeError, NotCheckedError, UsageError


def test_all_is_sorted_and_every_name_is_there() -> None:
    assert maskprobe.__all__ == sorted(maskprobe.__all__)
    for name in maskprobe.__all__:
        assert getattr(maskprobe, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trase'"):
        maskprobe.trase  # noqa: B018


def test_every_error_says_which_exit_code_it_gives() -> None:
    assert UsageError.exit_code == 2
    errors = [value for value in vars(maskprobe).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(errors) == 10
    for error in errors:
        assert issubclass(error, MaskprobeError)
        if issubclass(error, NotCheckedError):
            assert error.exit_code == 3


def test_the_error_tree_in_the_docstring_names_every_error() -> None:
    import maskprobe.errors as module

    drawn = set(re.findall(r"\b(\w+Error)\b", module.__doc__ or ""))
    assert drawn == {name for name in vars(module) if name.endswith("Error")}


def test_the_package_is_marked_as_typed() -> None:
    assert (Path(maskprobe.__file__).parent / "py.typed").is_file()


def test_padding_of_an_unknown_kind_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="mixed, after, before, inside"):
        maskprobe.trace("model.keras", padding="left")


def test_something_that_is_no_model_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="a dict is neither a path nor a Keras model"):
        maskprobe.trace({})
