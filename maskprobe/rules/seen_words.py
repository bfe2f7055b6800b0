"""How the sentences of rules speak of what was seen in a run, and of what was only deduced."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Verbs and clauses that say how sure it is that padding moves something."""

    move: str
    """Goes with several things: `its real steps move`."""
    moves: str
    """Goes with one: `padding moves`."""
    mixes: str
    reaches: str
    and_reaches: str
    """After `moves`: `moves real steps and reaches the output`."""
    changes: str
    no_harm: str
    """How a sentence begins that says why nothing is wrong."""
    none_moves: str
    """How a sentence begins that says that real steps stay."""
    nothing_returned: str
    """A reason: what a call returns has no padding in it."""
    unknown: str
    """After what could not be told: `whether it counts was not seen`."""
    no_call_to_blame: str
    at_end: str
    """When the model has done its work."""
    first: str
    """Before the call at which something begins."""
    is_no_mask: str
    """Of a mask input that no call takes as a mask."""
    nobody: str


SEEN = Words(
    move="move",
    moves="moves",
    mixes="mixes",
    reaches="reaches",
    and_reaches="reaches",
    changes="changes",
    no_harm="No harm was seen",
    none_moves="No real step moves",
    nothing_returned="padding moves nothing that it returns",
    unknown="was not seen",
    no_call_to_blame="no single call was seen to let it in",
    at_end="at the end of the run",
    first="First seen at",
    is_no_mask="no call was seen to take it as a mask",
    nobody="nothing seen here",
)
"""The model was run."""

DEDUCED = Words(
    move="are likely to move",
    moves="is likely to move",
    mixes="is likely to mix",
    reaches="is likely to reach",
    and_reaches="to reach",
    changes="is likely to change",
    no_harm="No harm is to be expected",
    none_moves="No real step is likely to move",
    nothing_returned="nothing that it returns depends on padding",
    unknown="is not known",
    no_call_to_blame="no single call is known to let it in",
    at_end="at the end",
    first="First at",
    is_no_mask="no call takes it as a mask",
    nobody="nothing here",
)
"""Nothing was run: it follows from what the layers are said to do."""
