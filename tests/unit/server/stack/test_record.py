from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, replace

import psutil
import pytest

from limner_server.stack.record import FILE, Record, StateTaken, claimed, read_record


@pytest.fixture
def record() -> Record:
    return Record(
        os.getpid(), psutil.Process().create_time(), "127.0.0.1:1", "http://127.0.0.1:2", ""
    )


def test_a_running_server_is_found_by_its_record(tmp_path, record):
    (tmp_path / FILE).write_text(json.dumps(asdict(record)))
    assert read_record(tmp_path) == record


def test_a_pid_that_is_another_process_by_now_is_nobodys(tmp_path, record):
    stale = replace(record, created=record.created - 100)
    (tmp_path / FILE).write_text(json.dumps(asdict(stale)))
    assert read_record(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": 1}'])
def test_a_damaged_record_is_no_record(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert read_record(tmp_path) is None


def test_a_child_is_found_by_its_name_beside_one_that_has_just_ended(record, monkeypatch):
    with subprocess.Popen(["sleep", "9"]) as ended, subprocess.Popen(["sleep", "9"]) as running:
        seen = [psutil.Process(one.pid) for one in (ended, running)]
        ended.kill()
        ended.wait()
        monkeypatch.setattr(psutil.Process, "children", lambda *_, **__: seen)
        assert record.child("sleep") == running.pid
        assert record.child("tritonserver") is None
        running.kill()


def test_a_state_folder_belongs_to_one_server_at_a_time(tmp_path):
    with claimed(tmp_path), pytest.raises(StateTaken, match="limner down"), claimed(tmp_path):
        pytest.fail("both had it")
    with claimed(tmp_path):
        pass
