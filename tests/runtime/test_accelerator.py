# SPDX-License-Identifier: Apache-2.0
"""A whole network through `edgemoe.Accelerator`, with the golden machine behind the registers."""

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pynq
import pytest
from PIL import Image
from small import small
from wide import WIDE

import edgemoe
from edgemoe import images, sim
from edgemoe.backends import Golden
from edgemoe.config import TASKS, board
from edgemoe.errors import DeviceError, UserError
from edgemoe.golden.random_package import random_image, random_package
from edgemoe.package import Package, save
from edgemoe.registers import IP_NAME

SMALL = small()


@pytest.fixture(scope="module")
def package() -> Package:
    return random_package(SMALL, 3)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [random_image(SMALL, rng) for _ in range(6)]


@pytest.fixture
def accelerator(golden_overlay: Path, package: Package) -> Iterator[edgemoe.Accelerator]:
    with edgemoe.Accelerator(pynq.Overlay(str(golden_overlay))) as running:
        running.load(package)
        yield running


@pytest.fixture
def allocated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of what is allocated from now on."""
    sizes: list[int] = []
    allocate = pynq.allocate

    def counted(shape, *args, **kwargs):
        sizes.append(shape)
        return allocate(shape, *args, **kwargs)

    monkeypatch.setattr(pynq, "allocate", counted)
    return sizes


def target():
    return sim.activate()._targets[IP_NAME]


# ---- one image


def test_pictures(golden_overlay: Path, package: Package, pictures) -> None:
    """Both tasks, twice: same pictures, right shapes, nothing left allocated."""
    held = pynq.Device.active_device.memory.held
    with edgemoe.Accelerator(golden_overlay) as running:
        running.load(package)
        first = [running.infer(pictures[0], task) for task in TASKS]
        second = [running.infer(pictures[0], task) for task in TASKS]
        near, far = SMALL.depth_range
        labels, metres = first
        assert labels.shape == metres.shape == (16, 32)
        assert (labels.dtype, metres.dtype) == (np.uint8, np.float32)
        assert labels.max() < len(SMALL.classes)
        assert near <= metres.min() <= metres.max() <= far
        assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
        assert running.run(pictures[0], "depth").cycles
    assert pynq.Device.active_device.memory.held == held


def test_an_image_in_every_form(accelerator, tmp_path: Path) -> None:
    """Path as text or not, PIL image, array, view: resized alike. Grey is three equal channels."""
    big = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)
    images.write_png(big, tmp_path / "big.png")
    expected = accelerator.infer(images.resize(big, 16, 32), "depth")
    forms = [tmp_path / "big.png", str(tmp_path / "big.png"), big, big[::1, ::-1][:, ::-1]]
    forms += [Image.fromarray(big), Image.open(tmp_path / "big.png"), np.asfortranarray(big)]
    for form in forms:
        assert np.array_equal(accelerator.infer(form, "depth"), expected)
    grey = accelerator.infer(big[..., 0], "depth")
    assert np.array_equal(grey, accelerator.infer(np.stack([big[..., 0]] * 3, 2), "depth"))
    assert np.array_equal(grey, accelerator.infer(Image.fromarray(big[..., 0]), "depth"))


def test_the_middle_of_a_picture_is_cut_out_once(golden_overlay: Path, tmp_path: Path) -> None:
    """An array of the model's own size is what the model gets, as every back end takes it; a file is a picture."""
    config = WIDE["class"]
    size = (config.height, config.width)
    for shape in ((50, 70), size):
        picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
        images.write_png(picture, tmp_path / "picture.png")
        cut = images.fitted(picture, config)
        assert cut.shape[:2] == size and not np.array_equal(cut, picture)
        with edgemoe.Accelerator(golden_overlay) as running:
            running.load(random_package(config, 3))
            expected = running.infer(cut, "classification")
            workload = running.workload
            direct = Golden(workload).run(cut, "classification")
            assert np.array_equal(running.run(cut, "classification").head, direct.head)
            for form in (tmp_path / "picture.png", Image.fromarray(picture)):
                assert np.array_equal(running.infer(form, "classification"), expected)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((4, 4, 3)), "uint8, 0 … 255, not float64"),
        (np.zeros((4, 4, 3), np.int8), "not int8"),
        (np.zeros((3, 4, 4), np.uint8), r"not \(3, 4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"image\[..., :3\]"),
        (np.zeros((1, 4, 4, 3), np.uint8), "of a batch take one"),
        (np.zeros((0, 4, 3), np.uint8), r"not \(0, 4, 3\)"),
        (np.zeros(4, np.uint8), r"not \(4,\)"),
        (Image.new("F", (4, 4)), "mode F"),
        ([[1, 2], [3, 4]], "not a list"),
        (None, "not a NoneType"),
        ("no/such.png", "no/such.png"),
    ],
)
def test_no_image(accelerator, pictures, image, words: str) -> None:
    with pytest.raises(UserError, match=words):
        accelerator.infer(image, "depth")
    assert accelerator.infer(pictures[0], "depth").shape == (16, 32)


