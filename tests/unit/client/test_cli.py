from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from PIL import Image

from limner.v1.reasons import (
    DeadlineTooShort,
    Internal,
    ModelNotReady,
    NoFace,
    OverloadedWork,
    ParameterOutOfRange,
)
from limner_client import Violation
from limner_client.cli import batch, group
from limner_client.cli.report import BEST_TO_WORST, worst

LIMNER = [sys.executable, "-c", "from limner_client.cli import main; main()"]


@pytest.fixture
def limner(command):
    """The command line; elsewhere the name is a client's."""
    return command


def test_segment_to_a_file_draws_the_photo(limner, photo, tmp_path):
    out = tmp_path / "new" / "found.png"

    code, stdout, stderr = limner("segment", photo, "-o", out)

    assert code == 0, stderr
    with Image.open(out) as drawn:
        assert drawn.size == (60, 80)
        assert len(drawn.getcolors(10_000)) > 50
    assert "1 face, person 25% of the picture" in stdout
    assert "come nearer: 12 %" in stdout
    assert "the photo is small" in stdout
    assert "0.07 s (mesh 0.05, decode 0.01)" in stdout
    assert "face_detector v3, person_mask v1" in stdout
    assert stderr == ""


def test_segment_to_a_folder_writes_overlay_mask_and_json(limner, photo, tmp_path):
    code, stdout, _ = limner("segment", photo, "-o", tmp_path / "out", "--quiet")

    assert (code, stdout) == (0, "")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"me.overlay.jpg", "me.person.png", "me.json"}
    assert json.loads((tmp_path / "out/me.json").read_text())["faces"][0]["index"] == 0


def test_matte_to_a_file_is_the_cutout_and_to_a_folder_the_alpha_too(limner, photo, tmp_path):
    assert limner("matte", photo, "-o", tmp_path / "cut.png")[0] == 0
    assert limner("matte", photo, "-o", tmp_path / "out", "--band", "7")[0] == 0

    for path in (tmp_path / "cut.png", tmp_path / "out/me.cutout.png"):
        with Image.open(path) as cutout:
            assert (cutout.mode, cutout.size) == ("RGBA", (60, 80))
    with Image.open(tmp_path / "out/me.cutout.alpha.png") as alpha:
        assert alpha.mode == "L"
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_matte_sends_what_it_was_told(limner, double, photo, tmp_path):
    prior = tmp_path / "prior.png"
    prior.write_bytes(photo.read_bytes())
    limner("matte", photo, "-o", tmp_path / "a.webp", "--map", prior, "--band", "7")
    limner("matte", photo, "-o", tmp_path / "b.png", "--trimap", prior)

    first, second = double.requests
    assert (first.WhichOneof("prior"), first.band_px) == ("map", 7)
    assert (second.WhichOneof("prior"), second.band_px) == ("trimap", 0)
    assert first.want_foreground
    assert first.output.format == 3


@pytest.mark.parametrize(
    ("face", "rule"), [("largest", "largest"), ("1", "index"), ("30,30.5", "point")]
)
def test_face_is_the_largest_a_number_or_a_point(limner, double, photo, tmp_path, face, rule):
    assert limner("segment", photo, "-o", tmp_path / "a.png", "--face", face)[0] == 0
    assert double.requests[0].selector.WhichOneof("rule") == rule


def test_json_is_one_document_with_stable_keys(limner, photo, tmp_path):
    out = tmp_path / "out"
    code, stdout, stderr = limner("segment", photo, tmp_path / "gone.jpg", "-o", out, "--json")

    assert code == 2
    done, failed = json.loads(stdout)
    assert set(done) == {
        *("photo", "files", "width", "height", "areas", "faces", "hints"),
        *("models", "timings", "warnings", "request_id"),
    }
    assert set(done["faces"][0]) == {
        *("index", "selected", "score", "box", "pose", "scheme", "oval", "landmarks"),
    }
    assert done["files"] == [
        str(out / f"me{end}") for end in (".overlay.jpg", ".person.png", ".json")
    ]
    assert done["models"][0] == {"model": "face_detector", "version": 3}
    assert done["timings"] == {"decode": 0.01, "mesh": 0.05, "total": 0.07}
    assert failed["photo"] == str(tmp_path / "gone.jpg")
    assert failed["error"] == {
        "reason": "FILE_NOT_FOUND",
        "message": f"cannot read {tmp_path / 'gone.jpg'}: No such file or directory",
        "code": "NOT_FOUND",
        "violations": [],
        "retry_after": None,
        "request_id": "",
    }
    assert "No such file" in stderr


