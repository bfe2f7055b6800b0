"""Saved model files, read without Keras and without running anything in them."""

from __future__ import annotations

from maskprobe.archive.archive import Archive, CodeItem, CodeKind, CompileSettings, FileFormat
from maskprobe.archive.code import list_code
from maskprobe.archive.config import parse_graph
from maskprobe.archive.graph import GraphCall, GraphInput, GraphLayer, LayerGraph, ModelKind, TensorRef
from maskprobe.archive.read import read_archive

__all__ = [
    "Archive",
    "CodeItem",
    "CodeKind",
    "CompileSettings",
    "FileFormat",
    "GraphCall",
    "GraphInput",
    "GraphLayer",
    "LayerGraph",
    "ModelKind",
    "TensorRef",
    "list_code",
    "parse_graph",
    "read_archive",
]
