"""Copy the layout library of the HTML report into the package, from the registry that npm is set up for.

    python tools/bundle_dagre.py [VERSION]

It takes the minified build and the licences out of the package, sees that they are what they should be, and writes
down the version and the SHA-256 of each file in `dagre.json`. `tests/report_page/test_vendored_dagre.py` holds the
files to it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@dagrejs/dagre"
VERSION = "3.1.3"
FOLDER = Path(__file__).parents[1] / "maskprobe" / "report" / "html" / "vendor"
BUILD, LICENSE, LEGAL = "package/dist/dagre.min.js", "package/LICENSE", "package/dist/dagre.min.js.LEGAL.txt"
TARGETS = {BUILD: "dagre.min.js", LICENSE: "dagre.LICENSE.txt", LEGAL: "dagre.LEGAL.txt"}


def pack(version: str, folder: Path) -> Path:
    """Have npm fetch the package; its integrity is npm's to check against what the registry says of it."""
    command = ["npm", "pack", f"{PACKAGE}@{version}", "--json", "--silent"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    told = json.loads(done.stdout)[0]
    if (told["name"], told["version"]) != (PACKAGE, version):
        sys.exit(f"npm gave {told['name']} {told['version']}")
    return folder / Path(told["filename"]).name


def contents(archive: Path) -> dict[str, bytes]:
    """The files that are kept, by their names in the package.

    They are looked at before they are written: the licence is MIT, and the build says its version and loads nothing.
    """
    found: dict[str, bytes] = {}
    with tarfile.open(archive) as package:
        for name in (*TARGETS, "package/package.json"):
            file = package.extractfile(name)
            if file is None:
                sys.exit(f"{name} is no file")
            found[name] = file.read()
    described = json.loads(found.pop("package/package.json"))
    build = found[BUILD].decode("utf-8")
    if described["license"] != "MIT" or b"Permission is hereby granted, free of charge" not in found[LICENSE]:
        sys.exit("the licence is not MIT")
    if f'"{described["version"]}"' not in build:
        sys.exit("the build does not name its version")
    for word in ("fetch(", "XMLHttpRequest", "import(", "eval(", "new Function", "document.", "http:", "https:"):
        if word in build:
            sys.exit(f"the build holds {word!r}")
    return found


def main(version: str = VERSION) -> None:
    """Write the files and what they are."""
    with tempfile.TemporaryDirectory() as folder:
        found = contents(pack(version, Path(folder)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    hashes = {}
    for name, data in found.items():
        (FOLDER / TARGETS[name]).write_bytes(data)
        hashes[TARGETS[name]] = hashlib.sha256(data).hexdigest()
    told = {"package": PACKAGE, "version": version, "license": "MIT", "sha256": hashes}
    (FOLDER / "dagre.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:2])