def test_json_of_a_matte_has_its_keys(limner, photo, tmp_path):
    _, stdout, _ = limner("matte", photo, "-o", tmp_path / "cut.png", "--json")

    assert set(json.loads(stdout)[0]) == {
        *("photo", "files", "width", "height", "unknown"),
        *("models", "timings", "warnings", "request_id"),
    }


@pytest.mark.parametrize(
    ("failure", "code", "advice"),
    [
        (NoFace("no face"), 2, "say which face is meant"),
        (
            ParameterOutOfRange("band", violations=[Violation("band_px", "is 900")]),
            2,
            "band_px: is 900",
        ),
        (ModelNotReady("mesh is loading", retry_after=2), 3, "try again in 2 s"),
        (OverloadedWork("too much to do", retry_after=2), 3, "try again in 2 s"),
        (DeadlineTooShort("too short"), 4, "give it longer with --timeout"),
        (Internal("internal error", request_id="id-7"), 1, "call id-7"),
    ],
)
def test_a_failure_has_its_exit_code_and_says_what_to_do(
    limner, double, photo, tmp_path, failure, code, advice
):
    double.failures += [failure] * 3

    ended, stdout, stderr = limner("segment", photo, "-o", tmp_path / "a.png")

    assert ended == code
    assert stdout == ""
    assert f"{photo}: {failure}" in stderr
    assert advice in stderr
    assert not (tmp_path / "a.png").exists()


def test_no_server_is_said_at_once(limner, closed_address, photo, tmp_path):
    began = time.perf_counter()

    code, _, stderr = limner("matte", photo, "-o", tmp_path / "a.png", "--address", closed_address)

    assert code == 3
    assert f"nothing answers at {closed_address}; start one with `limner up`" in stderr
    assert time.perf_counter() - began < 5


def test_a_server_elsewhere_is_not_to_be_started_here(limner, photo, tmp_path):
    elsewhere = ("--address", "gpu.invalid:50051")
    code, _, stderr = limner("matte", photo, "-o", tmp_path / "a.png", *elsewhere)
    assert code == 3
    assert "limner up" not in stderr
    assert "is it the right --address?" in stderr


def test_a_late_answer_is_a_code_of_its_own(limner, double, photo, tmp_path):
    double.hangs = True
    assert limner("segment", photo, "-o", tmp_path / "a.png", "--timeout", "0.2")[0] == 4


def test_a_result_that_cannot_be_written_is_no_bad_input(limner, photo, tmp_path):
    (tmp_path / "out/me.cutout.png").mkdir(parents=True)
    code, _, stderr = limner("matte", photo, "-o", tmp_path / "out")
    assert code == 1
    assert "cannot write the result" in stderr


def test_every_photo_is_tried_and_the_worst_code_wins(limner, double, photo, tmp_path):
    photos = [photo, tmp_path / "gone.jpg", photo, photo]
    double.failures += [NoFace("no face"), None, Internal("internal error")]

    code, stdout, stderr = limner("segment", *photos, "-o", tmp_path / "out")

    assert code == 1
    assert len(double.requests) == 3
    assert stdout.count("1 face") == 1
    assert stderr.count("gone.jpg") >= 1


def test_the_worst_code_is_the_last_of_the_list():
    assert worst([0, 0]) == 0
    assert [worst(BEST_TO_WORST[: end + 1]) for end in range(5)] == list(BEST_TO_WORST)


def test_two_photos_are_in_flight_at_once_and_no_more(limner, double, photo, tmp_path):
    double.together = threading.Barrier(batch.IN_FLIGHT)

    assert limner("matte", *[photo] * 6, "-o", tmp_path / "out")[0] == 0

    assert double.most_in_flight == batch.IN_FLIGHT
    assert not double.together.broken


def test_several_photos_are_a_batch_and_one_is_not(limner, double, photo, tmp_path):
    limner("matte", photo, "-o", tmp_path / "out")
    limner("matte", photo, photo, "-o", tmp_path / "out")
    assert [request.options.priority for request in double.requests] == [1, 2, 2]


