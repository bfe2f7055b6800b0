"""What a finding is known by from one run to the next, also where the model was trained again in between."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from maskprobe.check.result import FileResult
from maskprobe.finding import Finding


def fingerprinted(result: FileResult) -> Iterator[tuple[Finding, str]]:
    """Give each finding with its fingerprint: of the rule, the layer path and the model's structure.

    The message is left out: it holds the numbers of one run. So is the file's name. Where a rule speaks twice of one
    call, the second is told from the first by its place: no two fingerprints of one file are equal.
    """
    seen: Counter[tuple[str, str]] = Counter()
    for finding in result.findings:
        key = (finding.code, finding.path)
        yield finding, digest_of(*key, result.structure, str(seen[key]))
        seen[key] += 1


def digest_of(*parts: str) -> str:
    """Hash several texts; where one ends and the next starts matters."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "backslashreplace")
        digest.update(f"{len(encoded)}:".encode())
        digest.update(encoded)
    return digest.hexdigest()[:32]
