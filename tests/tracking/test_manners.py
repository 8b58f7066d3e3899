"""Trackers as guests in other people's programs: copies, threads, processes, read-only frames."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import mohart
from mohart.structures import TrackedObjects
from mohart.synth.scenes.generator import Generator

FORKED = """
import multiprocessing, os, random, threading
import numpy as np, torch, mohart

def camera(queue):
    threading.Timer(60, os._exit, [7]).start()  # so that nothing stays behind
    tracker = mohart.load_tracker()
    tracker.init(frame, [[20, 30, 44, 58]])
    queue.put(tracker.update(frame).xyxy.tolist())
    queue.close()
    queue.join_thread()
    os._exit(0)

frame = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
before = torch.get_num_threads(), torch.get_rng_state(), np.random.get_state()[1], random.getstate()
tracker = mohart.load_tracker()
tracker.init(frame, [[20, 30, 44, 58]])
here = tracker.update(frame).xyxy.tolist()
context = multiprocessing.get_context("fork")
queue = context.Queue()
children = [context.Process(target=camera, args=(queue,)) for _ in range(2)]
for child in children:
    child.start()
there = [queue.get(timeout=90) for _ in children]
for child in children:
    child.join(90)
assert [child.exitcode for child in children] == [0, 0]
assert there == [here, here]
after = torch.get_num_threads(), torch.get_rng_state(), np.random.get_state()[1], random.getstate()
assert before[0] == after[0] and torch.equal(before[1], after[1])
assert (before[2] == after[2]).all() and before[3] == after[3]
"""


@pytest.fixture(scope="module")
def drawn() -> list[Any]:
    generator = Generator(seed=5, width=160, height=120, objects=(3, 3), frame_rate=(25, 30))
    return list(generator.scene(1, 8).frames())


def same(a: TrackedObjects, b: TrackedObjects) -> bool:
    return all(np.array_equal(a.columns()[name], b.columns()[name]) for name in a.columns())


def follow(tracker: Any, drawn: list[Any]) -> list[TrackedObjects]:
    tracker.init(drawn[0].frame, drawn[0].boxes)
    return [tracker.update(labelled.frame) for labelled in drawn[1:]]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mohart", "static", "velocity", "sort", "bytetrack", "iou"])
@pytest.mark.parametrize("how", ["pickle", "deepcopy"])
def test_a_copy_in_the_middle_goes_on_alike(name: str, how: str, drawn: list[Any]) -> None:
    tracker = mohart.load_tracker(name)
    tracker.init(drawn[0].frame, drawn[0].boxes)
    for labelled in drawn[1:4]:
        tracker.update(labelled.frame)
    other = pickle.loads(pickle.dumps(tracker)) if how == "pickle" else copy.deepcopy(tracker)
    later = [tracker.update(labelled.frame) for labelled in drawn[4:]]
    assert all(map(same, later, [other.update(labelled.frame) for labelled in drawn[4:]]))


@pytest.mark.slow
def test_answers_can_be_pickled(drawn: list[Any]) -> None:
    (answer, *_) = follow(mohart.load_tracker(), drawn)
    assert same(pickle.loads(pickle.dumps(answer)), answer)
    assert list(pickle.loads(pickle.dumps(list(answer)))) == list(answer)


@pytest.mark.slow
def test_trackers_in_threads_do_not_meet(drawn: list[Any]) -> None:
    alone = follow(mohart.load_tracker(), drawn)
    backwards = follow(mohart.load_tracker(), drawn[::-1])
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(follow, mohart.load_tracker(), drawn)
        two = pool.submit(follow, mohart.load_tracker(), drawn[::-1])
        assert all(map(same, one.result(), alone))
        assert all(map(same, two.result(), backwards))


@pytest.mark.slow
def test_frames_are_neither_changed_nor_kept(drawn: list[Any]) -> None:
    """A program may give read-only frames, views, and one buffer again and again."""
    expected = follow(mohart.load_tracker(), drawn)
    tracker, buffer = mohart.load_tracker(), np.empty_like(drawn[0].frame)
    answers = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n, labelled in enumerate(drawn):
            buffer[:] = labelled.frame
            view = buffer[:]
            view.setflags(write=False)
            answers.append(tracker.update(view) if n else tracker.init(view, labelled.boxes))
            assert (buffer == labelled.frame).all()
    assert all(map(same, answers[1:], expected))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_forked_processes_load_their_own_and_nothing_global_is_touched() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
