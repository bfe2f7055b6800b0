"""Renderers: one way to show a report each; they never judge."""
