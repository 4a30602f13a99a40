"""Files of weights: read as data or refused, whatever is in them."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from limner_models.errors import WeightsRefused
from limner_models.importers import files, persisted, pickled
from tests.unit.models.importers.published import nvidia, write_nvidia

WEIGHTS = {"one.weight": torch.arange(6.0).reshape(2, 3), "one.bias": torch.ones(2)}


class Payload:
    """What runs when it is unpickled in the usual way."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_the_payload_would_run(tmp_path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "ran")))

    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("where", ["network", "beside", "tensor"])
def test_a_payload_in_a_pickle_does_not_run(tmp_path, monkeypatch, where):
    payload, file = Payload(tmp_path / "ran"), tmp_path / "a.pkl"
    if where == "tensor":

        class Evil(torch.nn.Parameter):
            def __reduce_ex__(self, protocol):
                return payload.__reduce__()

        state = {**nvidia(32)}
        write_nvidia(file, state, monkeypatch)
        monkeypatch.setattr(torch.nn, "Parameter", Evil)
        write_nvidia(file, state, monkeypatch)
    else:
        file.write_bytes(pickle.dumps({"G_ema" if where == "network" else "D": payload}))

    with pytest.raises(WeightsRefused, match=r"a\.pkl is refused"):
        files.read(file)

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_payload_in_torch_s_files_does_not_run(tmp_path, zipped):
    whole = {"state_dict": WEIGHTS, "opts": Payload(tmp_path / "ran")}
    torch.save(whole, tmp_path / "a.pt", _use_new_zipfile_serialization=zipped)

    with pytest.raises(WeightsRefused, match=r"torch\.save\(network\.state_dict\(\), file\)"):
        files.read(tmp_path / "a.pt")

    assert not (tmp_path / "ran").exists()


def test_whole_modules_are_refused_with_what_to_do(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "a.pt")
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"G_ema": torch.nn.Linear(2, 2)}))

    for name in ("a.pt", "a.pkl"):
        with pytest.raises(WeightsRefused, match="state_dict"):
            files.read(tmp_path / name)


def test_tensorflow_s_pickles_and_torch_s_tars_are_refused_with_what_to_do(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(({"G": 1}, {"D": 1}, {"Gs": 1})))
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("sys_info"), io.BytesIO())

    with pytest.raises(WeightsRefused, match=r"legacy\.py"):
        files.read(tmp_path / "a.pkl")
    with pytest.raises(WeightsRefused, match="tar archive"):
        files.read(tmp_path / "a.tar")


@pytest.mark.parametrize("wrap", ["state_dict", "model_state_dict", "g_ema", "params_ema"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "netG."])
def test_weights_are_found_however_they_are_wrapped(tmp_path, wrap, prefix):
    wrapped = {f"{prefix}{name}": tensor for name, tensor in WEIGHTS.items()}
    torch.save({wrap: wrapped, "epoch": 3}, tmp_path / "a.pt")

    read = files.read(tmp_path / "a.pt").tensors

    assert set(read) == set(WEIGHTS)
    assert torch.equal(read["one.weight"], WEIGHTS["one.weight"])


def test_half_precision_is_read_and_safetensors_are(tmp_path):
    save_file({name: tensor.half() for name, tensor in WEIGHTS.items()}, tmp_path / "a.safetensors")

    read = files.read(tmp_path / "a.safetensors").tensors

    assert torch.equal(read["one.weight"], WEIGHTS["one.weight"])
    assert read["one.weight"].dtype == torch.float32


@pytest.mark.parametrize("kind", ["a.pt", "older.pt", "a.pkl", "a.safetensors"])
def test_a_file_that_is_cut_off_is_refused_wherever(tmp_path, monkeypatch, kind):
    file = tmp_path / kind
    if kind == "a.pkl":
        write_nvidia(file, nvidia(32), monkeypatch)
    elif kind == "a.safetensors":
        save_file(WEIGHTS, file)
    else:
        torch.save(WEIGHTS, file, _use_new_zipfile_serialization=kind == "a.pt")
    whole = file.read_bytes()
    for part in (0, 1, 10, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:part])
        with pytest.raises(WeightsRefused):
            files.read(file)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(tmp_path, value):
    torch.save({**WEIGHTS, "one.bias": torch.tensor([1.0, value])}, tmp_path / "a.pt")

    with pytest.raises(WeightsRefused, match=r"one\.bias holds numbers that are none"):
        files.read(tmp_path / "a.pt")


