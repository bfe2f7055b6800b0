"""What each Keras does with a masked loss, as a table.

`python benchmarks/loss_conventions.py [PYTHON ...] [--only keras] [--fresh]`. Runs loss_conventions_probe.py under each
interpreter (the current one by default) with every Keras that it has, and adds a row for each to
`results/loss_conventions.*`. Rows of other versions are kept, unless `--fresh` drops them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from kerases import PACKAGES, bare_environment
from loss_conventions_rows import Row, label_of, markdown, order, row_of

RESULTS = Path(__file__).parent / "results" / "loss_conventions.json"
PROBE = Path(__file__).parent / "loss_conventions_probe.py"


def probed(python: str, package: str) -> dict[str, Any]:
    """What the probe prints for a package under an interpreter; `{"absent": why}` where there is no such package.

    Raises:
        RuntimeError: the probe fails.
    """
    done = subprocess.run(  # noqa: S603 - the interpreters are those of the command line
        [python, str(PROBE), package], capture_output=True, text=True, check=False, env=bare_environment()
    )
    if done.returncode:
        raise RuntimeError(f"{python} cannot run the probe of {package}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def measured(pythons: list[str], packages: list[str]) -> dict[str, Row]:
    """A row for each Keras of each interpreter, by its label."""
    rows = {}
    for python in pythons:
        for package in packages:
            raw = probed(python, package)
            if "absent" in raw:
                print(f"{python}: no {package}: {raw['absent']}", file=sys.stderr)
                continue
            row = row_of(raw)
            rows[label_of(row)] = row
            print(f"{python}: {label_of(row)}", file=sys.stderr)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", nargs="*", default=[sys.executable])
    parser.add_argument("--only", choices=list(PACKAGES))
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    known = {} if given.fresh or not RESULTS.exists() else json.loads(RESULTS.read_text(encoding="utf-8"))
    known |= measured(given.python, [given.only] if given.only else list(PACKAGES))
    rows = sorted(known.values(), key=order)
    RESULTS.write_text(written(rows), encoding="utf-8")
    RESULTS.with_suffix(".md").write_text(markdown(rows), encoding="utf-8")
    print(markdown(rows))


def written(rows: list[Row]) -> str:
    """JSON with a line for each Keras."""
    lines = [f"{json.dumps(label_of(row))}: {json.dumps(row, ensure_ascii=False, allow_nan=False)}" for row in rows]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