@pytest.mark.parametrize("task", ["Depth", "both", "", 3, None])
def test_an_unknown_task_names_those_that_there_are(accelerator, pictures, task) -> None:
    for call in (accelerator.infer, accelerator.run, accelerator.profile):
        with pytest.raises(UserError, match="there are segmentation, depth"):
            call(pictures[0], task)


def test_taps(accelerator, pictures) -> None:
    run = accelerator.run(pictures[1], "depth", taps=True)
    assert np.array_equal(run.features, accelerator.run(pictures[1], "depth").features)
    assert len(run.network.taps) > 3


def test_no_run_allocates(accelerator, pictures, allocated: list[int]) -> None:
    """Buffers are made by `load`: the device's and the host's set, and the programs of all tasks."""
    for task in TASKS:
        accelerator.infer(pictures[0], task)
        asyncio.run(accelerator.infer_async(pictures[0], task))
    assert len(list(accelerator.stream([(p, t) for p in pictures for t in TASKS]))) == 12
    accelerator.profile(pictures[0], "depth")
    assert allocated == []


def test_a_task_is_another_program_address(accelerator, pictures, monkeypatch) -> None:
    """Of all addresses, only the layer program's differs between the tasks of frames two apart in a stream."""
    starts: list[dict[str, int]] = []
    start = accelerator.ip.start

    def noted(buffers, **options):
        starts.append({f.name: getattr(buffers, f.name).device_address for f in dataclasses.fields(buffers)})
        start(buffers, **options)

    monkeypatch.setattr(accelerator.ip, "start", noted)
    order = ["segmentation", "depth", "depth", "segmentation"]
    list(accelerator.stream([(pictures[0], task) for task in order]))
    changed = [
        {name for name in starts[0] if a[name] != b[name]} for a, b in zip(starts, starts[2:], strict=False)
    ]
    assert changed == [{"program"}, {"program"}]
    assert len({entry["weights"] for entry in starts}) == 1


# ---- asynchronous


def test_async_equals_sync(accelerator, pictures) -> None:
    expected = accelerator.infer(pictures[2], "depth")
    ticks = []

    async def other() -> None:
        while True:
            ticks.append(1)
            await asyncio.sleep(0)

    async def program() -> np.ndarray:
        beside = asyncio.create_task(other())
        value = await accelerator.infer_async(pictures[2], "depth")
        beside.cancel()
        return value

    for _ in range(2):  # an event loop each
        assert np.array_equal(asyncio.run(program()), expected)
    assert len(ticks) > 4, "the event loop's other tasks ran meanwhile"


def test_overlapping_runs_are_queued(accelerator, pictures, monkeypatch) -> None:
    """In the order of asking, one at a time, each with its own result."""
    expected = [accelerator.infer(p, t) for p in pictures for t in TASKS]
    under_way, most = [0], [0]
    start, result = accelerator.ip.start, accelerator.ip.result

    def counted(*args, **kwargs):
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        start(*args, **kwargs)

    def ended(*args):
        under_way[0] -= 1
        return result(*args)

    monkeypatch.setattr(accelerator.ip, "start", counted)
    monkeypatch.setattr(accelerator.ip, "result", ended)

    async def program() -> list[np.ndarray]:
        return await asyncio.gather(*(accelerator.infer_async(p, t) for p in pictures for t in TASKS))

    for found, value in zip(asyncio.run(program()), expected, strict=True):
        assert np.array_equal(found, value)
    assert most == [1]


