# SPDX-License-Identifier: Apache-2.0
"""The page in a real browser: what it shows is what golden computes, whoever else uses it."""

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from acting import Acting
from browser import MEASURE, Driven, Tab
from demo_page import ANSWER, RESULT, again, refused, result_of
from PIL import Image
from served import EDGEMOE, ENDING_SECONDS, Served, serving

from edgemoe.backends import Golden
from edgemoe.config import board
from edgemoe.errors import DeviceError
from edgemoe.images import MAX_UPLOAD_BYTES, enlarge
from edgemoe.inputs import find_package, read_picture
from edgemoe.program import Workload
from edgemoe.report import depth_picture, segmentation_picture
from edgemoe.results import TaskOutput, arrays_of
from edgemoe.shipped import STREET
from edgemoe.sim.build import build_overlay

pytestmark = pytest.mark.slow
FILE = "#upload input[type=file]"


def shown(tab: Tab, name: str) -> np.ndarray:
    """A picture of the result, as pixels."""
    address = tab.run(f"document.querySelector('{RESULT} img[data-picture={name}]').src")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))))


def run(tab: Tab, path: Path) -> None:
    """Upload, wait until it has arrived, run, wait for its result."""
    tab.choose_file(FILE, path)
    tab.wait(f"document.querySelector('#chosen figcaption')?.textContent === '{path.name}'")
    tab.run("document.querySelector('#run').click()")
    result_of(tab, path.name)


def check(tab: Tab, path: Path) -> None:
    """The pictures on the page are those of `edgemoe cosim`: golden's arrays, coloured, at the image's size."""
    _, package = find_package("nano")
    picture = read_picture(path, package.config)
    golden = Golden(Workload(package, board("sim-small")))
    height, width = picture.original.shape[:2]
    np.testing.assert_array_equal(shown(tab, "input"), picture.original)
    for task, colour in (
        ("segmentation", segmentation_picture),
        ("depth", depth_picture),
    ):
        done = golden.run(picture.pixels, task)
        array = arrays_of(package, {task: TaskOutput(done.features, done.head)})[task]
        np.testing.assert_array_equal(shown(tab, task), enlarge(colour(array), height, width))


def check_quiet(tab: Tab, served: Served) -> None:
    """No error in the console, and nobody else was asked for anything."""
    assert tab.complaints() == []
    asked = {
        urlsplit(address).netloc for address in tab.asked() if not address.startswith(("data:", "blob:"))
    }
    assert asked == {f"127.0.0.1:{served.port}"}
    assert not [address for address in tab.asked() if "/queue/" in address]  # it loses events: see `guard`


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (390, False), (1200, True), (390, True)])
def test_the_first_screen(driven: Driven, golden_page: Served, width: int, dark: bool) -> None:
    tab = driven.tab(golden_page.address, width, 900, dark=dark)
    result_of(tab, "street")
    check(tab, STREET)
    assert tab.run("document.documentElement.scrollWidth") <= width
    script = MEASURE.partition('addEventListener("load", () => {')[2].rpartition("});</script>")[0]
    tab.run(f"window.addEventListener('message', e => window.measured = e.data); {script}")
    measured = json.loads(tab.wait("window.measured"))
    assert [said for said in measured["bad"] if "outside" in said or "broken" in said] == []
    assert tab.run("document.body.classList.contains('dark')") is dark
    without = tab.run("[...document.images].filter(i => !i.alt && !i.closest('[aria-hidden=true]')).length")
    assert without == 0
    check_quiet(tab, golden_page)


def sample(name: str, folder: Path) -> Path:
    """An image of some mode that is no plain RGB."""
    rng = np.random.default_rng(5)
    path = folder / name
    if name == "deep.png":
        Image.fromarray(rng.integers(0, 65536, (70, 90), np.uint16)).save(path)
    elif name == "grey.png":
        Image.fromarray(rng.integers(0, 256, (33, 200), np.uint8)).save(path)
    elif name == "alpha.png":
        Image.fromarray(rng.integers(0, 256, (128, 256, 4), np.uint8), "RGBA").save(path)
    else:
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(rng.integers(0, 256, (60, 140, 3), np.uint8)).save(path, exif=exif)
    return path


