from __future__ import annotations

import subprocess
import sys

HANGS = """
import threading
from limner_registry.ending import end
threading.Thread(target=threading.Event().wait).start()
print("said")
end(3)
"""


def test_a_process_ends_at_once_with_all_that_it_said():
    command = [sys.executable, "-c", HANGS]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (3, b"said\n")