def test_threads_and_event_loops_take_turns(accelerator, pictures) -> None:
    expected = [accelerator.infer(p, "depth") for p in pictures]
    wrong: list[object] = []

    def use(kind: str) -> None:
        try:
            if kind == "stream":
                found = [result.metres for result in accelerator.stream(pictures, "depth")]
            elif kind == "async":
                found = [asyncio.run(accelerator.infer_async(p, "depth")) for p in pictures]
            else:
                found = [accelerator.infer(p, "depth") for p in pictures]
            wrong.extend(kind for a, b in zip(found, expected, strict=True) if not np.array_equal(a, b))
        except BaseException as failure:
            wrong.append(failure)

    threads = [threading.Thread(target=use, args=(kind,)) for kind in ("plain", "plain", "async", "stream")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_a_call_that_would_wait_for_itself_is_refused(accelerator, pictures) -> None:
    """Plain `infer` inside the event loop of an `infer_async` that is under way."""

    async def program() -> np.ndarray:
        running = asyncio.create_task(accelerator.infer_async(pictures[0], "depth"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for call in (
            lambda: accelerator.infer(pictures[0], "depth"),
            lambda: list(accelerator.stream(pictures, "depth")),
        ):
            with pytest.raises(UserError, match="Await it first"):
                call()
        return await running

    assert np.array_equal(asyncio.run(program()), accelerator.infer(pictures[0], "depth"))


def test_plain_calls_inside_an_event_loop(accelerator, pictures) -> None:
    """As in a notebook: they poll."""
    expected = accelerator.infer(pictures[0], "depth")

    async def program() -> list[np.ndarray]:
        streamed = [result.metres for result in accelerator.stream(pictures[:1] * 3, "depth")]
        return [accelerator.infer(pictures[0], "depth"), *streamed]

    assert all(np.array_equal(value, expected) for value in asyncio.run(program()))


@pytest.mark.parametrize("after", ["plain", "async", "stream"])
def test_a_cancelled_run(accelerator, pictures, after: str) -> None:
    """It goes on in the accelerator; the next one waits for its end and is right."""
    expected = accelerator.infer(pictures[1], "depth")

    async def cancelled() -> None:
        running = asyncio.create_task(accelerator.infer_async(pictures[0], "segmentation"))
        while target().left is None:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    target().delay = 400_000
    asyncio.run(cancelled())
    assert target().left is not None
    if after == "plain":
        found = accelerator.infer(pictures[1], "depth")
    elif after == "async":
        found = asyncio.run(accelerator.infer_async(pictures[1], "depth"))
    else:
        found = next(iter(accelerator.stream([pictures[1]], "depth"))).metres
    assert np.array_equal(found, expected)


def test_an_event_loop_that_stands_still_loses_its_turn(accelerator, pictures) -> None:
    expected = accelerator.infer(pictures[1], "depth")
    loop = asyncio.new_event_loop()
    running = loop.create_task(accelerator.infer_async(pictures[0], "depth"))
    while target().left is None:
        loop.run_until_complete(asyncio.sleep(0))
    assert np.array_equal(accelerator.infer(pictures[1], "depth"), expected)
    with pytest.raises(DeviceError, match="lost the accelerator"):
        loop.run_until_complete(running)
    loop.close()


def test_async_without_an_interrupt(accelerator, pictures) -> None:
    """An overlay whose interrupt is not connected: by polling, with the event loop's other tasks beside."""
    expected = accelerator.infer(pictures[0], "depth")
    accelerator.ip.interrupt = None

    async def program() -> list[np.ndarray]:
        return await asyncio.gather(*(accelerator.infer_async(pictures[0], "depth") for _ in range(2)))

    assert all(np.array_equal(value, expected) for value in asyncio.run(program()))


def test_two_accelerators_of_one_device_take_turns(accelerator, package: Package, pictures) -> None:
    """As two cells of a notebook make them."""
    expected = accelerator.infer(pictures[0], "depth")
    wrong: list[object] = []

    def use(mine: edgemoe.Accelerator) -> None:
        try:
            wrong.extend(
                1 for _ in range(8) if not np.array_equal(mine.infer(pictures[0], "depth"), expected)
            )
        except BaseException as failure:
            wrong.append(failure)

    with edgemoe.Accelerator(accelerator.overlay) as other:
        other.load(package)
        threads = [threading.Thread(target=use, args=(mine,)) for mine in (accelerator, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert wrong == []


# ---- the package


def test_no_package(golden_overlay: Path, pictures) -> None:
    with edgemoe.Accelerator(golden_overlay) as running:
        for call in (running.infer, running.run, running.profile):
            with pytest.raises(UserError, match="No package is loaded"):
                call(pictures[0], "depth")
        with pytest.raises(UserError, match="No package is loaded"):
            running.stream(pictures, "depth")


def test_from_a_file_and_another_after_it(accelerator, package: Package, pictures, tmp_path: Path) -> None:
    memory = pynq.Device.active_device.memory
    first, held = accelerator.infer(pictures[0], "depth"), memory.held
    other = random_package(small(dim=32, heads=1), 4)
    accelerator.load(other)
    assert accelerator.infer(pictures[0], "depth").shape == (16, 32)
    save(package, tmp_path / "a.safetensors")
    accelerator.load(str(tmp_path / "a.safetensors"))
    assert np.array_equal(accelerator.infer(pictures[0], "depth"), first)
    assert memory.held == held


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"height": 1024, "width": 1024}, r"tokens \d+ > 160"),
        ({"dense_hidden": 8192}, r"dense_hidden 8192 > 1024"),
        ({"experts": 32}, r"experts 32 > 16"),
    ],
)
def test_a_package_that_does_not_fit(accelerator, pictures, changes, words: str) -> None:
    """Field, value and limit; the package before stays."""
    before = accelerator.infer(pictures[0], "depth")
    config = small(**changes)
    with pytest.raises(UserError, match=words):
        accelerator.load(Package(config, {}))
    assert np.array_equal(accelerator.infer(pictures[0], "depth"), before)


def test_a_package_larger_than_the_memory(accelerator, package: Package, pictures) -> None:
    """Told, nothing of it is left, the package before stays; with room again it loads."""
    before = accelerator.infer(pictures[0], "depth")
    memory, size = pynq.Device.active_device.memory, 1 << 28
    hogs = []
    while size >= 4096:
        try:
            hogs.append(memory.allocate(size, np.uint8))
        except DeviceError:
            size //= 2
    hogs.pop().freebuffer()  # room for a part of it
    held = memory.held
    with pytest.raises(DeviceError, match=r"'small' does not fit into the board's memory: .* of weights"):
        accelerator.load(package)
    with pytest.raises(DeviceError, match="no room for"):
        accelerator.run(pictures[0], "depth", taps=True)
    assert memory.held == held
    assert np.array_equal(accelerator.infer(pictures[0], "depth"), before)
    for hog in hogs:
        hog.freebuffer()
    accelerator.load(package)
    assert np.array_equal(accelerator.infer(pictures[0], "depth"), before)
    assert accelerator.run(pictures[0], "depth", taps=True).check()
    accelerator.unload()
    with pytest.raises(UserError, match="No package"):
        accelerator.infer(pictures[0], "depth")


# ---- replaced, unloaded, reset, closed


def test_over_downloads(golden_overlay: Path, accelerator, pictures) -> None:
    """Its buffers are the board's: after a new download of the same overlay it goes on."""
    first = accelerator.infer(pictures[0], "depth")
    accelerator.overlay.download()
    assert np.array_equal(accelerator.infer(pictures[0], "depth"), first)
    pynq.Overlay(str(golden_overlay))
    assert np.array_equal(accelerator.infer(pictures[0], "depth"), first)


def hook(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None], calls: int = 2) -> None:
    """Do `act` once, in the middle of a run."""
    here, advance, seen = target(), target().advance, [0]

    def counted(cycles: int) -> None:
        seen[0] += here.left is not None
        if seen[0] == calls:
            seen[0] += 1
            act()
        advance(cycles)

    monkeypatch.setattr(here, "advance", counted)


