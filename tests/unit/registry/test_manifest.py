"""The manifest proves every byte of a version, and nothing but a whole version passes."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_registry import manifest
from limner_registry.errors import VersionDamaged

CONTENT = {"model.onnx": b"network " * 250, "golden.npz": b"PK answers", "card.md": b"# A card\n"}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sealed")
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder, manifest.seal(folder).digest


@pytest.fixture
def copy(sealed, tmp_path):
    folder, digest = sealed
    shutil.copytree(folder, tmp_path / "copy")
    return tmp_path / "copy", digest


def test_a_sealed_folder_verifies_and_names_its_digests(sealed):
    folder, digest = sealed

    verified = manifest.verify(folder, digest)

    assert verified.digest == digest
    expected = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
    assert dict(verified.files) == expected


def test_the_digest_is_that_of_the_file_on_disk(sealed):
    folder, digest = sealed

    assert hashlib.sha256((folder / manifest.FILE).read_bytes()).hexdigest() == digest


def test_any_single_flipped_bit_is_found(sealed, tmp_path_factory):
    folder, digest = sealed
    work = tmp_path_factory.mktemp("flipped") / "version"
    shutil.copytree(folder, work)
    flips = 0
    for path in sorted(work.iterdir()):
        content = path.read_bytes()
        for place in range(len(content)):
            flipped = bytearray(content)
            flipped[place] ^= 1 << place % 8
            path.write_bytes(flipped)
            with pytest.raises(VersionDamaged, match=path.name):
                manifest.verify(work, digest)
            flips += 1
        path.write_bytes(content)
    manifest.verify(work, digest)
    assert flips > 500


@given(st.sampled_from([*CONTENT, manifest.FILE]), st.data())
@settings(max_examples=200, deadline=None)
def test_any_truncation_or_addition_is_found(sealed, tmp_path_factory, name, data):
    folder, digest = sealed
    work = tmp_path_factory.mktemp("cut") / "version"
    shutil.copytree(folder, work)
    content = (work / name).read_bytes()
    kept = content[: data.draw(st.integers(0, len(content)))]
    more = data.draw(st.binary(max_size=3))
    (work / name).write_bytes(kept + more)

    if kept + more == content:
        manifest.verify(work, digest)
    else:
        with pytest.raises(VersionDamaged, match=name):
            manifest.verify(work, digest)


@pytest.mark.parametrize("name", [*CONTENT, manifest.FILE])
def test_a_missing_file_is_named(copy, name):
    folder, digest = copy
    (folder / name).unlink()

    with pytest.raises(VersionDamaged, match=f"{name} is missing"):
        manifest.verify(folder, digest)


@pytest.mark.parametrize(
    "name", ["model.py", "weights.pkl", "Model.onnx", ".hidden", "model.onnx~"]
)
def test_a_file_that_does_not_belong_is_named(copy, name):
    folder, digest = copy
    (folder / name).write_bytes(b"")

    with pytest.raises(VersionDamaged, match="does not belong"):
        manifest.verify(folder, digest)


@pytest.mark.parametrize("name", [*CONTENT, manifest.FILE])
def test_a_link_is_refused_even_to_the_same_bytes(copy, tmp_path, name):
    folder, digest = copy
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)

    with pytest.raises(VersionDamaged, match="no plain file"):
        manifest.verify(folder, digest)


def test_weights_take_the_network_s_place_and_never_its_side(tmp_path):
    for name, content in CONTENT.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "model.onnx").rename(tmp_path / "model.safetensors")

    sealed = manifest.seal(tmp_path)

    expected = hashlib.sha256(CONTENT["model.onnx"]).hexdigest()
    assert sealed.network_sha256 == sealed.files["model.safetensors"] == expected
    assert manifest.verify(tmp_path, sealed.digest) == sealed
    (tmp_path / "model.onnx").write_bytes(CONTENT["model.onnx"])
    with pytest.raises(VersionDamaged, match=r"model\.onnx does not belong"):
        manifest.verify(tmp_path, sealed.digest)


def test_a_folder_in_place_of_a_file_is_refused(copy):
    folder, digest = copy
    (folder / "card.md").unlink()
    (folder / "card.md").mkdir()

    with pytest.raises(VersionDamaged, match="no plain file"):
        manifest.verify(folder, digest)


def test_a_linked_folder_is_refused(copy, tmp_path):
    folder, digest = copy
    (tmp_path / "link").symlink_to(folder)

    with pytest.raises(VersionDamaged, match="not a folder"):
        manifest.verify(tmp_path / "link", digest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"files": []}',
        '{"files": {}}',
        '{"files": {"../../etc/passwd": "00"}}',
        json.dumps({"files": {**dict.fromkeys(CONTENT, "0" * 64), "/etc/passwd": "0" * 64}}),
        json.dumps({"files": dict.fromkeys(CONTENT, "0" * 64)}, indent=1),
        " " * (manifest.MAX_BYTES + 1),
    ],
)
def test_a_manifest_that_is_none_is_refused_even_with_its_own_digest(copy, text):
    folder, _ = copy
    (folder / manifest.FILE).write_text(text)

    with pytest.raises(VersionDamaged, match=manifest.FILE):
        manifest.verify(folder, hashlib.sha256(text.encode()).hexdigest())


@given(st.permutations([(name, "a" * 64) for name in CONTENT]))
def test_the_spelling_does_not_depend_on_the_order(pairs):
    ordered = manifest.Manifest(dict.fromkeys(CONTENT, "a" * 64))

    assert manifest.Manifest(dict(pairs)).to_bytes() == ordered.to_bytes()