def test_images_of_any_mode(driven: Driven, golden_page: Served, tmp_path: Path) -> None:
    tab = driven.tab(golden_page.address)
    result_of(tab, "street")
    for name in ("deep.png", "grey.png", "alpha.png", "turned.jpg"):
        path = sample(name, tmp_path)
        run(tab, path)
        check(tab, path)
    check_quiet(tab, golden_page)


def test_what_is_no_image_is_refused_kindly(driven: Driven, golden_page: Served, tmp_path: Path) -> None:
    tab = driven.tab(golden_page.address)
    result_of(tab, "street")
    path = tmp_path / "notes.png"
    for content, words in (
        (b"not a picture", "Image notes.png cannot be read as PNG or JPEG: its beginning is damaged"),
        (STREET.read_bytes()[:3000], "Image notes.png cannot be read as PNG or JPEG"),
    ):
        path.write_bytes(content)
        tab.choose_file(FILE, path)
        tab.wait(f"document.querySelector('#state [role=alert]')?.textContent.includes('{words}')")
        tab.run("document.querySelector('#state [role=alert]').remove()")
    assert str(tmp_path) not in tab.text()
    again(tab)  # what was chosen before is still there
    check(tab, STREET)
    check_quiet(tab, golden_page)


@pytest.mark.parametrize("failure", [DeviceError("The device hangs <b>here</b>."), ValueError("a fault")])
def test_a_failure_is_shown_and_the_next_run_works(
    driven: Driven, acting_page: str, device: Acting, failure: Exception
) -> None:
    tab = driven.tab(acting_page)
    result_of(tab, "street")
    device.failures.append(failure)
    tab.run("document.querySelector('#run').click()")
    refused(
        tab, str(failure) if isinstance(failure, DeviceError) else "a fault of edgemoe itself (ValueError)"
    )
    assert "Traceback" not in tab.text()
    assert tab.run(f"document.querySelector('{RESULT}').getAttribute('aria-label')") == "Result of street"
    again(tab)
    assert (device.opened, device.closed) == (2, 1)
    assert tab.complaints() == []


def test_a_full_queue_is_said_on_the_page(driven: Driven, acting_page: str, device: Acting) -> None:
    tabs = []
    for _ in range(3):  # one after another: a page that opens runs its image, and the queue is short
        tabs.append(driven.tab(acting_page))
        result_of(tabs[-1], "street")
    device.gate.clear()
    for tab, sign in zip(tabs, ("running street", "1 run", "Try again in a moment"), strict=True):
        tab.run("document.querySelector('#run').click()")
        tab.wait(f"document.querySelector('#state').textContent.includes('{sign}')")
    device.gate.set()
    for tab in tabs[:2]:
        tab.wait("!document.querySelector('#state').textContent.trim()")
    again(tabs[2])
    assert device.most == 1


def test_too_large_an_upload_is_refused(driven: Driven, golden_page: Served, tmp_path: Path) -> None:
    tab = driven.tab(golden_page.address)
    result_of(tab, "street")
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(MAX_UPLOAD_BYTES + 1)
    tab.choose_file(FILE, path)
    tab.wait("document.body.innerText.includes('exceed the maximum allowed size of 64')")
    assert tab.run("document.querySelector('#chosen figcaption').textContent") == "street"
    path = sample("grey.png", tmp_path)
    run(tab, path)
    check(tab, path)


def test_a_name_is_only_text(driven: Driven, golden_page: Served, tmp_path: Path) -> None:
    tab = driven.tab(golden_page.address)
    result_of(tab, "street")
    path = tmp_path / "${document.title = 1}{{1+1}}<img src=x onerror=alert(1)>.png"
    path.write_bytes(STREET.read_bytes())
    tab.choose_file(FILE, path)
    tab.wait("document.querySelector('#chosen figcaption').textContent !== 'street'")
    tab.run("document.querySelector('#run').click()")
    tab.wait(f"!document.querySelector('{RESULT}').getAttribute('aria-label').endsWith('street')")
    assert tab.run("document.title") == "edgemoe demo"
    assert tab.run("document.querySelectorAll('img[src=x]').length") == 0
    check_quiet(tab, golden_page)


