"""Locks between processes."""

import os
from pathlib import Path

import pytest

from config.embedded.errors import EmbeddedError
from config.embedded.locks import FileLock


def test_shared_holders_keep_an_exclusive_one_out(tmp_path: Path) -> None:
    first, second, alone = (FileLock(tmp_path / "lock") for _ in range(3))
    assert first.try_take(shared=True)
    assert second.try_take(shared=True)
    assert not alone.try_take()

    first.release()
    assert not alone.try_take()
    second.release()
    assert alone.try_take()
    alone.release()


def test_waiting_ends_with_a_reason(tmp_path: Path) -> None:
    with FileLock.take(tmp_path / "lock", seconds=0), pytest.raises(EmbeddedError, match="has been locked"):
        FileLock.take(tmp_path / "lock", seconds=0.1)


def test_asking_does_not_take(tmp_path: Path) -> None:
    assert not FileLock.is_held(tmp_path / "lock")
    with FileLock.take(tmp_path / "lock", seconds=0):
        assert FileLock.is_held(tmp_path / "lock")
    assert not FileLock.is_held(tmp_path / "lock")


def test_a_forked_child_holds_on_to_what_its_parent_gives_back(tmp_path: Path) -> None:
    lock = FileLock.take(tmp_path / "lock", shared=True, seconds=0)
    hold_end, release_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(release_end)
        os.read(hold_end, 1)
        os._exit(0)
    os.close(hold_end)

    lock.release()
    assert FileLock.is_held(tmp_path / "lock")

    os.close(release_end)
    os.waitpid(child, 0)
    assert not FileLock.is_held(tmp_path / "lock")
