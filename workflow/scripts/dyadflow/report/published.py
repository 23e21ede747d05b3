"""Numbers that publications report, printed beside a study's own so that a reader has a measure.

They come from other recordings than the study's, so they are a frame of reference and never a target.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PAPER_A = (
    "Withanage Don et al., Towards Automated Annotation of Infant-Caregiver Engagement Phases with "
    "Multimodal Foundation Models, ICMI 2024"
)
PAPER_A_DOI = "https://doi.org/10.1145/3678957.3685704"

#: For each scheme and role, the range of Cohen's kappa between the publication's own coders.
CODER_KAPPA: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "icep-r": {"infant": (0.73, 0.82), "caregiver": (0.72, 0.73)},
}


@dataclass(frozen=True)
class PublishedRow:
    """One row of the paper's Table 3 (caregiver, 3 classes) or 4 (infant, 4 classes), in percent."""

    role: str
    stream: str
    model: str
    accuracy: int
    precision: int
    recall: int
    f1_macro: int
    f1_weighted: int


#: For each scheme, what its paper reports; the linear model there is one split, not cross-validated.
RESULTS: Mapping[str, tuple[PublishedRow, ...]] = {
    "icep-r": (
        PublishedRow("caregiver", "multimodal", "bilstm", 72, 87, 72, 62, 76),
        PublishedRow("caregiver", "multimodal", "linear", 71, 74, 71, 53, 72),
        PublishedRow("caregiver", "dinov2", "bilstm", 80, 87, 80, 68, 82),
        PublishedRow("caregiver", "dinov2", "linear", 68, 68, 68, 49, 66),
        PublishedRow("caregiver", "w2vbert", "bilstm", 63, 84, 63, 51, 69),
        PublishedRow("caregiver", "w2vbert", "linear", 81, 81, 81, 56, 81),
        PublishedRow("infant", "multimodal", "bilstm", 68, 72, 68, 60, 68),
        PublishedRow("infant", "multimodal", "linear", 54, 50, 54, 40, 51),
        PublishedRow("infant", "dinov2", "bilstm", 66, 72, 66, 57, 66),
        PublishedRow("infant", "dinov2", "linear", 47, 41, 47, 26, 43),
        PublishedRow("infant", "w2vbert", "bilstm", 55, 56, 55, 43, 50),
        PublishedRow("infant", "w2vbert", "linear", 56, 50, 56, 41, 51),
    ),
}
