# SPDX-License-Identifier: Apache-2.0
"""What is taken as a picture, and what is said of the rest."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgemoe import images
from edgemoe.demo.intake import SIDE, offered, read_offered, read_upload, sweep
from edgemoe.errors import UserError
from edgemoe.inputs import read_picture
from edgemoe.program import Workload
from edgemoe.shipped import STREET


def test_an_upload_is_read_as_the_command_line_reads_it(tmp_path: Path, workload: Workload) -> None:
    path = tmp_path / "grey.png"
    Image.fromarray(np.arange(12000, dtype=np.uint16).reshape(100, 120)).save(path)
    ours, theirs = (read(path, workload.package.config) for read in (read_upload, read_picture))
    np.testing.assert_array_equal(ours.pixels, theirs.pixels)
    np.testing.assert_array_equal(ours.original, theirs.original)
    assert ours.sha256 == theirs.sha256
    assert str(ours.path) == "grey.png"


def bomb() -> bytes:
    """A small PNG that says that it is 30,000 × 30,000."""
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    ending = struct.pack(">I", zlib.crc32(b"IEND"))
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + b"\0\0\0\0IEND"
        + ending
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", STREET.read_bytes()[:2000], b"GIF89a" + bytes(50), bomb()],
    ids=["empty", "text", "cut", "gif", "huge"],
)
def test_a_refusal_has_the_words_of_the_command_line(
    tmp_path: Path, workload: Workload, content: bytes
) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes(content)
    with pytest.raises(UserError) as theirs:
        read_picture(path, workload.package.config)
    with pytest.raises(UserError) as ours:
        read_upload(path, workload.package.config)
    assert str(ours.value) == str(theirs.value).replace(str(path), "mine.png")
    assert str(tmp_path) not in str(ours.value)


def test_too_many_bytes(tmp_path: Path, workload: Workload) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(images.MAX_UPLOAD_BYTES + 1)
    with pytest.raises(UserError, match=r"large\.png has 67,108,865 bytes; at most 67,108,864"):
        read_upload(path, workload.package.config)


def test_an_upload_that_is_gone(tmp_path: Path, workload: Workload) -> None:
    with pytest.raises(UserError, match="upload it again"):
        read_upload(tmp_path / "gone.png", workload.package.config)


@pytest.mark.parametrize(("height", "width"), [(1, 3 * SIDE), (SIDE + 1, 5), (SIDE, SIDE)])
def test_a_tab_holds_no_large_picture(tmp_path: Path, workload: Workload, height: int, width: int) -> None:
    path = tmp_path / "long.png"
    Image.new("L", (width, height), 200).save(path)
    picture = read_upload(path, workload.package.config)
    assert max(picture.original.shape[:2]) == SIDE
    assert picture.pixels.shape[:2] == (workload.package.config.height, workload.package.config.width)
    assert (picture.original == 200).all()


def test_what_is_offered(tmp_path: Path, workload: Workload) -> None:
    (tmp_path / "street.png").write_bytes(STREET.read_bytes())
    Image.new("RGB", (9, 9)).save(tmp_path / "a.jpg")
    found = offered(tmp_path)
    assert list(found.values()) == [STREET, tmp_path / "a.jpg", tmp_path / "street.png"]
    assert len(set(found)) == 3
    assert str(read_offered("mine", STREET, workload.package.config).path) == "mine"
    assert list(offered(None).values()) == [STREET]


def test_old_uploads_go(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").write_text("")
    uploads = tmp_path / "uploads"
    (uploads / "hash").mkdir(parents=True)
    (uploads / "hash" / "picture.png").write_text("")
    (uploads / "link").symlink_to(outside)
    sweep(uploads)
    assert (uploads / "hash" / "picture.png").exists()
    sweep(uploads, -1)
    assert not list(uploads.iterdir())
    assert (outside / "keep").exists()