def test_equal_stems_get_numbers(limner, photo, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ME.png").write_bytes(photo.read_bytes())
    photos = [photo, tmp_path / "a/ME.png", tmp_path / "b/ME.png"]

    limner("matte", *photos, "-o", tmp_path / "out")

    assert {path.name.split(".")[0] for path in (tmp_path / "out").iterdir()} == {
        "me",
        "ME-2",
        "ME-3",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["matte", "PHOTO", "-o", "PHOTO"], "is an input and would be overwritten"),
        (["matte", "PHOTO", "-o", "MAP", "--map", "MAP"], "is an input and would be overwritten"),
        (["segment", "PHOTO", "PHOTO", "-o", "one.png"], "2 photos do not fit"),
        (["segment", "PHOTO", "-o", "PHOTO/below"], "cannot make the folder"),
        (["matte", "PHOTO", "-o", "cut.jpg"], "lose the clear background"),
        (["matte", "PHOTO", "-o", "a.png", "--map", "x", "--trimap", "y"], "give one"),
        (["segment", "PHOTO", "-o", "a.png", "--face", "left"], "is not `largest`"),
        (["segment", "PHOTO"], "Missing option '-o'"),
        (["paint"], "No such command"),
    ],
)
def test_bad_usage_exits_2_before_any_call(limner, double, photo, tmp_path, arguments, message):
    prior = tmp_path / "map.png"
    prior.write_bytes(b"a map")
    named = {"PHOTO": str(photo), "MAP": str(prior), "PHOTO/below": f"{photo}/below"}

    code, stdout, stderr = limner(*[named.get(word, word) for word in arguments])

    assert code == 2
    assert message in " ".join(stderr.split())
    assert stdout == ""
    assert not double.requests
    assert prior.read_bytes() == b"a map"


def test_a_command_without_its_extra_names_it(limner, monkeypatch):
    from importlib.metadata import EntryPoint

    entry = EntryPoint("up", "limner_server.not_installed:up", group.GROUP)
    monkeypatch.setattr(group, "entry_points", lambda **_: [entry])

    code, _, stderr = limner("up")

    assert code == 2
    assert "pip install 'limner[server]'" in stderr


def test_help_lists_every_command_and_imports_none_of_the_heavy_ones():
    program = (
        "import sys; sys.argv = ['limner', '--help']\n"
        "from limner_client.cli import group\n"
        "assert group.run() == 0\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert set(group.SHORT_HELP) <= set(listed)
    heavy = {"numpy", "PIL", "rich", "limner_server", "limner_registry"}
    assert not heavy & set(done.stdout.splitlines()[-1].split())


def test_the_short_help_is_the_commands_own():
    from limner_client.cli.dye import dye
    from limner_client.cli.matte import matte
    from limner_client.cli.segment import segment

    for command in (dye, matte, segment):
        assert group.SHORT_HELP[command.name] == command.short_help


def test_the_version_is_said(limner):
    code, stdout, _ = limner("--version")
    assert code == 0
    assert stdout.startswith("limner 0.")


def test_without_click_the_command_names_its_extra(tmp_path):
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError('no click')")
    done = subprocess.run(
        LIMNER,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'limner[cli]'" in done.stderr


def test_names_of_any_bytes_are_said_as_they_are(double, photo, tmp_path):
    odd = os.fsencode(tmp_path / "m") + b"\xff.png"
    photo.rename(os.fsdecode(odd))
    command = [*map(os.fsencode, LIMNER), b"matte", odd, b"-o", os.fsencode(tmp_path / "out")]
    environment = {**os.environ, "LIMNER_ADDRESS": double.address, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(odd + b": cut out")


def test_an_interrupted_batch_has_said_what_it_did(double, photo, tmp_path):
    double.failures += [NoFace("nobody here")]
    double.hangs = True
    command = [*LIMNER, "segment", str(photo), str(photo), "-o", str(tmp_path / "out"), "--json"]
    environment = {**os.environ, "LIMNER_ADDRESS": double.address}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        assert any("nobody here" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=20)

    assert process.returncode == 130
    assert [told["error"]["reason"] for told in json.loads(stdout)] == ["NO_FACE"]


def test_a_reader_who_leaves_is_no_bad_input(double):
    command = [*LIMNER, "stylize", "--list-styles", "--json", "--address", double.address]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "cannot read" not in done.stderr


def test_an_interrupt_ends_quietly(double, photo, tmp_path):
    double.hangs = True
    double.together = threading.Barrier(2)
    command = [*LIMNER, "segment", str(photo), "-o", str(tmp_path / "a.png")]
    environment = {**os.environ, "LIMNER_ADDRESS": double.address}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        double.together.wait(timeout=20)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "Traceback" not in stderr
