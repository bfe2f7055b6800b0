"""Hold the static engine against runs of many random models, and show where both differ.

python tests/static/random_graphs.py --engine keras --count 500 --seed 1
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from dataclasses import replace
from typing import Any

from graph_agreement import Case, Outcome, built, case_of, outcome_of

from maskprobe.backend.engine import get_engine

_SHOWN = frozenset(
    {
        "units", "return_sequences", "return_state", "go_backwards", "axis", "axes", "merge_mode", "mask_value",
        "mask_zero", "padding", "strides", "kernel_size", "n", "dims", "target_shape", "keepdims", "layer", "cropping",
    }
)  # fmt: skip


def signature(line: str) -> str:
    """What a disagreement is about: the layer class and what differs, without names and numbers."""
    bare = re.sub(r"^[\w./:]+ ", "", re.sub(r"^[\w./:]+: ", "", line))
    bare = re.sub(r"\{.*|\[.*", "", bare)
    bare = re.sub(r"mask \([\d, ]*\)|[01]+(/[01]+)+|\([\d, ]*\)", "_", bare)
    return re.sub(r"\d+|failure: .*", lambda found: "failure" if "failure" in found[0] else "n", bare)


def smallest(case: Case, wanted: str, keras: Any) -> tuple[Case, Outcome]:
    """Leave out calls for as long as a disagreement of the signature `wanted` is left."""
    best, outcome = case, outcome_of(case, keras)
    for place in reversed(case.calls):
        fewer = replace(best, calls=tuple(call for call in best.calls if call != place))
        tried = outcome_of(fewer, keras)
        if tried.found and signature(tried.found[0]) == wanted:
            best, outcome = fewer, tried
    return best, outcome


def described(case: Case, keras: Any) -> str:
    """The calls of a model, a line each."""
    model, _ = built(case, keras)
    config = json.loads(model.to_json())["config"]
    lines = []
    for layer in config["layers"]:
        settings = {
            name: value for name, value in layer.get("config", {}).items() if name in _SHOWN and value is not None
        }
        policy = layer.get("config", {}).get("dtype")
        settings["dtype"] = policy["config"]["name"] if isinstance(policy, dict) else policy
        reads = re.findall(r'"keras_history": (\[[^\]]*\])', json.dumps(layer.get("inbound_nodes", [])))
        nodes = ", ".join(reads) or json.dumps(layer.get("inbound_nodes", []))[:300]
        lines.append(f"    {layer['class_name']} {layer.get('name', '')} {settings} <- {nodes}")
    return "\n".join(lines)


def main() -> int:
    """Run many cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=["keras", "tf_keras"], default="keras")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reduce", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--show", action="store_true", help="describe one case and its disagreements")
    asked = parser.parse_args()
    keras = get_engine(asked.engine).keras
    first = asked.seed * 100_000
    if asked.show:
        case = case_of(asked.seed, asked.engine)
        sys.stdout.write(described(case, keras) + "\n" + "\n".join(outcome_of(case, keras).found) + "\n")
        return 0
    counts: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    discards: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    found: dict[str, tuple[Case, int]] = {}
    for place in range(asked.count):
        case = case_of(first + place, asked.engine)
        outcome = outcome_of(case, keras)
        refusals.update(re.sub(r"[\d_]+", "n", line)[:100] for line in outcome.refused)
        if outcome.discarded is not None:
            counts["discarded"] += 1
            discards[re.sub(r"[\d_]+", "n", outcome.discarded)[:160]] += 1
            continue
        counts["graphs"] += 1
        counts["calls"] += len(outcome.paths)
        counts["failed runs"] += outcome.failed
        differing = {
            path for path in outcome.paths for line in outcome.found if line.startswith((f"{path} ", f"{path}:"))
        }
        counts["agreeing calls"] += len(outcome.paths) - len(differing)
        counts["disagreeing graphs"] += bool(outcome.found)
        classes.update(outcome.classes)
        unsure.update(re.sub(r"^[^ ]*", "", line) for line in outcome.unknown)
        for about in {signature(line) for line in outcome.found[:1]}:
            known = found.get(about)
            found[about] = (
                case if known is None or len(case.calls) < len(known[0].calls) else known[0],
                1 + (known[1] if known else 0),
            )
        if outcome.found:
            sys.stderr.write(f"seed {case.seed}: {outcome.found[0]}\n")
        if (place + 1) % 20 == 0:
            sys.stderr.write(f"{place + 1}: {dict(counts)}, {len(found)} kinds of disagreement\n")
            sys.stderr.flush()
    write = sys.stdout.write
    for about, (case, times) in sorted(found.items(), key=lambda item: -item[1][1]):
        write(f"\n== {times} x {about}\n")
        least, outcome = smallest(case, about, keras) if asked.reduce else (case, outcome_of(case, keras))
        write(f"  {least}\n" + "".join(f"  {line}\n" for line in outcome.found[:6]) + described(least, keras) + "\n")
    for title, table in (("discarded", discards), ("refused", refusals), ("unknown", unsure), ("classes", classes)):
        write(f"\n{title}\n" + "".join(f"  {times:6} {what}\n" for what, times in table.most_common(60)))
    write(f"\n{dict(counts)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