@pytest.mark.parametrize("how", ["plain", "async", "stream"])
@pytest.mark.parametrize("event", ["unload", "replace"])
def test_the_device_goes_during_a_run(accelerator, pictures, monkeypatch, how: str, event: str) -> None:
    """Told; usable again after a reset."""
    expected = accelerator.infer(pictures[0], "depth")
    act = sim.activate().unload if event == "unload" else accelerator.overlay.download
    hook(monkeypatch, act)
    with pytest.raises(DeviceError, match=r"Nothing answers|has run nothing since"):
        if how == "plain":
            accelerator.infer(pictures[0], "depth")
        elif how == "async":
            asyncio.run(accelerator.infer_async(pictures[0], "depth"))
        else:
            list(accelerator.stream(pictures, "depth"))
    assert accelerator.status().state.startswith(
        "idle" if event == "replace" else "not answering: Nothing answers"
    )
    assert accelerator.reset() == ("reloaded" if event == "unload" else "idle")
    assert np.array_equal(accelerator.infer(pictures[0], "depth"), expected)


def test_another_build_in_its_place(golden_overlay: Path, accelerator, pictures) -> None:
    device = sim.activate()
    other = dataclasses.replace(board("sim-small"), name="other")
    make, target_type = device.models[IP_NAME], type(target())
    device.models[IP_NAME] = lambda arena: target_type(other, arena)
    pynq.Overlay(str(golden_overlay))
    with pytest.raises(DeviceError, match="Another build, of id 0x"):
        accelerator.infer(pictures[0], "depth")
    with pytest.raises(UserError, match="holds a build of id"):
        edgemoe.Accelerator(golden_overlay)
    with edgemoe.Accelerator(golden_overlay, build=other) as custom:
        assert custom.build is other
    device.models[IP_NAME] = make


