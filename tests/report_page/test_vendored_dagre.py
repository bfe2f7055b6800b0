"""The layout library in the package is the one that was looked at."""

from __future__ import annotations

import hashlib
import json

from traced_samples import ROOT, read_sample

from maskprobe.report.html import render_page

FOLDER = ROOT / "maskprobe" / "report" / "html" / "vendor"
TOLD = json.loads((FOLDER / "dagre.json").read_text(encoding="utf-8"))


def test_each_file_has_the_hash_that_is_written_down() -> None:
    files = {path.name for path in FOLDER.iterdir()} - {"dagre.json"}
    assert files == set(TOLD["sha256"])
    for name, digest in TOLD["sha256"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_a_page_that_holds_it_holds_its_licences() -> None:
    page = render_page(read_sample("conv_good.keras3.keras"))
    assert page.count("Permission is hereby granted, free of charge") >= 1
    assert "Copyright (c) 2012-2014 Chris Pettitt" in page


def test_it_names_its_version_and_licence() -> None:
    assert TOLD["version"].startswith("3.1.")
    assert TOLD["license"] == "MIT"
    assert f'"{TOLD["version"]}"' in (FOLDER / "dagre.min.js").read_text(encoding="utf-8")
    assert "Permission is hereby granted, free of charge" in (FOLDER / "dagre.LICENSE.txt").read_text(encoding="utf-8")
