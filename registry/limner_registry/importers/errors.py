"""What can stop an import, each with what to do about it in its message.

ImportFailed
├── DownloadFailed          the package index gave no file
├── UnexpectedFile          a file is not the one that was pinned
├── GraphUnreadable         a .tflite file is damaged or beyond its bounds
└── OperatorUnsupported     the file is sound, but holds what the converter cannot write
"""

from __future__ import annotations

from limner_registry.errors import RegistryError


class ImportFailed(RegistryError):
    """Base of everything that stops an import; nothing was published."""


class DownloadFailed(ImportFailed):
    """The package index could not be reached or does not hold the package."""


class UnexpectedFile(ImportFailed):
    """A file's size or digest differs from the pinned one: another version, or not genuine."""


class GraphUnreadable(ImportFailed):
    """The bytes are no .tflite file that can be read safely."""


class OperatorUnsupported(ImportFailed):
    """An operator, or a setting of one, has no ONNX form here."""
