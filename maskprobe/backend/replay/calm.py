"""End to end in one run, for a model in which no call leaks."""

from __future__ import annotations

from maskprobe.backend.replay.end_to_end import EndToEnd, Gradient, loss_effects, loss_tape, paddings_of
from maskprobe.backend.replay.invariance import Invariance, Original, calm_with_noise


def calm_effects(original: Original) -> tuple[EndToEnd, Invariance] | None:
    """Noise, other padding and the gradient of the loss at once; None if they have to be looked at apart."""
    loaded, run = original.loaded, original.run
    with loss_tape(loaded) as tape:
        calm = calm_with_noise(original, None if tape is None else tape.watch)
        if calm is None:
            return None
        if tape is None:
            return EndToEnd(()), calm.invariance
        empty = calm.invariance.empty
        if not calm.injector.changed or (empty is not None and empty.nan_outputs):
            return None  # no gradient can be had here: nothing was watched, or the row of nothing else spoils the loss
        gradient = Gradient(tape, calm.injector)
        paddings = paddings_of(run, original.replays)
        return loss_effects(loaded, run.returned, paddings, calm.nest, gradient), calm.invariance
