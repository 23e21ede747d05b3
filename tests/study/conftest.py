"""A small study on disk, that each test then spoils in one way."""

import pytest
import yaml

SCHEME = {
    "name": "two-codes",
    "tiers": {
        "infant": {"title": "Infant", "role": "infant", "names": ["Infant"], "codes": {
            "a": {"title": "Away"}, "b": {"title": "Back"}}},
    },
    "phases": {"names": ["Phase"], "codes": {"play": {}, "pause": {"excluded": True}}},
    "targets": {"infant": {"tier": "infant", "classes": ["a", "b"]}},
}

STUDY = {
    "name": "small",
    "scheme": "scheme.yaml",
    "targets": ["infant"],
    "media": {"rate_hz": 12.5, "views": {"infant": {"region": "left", "width_px": 32, "height_px": 32}}},
    "features": {"extractors": {
        "motion": {"backbone": "motion", "views": ["infant"]},
        "logmel": {"backbone": "logmel", "views": ["audio"]},
    }},
    "folds": {"outer": 2, "inner": 2},
    "models": {
        "streams": {"both": ["{role}.motion", "audio.logmel"]},
        "networks": {"linear": {"network": "linear"}},
    },
    "protocols": {"corrected": {"train_coders": ["A"], "score_coders": ["A"]}},
    "report": {"stream": "both", "network": "linear"},
}


class SmallStudy:
    """Writes a study's files; `change` spoils one setting, named by its dotted path."""

    def __init__(self, folder):
        self.folder, self.study, self.scheme = folder, yaml.safe_load(yaml.safe_dump(STUDY)), dict(SCHEME)
        self.sessions = ["session\tdyad\tmedia\tage"] + [f"s{n}\td{n}\ts{n}.mp4\t{n}" for n in range(1, 5)]
        self.coding = ["session\tcoder\tpath"] + [f"s{n}\tA\ts{n}.txt" for n in range(1, 5)]
        for n in range(1, 5):
            (folder / f"s{n}.mp4").touch()
            (folder / f"s{n}.txt").touch()

    def change(self, place, value):
        *parents, last = place.split(".")
        inner = self.study
        for part in parents:
            inner = inner[part]
        inner[last] = value
        return self

    def write(self):
        (self.folder / "study.yaml").write_text(yaml.safe_dump(self.study))
        (self.folder / "scheme.yaml").write_text(yaml.safe_dump(self.scheme))
        (self.folder / "sessions.tsv").write_text("\n".join(self.sessions) + "\n")
        (self.folder / "coding.tsv").write_text("\n".join(self.coding) + "\n")
        return self.folder / "study.yaml"


@pytest.fixture
def small(tmp_path):
    return SmallStudy(tmp_path)
