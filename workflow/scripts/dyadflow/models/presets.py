"""The two presets of networks on streams, knob by knob: what the first paper says, and what repairs it.

Those of guided play's video networks stand in `models.video.preset`.
"""

from collections.abc import Mapping
from typing import Any

#: For each preset the settings of a protocol that differ from their defaults, which are those of ``corrected``.
#: Withanage Don et al. (ICMI 2024): components of each session's own tokens (equations 1 and 2); 20 outer folds by
#: session (appendix B.1), 5 inner ones (Algorithm 1); SGD with momentum 0.9, learning rates between 1e-4 and 1e-5 and
#: a decay of 0.1 (appendix A.3); no word of scaling or class weights.
STREAM_PRESETS: Mapping[str, Mapping[str, Any]] = {
    "corrected": {},
    "as_published": {
        "split": "session", "outer": 20, "inner": 5, "stopping": "inner_fold", "projection": "per_session",
        "scaling": "none", "class_weights": "none",
        "space": {"optimiser": ["sgd"], "learning_rate": [1e-4, 1e-5], "weight_decay": [0.1]},
    },
}

#: The networks of the first paper; ``as_published`` has no others.
PUBLISHED_NETWORKS = ("linear", "bilstm")
#: Of these, the one whose result is that of a single split.
SINGLE_SPLIT = "linear"
