"""Batches wait ahead of the device, results leave it behind, and neither order nor numbers change."""

import threading
from itertools import count, islice

import numpy as np
import pytest
import torch

from dyadflow.errors import DyadflowError
from dyadflow.features.feeding import Pieces, ahead, feed, to_host
from dyadflow.media.read import read_frames

CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")


def feeding_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("feeding")]


def test_the_next_item_is_begun_in_another_thread_while_this_one_is_in_hand():
    begun, makers = [threading.Event() for _ in range(21)], set()

    def items():
        for number in range(20):
            begun[number].set()
            makers.add(threading.get_ident())
            yield number
        begun[20].set()

    for number in ahead(items(), depth=1):
        assert begun[number + 1].wait(10), number
    assert len(makers) == 1 and threading.get_ident() not in makers


def test_order_is_kept_and_no_more_than_the_depth_is_made_in_advance():
    made = count()
    furthest = [0]

    def items():
        for number in range(50):
            furthest[0] = next(made)
            yield number

    given = []
    for number in ahead(items(), depth=3):
        given.append(number)
        assert furthest[0] <= number + 3
    assert given == list(range(50))


def test_an_error_comes_after_all_that_was_made_before_it():
    def items():
        yield from range(5)
        raise DyadflowError("the film broke")

    given, made = [], ahead(items(), depth=4)
    with pytest.raises(DyadflowError, match="the film broke"):
        while True:
            given.append(next(made))
    assert given == list(range(5)) and not feeding_threads()


def test_stopping_early_ends_the_thread_and_the_endless_source():
    made = ahead(count(), depth=4)
    assert list(islice(made, 7)) == list(range(7))
    made.close()
    assert not feeding_threads()


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_fed_pictures_are_those_of_the_film(film, batch):
    plain = np.concatenate(list(read_frames(film(53))))
    fed = torch.cat(list(feed(read_frames(film(53), batch=batch), torch.device("cpu"))))
    np.testing.assert_array_equal(fed.numpy(), plain)


@pytest.mark.parametrize("every", [1, 5, 60])
def test_a_sample_is_every_so_manieth_frame_in_whole_batches(film, every):
    plain = np.concatenate(list(read_frames(film(53))))[::every]
    for batch in (1, 4):
        picked = list(read_frames(film(53), batch=batch, every=every, threads=2))
        np.testing.assert_array_equal(np.concatenate(picked), plain)
        assert {len(frames) for frames in picked[:-1]} <= {batch}


def test_results_come_in_order_and_are_waited_for_only_once_later_ones_are_asked_for():
    asked = [-1]

    def results():
        for number in range(6):
            asked[0] = number
            yield torch.full((2, 3), float(number))

    arrays = []
    for number, array in enumerate(to_host(results(), behind=2)):
        assert asked[0] == min(number + 2, 5)
        arrays.append(array)
    np.testing.assert_array_equal(np.array(arrays), np.arange(6.0)[:, None, None] * np.ones((1, 2, 3)))


def with_room_for(limit, seen):
    """A network that doubles, and has no room for more than `limit` rows."""
    def network(rows):
        if len(rows) > limit:
            raise torch.OutOfMemoryError("CUDA out of memory")
        seen.append(len(rows))
        return rows * 2

    return network


def test_batches_are_halved_until_they_fit_and_stay_so():
    seen, pieces = [], Pieces(16, "dinov2")
    for start in (0, 16):
        rows = torch.arange(start, start + 16)
        assert torch.equal(torch.cat(list(pieces.run(with_room_for(5, seen), rows))), rows * 2)
    assert seen == [4] * 8 and pieces.size == 4


def test_no_room_for_one_picture_is_a_sentence():
    with pytest.raises(DyadflowError, match="backbone dinov2: the device has no room for a single picture") as caught:
        list(Pieces(16, "dinov2").run(with_room_for(0, []), torch.arange(16)))
    assert "\n" not in str(caught.value)


def test_other_errors_of_a_network_are_not_taken_for_want_of_room():
    def network(rows):
        raise ValueError("shapes")

    with pytest.raises(ValueError, match="shapes"):
        list(Pieces(16, "dinov2").run(network, torch.arange(16)))


@CUDA
def test_pictures_reach_a_gpu_and_results_leave_it_unchanged(film):
    device = torch.device("cuda")
    plain = np.concatenate(list(read_frames(film(53))))
    fed = feed(read_frames(film(53), batch=5), device)
    np.testing.assert_array_equal(np.concatenate(list(to_host(frames.float() + 1 for frames in fed))), plain + 1.0)


@CUDA
def test_a_batch_that_does_not_fit_a_gpu_is_halved():
    free, _ = torch.cuda.mem_get_info()

    def network(rows):
        room = torch.empty(len(rows), free // 6, dtype=torch.uint8, device="cuda")
        return rows * 2 + room[0, :1] * 0

    pieces, rows = Pieces(16, "dinov2"), torch.arange(16, device="cuda")
    assert torch.equal(torch.cat(list(pieces.run(network, rows))), rows * 2)
    assert pieces.size == 4
