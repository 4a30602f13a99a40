"""The whole of Limner on one machine: `limner up`, `down`, `status` and `doctor`."""
