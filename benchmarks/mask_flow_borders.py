"""Where the flow of masks changes from one Keras to the next, as a table of the files that mask_flow.py writes.

`python benchmarks/mask_flow_borders.py [DIR]`. Writes `results/mask_flow.md`.
"""

from __future__ import annotations

import gzip
import itertools
import json
import sys
from pathlib import Path

from mask_flow_words import Outcome, known, outcome

RESULTS = Path(__file__).parent / "results"
FAMILIES = ("keras-2", "tf.keras-", "tf_keras-", "keras-3")
"""The lines of versions; borders are within a line, and between neighbouring lines."""
WORDS = """\
`m1`, `m2` and `m3` are the masks of the first and second input and of the one with fewer steps, `slots` is that of
`(B, T, S)`. `and` and `or` are of `m1` and `m2`; `joined` masks lie one after the other along time; `ones` hides
nothing. Where several layer calls of a case differ they are named in the second column and their masks are divided by
a slash; several outputs are divided by a comma. A dash is a layer that the model of this version does not have.
"""
Table = dict[str, dict[str, Outcome]]


def order(label: str) -> tuple[int, list[int]]:
    family = next(place for place, start in enumerate(FAMILIES) if label.startswith(start))
    return family, [int(part) for part in label.rpartition("-")[2].split(".") if part.isdigit()]


def read(folder: Path) -> Table:
    """The outcome of each case, by version in their order."""
    labels = sorted((path.name.removesuffix(".json.gz") for path in folder.glob("*.json.gz")), key=order)
    table: Table = {}
    for label in labels:
        found = json.loads(gzip.decompress((folder / f"{label}.json.gz").read_bytes()))
        masks = known(found["inputs"])
        table[label] = {case["name"]: outcome(case, masks) for case in found["cases"]}
    return table


def stated(table: Table, case: str) -> dict[str, str] | None:
    """A cell for each version; `None` where there is nothing to tell apart."""
    ran = {label: cases[case] for label, cases in table.items() if case in cases and "" not in cases[case]}
    calls = list(dict.fromkeys(call for each in ran.values() for call in each))
    unlike = [call for call in calls if len({each.get(call, "-") for each in ran.values()}) > 1]
    if not unlike and len({str(cases.get(case)) for cases in table.values()}) == 1:
        return None
    shown = unlike or calls[-1:]
    cells = {"": " / ".join(shown)}
    for label, cases in table.items():
        each = cases.get(case, {"": "not tried"})
        cells[label] = each[""] if "" in each else " / ".join(each.get(call, "-") for call in shown)
    return cells


def rows(table: Table) -> dict[str, dict[str, str]]:
    cases = dict.fromkeys(case for found in table.values() for case in found)
    stated_rows = {case: stated(table, case) for case in cases}
    return {case: row for case, row in stated_rows.items() if row}


def generations(table: Table, found: dict[str, dict[str, str]]) -> list[list[str]]:
    """Neighbouring versions of one line with the same outcome in all cases."""
    groups: list[list[str]] = []
    for label in table:
        last = groups[-1][-1] if groups else None
        alike = last and order(last)[0] == order(label)[0] and all(row[last] == row[label] for row in found.values())
        if alike:
            groups[-1].append(label)
        else:
            groups.append([label])
    return groups


def titled(group: list[str]) -> str:
    package, _, first = group[0].rpartition("-")
    return f"{package} {first}" if len(group) == 1 else f"{package} {first} to {group[-1].rpartition('-')[2]}"


def borders(groups: list[list[str]], found: dict[str, dict[str, str]]) -> list[str]:
    """A paragraph for each border: which cases change there, by how they change."""
    lines = []
    for before, after in itertools.pairwise(groups):
        changes: dict[str, list[str]] = {}
        for case, row in found.items():
            if row[before[-1]] != row[after[0]]:
                changes.setdefault(f"{row[before[-1]]} → {row[after[0]]}", []).append(case)
        lines += [f"### {titled(before)} → {titled(after)}: {sum(map(len, changes.values()))} cases", ""]
        lines += [f"- {change}: {'; '.join(f'`{case}`' for case in cases)}" for change, cases in changes.items()]
        lines.append("")
    return lines


def markdown(table: Table) -> str:
    found = rows(table)
    groups = generations(table, found)
    same = len(next(iter(table.values()))) - len(found)
    head = ["case", "calls", *map(titled, groups)]
    lines = ["# Masks of layer calls, by version", "", f"{same} cases have the same masks in all versions.", WORDS]
    lines += ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |"]
    for case, row in found.items():
        lines.append("| " + " | ".join([f"`{case}`", row[""], *(row[group[0]] for group in groups)]) + " |")
    return "\n".join([*lines, "", "## Borders", "", *borders(groups, found)]).rstrip() + "\n"


def main() -> None:
    table = read(Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS / "mask_flow")
    text = markdown(table)
    (RESULTS / "mask_flow.md").write_text(text, encoding="utf-8")
    print(text[text.index("## Borders") :])


if __name__ == "__main__":
    main()
