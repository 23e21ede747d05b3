"""One safetensors file with plain values beside its tensors: what every kind of checkpoint is stored as."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyadflow.errors import DyadflowError

if TYPE_CHECKING:
    import torch

# One key only: safetensors keeps its metadata in an unordered map, and order would change the file's bytes.
_KEY = "dyadflow"


def pack_checkpoint(config: Mapping[str, Any], tensors: "Mapping[str, torch.Tensor]") -> bytes:
    """The content of a safetensors file, the same bytes for the same values and tensors."""
    from safetensors.torch import save

    contiguous = {name: value.contiguous() for name, value in tensors.items()}
    return save(contiguous, metadata={_KEY: json.dumps(config, sort_keys=True)})


def unpack_checkpoint(content: bytes, *, where: str = "") -> "tuple[dict[str, Any], dict[str, torch.Tensor]]":
    """Read what `pack_checkpoint` made.

    Raises
    ------
    DyadflowError
        If this is not one of our checkpoints.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        length = int.from_bytes(content[:8], "little")
        config = json.loads(json.loads(content[8:8 + length])["__metadata__"][_KEY])
        return config, load(content)
    except (ValueError, KeyError, SafetensorError) as error:
        raise DyadflowError(
            "this is not a checkpoint of dyadflow", where=where, fix="name a fold*.safetensors that it has written"
        ) from error


def read_checkpoint_file(path: str | Path) -> bytes:
    """A checkpoint file's content.

    Raises
    ------
    DyadflowError
        If there is none.
    """
    try:
        return Path(path).read_bytes()
    except OSError:
        raise DyadflowError("there is no such checkpoint", where=str(path), fix="train the cell first") from None
