"""Where versions are made ready: swept once its process is dead, and never before."""

from __future__ import annotations

import os
import subprocess
import sys

from limner_registry.place import staging


def test_a_folder_is_there_for_as_long_as_it_is_used(tmp_path):
    with staging(tmp_path) as staged:
        (staged / "half").write_text("of a file")
        assert staged.is_dir()
    assert not [*staged.parent.iterdir()]


def test_one_in_use_is_kept_however_old_a_clock_makes_it(tmp_path):
    with staging(tmp_path) as old:
        os.utime(old, (0, 0))
        with staging(tmp_path) as other:
            assert old.is_dir()
        assert not other.exists()


def test_one_whose_process_was_killed_is_swept_at_once(tmp_path):
    code = (
        "import os, pathlib, signal, sys; from limner_registry.place import staging;"
        "held = staging(pathlib.Path(sys.argv[1])); (held.__enter__() / 'half').touch();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode < 0
    (left,) = (tmp_path / ".staging").iterdir()

    with staging(tmp_path):
        assert not left.exists()
