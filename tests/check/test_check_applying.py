"""What is taken out of the results of a run, and what is said of entries that are of no use."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from file_results import LAYERS, PATHS, finding, result, runs
from hypothesis import given
from hypothesis import strategies as st

from maskprobe.check.applying import Expired, Suppressed, Unused, Why, apply_settings
from maskprobe.check.result import FileResult, How, Trouble
from maskprobe.config.ignore import Ignore
from maskprobe.config.settings import COMMAND_LINE, Settings
from maskprobe.finding import Severity

TODAY = date(2030, 6, 15)
SELECTORS = ("MP1", "MP2", "MP104", "mask-dropped", "MP", "MP10")


def test_nothing_said_changes_nothing() -> None:
    run = [result("a.keras", finding("MP104"), finding("MP901")), result("b.keras")]
    applied = apply_settings(run, Settings(), TODAY)
    assert applied.results == tuple(run)
    assert (applied.suppressed, applied.unused, applied.expired, applied.notes()) == ((), (), (), ())


def test_rules_are_chosen() -> None:
    run = [result("a.keras", finding("MP104"), finding("MP201"), finding("MP101"))]
    applied = apply_settings(run, Settings(select=("MP1",), ignore=("mask-dropped",)), TODAY)
    assert [one.code for one in applied.results[0].findings] == ["MP104"]
    assert [(one.finding.code, one.why) for one in applied.suppressed] == [
        ("MP201", Why.NOT_SELECTED),
        ("MP101", Why.NOT_SELECTED),
    ]
    assert applied.counts == {Why.NOT_SELECTED: 2}


def test_a_mask_input_that_no_model_has_is_told_where_all_could_be_read() -> None:
    settings = Settings(mask_inputs=("attention_mask", "mask"))
    has, has_not = replace(result("a.keras"), mask_inputs=("mask",)), result("b.keras")
    said = "mask-inputs names attention_mask, and no model of this run has such an input"
    assert apply_settings([has, has_not], settings, TODAY).notes() == (said,)
    unread = result("c.keras", how=How.NOT_AT_ALL, trouble=Trouble.UNREADABLE)
    assert apply_settings([has, unread], settings, TODAY).notes() == ()


@pytest.mark.parametrize("settings", [Settings(select=("MP2",)), Settings(ignore=("MP",))])
def test_what_was_not_checked_stays_whatever_is_selected(settings: Settings) -> None:
    applied = apply_settings([result("a.keras", finding("MP104"), finding("MP901"))], settings, TODAY)
    assert [one.code for one in applied.results[0].findings] == ["MP901"]
    assert not applied.is_checked(applied.results[0])


def test_severities_are_set_on_what_is_left() -> None:
    settings = Settings(severity={"MP104": Severity.ERROR}, ignores=(Ignore("known", layer="lstm"),))
    run = [result("a.keras", finding("MP104"), finding("MP104", "lstm"), finding("MP101"))]
    applied = apply_settings(run, settings, TODAY)
    assert [one.severity for one in applied.results[0].findings] == [Severity.ERROR, Severity.WARNING]
    assert applied.suppressed[0].finding.severity is Severity.WARNING


def test_a_severity_leaves_what_is_unchecked_unchecked() -> None:
    applied = apply_settings([result("a.keras", finding("MP901"))], Settings(severity={"MP901": Severity.ERROR}), TODAY)
    assert applied.results[0].findings[0].unchecked
    assert applied.results[0].findings[0].severity is Severity.ERROR


@pytest.mark.parametrize("code", ["MP101", "MP102", "MP108", "MP109"])
def test_an_intended_drop_is_no_finding(code: str) -> None:
    applied = apply_settings([result("a.keras", finding(code, "encoder/pool"))], _drops("encoder/pool"), TODAY)
    assert applied.results[0].findings == ()
    assert applied.suppressed == (Suppressed("a.keras", finding(code, "encoder/pool"), Why.INTENDED, "encoder/pool"),)
    assert applied.unused == ()


@pytest.mark.parametrize("code", ["MP104", "MP111", "MP201", "MP901"])
def test_an_intended_drop_is_free_of_drops_only(code: str) -> None:
    applied = apply_settings([result("a.keras", finding(code, "encoder/pool"))], _drops("encoder/pool"), TODAY)
    assert len(applied.results[0].findings) == 1
    assert applied.unused == (Unused("encoder/pool", reached=True),)
    assert applied.notes() == ("the intended drop encoder/pool stands for no finding of this run",)


def _drops(*patterns: str) -> Settings:
    return Settings(intended_drops=patterns)


@pytest.mark.parametrize(
    ("entry", "taken"),
    [
        (Ignore("r", path="legacy"), {("legacy/a.keras", "MP104"), ("legacy/a.keras", "MP101")}),
        (Ignore("r", layer="pool"), {("legacy/a.keras", "MP104"), ("a.keras", "MP104")}),
        (Ignore("r", rules=("MP101",)), {("legacy/a.keras", "MP101")}),
        (Ignore("r", path="legacy", layer="pool"), {("legacy/a.keras", "MP104")}),
        (Ignore("r", path="legacy", layer="pool", rules=("MP101",)), set()),
        (Ignore("r", path="legacy", rules=("MP1",)), {("legacy/a.keras", "MP104"), ("legacy/a.keras", "MP101")}),
    ],
)
def test_all_that_an_entry_says_must_fit(entry: Ignore, taken: set[tuple[str, str]]) -> None:
    run = [
        result("legacy/a.keras", finding("MP104", "pool"), finding("MP101", "lstm")),
        result("a.keras", finding("MP104", "pool"), finding("MP901")),
    ]
    applied = apply_settings(run, Settings(ignores=(entry,)), TODAY)
    assert {(one.path, one.finding.code) for one in applied.suppressed} == taken
    assert {one.why for one in applied.suppressed} <= {Why.IGNORED}
    assert bool(applied.unused) is not bool(taken)


def test_patterns_of_files_are_meant_from_the_folder_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path / "models")
    settings = Settings(ignores=(Ignore("r", path="models/a.keras"),), root=tmp_path)
    run = [result("a.keras", finding()), result((tmp_path / "a.keras").as_posix(), finding())]
    assert [len(one.findings) for one in apply_settings(run, settings, TODAY).results] == [0, 1]


@pytest.mark.parametrize(("today", "counts"), [(date(2030, 6, 14), True), (TODAY, True), (date(2030, 6, 16), False)])
def test_an_entry_counts_until_its_last_day_is_over(today: date, counts: bool) -> None:  # noqa: FBT001
    entry = Ignore("ticket 7", path="a.keras", expires=TODAY)
    applied = apply_settings([result("a.keras", finding(), finding("MP101"))], Settings(ignores=(entry,)), today)
    assert len(applied.suppressed) == (2 if counts else 0)
    assert applied.expired == (() if counts else (Expired(entry, 2),))
    assert applied.unused == ()
    if not counts:
        assert applied.notes() == ("the ignore a.keras (ticket 7) expired after 2030-06-15: 2 findings count again",)


def test_an_expired_entry_that_stands_for_nothing_is_reported_too() -> None:
    entry = Ignore("old", path="gone.keras", expires=date(2020, 1, 1))
    applied = apply_settings([result("a.keras", finding())], Settings(ignores=(entry,)), TODAY)
    assert applied.expired == (Expired(entry, 0),)
    assert applied.notes()[0].endswith("it stood for no finding of this run")


def test_an_entry_that_stands_for_nothing_is_reported_once() -> None:
    used, idle, away = Ignore("1", path="b.keras"), Ignore("2", path="a.keras"), Ignore("3", path="other.keras")
    run = [result("a.keras"), result("b.keras", finding())]
    applied = apply_settings(run, Settings(ignores=(used, idle, away)), TODAY)
    assert applied.unused == (Unused(idle, reached=True), Unused(away, reached=False))
    assert applied.notes() == (
        "the ignore a.keras (2) stands for no finding of this run",
        "the ignore other.keras (3) stands for no file of this run",
    )


def test_an_entry_is_used_though_its_rule_is_not_selected() -> None:
    entry = Ignore("known", rules=("MP104",))
    applied = apply_settings([result("a.keras", finding())], Settings(select=("MP2",), ignores=(entry,)), TODAY)
    assert (applied.unused, applied.suppressed[0].why) == ((), Why.NOT_SELECTED)


def test_of_a_file_that_was_not_looked_at_nothing_is_unused() -> None:
    settings = Settings(ignores=(Ignore("known", path="a.keras"),), intended_drops=("pool",))
    assert apply_settings([result("a.keras", trouble=Trouble.TIMEOUT)], settings, TODAY).unused == ()
    assert len(apply_settings([result("a.keras")], settings, TODAY).unused) == 2


def test_what_was_looked_at_by_hand_counts_as_checked() -> None:
    run = [result("a.keras", finding("MP901", "lambda"), finding("MP901", "other"))]
    one = Settings(ignores=(Ignore("read it", layer="lambda", rules=("MP901",)),))
    both = Settings(ignores=(Ignore("read it", rules=("not-checked",)),))
    applied = apply_settings(run, one, TODAY)
    assert applied.counts == {Why.BY_HAND: 1}
    assert not applied.is_checked(applied.results[0])
    assert apply_settings(run, both, TODAY).is_checked(apply_settings(run, both, TODAY).results[0])


@pytest.mark.parametrize(
    ("entry", "by_hand"),
    [
        (Ignore("read it", path="a.keras", rules=("MP901",)), True),
        (Ignore("read it", path="a.keras"), False),
        (Ignore("read it", rules=("MP901",)), False),
        (Ignore("read it", path="a.keras", layer="pool", rules=("MP901",)), False),
        (Ignore("read it", path="b.keras", rules=("MP901",)), False),
        (Ignore("read it", path="a.keras", rules=("MP901",), expires=date(2020, 1, 1)), False),
    ],
)
def test_a_file_that_cannot_be_looked_at_can_be_looked_at_by_hand(entry: Ignore, by_hand: bool) -> None:  # noqa: FBT001
    """It takes an entry that names the file and MP901, for the whole model."""
    applied = apply_settings([result("a.keras", trouble=Trouble.NOT_LOADED)], Settings(ignores=(entry,)), TODAY)
    assert applied.results[0].trouble is Trouble.NOT_LOADED
    assert applied.is_checked(applied.results[0]) is by_hand
    assert dict(applied.by_hand) == ({"a.keras": entry} if by_hand else {})


entries = st.builds(
    Ignore,
    st.just("known"),
    st.none() | st.sampled_from(["legacy", "*.h5", "a.keras", "**"]),
    st.none() | st.sampled_from([*LAYERS[1:], "**/pool", "*"]),
    st.lists(st.sampled_from([*SELECTORS, "MP901"]), max_size=2).map(tuple),
    st.none() | st.dates(date(2030, 6, 1), date(2030, 6, 30)),
)
chosen = st.lists(st.sampled_from(SELECTORS), max_size=2).map(tuple)
all_settings = st.builds(
    Settings,
    select=chosen,
    ignore=chosen,
    severity=st.dictionaries(st.sampled_from(SELECTORS), st.sampled_from(list(Severity)), max_size=2),
    ignores=st.lists(entries, max_size=3).map(tuple),
    intended_drops=st.lists(st.sampled_from(["pool", "encoder/*"]), max_size=2).map(tuple),
    sources=st.sampled_from([{}, {"select": COMMAND_LINE}]),
)


@given(runs, all_settings)
def test_no_finding_is_lost_or_doubled(run: list[FileResult], settings: Settings) -> None:
    applied = apply_settings(run, settings, TODAY)
    before = Counter((one.path, found.code, found.path) for one in run for found in one.findings)
    kept = Counter((one.path, found.code, found.path) for one in applied.results for found in one.findings)
    out = Counter((one.path, one.finding.code, one.finding.path) for one in applied.suppressed)
    assert kept + out == before
    assert [one.path for one in applied.results] == [one.path for one in run]
    assert sum(applied.counts.values()) == len(applied.suppressed)


@given(runs, all_settings)
def test_applied_twice_is_applied_once(run: list[FileResult], settings: Settings) -> None:
    once = apply_settings(run, settings, TODAY)
    again = apply_settings(once.results, settings, TODAY)
    assert again.results == once.results
    assert again.suppressed == ()


@given(runs, all_settings)
def test_what_was_not_checked_is_taken_out_by_entries_that_name_it_alone(
    run: list[FileResult], settings: Settings
) -> None:
    for one in apply_settings(run, settings, TODAY).suppressed:
        if one.finding.unchecked:
            assert one.why is Why.BY_HAND
            assert isinstance(one.by, Ignore)
            assert "MP901" in one.by.rules


@given(runs, all_settings)
def test_each_entry_is_used_unused_or_expired(run: list[FileResult], settings: Settings) -> None:
    applied = apply_settings(run, settings, TODAY)
    idle = {one.by for one in applied.unused} | {one.ignore for one in applied.expired}
    assert idle <= {*settings.ignores, *settings.intended_drops}
    assert not idle & {one.by for one in applied.suppressed}
    assert set(PATHS) >= set(applied.by_hand)
