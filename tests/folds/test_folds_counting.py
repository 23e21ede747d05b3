"""Counting labelled frames, which folds are balanced by."""

import numpy as np
import pytest

from dyadflow.annotations.label_index import write_label_index
from dyadflow.annotations.labels import SessionLabels
from dyadflow.errors import DyadflowError
from dyadflow.folds.counting import count_labels
from dyadflow.media.grid import FrameGrid


@pytest.fixture
def labels(tmp_path):
    """Sessions b and a; only coder B saw a."""
    coded = {"b": {"A": [0, 0, 1, -1, -2], "B": [1, 1, 1, 1, 1]}, "a": {"B": [1, 1, -3, 0, -1]}}
    for session, by_coder in coded.items():
        arrays = {coder: np.array(codes, dtype=np.int8) for coder, codes in by_coder.items()}
        classes, nothing = {"infant": ("Ineg", "Ipos")}, np.full(5, -1, dtype=np.int8)
        labels = SessionLabels(FrameGrid(25.0, 5), (), nothing, classes, {"infant": arrays})
        labels.write(tmp_path / f"{session}.h5")
    files = {session: tmp_path / f"{session}.h5" for session in coded}
    write_label_index(files, tmp_path / "index.tsv", place=tmp_path)
    return tmp_path / "index.tsv"


def test_frames_without_a_class_are_not_counted_and_the_first_coder_counts(labels):
    counts = count_labels(labels, {"a": "d1", "b": "d2"}, targets=["infant"], coders=["A", "B"])
    assert counts.to_dict("list") == {
        "session": ["a", "b"], "dyad": ["d1", "d2"], "infant:Ineg": [1, 2], "infant:Ipos": [2, 1],
    }


def test_a_session_that_no_named_coder_saw_counts_by_another(labels):
    counts = count_labels(labels, {"a": "d1", "b": "d2"}, targets=["infant"], coders=["A"])
    assert list(counts["infant:Ipos"]) == [2, 1]


def test_a_session_without_coding_gets_no_row(labels):
    counts = count_labels(labels, {"new": "d0", "b": "d2", "a": "d1"}, targets=["infant"])
    assert list(counts.session) == ["b", "a"], "in the order of the sheet"


def test_labels_of_a_session_that_the_sheet_lacks_are_an_error(labels):
    with pytest.raises(DyadflowError, match="session b has labels but no row"):
        count_labels(labels, {"a": "d1"}, targets=["infant"])


def test_pooled_frames_are_those_of_all_coders_named(labels):
    # Session b: A has 0 0 1, B has five times 1. Session a: B has 1 1 0.
    counts = count_labels(labels, {"a": "d1", "b": "d2"}, targets=["infant"], coders=["A", "B"], pool=True)
    assert counts.to_dict("list") == {
        "session": ["a", "b"], "dyad": ["d1", "d2"], "infant:Ineg": [1, 2], "infant:Ipos": [2, 6],
    }


@pytest.mark.parametrize(("coders", "ineg"), [(["A"], [1, 2]), ([], [1, 2]), (["B", "nobody"], [1, 0])])
def test_pooled_frames_leave_out_whom_nobody_named_unless_nobody_else_coded(labels, coders, ineg):
    counts = count_labels(labels, {"a": "d1", "b": "d2"}, targets=["infant"], coders=coders, pool=True)
    assert list(counts["infant:Ineg"]) == ineg
