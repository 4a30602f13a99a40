"""Compares servers that serve one network: ours, the Triton behind it, and other people's.

Each is a process of its own and is asked by this one, in turn, on connections that are kept.
`--quick` is to see whether all of it works.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import comparison
import onnx
from environments import STATE
from negative import CONTRACTS, network
from peers_served import PEERS, Way, ours, ways_to
from plots import svg
from rich.console import Console
from rounds import FULL, QUICK, measured

screen = Console()


def main() -> None:
    """Measure, print the tables as they are in the docs, and leave them and the plots behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds each, no figures")
    names = [peer.name for peer in PEERS]
    parser.add_argument("--peers", nargs="*", choices=names, default=names, metavar="PEER")
    parser.add_argument("--into", type=Path, default=STATE / "serving", help="folder of the files")
    told = parser.parse_args()
    asyncio.run(compare(told.peers, told.into, quick=told.quick))


async def compare(peers: list[str], into: Path, *, quick: bool) -> None:
    """Run all servers, measure them in turn, and write what was found."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    plan = QUICK if quick else FULL
    async with AsyncExitStack() as stack:
        ways, missing = await _all(stack, peers)
        before = os.getloadavg()[0]
        results = await measured(ways, list(CONTRACTS), plan, screen)
        load = f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after"
    names = [way.name for way in ways]
    text = comparison.report(results, names, list(CONTRACTS), missing)
    text += f"\n{plan.rounds} rounds with one client, {plan.loads} with each number of more, "
    text += f"{os.cpu_count()} cores, {load}.\n"
    into.mkdir(parents=True, exist_ok=True)
    (into / "serving.md").write_text(text)
    loads = comparison.by_load(results, names, list(CONTRACTS))
    (into / "serving_load.svg").write_text(svg(loads))
    (into / "serving_size.svg").write_text(svg(comparison.by_size(results, names, list(CONTRACTS))))
    print(text)
    screen.print(f"written into {into}")


async def _all(stack: AsyncExitStack, peers: list[str]) -> tuple[list[Way], dict[str, str]]:
    """Return the ways to every server that runs, and why the others do not."""
    ways, missing = [], {}
    with tempfile.NamedTemporaryFile(suffix=".onnx", delete=False) as file:
        stack.callback(os.unlink, file.name)
    onnx.save(network(), file.name)
    ways += await stack.enter_async_context(ours())
    for peer in PEERS:
        if peer.name not in peers:
            continue
        with screen.status(f"starting {peer.name}"):
            try:
                ways += await stack.enter_async_context(ways_to(peer, Path(file.name)))
            except OSError as error:
                missing[peer.name] = str(error)
    return ways, missing


if __name__ == "__main__":
    main()
