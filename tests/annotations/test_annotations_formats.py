"""The table of formats: what the documentation says is what the readers and writers say."""

from pathlib import Path

from dyadflow.annotations.formats.listing import formats_table
from dyadflow.annotations.formats.reading import FORMATS
from dyadflow.annotations.formats.writing import WRITERS

ROOT = Path(__file__).parents[2]


def test_the_committed_table_of_formats_is_the_one_that_the_readers_and_writers_give():
    committed = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert committed.endswith(formats_table()), "run: make docs"


def test_every_format_says_on_what_its_reader_was_tried():
    assert all(known.tried and known.title for known in FORMATS.values())
    # What no vendor's program wrote is not called so.
    assert {name for name, known in FORMATS.items() if not known.vendor_files} == {
        name for name, known in FORMATS.items() if known.tried.startswith("only ")
    }


def test_no_ending_means_two_formats_to_write():
    formats_table()
    endings = [suffix for writer in WRITERS.values() for suffix in writer.suffixes]
    assert len(endings) == len(set(endings))
