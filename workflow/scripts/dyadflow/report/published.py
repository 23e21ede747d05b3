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
PAPER_B = (
    "Fraile et al., End-to-End Learning and Analysis of Infant Engagement During Guided Play: Prediction and "
    "Explainability, ICMI 2022"
)
PAPER_B_DOI = "https://doi.org/10.1145/3536221.3556629"

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


@dataclass(frozen=True)
class PublishedDurations:
    """One column of the second paper's Table 1: seconds, and the mean of intersection over union."""

    mean_s: int
    sd_s: int
    ratio: float
    minimal_total_s: int


#: For each scheme and phase, how long its paper's coders took a task to last; ``all`` is the column Total.
DURATIONS: Mapping[str, Mapping[str, PublishedDurations]] = {
    "guided-play": {
        "dolls": PublishedDurations(135, 46, 0.93, 2860),
        "shaker": PublishedDurations(118, 12, 0.94, 2626),
        "drum": PublishedDurations(124, 8, 0.95, 2787),
        "all": PublishedDurations(126, 29, 0.94, 8273),
    },
}


@dataclass(frozen=True)
class PublishedScores:
    """One row of the second paper's Table 2: share of the positive class over the whole data set, then scores."""

    empirical_probability: float
    validation_accuracy: float
    validation_f1: float
    test_accuracy: float
    test_f1: float


#: For each scheme and target, the best network of its paper, by validation F1.
SNIPPET_SCORES: Mapping[str, Mapping[str, PublishedScores]] = {
    "guided-play": {
        "dolls-task_engagement": PublishedScores(0.60, 0.93, 0.94, 0.64, 0.64),
        "dolls-social_engagement": PublishedScores(0.72, 0.85, 0.92, 0.68, 0.81),
        "shaker-task_engagement": PublishedScores(0.41, 0.68, 0.72, 0.72, 0.61),
        "shaker-social_engagement": PublishedScores(0.56, 0.93, 0.94, 0.74, 0.80),
        "drum-task_engagement": PublishedScores(0.53, 0.80, 0.82, 0.88, 0.90),
        "drum-social_engagement": PublishedScores(0.70, 0.85, 0.92, 0.76, 0.86),
    },
}

#: The second paper's Table 3: for each scheme and target, mean kappa of human pairs, and of human and network.
SNIPPET_KAPPAS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "guided-play": {
        "dolls-task_engagement": (0.497, 0.395),
        "dolls-social_engagement": (0.790, 0.000),
        "shaker-task_engagement": (0.734, 0.176),
        "shaker-social_engagement": (0.524, 0.219),
        "drum-task_engagement": (0.529, 0.422),
        "drum-social_engagement": (0.382, 0.000),
    },
}


@dataclass(frozen=True)
class PublishedRaters:
    """What the second paper's text says of its Figs. 1 and 3, whose single values stand in pictures.

    Parameters
    ----------
    clock_kappa
        Mean kappa over pairs of coders, every 0.1 s (section 3.2).
    clock_agreement
        Range of the agreement of pairs of coders, every 0.1 s (section 4.1).
    human_kappa, machine_kappa
        Ranges of kappa on test snippets: coder and coder, coder and network (section 4.2).
    """

    clock_kappa: float
    clock_agreement: tuple[float, float]
    human_kappa: tuple[float, float]
    machine_kappa: tuple[float, float]


RATERS: Mapping[str, PublishedRaters] = {
    "guided-play": PublishedRaters(0.63, (0.81, 0.83), (0.55, 0.71), (0.29, 0.31)),
}
