"""A folder of pages: a list of the models, and a page for each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from maskprobe.check.formats.context import RunContext
from maskprobe.check.formats.files import prepare
from maskprobe.check.formats.tally import summary_line, tally
from maskprobe.check.formats.words import how_words, trouble_words
from maskprobe.check.result import FileResult, How
from maskprobe.report.html.index import ORDER, IndexRow, render_index
from maskprobe.report.html.packed import unpack
from maskprobe.report.html.page import PageFacts, fill
from maskprobe.report.html.write import check_target, write_page

_INDEX = "index.html"
_LONGEST_NAME = 60


def render(results: Sequence[FileResult], context: RunContext) -> str:
    """The list alone, which links nothing."""
    return _list(results, context, "")


def write_folder(target: Path, results: Sequence[FileResult], context: RunContext) -> None:
    """Write the list and the pages. Only pages that maskprobe wrote are written over.

    Args:
        target: A folder, or the file of the list, whose name ends in `.html`; the pages go into a folder beside it.
        results: What came of the models. Those without a page are listed without a link.
        context: What is told of the run.

    Raises:
        UsageError: something cannot be written.
    """
    prepare_folder(target)
    index, pages = _places(target)
    for result in results:
        page = unpack(result.page) if result.page else None
        if page is not None:
            facts = PageFacts(
                command=context.command,
                index=f"../{index.name}",
                title=result.path,
                note=trouble_words(result),
            )
            write_page(pages / page_name(result.path), fill(page, facts))
    write_page(index, _list(results, context, pages.name))


def prepare_folder(target: Path) -> None:
    """Make the folders, and see that the list can be written: before a long run, not after it.

    Raises:
        UsageError: it cannot.
    """
    index, pages = _places(target)
    prepare(pages / _INDEX)
    check_target(index)


def page_name(path: str) -> str:
    """The file of a model's page. Whatever the model is called, it is a plain name, and no two models share one."""
    last = path.rstrip("/").rsplit("/", 1)[-1]
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", last)[:_LONGEST_NAME].strip("-")
    digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{readable or 'model'}-{digest}.html"


def _places(target: Path) -> tuple[Path, Path]:
    """The file of the list, and the folder of the pages."""
    if target.suffix.lower() in {".html", ".htm"} and not target.is_dir():
        name = "models" if target.name == _INDEX else f"{target.stem}_models"
        return target, target.parent / name
    return target / _INDEX, target / "models"


def _list(results: Sequence[FileResult], context: RunContext, folder: str) -> str:
    rows = [_row(result, folder) for result in results]
    return render_index(rows, summary_line(tally(results)), context.command)


def _row(result: FileResult, folder: str) -> IndexRow:
    counts = tally([result])
    verdict = _verdict(result)
    how = _how(result)
    return IndexRow(
        name=result.path,
        page=f"{folder}/{page_name(result.path)}" if folder and result.page else "",
        verdict=verdict,
        rank=len(ORDER) - ORDER.index(verdict),
        errors=counts.errors,
        warnings=counts.warnings,
        notes=counts.notes,
        not_checked=counts.not_checked,
        how=f"{how}; {trouble_words(result)}" if result.trouble is not None else how,
        calls=result.coverage.calls,
        looked_at=result.coverage.looked_at,
    )


def _how(result: FileResult) -> str:
    if result.how is How.STATIC and result.engine:
        return f"rules of {result.engine}, not run"
    return how_words(result).partition(";")[0]


def _verdict(result: FileResult) -> str:
    """The worst of it. A model that was not checked in full is never clean."""
    severities = {finding.severity.value for finding in result.findings if not finding.unchecked}
    if severities & {"error", "warning"}:
        return "error" if "error" in severities else "warning"
    if not result.is_checked:
        return "not checked"
    return "note" if severities else "clean"
