# SPDX-License-Identifier: Apache-2.0
"""`edgemoe.Accelerator`: a model on the accelerator of an overlay, on a board or on the simulated one.

The weights and the layer programs of all tasks are written to memory once, by `load`. Another task is another layer
program, i.e. another address. Buffers for frames are made then too; a run allocates nothing.
"""

import asyncio
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from edgemoe import images, outputs, package
from edgemoe.config import BuildConfig
from edgemoe.errors import DeviceError, UserError
from edgemoe.package import Package
from edgemoe.program import Program, Run, Workload
from edgemoe.registers import build_id, limits
from edgemoe.runtime import claimed, identify
from edgemoe.runtime.driver import AcceleratorIp, Buffers
from edgemoe.runtime.loaded import SETS, FrameBuffers, Loaded
from edgemoe.runtime.profile import Profile
from edgemoe.runtime.status import LastRun, Status
from edgemoe.runtime.stream import Result, side_by_side
from edgemoe.runtime.turns import OwnTurnError, Turn, turns_of

Image = Any
"""A path, a PIL image, or a uint8 array (H, W) or (H, W, 3), RGB, of any size."""
Array = npt.NDArray[Any]

QUIET_SECONDS = 5.0  # that a reset waits for a run to end before it loads the bitstream again


@dataclass(frozen=True)
class Frame:
    """An image made ready for a start: its region's bytes and what runs on it."""

    program: Program
    image: bytes
    taps: bool = False


