from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from mohart.ablation.pool import Job, Progress, run_jobs


def job(tmp_path: Path, name: str, code: str) -> Job:
    command = (sys.executable, "-c", textwrap.dedent(code))
    return Job(name, command, tmp_path / f"{name}.txt")


def wait_for(path: Path, text: str) -> None:
    deadline = time.monotonic() + 60
    while not (path.is_file() and text in path.read_text()):
        assert time.monotonic() < deadline, f"{path} never said {text}"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_a_failure_does_not_stop_the_others_and_logs_are_kept(tmp_path: Path) -> None:
    jobs = [
        job(tmp_path, "good", "print('fine')"),
        job(tmp_path, "bad", "import sys; sys.exit('broken')"),
        job(tmp_path, "late", "print('fine too')"),
    ]
    outcome = run_jobs(jobs, 1)
    assert outcome == Progress([], [], ["good", "late"], ["bad"])
    assert jobs[1].log.read_text() == "broken\n"
    assert jobs[2].log.read_text() == "fine too\n"


@pytest.mark.slow
def test_no_more_run_at_once_than_allowed(tmp_path: Path) -> None:
    jobs = [job(tmp_path, name, "import time; time.sleep(0.3)") for name in "abcd"]
    seen: list[int] = []
    outcome = run_jobs(jobs, 2, lambda p: seen.append(len(p.running)))
    assert sorted(outcome.done) == list("abcd")
    assert max(seen) == 2


@pytest.mark.slow
def test_a_signal_stops_the_children_cleanly(tmp_path: Path) -> None:
    code = """
        import signal, sys, time
        def leave(*_):
            print("saved", flush=True); sys.exit(130)
        signal.signal(signal.SIGTERM, leave)
        print("begun", flush=True); time.sleep(60)
    """
    jobs = [job(tmp_path, "one", code), job(tmp_path, "two", code)]

    def stop(progress: Progress) -> None:
        if jobs[0].log.is_file() and "begun" in jobs[0].log.read_text():
            os.kill(os.getpid(), signal.SIGTERM)

    outcome = run_jobs(jobs, 1, stop)
    assert outcome.stopped
    assert (outcome.waiting, outcome.done, outcome.failed) == (["one", "two"], [], [])
    assert jobs[0].log.read_text() == "begun\nsaved\n"
    assert not jobs[1].log.exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.slow
def test_children_end_when_the_parent_is_killed(tmp_path: Path) -> None:
    child = """
        import os, signal, time
        from mohart.ablation.pool import end_with_parent
        end_with_parent()
        print(os.getpid(), "begun", flush=True); time.sleep(120)
    """
    parent = f"""
        import sys
        from pathlib import Path
        from mohart.ablation.pool import Job, run_jobs
        log = Path({str(tmp_path / "child.txt")!r})
        run_jobs([Job("child", (sys.executable, "-c", {textwrap.dedent(child)!r}), log)], 1)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(parent)])
    wait_for(tmp_path / "child.txt", "begun")
    pid = int((tmp_path / "child.txt").read_text().split()[0])
    assert is_alive(pid)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)


def test_an_error_while_reporting_leaves_no_child_behind(tmp_path: Path) -> None:
    code = "import os, time; print(os.getpid(), 'begun', flush=True); time.sleep(60)"
    log = tmp_path / "a.txt"

    def report(progress: Progress) -> None:
        if log.is_file() and "begun" in log.read_text():
            raise RuntimeError("the terminal is gone")

    with pytest.raises(RuntimeError, match="terminal"):
        run_jobs([job(tmp_path, "a", code)], 1, report)
    assert not is_alive(int(log.read_text().split()[0]))
