"""Guards that an extractor's index holds every batch's rows as they were, in order, and refuses a mixture."""

import pytest

from dyadflow.errors import DyadflowError
from dyadflow.features.gathering import gather_indices

HEAD = "session\tview\tfile\tkind\tframes\tdims\tkey\tsha256\tuntrained\n"


def test_rows_of_all_batches_follow_one_another_letter_by_letter(tmp_path):
    first = (
        "007\tinfant\tinfant/007.h5\tdense\t103\t16\t019a\t9eb6\tno\n"
        "08\tinfant\tinfant/08.h5\tdense\t9\t16\t1e5\t\tno\n")
    second = "NA\tinfant\tinfant/NA.h5\tdense\t5\t16\t3\t4\tyes\n"
    (tmp_path / "batch0.tsv").write_text(HEAD + first)
    (tmp_path / "batch1.tsv").write_text(HEAD + second)
    gather_indices([tmp_path / "batch0.tsv", tmp_path / "batch1.tsv"], tmp_path / "index.tsv")
    assert (tmp_path / "index.tsv").read_text() == HEAD + first + second


def test_a_batch_with_other_columns_is_named(tmp_path):
    (tmp_path / "batch0.tsv").write_text(HEAD)
    (tmp_path / "batch1.tsv").write_text("session\tview\n")
    with pytest.raises(DyadflowError, match=r"batch1\.tsv: this table has other columns than .*batch0\.tsv"):
        gather_indices([tmp_path / "batch0.tsv", tmp_path / "batch1.tsv"], tmp_path / "index.tsv")
