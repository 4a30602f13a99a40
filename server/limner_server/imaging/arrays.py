"""The arrays that pictures are, named once.

Photos stay bytes: a quarter of the memory of floats, and the networks' crops come out exactly as
they did in training. What is soft is float.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Photo: TypeAlias = NDArray[np.uint8]
"""HxWx3 uint8, sRGB."""

Plane: TypeAlias = NDArray[np.uint8]
"""HxW uint8: a mask, a trimap, an alpha on its way out."""

Flags: TypeAlias = NDArray[np.bool_]
"""HxW bool."""

Matte: TypeAlias = NDArray[np.float32]
"""HxW float32 in [0, 1]."""

Points: TypeAlias = NDArray[np.float32]
"""Nx2 or Nx3 float32: x to the right, y down, in pixels from the top left; z on x's scale."""

Floats: TypeAlias = NDArray[np.float32]
"""float32 of the shape and range that the docstring says."""
