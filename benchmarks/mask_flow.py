"""Which masks the layer calls of each Keras return, as files to check an engine against.

`python benchmarks/mask_flow.py [PYTHON ...] [--only keras] [--out DIR]`. Runs mask_flow_probe.py under each interpreter
(the current one by default) with every Keras that it has, and writes `results/mask_flow/<package>-<version>.json.gz`
for each. The probe says what these files hold. mask_flow_borders.py makes a table of them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from kerases import PACKAGES, bare_environment

RESULTS = Path(__file__).parent / "results" / "mask_flow"
PROBE = Path(__file__).parent / "mask_flow_probe.py"


def probed(python: str, package: str) -> dict[str, Any]:
    """What the probe finds for a package under an interpreter; `{"absent": why}` where there is no such package.

    Raises:
        RuntimeError: the probe fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        done = subprocess.run(  # noqa: S603 - the interpreters are those of the command line
            [python, "-B", str(PROBE), package, str(out)],
            capture_output=True,
            text=True,
            check=False,
            env=bare_environment(),
        )
        if done.returncode:
            raise RuntimeError(f"{python} cannot run the probe of {package}:\n{done.stderr[-2000:]}")
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def packed(found: dict[str, Any]) -> bytes:
    """The findings as they are kept: equal findings are equal bytes."""
    return gzip.compress(json.dumps(found, separators=(",", ":")).encode(), compresslevel=9, mtime=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", nargs="*", default=[sys.executable])
    parser.add_argument("--only", choices=list(PACKAGES))
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for python in given.python:
        for package in [given.only] if given.only else list(PACKAGES):
            found = probed(python, package)
            if "absent" in found:
                print(f"{python}: no {package}: {found['absent']}", file=sys.stderr)
                continue
            label = f"{package}-{found['version']}"
            (given.out / f"{label}.json.gz").write_bytes(packed(found))
            print(f"{python}: {label}", file=sys.stderr)


if __name__ == "__main__":
    main()
