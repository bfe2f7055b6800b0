"""What README.md, CONTRIBUTING.md and the pages in docs/ say is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import keras
import pytest
from readme_outputs import BLOCK, MEASURED, README, SHOWING, TABLE, figures, output_of

from maskprobe.rules.registry import RULES

ROOT = README.parent
COMMANDS = [(block[2], block[3]) for page in SHOWING for block in BLOCK.finditer(page.read_text(encoding="utf-8"))]


def without_versions(text: str) -> str:
    """Another Keras of the same behaviour may run the tests."""
    return re.sub(r"\d+\.\d+\.\d+", "N", text)


def test_each_page_shows_commands() -> None:
    assert all(BLOCK.search(page.read_text(encoding="utf-8")) for page in SHOWING)


@pytest.mark.skipif(
    tuple(map(int, keras.__version__.split(".")[:2])) < (3, 8), reason="the pages show what newer versions do"
)
@pytest.mark.parametrize(("command", "shown"), COMMANDS)
def test_each_output_on_a_page_is_real(command: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert without_versions(output_of(command)) == without_versions(shown)


@pytest.mark.parametrize("page", MEASURED, ids=lambda page: page.name)
def test_the_figures_on_a_page_are_those_that_the_benchmark_wrote(page: Path) -> None:
    tables = list(TABLE.finditer(page.read_text(encoding="utf-8")))
    assert tables
    for table in tables:
        assert table[3] == figures(table[2])


def test_the_two_commands_of_the_set_up_are_marked_for_ci() -> None:
    text = README.read_text(encoding="utf-8")
    for name in ("first", "second"):
        block = re.search(rf"<!-- ci: {name} -->\n```bash\n(.*?)```", text, re.DOTALL)
        assert block is not None
        assert block[1].count("\n") == 1
    assert "ci: second" in text


def test_the_readme_lists_every_rule_by_its_own_name() -> None:
    listed = dict(re.findall(r"^\| (MP\d+) \| ([a-z-]+) \|", README.read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == {rule.code: rule.name for rule in RULES}


@pytest.mark.parametrize(
    "name",
    ["README.md", "CONTRIBUTING.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md"))],
)
def test_every_link_to_a_file_leads_to_one(name: str) -> None:
    page = ROOT / name
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\((?!https?:)([^)#]+)", prose)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_path_in_contributing_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:maskprobe|tests|benchmarks|sample_models|\.ci)/[^`<>* ]*)`", text))
    assert len(paths) >= 8
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_the_steps_for_a_new_rule_hold_for_every_rule_there_is() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for rule in RULES:
        module = rule.name.replace("-", "_")
        assert (ROOT / "maskprobe" / "rules" / f"{module}.py").is_file()
        assert (ROOT / "tests" / "rules" / f"test_{module}.py").is_file()
        assert rule.code in changelog


def test_the_options_named_in_the_docs_exist() -> None:
    known = set(re.findall(r"--[a-z-]+", output_of("maskprobe trace --help") + output_of("maskprobe --help")))
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").glob("*.py"))
    known |= {"--check"} | set(re.findall(r'add_argument\("(--[a-z-]+)"', scripts))
    known |= set(re.findall(r"--[a-z-]+", output_of("maskprobe rule --help")))
    for command in ("verify-loss", "check", "merge", "matrix", "fix", "explain", "minimize"):
        known |= set(re.findall(r"--[a-z-]+", output_of(f"maskprobe {command} --help")))
    for page in [README, *(ROOT / "docs").rglob("*.md")]:
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.read_text(encoding="utf-8")))
        assert named <= known, page.name


def test_the_changelog_keeps_the_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.startswith("# Changelog\n")
    assert "## [Unreleased]" in text
    assert re.search(r"^### (Added|Changed|Deprecated|Removed|Fixed|Security)$", text, re.MULTILINE)


def test_no_page_names_a_path_of_one_machine() -> None:
    for page in [
        README,
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "sample_models").glob("*.md"),
    ]:
        assert not re.search(r"(/home/|/work/|/root/|/tmp/)\w", page.read_text(encoding="utf-8")), page.name


def test_ci_runs_the_commands_of_the_readme() -> None:
    script = (Path(ROOT) / ".ci" / "run").read_text(encoding="utf-8")
    assert "readme_command first" in script
    assert "readme_command second" in script


def test_ci_builds_the_pages_and_the_test_extra_does_without_what_that_needs() -> None:
    assert "mkdocs build --strict" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert any("mkdocs" in need for need in extras["docs"])
    assert not any("mkdocs" in need for need in extras["test"])