def test_reset_reloads_what_hangs(accelerator, pictures) -> None:
    expected = accelerator.infer(pictures[0], "depth")
    accelerator.ip.timeout_seconds = 0.05
    target().delay = 10**12
    with pytest.raises(DeviceError, match=r"did not finish within 0\.05 s"):
        accelerator.infer(pictures[0], "depth")
    assert accelerator.status().state == "running"
    accelerator.ip.timeout_seconds = None
    assert accelerator.reset(0.05) == "reloaded"
    assert accelerator.status().state == "idle"
    assert np.array_equal(accelerator.infer(pictures[0], "depth"), expected)
    assert accelerator.reset() == "idle"


@pytest.mark.parametrize("event", ["reset", "close"])
@pytest.mark.parametrize("how", ["plain", "stream"])
def test_reset_or_close_from_another_thread(accelerator, pictures, monkeypatch, event: str, how: str) -> None:
    target().delay = 10**12
    running = threading.Event()
    hook(monkeypatch, running.set)
    monkeypatch.setattr("edgemoe.runtime.accelerator.QUIET_SECONDS", 0.05)
    failures: list[Exception] = []

    def work() -> None:
        try:
            accelerator.infer(pictures[0], "depth") if how == "plain" else list(
                accelerator.stream(pictures, "depth")
            )
        except Exception as failure:
            failures.append(failure)

    thread = threading.Thread(target=work)
    thread.start()
    assert running.wait(30)
    accelerator.reset(0.05) if event == "reset" else accelerator.close()
    thread.join(30)
    assert len(failures) == 1
    assert isinstance(failures[0], DeviceError)
    assert f"{event.removesuffix('e')}" in str(failures[0])


@pytest.mark.parametrize("event", ["reset", "close"])
def test_reset_or_close_in_the_event_loop(accelerator, pictures, event: str, golden_overlay, package) -> None:
    expected = accelerator.infer(pictures[0], "depth")

    async def program() -> None:
        running = asyncio.create_task(accelerator.infer_async(pictures[0], "depth"))
        while target().left is None:
            await asyncio.sleep(0)
        getattr(accelerator, event)()
        with pytest.raises(DeviceError, match=event):
            await running

    asyncio.run(program())
    with edgemoe.Accelerator(golden_overlay) as again:
        again.load(package)
        assert np.array_equal(again.infer(pictures[0], "depth"), expected)


def test_after_close(accelerator, pictures) -> None:
    accelerator.infer(pictures[0], "depth")
    accelerator.close()
    accelerator.close()
    assert accelerator.status().state == "closed"
    for use in (
        lambda: accelerator.infer(pictures[0], "depth"),
        lambda: accelerator.stream(pictures, "depth"),
        lambda: asyncio.run(accelerator.infer_async(pictures[0], "depth")),
        lambda: accelerator.load("models/nano.package.safetensors"),
        accelerator.reset,
    ):
        with pytest.raises(UserError, match="was closed"):
            use()


def test_status_is_readable(accelerator, package: Package, pictures) -> None:
    assert "last run  none" in str(accelerator.status())
    accelerator.infer(pictures[0], "depth")
    found = accelerator.status()
    assert (found.state, found.build, found.package, found.runs) == ("idle", "sim-small", "small", 1)
    assert found.limits["max_tokens"] == 160
    assert found.last is not None
    assert "depth, 20000 cycles" in str(found)


def test_a_frame_begins_with_nothing_of_the_one_before(accelerator, pictures) -> None:
    """What a run would not write is zero, not another frame's."""
    accelerator.infer(pictures[0], "depth")
    loaded, frame = accelerator._loaded, accelerator._prepare(accelerator._loaded, pictures[1], "depth")
    for given in [loaded.take(), loaded.take()]:
        buffers = loaded.fill(given, frame.image, frame.program, taps=False)
        assert not np.asarray(buffers.output).any()
        assert not np.asarray(buffers.statistics).any()
        assert bytes(buffers.image) == frame.image
        loaded.give(given)
