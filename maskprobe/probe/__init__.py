"""Padded inputs to look at a model with."""

from maskprobe.probe.bring import bring_probe, read_inputs
from maskprobe.probe.options import InputSpec, Padding, ProbeOptions
from maskprobe.probe.probe import Probe, make_probe

__all__ = ["InputSpec", "Padding", "Probe", "ProbeOptions", "bring_probe", "make_probe", "read_inputs"]
