"""Measures TransferHair: how near it comes to the truth, what it leaves alone, what it takes.

The studio draws people with other heads' hair, which is the truth; beside the modes stands a naive
paste, the reference's hair cut out and laid on by a similarity of the two faces.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from dye import portrait
from rich.console import Console
from rich.progress import track
from rich.table import Table
from stack import STATE, interval, served
from torch import nn
from transfer_trials import Mask, Photo, Trial, trials
from transfer_ways import LONGEST, Made, Way, as_it_is, fast, optimized, pasted, transferred

from limner.errors import LimnerError
from limner.v1.reasons import ModelNotReady
from limner_client import LimnerClient, TransferHairResult, TransferProgress
from limner_models.losses.style import content_difference
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.eyes import MobileEye
from limner_models.pretrained import MOBILENET, state_of
from limner_registry.color import ciede2000, srgb_to_lab
from limner_server.imaging import codec

TRIALS = 20
SOME = 6
"""Of them, those on which OPTIMIZE is compared, which takes minutes for each."""
LOOKED_AT = 128
"""Pixels a side at which the loss network compares pictures."""
LARGE = 1024
"""Pixels a side at which time is taken."""
BAR_SECONDS = 5.0
STEPS = 60
"""Of an optimization whose speed is measured."""
SURE = 243
"""Alpha from which a pixel is nothing but hair."""
INNER = 0.8
"""What of a face's outline is surely kept, along either axis."""

screen = Console(width=120)


def tables(drawings: Path = STATE / "transfers") -> Iterator[Table]:
    """Yield every table of TransferHair's, on a stack of its own.

    Args:
        drawings: Where the drawn heads are kept; those that are missing are drawn.
    """
    drawn = trials(TRIALS, drawings)
    eye = MobileEye(state_of(MOBILENET, STATE / "downloads")).eval()
    ways: dict[str, Way] = {"the photo as it is": as_it_is, "naive paste": pasted, "FAST": fast}
    with served() as (client, _):
        usable = [trial for trial in drawn if _can_be_done(client, trial)]
        screen.print(f"{len(drawn) - len(usable)} of {len(drawn)} transfers were refused")
        own = [trial for trial in usable if trial.look is None]
        others = [trial for trial in usable if trial.look is not None]
        yield nearness(client, own, ways, eye, "in the shape's own colors")
        yield nearness(client, others, ways, eye, "in a third head's colors")
        yield kept(client, usable)
        yield from taken(client, usable)
        try:
            yield searching(client, usable[0])
        except ModelNotReady as error:
            screen.print(f"OPTIMIZE is left out: {error}")
            return
        ways["OPTIMIZE"] = optimized
        yield nearness(client, usable[:SOME], ways, eye, "in either's")


def nearness(
    client: LimnerClient,
    drawn: Sequence[Trial],
    ways: Mapping[str, Way],
    eye: nn.Module,
    colors: str,
) -> Table:
    """Return how near each way comes to the truth where either has hair."""
    table = Table(
        f"{len(drawn)} people with others' hair, {colors}",
        "PSNR in the hair, dB",
        "difference seen",
        "over the paste's, 95 %",
        "nearer than it",
        "hair IoU",
        "hair's color, CIEDE2000",
    )
    found: dict[str, np.ndarray[Any, Any]] = {}
    for name, way in ways.items():
        shown = track(drawn, name, console=screen, transient=True)
        found[name] = np.array([scores(way(client, trial), trial, eye) for trial in shown])
    paste = found["naive paste"][:, 1]
    for name, rows in found.items():
        psnr, seen, overlap, color = rows.mean(0)
        low, high = interval(rows[:, 1] / paste)
        table.add_row(
            name,
            f"{psnr:.2f}",
            f"{seen:.3f}",
            f"{np.median(rows[:, 1] / paste):.2f} ({low:.2f}-{high:.2f})",
            f"{np.mean(rows[:, 1] < paste):.0%}",
            f"{overlap:.3f}",
            f"{color:.1f}",
        )
    return table


def scores(made: Made, trial: Trial, eye: nn.Module) -> tuple[float, float, float, float]:
    """Return how near a picture comes: PSNR, difference seen, IoU of the hair, CIEDE2000 of it.

    The first two are of the region where the person had hair or is to have some: what is left of
    the old hair counts against a way. There a loss network compares features at strides 2, 4 and
    8, as shares of the truth's own, in pictures so small that no strand must be at its place.
    """
    error = (made.photo[trial.region].astype(np.float64) - trial.truth[trial.region]) ** 2
    psnr = 10 * np.log10(255**2 / max(float(error.mean()), 0.05))
    shown = np.where(trial.region[..., None], made.photo, trial.truth)
    with torch.inference_mode():
        (_, mine), (_, goal) = (eye(_small(each)) for each in (shown, trial.truth))
        seen = float(sum(map(content_difference, mine, goal))) / trial.region.mean()
    hair = made.hair > 127
    overlap = float((hair & trial.hair).sum() / max(1, (hair | trial.hair).sum()))
    colors = (_mean_color(made.photo, made.hair >= SURE), _mean_color(trial.truth, trial.hair))
    return float(psnr), float(seen), overlap, float(ciede2000(*colors))


