"""The versions that a bug report needs, found without importing TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator


def version_lines() -> Iterator[str]:
    """One line a package."""
    import platform

    from maskprobe.backend.engine import installed_versions
    from maskprobe.version import __version__

    yield f"maskprobe {__version__}"
    yield f"Python {platform.python_version()}"
    for name, version in installed_versions().items():
        yield f"{name} {version or 'not installed'}"