def test_two_tabs_at_once(driven: Driven, golden_page: Served, tmp_path: Path) -> None:
    tabs = [driven.tab(golden_page.address) for _ in range(2)]
    paths = [sample("alpha.png", tmp_path), sample("grey.png", tmp_path)]
    for tab, path in zip(tabs, paths, strict=True):
        result_of(tab, "street")
        tab.choose_file(FILE, path)
    for tab, path in zip(tabs, paths, strict=True):
        tab.wait(f"document.querySelector('#chosen figcaption')?.textContent === '{path.name}'")
    for tab in tabs:
        tab.run("document.querySelector('#run').click()")
    for tab, path in zip(tabs, paths, strict=True):
        result_of(tab, path.name)
        check(tab, path)
        check_quiet(tab, golden_page)


def test_with_the_keyboard(driven: Driven, golden_page: Served) -> None:
    tab = driven.tab(golden_page.address)
    result_of(tab, "street")
    tab.run("document.querySelector('#task input').focus()")
    for number in (1, 2, 1):  # the library renames the buttons at each choice; they stay one group
        tab.key(*(("ArrowLeft", 37) if number == 1 and chosen_task(tab) == 2 else ("ArrowRight", 39)))
        tab.wait(f"document.querySelectorAll('#task input')[{number}].checked")
        assert chosen_task(tab) == number
    tab.key("Tab", 9)
    assert tab.run("document.activeElement.id") == "run"
    tab.key("Enter", 13)
    tab.wait(
        f"document.querySelector('{RESULT}:not(:has([data-picture=depth])) [data-picture=segmentation]')"
    )
    tab.run(f"document.querySelector('{RESULT} input[type=range]').focus()")
    tab.key("ArrowRight", 39)
    layers = f"[...document.querySelectorAll('{RESULT} [data-layers] > div')].map(view => !view.hidden)"
    assert tab.run(layers) == [False, True]
    assert tab.run("document.activeElement.getAttribute('aria-valuetext')") == "layer 3"
    check_quiet(tab, golden_page)


def chosen_task(tab: Tab) -> int:
    """Which task is chosen; -1 if it is not one alone."""
    marked = tab.run("[...document.querySelectorAll('#task input')].map(option => option.checked)")
    return marked.index(True) if marked.count(True) == 1 else -1


def on_the_simulated_board(folder: Path) -> Sequence[str]:
    """The command as a program that PYNQ's users run on the simulated board."""
    program = folder / "program.py"
    program.write_text("from edgemoe.cli import main\n\nmain()\n")
    return "-m", "edgemoe.sim", str(program)


@pytest.mark.parametrize(("backend", "words"), [("rtl", "simulated:"), ("board", "the simulated board")])
def test_the_simulated_device(driven: Driven, tmp_path: Path, backend: str, words: str) -> None:
    overlay = build_overlay(board("sim-small")).bitstream
    on_board = ("--overlay", str(overlay)) if backend == "board" else ()
    program = on_the_simulated_board(tmp_path) if on_board else EDGEMOE
    with serving("--backend", backend, *on_board, program=program) as served:
        tab = driven.tab(served.address)
        tab.wait(f"document.querySelector('{RESULT}')", 240)
        check(tab, STREET)
        said = tab.text()
        assert "Bit-exact" in said
        assert ("bytes read from DRAM" in said) is (backend == "rtl")
        assert words in said
        assert "cycles of the backbone" in said
        check_quiet(tab, served)
        before = tab.run(ANSWER)
        tab.run("document.querySelector('#run').click()")
        # Seldom, on a busy computer, the run has ended before the browser asks how far it is.
        tab.wait(f"document.querySelector('#state progress') || {ANSWER} !== {json.dumps(before)}")
        ended(served)


def ended(served: Served) -> None:
    """Interrupted amid a run, it ends soon, and says nothing but that."""
    status, seconds, errors = served.interrupt()
    assert (status, errors) == (130, "edgemoe: interrupted; nothing half-written is left.\n")
    assert seconds < ENDING_SECONDS
