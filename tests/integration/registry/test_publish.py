"""Publishing into a real MLflow registry on SQLite."""

from __future__ import annotations

import hashlib
import logging

import pytest

from limner_registry import manifest, metadata
from limner_registry.errors import (
    ContractBroken,
    GoldenMissed,
    MetadataIncomplete,
    ModelUnknown,
    RegistryUnavailable,
    StableMissing,
    VersionDamaged,
    VersionUnknown,
)
from limner_registry.publish import publish
from limner_registry.store import Registry


def test_a_release_comes_back_byte_for_byte_with_all_its_tags(registry, make_release, tmp_path):
    release = make_release()
    version = publish(registry, release)

    files = registry.fetch(version, tmp_path)
    sealed = manifest.verify(files, version.manifest_sha256)
    assert (version.model, version.number) == ("person_segmenter", 1)
    assert (files / "model.onnx").read_bytes() == release.network
    assert (files / "card.md").read_text() == release.card
    assert set(metadata.REQUIRED) <= set(version.tags)
    assert version.tags[metadata.NETWORK_SHA256] == hashlib.sha256(release.network).hexdigest()
    assert version.tags[metadata.GOLDEN_SHA256] == sealed.files["golden.npz"]
    assert metadata.scores_of(version.tags) == {"iou": 0.875}


def test_the_same_release_is_the_version_it_already_is(registry, make_release):
    first = publish(registry, make_release())

    assert publish(registry, make_release()) == first
    assert len(registry.versions("person_segmenter")) == 1


def test_the_first_version_is_stable_and_later_ones_wait(registry, make_release):
    publish(registry, make_release(1.0))
    second = publish(registry, make_release(2.0), parent=1)

    assert second.number == 2
    assert second.tags[metadata.PARENT] == "1"
    assert registry.stable("person_segmenter").number == 1
    registry.make_stable(second)
    assert registry.stable("person_segmenter") == second
    assert [version.number for version in registry.versions("person_segmenter")] == [1, 2]


def test_what_cannot_be_trusted_leaves_no_trace(registry, make_release, network):
    refused = [
        (make_release(network=network(0.5)), GoldenMissed),
        (make_release(network=b"junk"), ContractBroken),
        (make_release(license=""), MetadataIncomplete),
        (make_release(card=" \n"), MetadataIncomplete),
        (make_release(data_sha256="?"), MetadataIncomplete),
    ]
    for release, error in refused:
        with pytest.raises(error):
            publish(registry, release)

    assert registry.models() == {}
    assert registry.versions("person_segmenter") == []


def test_a_parent_must_be_a_version_there_is(registry, make_release):
    with pytest.raises(VersionUnknown):
        publish(registry, make_release(), parent=4)


def test_what_does_not_exist_is_named(registry):
    with pytest.raises(ModelUnknown, match="hat_segmenter"):
        registry.versions("hat_segmenter")
    with pytest.raises(VersionUnknown, match="face_mesh has no version 3"):
        registry.version("face_mesh", 3)
    with pytest.raises(StableMissing, match="face_mesh"):
        registry.stable("face_mesh")


def test_lost_files_are_damage(registry, make_release, state, tmp_path):
    version = publish(registry, make_release())
    (state / "registry/artifacts").rename(tmp_path / "elsewhere")

    with pytest.raises(VersionDamaged, match="person_segmenter version 1"):
        registry.fetch(version, tmp_path)


def test_a_file_that_is_no_database_is_an_unavailable_registry(tmp_path):
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry/mlflow.db").write_bytes(b"not a database" * 100)

    with pytest.raises(RegistryUnavailable, match="not a database"):
        Registry.open(tmp_path)


def test_a_server_that_does_not_answer_is_an_unavailable_registry(tmp_path):
    with pytest.raises(RegistryUnavailable, match=r"127\.0\.0\.1:9"):
        Registry.open(tmp_path, "http://127.0.0.1:9")


def test_opening_is_silent(tmp_path, capfd, caplog):
    with caplog.at_level(logging.WARNING):
        Registry.open(tmp_path)

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