class Accelerator:
    """The accelerator of an overlay, with a package loaded into it.

    Safe to use from several threads and event loops: runs are queued, and never interleaved on the device. Leave it
    with `close()` or as a context manager.

    Args:
        overlay: a `pynq.Overlay` that is loaded, or the path of its bitstream, which is loaded then.
        name: of the IP, needed where the overlay has several accelerators.
        build: what the overlay holds, if it is none of the boards that this package knows.

    Raises:
        UserError: no accelerator in the overlay, a build of another version, or another process has the board.
    """

    def __init__(self, overlay: Any, *, name: str | None = None, build: BuildConfig | None = None) -> None:
        if not isinstance(overlay, str | Path) and not hasattr(overlay, "ip_dict"):
            raise UserError(
                f"`Accelerator` takes a `pynq.Overlay` or the path of a bitstream, not a {type(overlay).__name__}."
            )
        self._closed = False
        self._epoch = 0  # counts resets; a run of an earlier one has no result
        self._loaded: Loaded | None = None
        self._runs = 0
        self._last: LastRun | None = None
        device = identify.active_device() if isinstance(overlay, str | Path) else overlay.device
        # Also given back if nobody closes this one, as when a notebook's cell is run again.
        self._release = weakref.finalize(self, claimed.release, claimed.claim(device))
        try:
            self.overlay = (
                identify.load_overlay(Path(overlay)) if isinstance(overlay, str | Path) else overlay
            )
            self.ip: AcceleratorIp = identify.find_ip(self.overlay, name)
            """The driver of the registers."""
            self._turns = turns_of(str(device.name), int(self.ip.mmio.base_addr))
            with self._turns.held():
                self.build = identify.find_build(self.ip, build)
                """The build that the overlay holds."""
        except BaseException:
            self._release()
            raise

    def __enter__(self) -> "Accelerator":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ---- the package

    def load(self, model: str | Path | Package | Workload) -> None:
        """Write a package to the board's memory, in place of the one before.

        Args:
            model: a file, a package in memory, or a workload of this build, where someone has made it already.

        Raises:
            UserError: the file is no package, or the model does not fit the build: field, value and limit.
            DeviceError: no room in the board's memory. The package before stays loaded.
        """
        self._check_open()
        if isinstance(model, Workload):
            if build_id(model.build) != build_id(self.build):
                raise UserError(
                    f"The workload is for the build {model.build.name!r}, the overlay holds {self.build.name!r}."
                )
            workload = model
        else:
            given = model if isinstance(model, Package) else package.load(Path(model))
            workload = Workload(given, self.build)
        with self._turns.held():
            self._check_open()
            fresh = Loaded(workload, self.ip.device)
            before, self._loaded = self._loaded, fresh
            if before is not None:
                before.free()

    def unload(self) -> None:
        """Free the memory that the package takes."""
        with self._turns.held():
            before, self._loaded = self._loaded, None
            if before is not None:
                self.ip.until_idle()
                before.free()

    @property
    def package(self) -> Package:
        """The package that is loaded."""
        return self.workload.package

    @property
    def workload(self) -> Workload:
        """The package as it was made ready for the build."""
        return self._need().workload

    # ---- one image

    def infer(self, image: Image, task: str) -> Array:
        """Labels, uint8 (H, W), of task "segmentation"; metres, float32 (H, W), of "depth". H, W: the model's input.

        Args:
            image: a path, a PIL image, or a uint8 array (H, W) or (H, W, 3), RGB; resized to the model's input as its
                config says, stretched or the middle of it. An array that has the model's size is its input as it is.
            task: "segmentation" or "depth".

        Raises:
            UserError: no such task, no such image, no package loaded, or closed.
            DeviceError: the accelerator failed; `reset` makes it usable again.
        """
        loaded = self._need()
        return self._decode(loaded, self.run(image, task))

    def run(self, image: Image, task: str, *, taps: bool = False) -> Run:
        """As `infer`, with all that the run left: cycles, statistics records, head, features.

        Args:
            image, task: as of `infer`.
            taps: have every stage's tensor written to the output region.
        """
        loaded = self._need()
        frame = self._prepare(loaded, image, task, taps=taps)
        with self._turns.held() as turn:
            epoch = self._begin(loaded)
            buffers, given = self._fill(loaded, frame)
            try:
                return self._at_once(frame, buffers, turn, epoch)
            finally:
                loaded.give(given)

    async def infer_async(self, image: Image, task: str) -> Array:
        """As `infer`, by interrupt: the event loop's other tasks run meanwhile."""
        loaded = self._need()
        return self._decode(loaded, await self.run_async(image, task))

    async def run_async(self, image: Image, task: str, *, taps: bool = False) -> Run:
        """As `run`, by interrupt."""
        loaded = self._need()
        frame = self._prepare(loaded, image, task, taps=taps)
        async with self._turns.held_async() as turn:
            self._check_loaded(loaded)
            epoch = self._epoch
            await self.ip.until_idle_async()
            self._check_current(epoch)
            buffers, given = self._fill(loaded, frame)
            started = time.monotonic()
            try:
                self.ip.start(buffers, interrupt=self.ip.interrupts)
                await self._ended(turn, epoch)
                return self._result(frame, buffers, turn, epoch, started)
            finally:
                loaded.give(given)

    # ---- many images

    def stream(self, frames: Iterable[Any], task: str | None = None) -> Iterator[Result]:
        """Run frames one after the other; what the host does for one goes on beside the device's work on another.

        While the device works on frame n, frame n + 1 is taken from `frames`, read, resized and packed, and the result
        of frame n - 1 is unpacked and used by the caller. So a result comes when the frame after it was taken. Results
        come in the order of the frames and equal those of `infer`.

        Args:
            frames: images, as of `infer`; without `task`, pairs of an image and its task.
            task: of all frames.

        Yields:
            `Result(task, labels or metres, run)`.

        Raises:
            What `frames` raises, and `UserError` for a frame that is none, after the results of the frames before.
        """
        loaded = self._need()
        if task is not None:
            self._check_task(loaded, task)
        try:
            items = iter(frames)
        except TypeError:
            raise UserError(
                f"`frames` must be an iterable of images, not a {type(frames).__name__}."
            ) from None
        return self._stream(loaded, items, task)

    def _stream(self, loaded: Loaded, items: Iterator[Any], task: str | None) -> Iterator[Result]:
        sets: list[FrameBuffers] = []

        def prepare(number: int, item: Any) -> tuple[Frame, Buffers]:
            self._check_loaded(loaded)
            self._turns.check_here()
            image, chosen = self._pair(number, item) if task is None else (item, task)
            try:
                frame = self._prepare(loaded, image, chosen)
            except UserError as error:
                raise UserError(f"Frame {number} of the stream: {error}") from None
            if not number and not self._turns.busy:
                self.ip.until_idle()  # of a run that was interrupted: its buffers may be those taken next
            if number < SETS:
                sets.append(loaded.take())
            buffers = loaded.fill(sets[number % SETS], frame.image, frame.program, taps=False)
            return frame, buffers

        def run(ready: tuple[Frame, Buffers]) -> Run:
            frame, buffers = ready
            with self._turns.held() as turn:
                return self._at_once(frame, buffers, turn, self._begin(loaded))

        def finish(ready: tuple[Frame, Buffers], run: Run) -> Result:
            return Result(run.network.task, self._decode(loaded, run), run)

        try:
            yield from side_by_side(items, prepare, run, finish)
        finally:
            for given in sets:
                loaded.give(given)

    def _pair(self, number: int, item: Any) -> tuple[Image, str]:
        if isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[1], str):
            return item[0], item[1]
        raise UserError(
            f"Frame {number} of the stream is a {type(item).__name__}, not a pair of an image and its task. "
            'Give pairs, or one task for all: `stream(frames, "depth")`.'
        )

    def profile(self, image: Image, task: str) -> Profile:
        """Run an image and tell where its cycles went, stage by stage."""
        return Profile(self.run(image, task), self.build)

    # ---- state

    def status(self) -> Status:
        """State, build, package and last run; `print` it."""
        state = "closed"
        if not self._closed:
            try:
                state = "idle" if self.ip.idle else "running"
            except DeviceError as failure:
                state = f"not answering: {failure}"
        loaded = self._loaded
        return Status(
            state=state,
            overlay=str(self.overlay.bitfile_name),
            build=self.build.name,
            build_id=build_id(self.build),
            limits=identify.maxima(limits(self.build)),
            package=None if loaded is None else loaded.workload.package.config.name,
            package_sha256="" if loaded is None else loaded.workload.package.sha256,
            memory_bytes=0 if loaded is None else loaded.nbytes,
            runs=self._runs,
            last=self._last,
        )

    def reset(self, seconds: float = QUIET_SECONDS) -> str:
        """Back to idle after a failure. The package stays loaded.

        A run that is under way is given `seconds` to end; if it does not, or nothing answers, the bitstream is loaded
        again, which stops whatever it does. Whoever waits for such a run gets a `DeviceError`.

        Returns:
            What was done: "idle" if the accelerator came to rest by itself, "reloaded" if not.
        """
        self._check_open()
        self._epoch += 1
        self._turns.tell()
        try:
            with self._turns.held():
                return self._quieten(seconds)
        except OwnTurnError:  # who has the turn goes on only after this call, and is told then
            return self._quieten(seconds)

    def close(self) -> None:
        """Stop, and free the buffers. A run that is under way ends without a result; `reset` says how."""
        if self._closed:
            return
        self._closed = True
        self._turns.tell()
        try:
            try:
                with self._turns.held():
                    self._free()
            except OwnTurnError:
                self._free()
        finally:
            self._release()

    def _free(self) -> None:
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            # The device must not write to memory that is someone else's by then. An overlay that was replaced can't.
            if self.overlay.is_loaded():
                self._quieten(QUIET_SECONDS)
            loaded.free()

    def _quieten(self, seconds: float) -> str:
        with suppress(DeviceError):
            self.ip.until_idle(seconds)
            return "idle"
        self.overlay.download()
        identify.find_build(self.ip, self.build)
        return "reloaded"

    # ---- the parts of a run

    def _prepare(self, loaded: Loaded, image: Image, task: str, *, taps: bool = False) -> Frame:
        """The host's work before a start."""
        self._check_task(loaded, task)
        workload = loaded.workload
        config = workload.package.config
        pixels = images.as_pixels(image)
        if not (isinstance(image, np.ndarray) and pixels.shape[:2] == (config.height, config.width)):
            pixels = images.fitted(pixels, config)
        return Frame(workload.program(task, taps=taps), workload.image(pixels), taps=taps)

    def _begin(self, loaded: Loaded) -> int:
        """What a run checks when it has its turn; the epoch that it belongs to."""
        self._check_loaded(loaded)
        epoch = self._epoch
        # Of a run that was interrupted: it still reads and writes its buffers.
        self.ip.until_idle(alive=lambda: self._check_current(epoch))
        return epoch

    def _fill(self, loaded: Loaded, frame: Frame) -> tuple[Buffers, FrameBuffers]:
        given = loaded.take()
        try:
            return loaded.fill(given, frame.image, frame.program, taps=frame.taps), given
        except BaseException:
            loaded.give(given)
            raise

    def _at_once(self, frame: Frame, buffers: Buffers, turn: Turn, epoch: int) -> Run:
        started = time.monotonic()
        self.ip.start(buffers, interrupt=False)
        self.ip.wait(lambda: self._check_current(epoch), pause=True)
        return self._result(frame, buffers, turn, epoch, started)

    async def _ended(self, turn: Turn, epoch: int) -> None:
        """Wait for the end of the run, or for what takes it away: no interrupt may come then."""
        waiting = asyncio.ensure_future(self.ip.wait_async())
        try:
            while not waiting.done():
                news = asyncio.wrap_future(turn.news())
                turn.check()
                self._check_current(epoch)
                await asyncio.wait({waiting, news}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
            waiting.result()
        finally:
            waiting.cancel()
            await asyncio.wait({waiting})  # it takes back what it asked of PYNQ's interrupt

    def _result(self, frame: Frame, buffers: Buffers, turn: Turn, epoch: int, started: float) -> Run:
        turn.check()
        self._check_current(epoch)
        run = self.ip.result(buffers).check()
        if (found := self.ip.get("build_id")) != build_id(self.build):
            raise DeviceError(
                f"Another build, of id {found:#010x}, was loaded meanwhile; it was {self.build.name!r}. Make another "
                "`Accelerator` for the overlay that is loaded now."
            )
        run = replace(run, program=frame.program, seconds=time.monotonic() - started)
        self._runs += 1
        self._last = LastRun(frame.program.task, run.cycles or 0, run.seconds)
        return run

    def _decode(self, loaded: Loaded, run: Run) -> Array:
        """What the head's integers mean; of a model without a head, the features."""
        package, task = loaded.workload.package, run.network.task
        if package.config.head == "none":
            return run.features
        return outputs.decoded(package.config, task, run.head, package.scale(f"heads.{task}.out"))

    # ---- what may go wrong

    def _need(self) -> Loaded:
        self._check_open()
        if self._loaded is None:
            raise UserError(
                'No package is loaded. Load one: `accelerator.load("models/nano.package.safetensors")`.'
            )
        return self._loaded

    def _check_loaded(self, loaded: Loaded) -> None:
        self._check_open()
        if loaded is not self._loaded:
            raise UserError(
                "Another package was loaded since, or this one unloaded, and its buffers are free. Run it again."
            )

    def _check_task(self, loaded: Loaded, task: str) -> None:
        tasks = loaded.workload.package.config.tasks
        if task not in tasks:
            raise UserError(f"No task is named {task!r}; there are {', '.join(tasks)}.")

    def _check_open(self) -> None:
        if self._closed:
            raise UserError(
                "This accelerator was closed and its buffers are free; make another `Accelerator`."
            )

    def _check_current(self, epoch: int) -> None:
        if self._closed:
            raise DeviceError("The accelerator was closed while it ran; this run has no result.")
        if epoch != self._epoch:
            raise DeviceError("The accelerator was reset while it ran; this run has no result. Run it again.")
