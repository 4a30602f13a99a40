"""Closed-form matting on the unknown band: how much of each pixel there is the subject."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging.geometry import around
from limner_server.imaging.guided import Guide, follow
from limner_server.imaging.laplacian import system
from limner_server.imaging.trimap import INSIDE, OUTSIDE, UNKNOWN, shrunk

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Matte, Photo, Plane
    from limner_server.imaging.laplacian import System

MAX_UNKNOWN: Final = 400_000
"""Unknown pixels that are solved at the photo's own size.

Measured on one core: a band around a person takes 1.1 s and 160 MB for 100,000 of them; a wide
area without anything known in it 4 s and 200 MB. So this many stay below 16 s and 0.8 GB.
"""

EPSILON: Final = 1e-5
"""Regularizer of the color covariance. At Levin's 1e-7 the noise of a JPEG counts as structure,
and the incomplete factors break down on wide bands."""

SHIFTS: Final = (1e-5, 1e-3)
"""Added to the diagonal before it is factored. The first one already prevents nearly every
breakdown, and costs two more steps than none."""

MAX_FACTORS: Final = 150
"""Entries of the incomplete factors for each unknown pixel; 60 in a band, 90 in a wide area."""

TOLERANCE: Final = 1e-6
"""Of the residual against the right side; alphas are then within 0.001 of the limit."""

MAX_STEPS: Final = 150
"""Of conjugate gradients; 10 are usual, and what these do not reach is good to the eye."""

MARGIN_PX: Final = 4
"""Around the unknown pixels; the equations reach two far."""

LIFT_RADIUS: Final = 2
LIFT_EPSILON: Final = 1e-5


class Stopped(Exception):
    """The solver was asked to stop, and did."""


@dataclass(frozen=True, eq=False)
class Solved:
    """An alpha, and how it was come by."""

    alpha: Matte
    """HxW float32 in [0, 1]; exactly 1 inside and 0 outside as the trimap says."""
    scale: float
    """Size at which it was solved over the photo's, in (0, 1]; below 1 it was lifted."""


def warm() -> None:
    """Import PyMatting and compile the loops: seconds that a first call need not wait for."""
    from pymatting import cg, estimate_foreground_ml, ichol, jacobi  # noqa: F401, PLC0415

    from limner_server.imaging import loops  # noqa: PLC0415, half a second of import

    loops.warm()


def solve_alpha(photo: Photo, trimap: Plane, should_stop: Callable[[], bool]) -> Solved:
    """Return how much of each unknown pixel is the subject.

    Cost follows the unknown pixels, not the photo. Above MAX_UNKNOWN of them the equations are
    solved on a smaller photo and the result is lifted by a local linear model of color.

    Args:
        photo: HxWx3 uint8, sRGB.
        trimap: HxW uint8: INSIDE, OUTSIDE, UNKNOWN.
        should_stop: Asked before each tile and each step of the solver.

    Returns:
        The alpha. Where nothing is surely inside the unknown is 0; where nothing is surely
        outside, 1.

    Raises:
        Stopped: `should_stop` said so.

    Source: Levin, Lischinski and Weiss, A Closed-Form Solution to Natural Image Matting, PAMI 2008.
    """

    def check() -> None:
        if should_stop():
            raise Stopped("the alpha was no longer wanted")

    alpha = (trimap == INSIDE).astype(np.float32)
    unknown = trimap == UNKNOWN
    if not unknown.any() or not alpha.any():
        return Solved(alpha, 1.0)
    if not (trimap == OUTSIDE).any():
        alpha[unknown] = 1
        return Solved(alpha, 1.0)
    box = around(unknown, MARGIN_PX)
    part, scale = _solve_scaled(photo[box], trimap[box], check)
    alpha[box] = np.where(unknown[box], part, alpha[box])
    return Solved(alpha, scale)


def _solve_scaled(photo: Photo, trimap: Plane, check: Callable[[], None]) -> tuple[Matte, float]:
    """Return the alpha at a size at which MAX_UNKNOWN holds, lifted, and that size."""
    scale = 1.0
    small, coarse = photo, trimap
    while (count := np.count_nonzero(coarse == UNKNOWN)) > MAX_UNKNOWN:
        scale *= min(0.9, math.sqrt(MAX_UNKNOWN / count))
        check()
        small, coarse = shrunk(photo, trimap, scale)
    alpha = _solve(small, coarse, check)
    if scale == 1:
        return alpha, scale
    check()
    return follow(photo, Guide(small, LIFT_RADIUS).linear_model(alpha, LIFT_EPSILON)), scale


def _solve(photo: Photo, trimap: Plane, check: Callable[[], None]) -> Matte:
    """Return the alpha of photo and trimap at their own size."""
    margin = 1 if min(trimap.shape) < 3 else 0
    wide = np.pad(photo, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    map_ = np.pad(trimap, margin, mode="edge")
    alpha = (map_ == INSIDE).astype(np.float32)
    unknown = map_ == UNKNOWN
    if unknown.any():
        equations = system(wide, map_, EPSILON, check)
        alpha[unknown] = np.clip(_descend(equations, check), 0, 1)
    own: Matte = alpha[margin : margin + trimap.shape[0], margin : margin + trimap.shape[1]]
    return own


def _descend(equations: System, check: Callable[[], None]) -> NDArray[np.float64]:
    """Return the solution of a system by preconditioned conjugate gradients.

    Where the incomplete Cholesky factors break down the diagonal stands in for them; what
    MAX_STEPS do not bring to the tolerance is good to the eye all the same.
    """
    from pymatting import cg, ichol, jacobi  # noqa: PLC0415, see warm

    if not equations.right.any():
        return np.zeros_like(equations.right)
    reached = np.zeros_like(equations.right)

    def step(_matrix: object, x: NDArray[np.float64], *_: object) -> None:
        nonlocal reached
        check()
        reached = x

    check()
    try:
        factors = ichol(equations.matrix, shifts=SHIFTS, max_nnz=MAX_FACTORS * len(reached))
    except ValueError:
        factors = jacobi(equations.matrix)
    with contextlib.suppress(ValueError):  # raised after MAX_STEPS
        cg(
            equations.matrix,
            equations.right,
            M=factors,
            rtol=TOLERANCE,
            maxiter=MAX_STEPS,
            callback=step,
        )
    return reached
