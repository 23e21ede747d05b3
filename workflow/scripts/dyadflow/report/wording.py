"""Numbers as a reader of a journal expects to see them."""

import math
from collections.abc import Iterable

#: Metrics of the paper's Tables 3 and 4, in their order, with kappa and MCC added: key, short title, what it means.
METRICS: tuple[tuple[str, str, str], ...] = (
    ("accuracy", "Accuracy (%)", "share of frames given the coder's class"),
    (
        "precision_weighted",
        "Precision (%)",
        "of the frames given a class, the share that the coder gave it too; "
        "classes weighted by how often the coder used them",
    ),
    ("recall_weighted", "Recall (%)", "of the frames of a class, the share found; weighted likewise"),
    ("f1_macro", "F1 (UW) (%)", "harmonic mean of precision and recall, every class counting the same"),
    ("f1_weighted", "F1 (W) (%)", "the same, classes weighted by how often the coder used them"),
    ("kappa", "Kappa", "Cohen's kappa: agreement beyond what the two label distributions give by chance"),
    ("mcc", "MCC", "Matthews' correlation of the coder's and the model's classes: 0 at chance, 1 where all agree"),
)
TITLES = {key: title for key, title, _ in METRICS}
#: Metrics shown on their own scale, with so many decimals; all others are shown in percent, with one.
PLAIN_SCALE = {
    "kappa": 2, "share": 2, "mean_kappa": 3, "mcc": 2, "average_precision": 2, "roc_auc": 2, "icc": 2, "ece": 3,
    "brier": 3, "nll": 3, "onset_error_s": 2, "offset_error_s": 2, "bouts_ratio": 2, "rate_per_min": 2,
    "mean_bout_s": 2,
}

#: With a hyphen at which no line breaks.
BI_LSTM = "bi\N{NON-BREAKING HYPHEN}LSTM"
MODEL_TITLES = {
    "bilstm": BI_LSTM, "linear": "Linear", "tcn": "TCN", "logreg": "Logistic regression", "trees": "Boosted trees",
    "majority": "Majority", "phase": "Phase", "previous": "Previous code (oracle)",
}
#: Models whose title reads otherwise inside a sentence.
_IN_SENTENCES = {"linear": "linear model", "logreg": "logistic regression", "trees": "boosted trees"}
#: Models that are told the answer of the frame before. They have no stream, and yet are no baselines.
ORACLES = frozenset({"previous"})
STREAM_TITLES = {"multimodal": "Multimodal", "none": "Baseline"}
NAME_TITLES = {
    "dinov2": "DINOv2", "dinov3": "DINOv3", "vjepa2": "V-JEPA 2", "landmarks": "Landmarks", "motion": "Motion energy",
    "w2vbert": "W2V-BERT 2.0", "wav2vec2": "wav2vec 2.0", "hubert": "HuBERT", "wavlm": "WavLM", "whisper": "Whisper",
    "logmel": "Log-mel", "mfcc": "MFCC",
}
ABSENT = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def is_missing(value: object) -> bool:
    """Whether there is no number: None, empty text or NaN."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def number(metric: str, value: float | None, *, signed: bool = False) -> str:
    """A metric's value: in percent or on its own scale (`PLAIN_SCALE`); an en dash where there is none."""
    if value is None or is_missing(value):
        return ABSENT
    digits = PLAIN_SCALE.get(metric, 1)
    # + 0.0 turns -0.0 into 0.0.
    rounded = round(value if metric in PLAIN_SCALE else 100 * value, digits) + 0.0
    text = f"{rounded:{'+' if signed else ''}.{digits}f}"
    return text.replace("-", MINUS)


def interval(metric: str, low: float | None, high: float | None, *, signed: bool = False) -> str:
    """A 95 % interval in square brackets, or nothing where there is none."""
    if is_missing(low) or is_missing(high):
        return ""
    return f"[{number(metric, low, signed=signed)}, {number(metric, high, signed=signed)}]"


def with_unit(metric: str, value: float, *, difference: bool = False) -> str:
    """A value inside a sentence: ``68.1 %``, ``0.55``, ``12.0 percentage points``."""
    if metric in PLAIN_SCALE or is_missing(value):
        return number(metric, value)
    return f"{number(metric, value)} {'percentage points' if difference else '%'}"


