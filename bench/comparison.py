"""What the turns of several servers say, as tables in Markdown and as curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from plots import Panel
from rounds import Results
from stack import interval

OURS, BARE = "Limner", "a bare proxy"
TRITON, TRITON_HTTP = "Triton directly", "Triton directly, HTTP"
TITLES: Final = {1024: "1 KB", 786_432: "0.8 MB, 512 px", 3_145_728: "3.1 MB, 1024 px"}
SMALL, LARGE = 1024, 3_145_728
RAW_TENSOR_PEERS: Final = ("MLServer", "Ray Serve")
"""That ours is to be five times as fast as, with large tensors."""
Numbers = np.ndarray[Any, Any]


def report(
    results: Results, names: Sequence[str], sizes: Sequence[int], missing: Mapping[str, str]
) -> str:
    """Return every table, and what could not be measured."""

    def table(title: str, cell: Callable[[str, int], str]) -> Iterator[str]:
        yield f"| {title} | {' | '.join(TITLES[size] for size in sizes)} |"
        yield "|---" * (len(sizes) + 1) + "|"
        for name in names:
            cells = (
                "failed" if (name, size) in results.failures else cell(name, size) for size in sizes
            )
            yield f"| {name} | {' | '.join(cells)} |"
        yield ""

    lines = [
        *table("one client, ms: p50; p95", lambda *of: _times(results, *of)),
        *table("p50 over Limner's, 95 % interval", lambda *of: _over(longer(results, *of))),
        *table("answers a second, the most", lambda *of: f"{results.best_rate(*of):.0f}"),
        *table("Limner's over it, 95 % interval", lambda *of: _over(faster(results, *of))),
        *table("ms of the processor an answer", lambda *of: f"{cost(results, *of) * 1000:.2f}"),
        "| bar | measured | |",
        "|---|---|---|",
        *(f"| {bar} | {found} | {_held(held)} |" for bar, found, held in bars(results, names)),
        "",
        *(f"Not measured: {name}: {why}" for name, why in missing.items()),
        *(f"Failed: {name}, {TITLES[size]}: {why}" for (name, size), why in failed(results)),
    ]
    return "\n".join(lines) + "\n"


def failed(results: Results) -> Iterable[tuple[tuple[str, int], str]]:
    """Return which servers failed with which size, and how."""
    return results.failures.items()


def longer(results: Results, name: str, size: int) -> Numbers:
    """Return how many times as long as ours it took, round by round, with one client."""
    theirs, ours = (results.values(one, size, 1, "median") for one in (name, OURS))
    return _ratios(theirs, ours)


def faster(results: Results, name: str, size: int) -> Numbers:
    """Return how many times as often as it ours answered, each by its best number of clients."""
    return _ratios(best_rates(results, OURS, size), best_rates(results, name, size))


def best_rates(results: Results, name: str, size: int) -> Numbers:
    """Return the highest rate of any number of clients, round by round."""
    counts = [clients for one, of, clients in results.turns if (one, of) == (name, size)]
    found = [results.values(name, size, clients, "rate") for clients in counts]
    rounds = min(map(len, found), default=0)
    return np.max([rates[:rounds] for rates in found], axis=0) if rounds else np.array([])


def cost(results: Results, name: str, size: int) -> float:
    """Return the seconds of the processor that the server took for an answer to one client."""
    turns = results.turns.get((name, size, 1), [])
    answers = sum(len(turn.seconds) for turn in turns)
    return sum(turn.cpu for turn in turns) / answers if answers else float("nan")


def bars(results: Results, names: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    """Yield what was asked for, what was measured, and whether it was reached."""
    p50, p99 = (
        _quantile(results, OURS, SMALL, share) - _quantile(results, TRITON, SMALL, share)
        for share in (50, 99)
    )
    yield "added to Triton, 1 KB, p50: 1.0 ms", f"{p50:.2f} ms", p50 <= 1.0
    yield "added to Triton, 1 KB, p99: 4 ms", f"{p99:.2f} ms", p99 <= 4.0
    large = _quantile(results, OURS, LARGE, 50)
    yield "3.1 MB there and back, p50: 22 ms", f"{large:.1f} ms", large <= 22.0
    rates = results.values(OURS, SMALL, 8, "rate")
    if rates.size:
        rate = float(np.median(rates))
        yield "8 clients, 1 KB: 1500 answers a second", f"{rate:.0f}", rate >= 1500
    peers = [name for name in names if name not in {OURS, TRITON, TRITON_HTTP, BARE}]
    for title, ratios in (("one client, p50", longer), ("the most a second", faster)):
        behind = [
            f"{name}, {TITLES[size]}, {np.median(found):.2f}"
            for name in peers
            for size in TITLES
            if (found := ratios(results, name, size)).size and np.median(found) <= 1
        ]
        told = f"not of {'; '.join(behind)}" if behind else f"of all {len(peers)} ways measured"
        yield f"ahead of every peer: {title}", told, not behind and bool(peers)
    for peer in RAW_TENSOR_PEERS:
        times = [
            float(np.median(ratio))
            for name in peers
            if name.startswith(peer) and (ratio := faster(results, name, LARGE)).size
        ]
        if times:
            yield f"3.1 MB, times {peer}'s rate: 5", f"{min(times):.1f}", min(times) >= 5


def by_load(results: Results, names: Sequence[str], sizes: Sequence[int]) -> list[Panel]:
    """Return how long an answer takes at the rate that so many clients come to."""

    def curve(name: str, size: int) -> list[tuple[float, float]]:
        counts = sorted(key[2] for key in results.turns if key[:2] == (name, size))
        return [
            (
                float(np.median(results.values(name, size, clients, "rate"))),
                float(np.median(results.values(name, size, clients, "median"))) * 1000,
            )
            for clients in counts
        ]

    return [
        Panel(
            TITLES[size],
            "answers a second",
            "ms, p50",
            {name: curve(name, size) for name in names},
        )
        for size in sizes
    ]


def by_size(results: Results, names: Sequence[str], sizes: Sequence[int]) -> list[Panel]:
    """Return what an answer costs by the size of the tensor: time, and the processor's time."""

    def milliseconds(name: str, size: int) -> float:
        return _quantile(results, name, size, 50)

    def processor(name: str, size: int) -> float:
        return cost(results, name, size) * 1000

    def curves(of: Callable[[str, int], float]) -> dict[str, list[tuple[float, float]]]:
        points = {name: [(float(size), of(name, size)) for size in sizes] for name in names}
        return {name: [at for at in curve if at[1] > 0] for name, curve in points.items()}

    return [
        Panel("one client", "bytes of the tensor", "ms, p50", curves(milliseconds)),
        Panel("the server's work", "bytes of the tensor", "ms of processor", curves(processor)),
    ]


def _ratios(over: Numbers, under: Numbers) -> Numbers:
    rounds = min(len(over), len(under))
    shares: Numbers = over[:rounds] / under[:rounds]
    return shares


def _quantile(results: Results, name: str, size: int, share: float) -> float:
    """Return milliseconds that such a share of answers took at most, with one client."""
    seconds = results.pooled(name, size)
    return float(np.percentile(seconds, share)) * 1000 if seconds.size else float("nan")


def _times(results: Results, name: str, size: int) -> str:
    p50, p95 = (_quantile(results, name, size, share) for share in (50, 95))
    return f"{p50:.2f}; {p95:.2f}" if p50 < 10 else f"{p50:.0f}; {p95:.0f}"


def _over(ratios: Numbers) -> str:
    if not ratios.size:
        return "-"
    if (ratios == 1).all():  # ours, beside itself
        return "1"
    low, high = interval(ratios)
    return f"{np.median(ratios):.2f} ({low:.2f}-{high:.2f})"


def _held(held: bool) -> str:  # noqa: FBT001 - what it tells is the word for it
    return "held" if held else "missed"
