"""The command line. One module a command; TensorFlow is imported by none of them before it is needed."""

from maskprobe.cli.app import app, main

__all__ = ["app", "main"]
