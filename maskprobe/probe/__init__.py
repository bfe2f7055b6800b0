"""Padded inputs to look at a model with."""
