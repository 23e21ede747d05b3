"""Mixed convolutions: 3-D convolutions in the stem and the first layer, 2-D in the others (Tran et al., 2018)."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from torch import nn

#: The published weights' names in `torchvision.models.video`.
PUBLISHED = {"kinetics400": "MC3_18_Weights.KINETICS400_V1"}

_Width = Annotated[int, Field(ge=1)]


class Options(BaseModel):
    """What a study may set of this network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    widths: tuple[_Width, _Width, _Width, _Width] = Field(
        (64, 128, 256, 512), description="Channels of the four layers; left out: those of torchvision's mc3_18."
    )
    motion_filters: float = Field(
        0.5, ge=0, le=1,
        description="Share of the first layer's random filters that answer to change only; untrained weights only.",
    )


def build(options: Options) -> "nn.Module":
    """The network with random weights, with two classes.

    Returns
    -------
    torch module
        From clips (batch, 3, frames, height, width) to logits (batch, 2), with `embed` for the numbers before
        the last layer, which is `fc`. Parameters have the names that they have in torchvision, so that its
        published weights fit where the widths are its own.

    Notes
    -----
    Random weights are torchvision's, except that the first `motion_filters` of the stem have their mean over
    time taken out. A random filter answers to what stands in the picture far more than to what moves there,
    and a network that starts from such filters, with few sessions, finds motion late or never.
    """
    import torch
    from torch import nn
    from torchvision.models.video.resnet import BasicBlock, Conv3DNoTemporal, Conv3DSimple

    def make_layer(convolution: Any, before: int, width: int, stride: int) -> nn.Sequential:
        shortcut = None
        if stride != 1 or before != width:
            shortcut = nn.Sequential(
                nn.Conv3d(before, width, 1, stride=convolution.get_downsample_stride(stride), bias=False),
                nn.BatchNorm3d(width),
            )
        return nn.Sequential(
            BasicBlock(before, width, convolution, stride, shortcut), BasicBlock(width, width, convolution)
        )

    class MixedConvolutions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            first, second, third, fourth = options.widths
            entry = nn.Conv3d(3, first, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False)
            self.stem = nn.Sequential(entry, nn.BatchNorm3d(first), nn.ReLU(inplace=True))
            self.layer1 = make_layer(Conv3DSimple, first, first, 1)
            self.layer2 = make_layer(Conv3DNoTemporal, first, second, 2)
            self.layer3 = make_layer(Conv3DNoTemporal, second, third, 2)
            self.layer4 = make_layer(Conv3DNoTemporal, third, fourth, 2)
            self.avgpool = nn.AdaptiveAvgPool3d(1)
            self.fc = nn.Linear(fourth, 2)
            for module in self.modules():
                if isinstance(module, nn.Conv3d):
                    nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            nn.init.normal_(self.fc.weight, 0, 0.01)
            nn.init.zeros_(self.fc.bias)
            changing = round(options.motion_filters * first)
            with torch.no_grad():
                filters = entry.weight[:changing]
                filters -= filters.mean(2, keepdim=True)

        def embed(self, clips: torch.Tensor) -> torch.Tensor:
            """The numbers before the last layer, shape (batch, dims)."""
            maps = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(clips)))))
            return self.avgpool(maps).flatten(1)

        def forward(self, clips: torch.Tensor) -> torch.Tensor:
            return self.fc(self.embed(clips))

    return MixedConvolutions()