def kept(client: LimnerClient, drawn: Sequence[Trial]) -> Table:
    """Return how many pixels changed where none may: outside the mask, and in the bare face."""
    outside, in_face, seen = 0, 0, 0
    for trial in track(drawn, "kept", console=screen, transient=True):
        result = transferred(client, trial, return_mask=True)
        changed = (np.asarray(result.image) != trial.person).any(-1)
        outside += np.count_nonzero(changed & (np.asarray(result.mask) == 0))
        bare = ~trial.region & (np.asarray(result.hair_alpha) == 0)
        face = _within(np.array(result.face.oval), trial) & bare
        in_face += np.count_nonzero(changed & face)
        seen += np.count_nonzero(face)
    table = Table("pixels changed", "outside the mask", "in the face without hair", "of")
    table.add_row(f"{len(drawn)} people", f"{outside}", f"{in_face}", f"{seen}")
    return table


def taken(client: LimnerClient, drawn: Sequence[Trial]) -> Iterator[Table]:
    """Yield what FAST takes at 1024 x 1024, with references unknown and known, and its stages."""
    person = portrait(LARGE)
    client.transfer_hair(person, shape=_file(drawn[-1].truth))  # compiles and warms up
    rows: list[list[float]] = []
    stages: dict[str, list[float]] = {}
    for trial in track(drawn, "taken", console=screen, transient=True):
        reference = _file(trial.shape)
        try:
            first, again = (client.transfer_hair(person, shape=reference) for _ in range(2))
        except LimnerError:
            continue  # this head is turned otherwise than hers
        rows.append([result.timings.total_seconds for result in (first, again)])
        for name, seconds in _by_name(first).items():
            stages.setdefault(name, []).append(seconds)
    unknown, known = np.array(rows).T
    low, high = interval(known / unknown)
    table = Table(f"FAST, {LARGE} x {LARGE}, {len(rows)} references", "measured", "bar", "")
    typical = float(np.median(unknown))
    held = "held" if typical < BAR_SECONDS else "missed"
    table.add_row("a reference seen first, s", f"{typical:.2f}", f"{BAR_SECONDS:.0f}", held)
    table.add_row("the slowest of them, s", f"{unknown.max():.2f}")
    ratio = f"{np.median(known / unknown):.2f} ({low:.2f}-{high:.2f})"
    table.add_row("the same reference again, over that", ratio)
    yield table
    parts = Table("both photos' stages, some side by side", "ms", "of the whole")
    for name, each in stages.items():
        median = float(np.median(each))
        parts.add_row(name, f"{1e3 * median:.0f}", f"{median / typical:.0%}")
    yield parts


def searching(client: LimnerClient, trial: Trial) -> Table:
    """Return how many steps a second OPTIMIZE takes.

    Raises:
        ModelNotReady: Its model is not placed.
    """
    heard: list[tuple[int, float]] = []

    def note(progress: TransferProgress) -> None:
        if progress.step:
            heard.append((progress.step, time.perf_counter()))

    transferred(client, trial, mode="optimize", iterations=STEPS, on_progress=note, timeout=LONGEST)
    (early, started), (late, ended) = heard[0], heard[-1]
    table = Table(f"OPTIMIZE, {STEPS} steps", "steps a second")
    table.add_row("", f"{(late - early) / (ended - started):.2f}")
    return table


def _can_be_done(client: LimnerClient, trial: Trial) -> bool:
    """Return whether faces and hair are found and the heads are turned alike enough."""
    try:
        transferred(client, trial)
    except ModelNotReady:
        raise
    except LimnerError as error:
        screen.print(f"a trial is left out: {error}")
        return False
    return True


def _small(photo: Photo) -> torch.Tensor:
    """Return a photo as planes, as small as it is looked at."""
    size = (LOOKED_AT, LOOKED_AT)
    small = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA))
    return to_planes(torch.from_numpy(small)[None])


def _by_name(result: TransferHairResult) -> dict[str, float]:
    """Return the seconds of each stage, those of both photos together."""
    seconds: dict[str, float] = {}
    for stage in result.timings.stages:
        seconds[stage.name] = seconds.get(stage.name, 0.0) + stage.seconds
    return seconds


def _within(oval: np.ndarray[Any, Any], trial: Trial) -> Mask:
    """Return where a face surely is: its outline, drawn in around its middle."""
    middle = oval.mean(0)
    corners = np.round(middle + INNER * (oval - middle)).astype(np.int32)
    filled = cv2.fillPoly(np.zeros(trial.hair.shape, np.uint8), [corners], (1,))
    return np.asarray(filled > 0)


def _mean_color(photo: Photo, where: Mask) -> np.ndarray[Any, Any]:
    chosen = photo[where] if where.any() else photo.reshape(-1, 3)
    return np.asarray(srgb_to_lab(chosen).mean(0))


def _file(photo: Photo) -> bytes:
    """Return a photo as a large JPEG, as people send it."""
    large = cv2.resize(photo, (LARGE, LARGE), interpolation=cv2.INTER_CUBIC)
    return codec.encode(np.asarray(large, np.uint8), "jpeg", codec.DEFAULT_QUALITY)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--drawings", type=Path, default=STATE / "transfers", help="where drawn heads are kept"
    )
    for made in tables(parser.parse_args().drawings):
        screen.print(made)
