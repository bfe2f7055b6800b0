"""Which files and layers a pattern stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskprobe.config.globs import fits_file, fits_layer
from maskprobe.config.ignore import Ignore
from maskprobe.config.selectors import closeness, codes_of
from maskprobe.errors import UsageError
from maskprobe.finding import Finding, Severity


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("a.h5", "a.h5", True),
        ("a.h5", "x/y/a.h5", True),
        ("a.h5", "ba.h5", False),
        ("*.h5", "x/a.h5", True),
        ("legacy", "x/legacy/y/a.h5", True),
        ("legacy/", "legacy/a.h5", True),
        ("legacy/*.h5", "legacy/a.h5", True),
        ("legacy/*.h5", "legacy/x/a.h5", False),
        ("legacy/*.h5", "x/legacy/a.h5", False),
        ("legacy/**/*.h5", "legacy/a.h5", True),
        ("legacy/**/*.h5", "legacy/x/y/a.h5", True),
        ("legacy/**", "legacy/x/y/a.h5", True),
        ("**/legacy/*.h5", "x/legacy/a.h5", True),
        ("models/old", "models/old/x/a.h5", True),
        ("/a.h5", "a.h5", True),
        ("/a.h5", "x/a.h5", False),
        ("./a/b.h5", "a/b.h5", True),
        ("a?.h5", "ab.h5", True),
        ("a?.h5", "a.h5", False),
        ("a[1].h5", "a[1].h5", True),
        ("a[1].h5", "a1.h5", False),
        ("A.h5", "a.h5", False),
        ("../a.h5", "../a.h5", True),
        ("*", "../a.h5", True),
        ("s3://models/**", "s3://models/x/a.h5", True),
        ("s3://models/*.h5", "s3://other/a.h5", False),
    ],
)
def test_files(pattern: str, path: str, fits: bool) -> None:  # noqa: FBT001
    assert fits_file(pattern, path) is fits


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("pool", "pool", True),
        ("pool", "pool:1", True),
        ("pool:1", "pool:1", True),
        ("pool:1", "pool", False),
        ("pool", "encoder/pool", False),
        ("encoder/pool", "encoder/pool", True),
        ("encoder/pool", "encoder:2/pool:1", True),
        ("encoder/*", "encoder/pool", True),
        ("encoder/*", "encoder/block/pool", False),
        ("encoder/**", "encoder/block/pool", True),
        ("**/pool", "pool", True),
        ("**/pool", "encoder/block/pool", True),
        ("encoder", "encoder/pool", False),
        ("*", "", True),
        ("pool", "", False),
        ("tf.slice", "tfxslice", False),
    ],
)
def test_layers(pattern: str, path: str, fits: bool) -> None:  # noqa: FBT001
    assert fits_layer(pattern, path) is fits


NAMES = st.text(st.characters(exclude_characters="/*?:\\", exclude_categories=("Cs",)), min_size=1, max_size=8)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_a_name_without_stars_stands_for_itself(names: list[str]) -> None:
    path = "/".join(names)
    assert fits_layer(path, path)
    assert fits_layer("**", path)
    assert not fits_layer(path + "x", path)


def test_rules_are_named_by_code_name_or_beginning() -> None:
    assert codes_of("mp104") == codes_of("Mask-Overwritten") == {"MP104"}
    assert codes_of("MP2") == {"MP201", "MP202", "MP203", "MP204"}
    assert codes_of("MP") > codes_of("MP1") > codes_of("MP11")
    with pytest.raises(UsageError, match="did you mean 'mask-dropped'"):
        codes_of("mask-droped")
    for wrong in ("", "M", "104", "MP1044"):
        with pytest.raises(UsageError, match="there is no rule"):
            codes_of(wrong)


def test_the_longer_beginning_is_closer() -> None:
    assert closeness("MP104", ["MP2"]) == -1
    assert closeness("MP104", ["MP"]) < closeness("MP104", ["MP1"]) < closeness("MP104", ["MP10"])
    assert closeness("MP104", ["MP10"]) < closeness("MP104", ["mask-overwritten"]) == closeness("MP104", ["MP104"])


def test_what_was_not_checked_must_be_named_outright() -> None:
    unchecked = Finding("MP901", "not-checked", Severity.NOTE, "x", "", "", "", unchecked=True)
    assert not Ignore("why", layer="x").fits(unchecked)
    assert not Ignore("why", layer="x", rules=("MP",)).fits(unchecked)
    assert Ignore("why", layer="x", rules=("MP901",)).fits(unchecked)
    assert Ignore("why", rules=("MP1", "not-checked")).fits(unchecked)
    assert not Ignore("why", layer="y", rules=("MP901",)).fits(unchecked)
