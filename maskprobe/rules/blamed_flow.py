"""A trace with what follows from it, and who is to blame for the leaks in it."""

from __future__ import annotations

from functools import cached_property

from maskprobe.mask_trace import CallRecord
from maskprobe.rules.blame import Blame, Fault, find_blame
from maskprobe.rules.flow import MaskFlow


class BlamedFlow(MaskFlow):
    """What rules look at. Made once, read by all of them."""

    @cached_property
    def blames(self) -> tuple[Blame, ...]:
        """Who is to blame for the leaks that were seen, in the order of the leaks."""
        return find_blame(self)

    def blame_of(self, call: CallRecord, *faults: Fault) -> Blame | None:
        """What `call` is to blame for, in one of the ways `faults`; None if nothing was seen."""
        return next((blame for blame in self.blames if blame.call is call and blame.fault in faults), None)
