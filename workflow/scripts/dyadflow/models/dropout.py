"""Dropout whose masks follow from a seed, a step and a place alone: the same on every device, in every company.

A mask drawn from a shared generator would depend on what else drew from it, so a network trained beside others would
not be the one trained alone. Here each bit is a hash of where it stands.
"""

from typing import TYPE_CHECKING

from torch import nn

from dyadflow.models.seeds import derive_seed

if TYPE_CHECKING:
    import torch

_TOP = 2**24


class SeededDropout(nn.Module):
    """Silences a share of the units while training, and scales the others up.

    Parameters
    ----------
    share
        Of units that are silenced; one number, or one for each network of a stack, shape (networks,).
    place
        Number of this layer in its network, so that two layers have different masks.
    """

    def __init__(self, share: "float | torch.Tensor", place: int = 0) -> None:
        super().__init__()
        # A tensor goes where the network goes, and is no part of its weights.
        self.share: float | torch.Tensor
        if isinstance(share, float | int):
            self.share = float(share)
        else:
            self.register_buffer("share", share, persistent=False)
        self.place = place
        self._key: torch.Tensor | None = None

    def set_key(self, key: "torch.Tensor") -> None:
        """What the next masks follow from: int32, shape () or (networks,)."""
        self._key = key

    def forward(self, values: "torch.Tensor") -> "torch.Tensor":
        """Values of one network, of any shape, or of a stack of them, networks first."""
        import torch

        silent = isinstance(self.share, float) and self.share == 0
        if not self.training or silent:
            return values
        if self._key is None:
            raise RuntimeError("the key of a dropout layer was never set")
        stacked = self._key.dim() == 1
        shape = values.shape[1:] if stacked else values.shape
        bits = hash_places(self._key + self.place * 0x3C6EF35, shape)
        share = self.share
        if isinstance(share, torch.Tensor):
            share = share.reshape(-1, *[1] * len(shape))
        return values * (bits >= share * _TOP) / (1 - share)


def hash_places(key: "torch.Tensor", shape: "torch.Size") -> "torch.Tensor":
    """For each place of an array 24 bits that follow from a key and the place's number.

    Parameters
    ----------
    key
        int32, shape () or (networks,).
    shape
        Of the array, of each network.

    Returns
    -------
    tensor, int32, shape (*shape) or (networks, *shape)
        From 0 to 2**24 - 1.

    Notes
    -----
    The mixing of Wellons' "lowbias32", on 32-bit integers that wrap around.
    """
    import torch

    places = torch.arange(shape.numel(), dtype=torch.int32, device=key.device).reshape(shape)
    mixed = (places * -1640531535) ^ key.reshape(*key.shape, *[1] * len(shape))
    for shift, factor in ((16, 0x7FEB352D), (15, -2073254261)):
        mixed = (mixed ^ ((mixed >> shift) & ((1 << (32 - shift)) - 1))) * factor
    return ((mixed ^ ((mixed >> 16) & 0xFFFF)) >> 8) & (_TOP - 1)


def key_of(seed: int, step: int) -> int:
    """The key of one step of one training, a signed 32-bit number."""
    return derive_seed(seed, "dropout", step) % 2**32 - 2**31


def set_keys(network: nn.Module, keys: "torch.Tensor") -> None:
    """Give every dropout layer of a network its key for the next step, shape (), or of a stack its own, (networks,)."""
    for layer in network.modules():
        if isinstance(layer, SeededDropout):
            layer.set_key(keys)