def test_too_many_and_too_large_are_refused(tmp_path, monkeypatch):
    torch.save({f"w{index}": torch.ones(1) for index in range(5000)}, tmp_path / "a.pt")
    with pytest.raises(WeightsRefused, match="5000 tensors"):
        files.read(tmp_path / "a.pt")

    # stored in four bytes, spread out to 16 GiB
    torch.save({"w": torch.ones(1).expand(1 << 16, 1 << 16)}, tmp_path / "a.pt")
    with pytest.raises(WeightsRefused, match="2048 MiB"):
        files.read(tmp_path / "a.pt")

    monkeypatch.setattr(files, "LARGEST", 100)
    with pytest.raises(WeightsRefused, match="larger than"):
        files.read(tmp_path / "a.pt")


def test_an_archive_that_swells_is_refused(tmp_path):
    torch.save(WEIGHTS, tmp_path / "a.pt")
    with (
        zipfile.ZipFile(tmp_path / "a.pt") as archive,
        zipfile.ZipFile(tmp_path / "b.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))

    with pytest.raises(WeightsRefused, match="packed"):
        files.read(tmp_path / "b.pt")


def test_what_is_no_file_of_weights_is_refused(tmp_path):
    for content in ({"epoch": 1}, [torch.ones(1)], {}, {1: torch.ones(1)}):
        torch.save(content, tmp_path / "a.pt")
        with pytest.raises(WeightsRefused):
            files.read(tmp_path / "a.pt")
    (tmp_path / "a.txt").write_text("weights")
    with pytest.raises(WeightsRefused, match="neither"):
        files.read(tmp_path / "a.txt")
    with pytest.raises(WeightsRefused, match="cannot be read"):
        files.read(tmp_path / "nothing.pt")


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_s_values_are_read_without_its_calls(protocol):
    row = [1, -300, 2.5]
    value = {"a": [row, (True, None, row), (), ((1,), (1, 2))], 3: "y" * 300, "e": 1 << 90}

    assert pickled.read(io.BytesIO(pickle.dumps(value, protocol))) == value


def test_sets_and_bytes_are_plain_values_too():
    read = pickled.read(io.BytesIO(pickle.dumps({"a": {3}, "b": b"x", "c": frozenset({4})}, 4)))

    assert read == {"a": [3], "b": b"x", "c": [4]}


def test_what_no_data_needs_is_refused(monkeypatch):
    with pytest.raises(WeightsRefused, match="no data needs"):
        pickled.read(io.BytesIO(b"(S'ls'\nios\nsystem\n."))
    with pytest.raises(WeightsRefused, match="calls what has no name"):
        pickled.read(io.BytesIO(b"I1\n)R."))
    with pytest.raises(WeightsRefused, match="keys that are none"):
        pickled.read(io.BytesIO(b"}(I1\ntI1\ns."))
    monkeypatch.setattr(pickled, "LARGEST", 5)
    with pytest.raises(WeightsRefused, match="more than 5"):
        pickled.read(io.BytesIO(pickle.dumps(list(range(20)))))


def test_a_tensor_stays_within_what_is_kept(tmp_path, monkeypatch):
    class Wide(torch.nn.Parameter):
        def __reduce_ex__(self, protocol):
            make, (storage, *_) = torch.ones(4).__reduce_ex__(2)
            return make, (storage, 2, (3,), (1,), False, {})

    monkeypatch.setattr(torch.nn, "Parameter", Wide)
    write_nvidia(tmp_path / "a.pkl", nvidia(32), monkeypatch)

    with pytest.raises(WeightsRefused, match="outside what is kept"):
        files.read(tmp_path / "a.pkl")


def test_modules_within_modules_end(tmp_path, monkeypatch):
    deep = {".".join(["inner"] * (persisted.DEEPEST + 2)) + ".w_avg": torch.ones(1)}
    write_nvidia(tmp_path / "a.pkl", deep, monkeypatch)

    with pytest.raises(WeightsRefused, match="deep"):
        files.read(tmp_path / "a.pkl")
