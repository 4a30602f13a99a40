"""People and references as they are known once they were measured."""

from __future__ import annotations

from hypothesis import strategies as st

from limner_server.imaging.face_shape import Proportions
from limner_server.imaging.hairstyle import CELLS, Hairstyle
from limner_server.imaging.pose import HeadPose
from limner_server.references.features import Features, HairFeatures

OVAL = Proportions(1.21, 0.86, 0.80)
ROUND = Proportions(1.10, 0.86, 0.79)
BROWN = (38.0, 9.0, 18.0)


def outline_to(row: int, wide: int = 8) -> tuple[int, ...]:
    """Return hair in the middle of the square, the same to both sides, down to a row."""
    band = ((1 << wide) - 1) << (CELLS - wide) // 2
    return tuple(band if 5 <= place < row else 0 for place in range(CELLS))


def someone(
    yaw=0.0, pitch=0.0, face=OVAL, lab=BROWN, reach=-0.5, fullness=1.0, fringe=0.0, row=15
) -> Features:
    """Return a person; everybody is alike but for what is said."""
    style = Hairstyle(reach, fullness, fringe, 0.9, outline_to(row))
    return Features(
        HeadPose(yaw, pitch, 0.0), face, (320.0, 320.0, 500.0), HairFeatures(style, lab)
    )


shares = st.floats(0, 1)
styles = st.builds(
    Hairstyle,
    st.floats(-1.5, 2),
    st.floats(0, 4),
    shares,
    shares,
    st.lists(st.integers(0, (1 << CELLS) - 1), min_size=CELLS, max_size=CELLS).map(tuple),
)
labs = st.tuples(st.floats(0, 100), st.floats(-60, 60), st.floats(-60, 60))
places = st.floats(0, 5000)
people = st.builds(
    Features,
    st.builds(HeadPose, st.floats(-60, 60), st.floats(-40, 40), st.floats(-60, 60)),
    st.builds(Proportions, st.floats(1, 1.5), st.floats(0.7, 1), st.floats(0.6, 1)),
    st.tuples(places, places, places),
    st.none() | st.builds(HairFeatures, styles, labs),
)
