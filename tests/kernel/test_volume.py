"""Room on a volume: what counts as full, and the ballast that is spent and put back."""

from pathlib import Path

import pytest

from yidaitong.kernel import volume
from yidaitong.kernel.volume import BALLAST, BALLAST_BYTES, Room, VolumeGauge

MIB = 1 << 20
TOTAL = 10_000 * MIB


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the volume has free: tests say it."""
    free = [TOTAL]

    def room_in(folder: Path) -> Room:
        return Room(free[0], TOTAL, volume._is_spent(folder))

    monkeypatch.setattr(volume, "room_in", room_in)
    return free


def size_of(folder: Path) -> int:
    return (folder / BALLAST).stat().st_size


class TestRoom:
    @pytest.mark.promise("R10")
    @pytest.mark.parametrize(
        ("free", "ok"), [(TOTAL, True), (500 * MIB, True), (500 * MIB - 1, False), (0, False)]
    )
    def test_under_five_in_a_hundred_is_full(self, free: int, *, ok: bool) -> None:
        assert (Room(free, TOTAL).problem is None) is ok

    def test_on_its_ballast_it_is_full_whatever_is_free(self) -> None:
        assert Room(TOTAL, TOTAL, spent=True).problem is not None

    def test_a_real_volume_is_read(self, tmp_path: Path) -> None:
        room = volume.room_in(tmp_path)

        assert 0 < room.free <= room.total
        with pytest.raises(FileNotFoundError):
            volume.room_in(tmp_path / "none")


class TestBallast:
    @pytest.mark.promise("R10")
    def test_it_is_spent_at_the_end_and_put_back_when_there_is_room(
        self, tmp_path: Path, left: list[int]
    ) -> None:
        volume.lay_ballast(tmp_path)
        assert size_of(tmp_path) == BALLAST_BYTES
        for free, size in (
            (32 * MIB, BALLAST_BYTES),
            (32 * MIB - 1, 0),
            (80 * MIB, 0),
            (1_000 * MIB + BALLAST_BYTES, 0),
            (1_000 * MIB + BALLAST_BYTES + 1, BALLAST_BYTES),
        ):
            left[0] = free
            volume.keep_ballast(tmp_path)
            assert size_of(tmp_path) == size, free

    def test_on_a_volume_without_room_it_waits(self, tmp_path: Path, left: list[int]) -> None:
        left[0] = 100 * MIB
        volume.lay_ballast(tmp_path)

        assert size_of(tmp_path) == 0

    def test_where_nobody_laid_one_there_is_none(self, tmp_path: Path) -> None:
        volume.keep_ballast(tmp_path)

        assert not (tmp_path / BALLAST).exists()
        assert not volume.room_in(tmp_path).spent


class TestGauge:
    def test_it_looks_once_a_second(self, tmp_path: Path, left: list[int]) -> None:
        now = [0.0]
        gauge = VolumeGauge(tmp_path, lambda: now[0])
        assert gauge.problem() is None
        left[0] = 0
        now[0] = 0.99
        assert gauge.problem() is None
        now[0] = 1.0
        assert gauge.problem() == "the database's volume has 0 MiB of 10000 MiB free"

    def test_a_folder_that_cannot_be_read_is_no_room(self, tmp_path: Path) -> None:
        gauge = VolumeGauge(tmp_path / "gone", lambda: 0.0)

        assert gauge.problem() == "the database's volume cannot be read: FileNotFoundError"
