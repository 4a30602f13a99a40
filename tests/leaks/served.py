"""The toy's server, which drops a version as soon as no route names it; told as `toy` is."""

from __future__ import annotations

import sys
from pathlib import Path

import uvloop

from limner_server.triton import servables
from tests.faults.toy import serve

if __name__ == "__main__":
    servables.KEEP_SECONDS = servables.SETTLE_SECONDS = 0.2
    uvloop.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
