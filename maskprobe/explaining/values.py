"""What is said of one call."""

from __future__ import annotations

from dataclasses import dataclass

from maskprobe.finding import Finding


@dataclass(frozen=True, slots=True)
class Snippet:
    """The smallest repair for one way to build models."""

    style: str
    """`functional`, `Sequential` or `subclassed`."""
    code: str
    """To paste; empty if `says` is all there is to say."""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One call, for somebody who wants to know why."""

    path: str
    class_name: str
    engine: str
    """`Keras 3.15.1`."""
    came_in: tuple[str, ...]
    """A sentence for each tensor and mask argument that it received."""
    did: tuple[str, ...]
    """What it did with the mask, and what the values say."""
    why: tuple[str, ...]
    """The rules of Keras that apply."""
    source: str | None
    """The file of Keras that does it, and its version; None for code that is not Keras's."""
    readers: tuple[str, ...]
    """Who reads the result."""
    costs: tuple[str, ...]
    """What it does to outputs, loss and metrics, in numbers."""
    findings: tuple[Finding, ...]
    """What was found at this call."""
    snippets: tuple[Snippet, ...] = ()
    """The smallest repair; empty where nothing is to be mended."""