def metric_name(metric: str) -> str:
    """A metric's name inside a sentence."""
    names = {
        "f1_macro": "unweighted F1",
        "f1_weighted": "weighted F1",
        "precision_weighted": "weighted precision",
        "recall_weighted": "weighted recall",
        "mcc": "MCC",
    }
    return names.get(metric, metric.replace("_", " "))


def p_value(p: float) -> str:
    """A p value as ``p = 0.012`` or ``p < 0.001``."""
    if is_missing(p):
        return "no p value"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def bare_p(p: float) -> str:
    """A p value in a column of its own: ``0.012`` or ``< 0.001``."""
    return ABSENT if is_missing(p) else p_value(p).removeprefix("p ").removeprefix("= ")


def value_range(metric: str, values: Iterable[float]) -> str:
    """Lowest and highest of several values: ``0.55 to 0.71``, or one of them where they are printed alike."""
    known = [value for value in values if not is_missing(value)]
    ends = [number(metric, end) for end in (min(known), max(known))] if known else [ABSENT]
    return " to ".join(dict.fromkeys(ends))


def clock(seconds: float) -> str:
    """Minutes and seconds: ``6:02``; ``1:00:05`` from an hour on; ``-0:04`` before zero, with a minus sign."""
    if is_missing(seconds):
        return ABSENT
    if seconds <= -0.5:
        return f"{MINUS}{clock(-seconds)}"
    whole = int(seconds + 0.5)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def count(value: float) -> str:
    """A whole number with thin spaces between thousands."""
    return ABSENT if is_missing(value) else f"{int(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def count_range(values: Iterable[float]) -> str:
    """Lowest and highest of several counts: ``6 to 12``, or one of them where they are the same."""
    known = [value for value in values if not is_missing(value)]
    return " to ".join(dict.fromkeys(count(end) for end in (min(known), max(known)))) if known else ABSENT


def plural(amount: int, one: str, many: str = "") -> str:
    """``1 dyad``, ``12 dyads``."""
    return f"{count(amount)} {one if amount == 1 else many or one + 's'}"


def listing(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def stream_title(stream: str) -> str:
    """What a stream is called in tables."""
    return STREAM_TITLES.get(stream) or NAME_TITLES.get(stream, stream)


def model_title(model: str) -> str:
    """What a model is called in tables."""
    return MODEL_TITLES.get(model, model)


def covariate_title(name: str) -> str:
    """What a column of the session sheet is called: ``Infant age months`` for ``infant_age_months``."""
    words = " ".join(name.replace("_", " ").split())
    return words[:1].upper() + words[1:]


def cell_title(stream: str, model: str) -> str:
    """A cell's name inside a sentence: ``multimodal bi-LSTM``, ``phase baseline``."""
    if is_oracle(stream, model):
        return "previous-code oracle" if model == "previous" else f"{model} oracle"
    if stream == "none":
        return f"{model_title(model).lower()} baseline"
    title = stream_title(stream)
    title = title.lower() if stream in STREAM_TITLES else title
    return f"{title} {_IN_SENTENCES.get(model) or model_title(model)}"


def is_oracle(stream: str, model: str) -> bool:
    """Whether a cell is told the answer, so that it is neither a model nor a baseline."""
    return stream == "none" and model in ORACLES


def cell_name(stream: str, model: str) -> str:
    """A cell's name in a row of its own: ``Multimodal, bi-LSTM``, ``Phase baseline``, ``Previous code (oracle)``."""
    if is_oracle(stream, model):
        return model_title(model)
    return f"{model_title(model)} baseline" if stream == "none" else f"{stream_title(stream)}, {model_title(model)}"


def phase_title(phase: str, titles: dict[str, str]) -> str:
    """What a phase of a result row is called: ``all`` and ``without <phase>`` are not in the scheme."""
    if phase == "all":
        return "All phases"
    if phase.startswith("without "):
        name = phase.removeprefix("without ")
        return f"Without {titles.get(name, name).lower()}"
    return titles.get(phase, phase)
