"""The config.pbtxt a placed version is loaded with.

It is complete, so Triton runs with auto-complete off and starts each runner once. There is no
dynamic batching: its queue stalls for half a second under any policy, and the server orders,
bounds and batches calls itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from limner_registry.contract import triton_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limner_registry.contract import Contract
    from limner_registry.tensors import Tensor

Kind = Literal["KIND_CPU", "KIND_GPU"]
"""Where a version's instances run, in Triton's words."""

TRITON_TYPES = {"uint8": "TYPE_UINT8", "int16": "TYPE_INT16", "float32": "TYPE_FP32"}

CONFIG = """\
name: {name}
backend: "python"
max_batch_size: {max_batch}
{policy}version_policy {{ specific {{ versions: [ {version} ] }} }}
{tensors}
instance_group [ {{ count: {runners}, kind: {kind} }} ]
parameters {{ key: "limner.contract" value {{ string_value: {contract} }} }}
parameters {{ key: "limner.manifest_sha256" value {{ string_value: {manifest_sha256} }} }}
"""

STREAMING = "model_transaction_policy { decoupled: true }\n"


def triton_config(
    contract: Contract, version: int, manifest_sha256: str, kind: Kind = "KIND_CPU"
) -> str:
    """Return the whole config.pbtxt of one version, as text.

    The contract and the manifest's digest ride along as parameters, by which whoever asks Triton
    for the config knows what was loaded.
    """
    return CONFIG.format(
        name=json.dumps(triton_name(contract.model, version)),
        max_batch=contract.max_batch,
        policy=STREAMING if contract.streams else "",
        version=version,
        tensors="\n".join(
            (*_blocks("input", contract.inputs), *_blocks("output", contract.outputs))
        ),
        runners=contract.runners,
        kind=kind,
        contract=json.dumps(contract.id),
        manifest_sha256=json.dumps(manifest_sha256),
    )


def _blocks(side: str, tensors: Iterable[Tensor]) -> Iterable[str]:
    for tensor in tensors:
        dims = ", ".join(str(size) for size in tensor.shape)
        yield (
            f"{side} {{ name: {json.dumps(tensor.name)}, "
            f"data_type: {TRITON_TYPES[tensor.dtype]}, dims: [ {dims} ] }}"
        )
