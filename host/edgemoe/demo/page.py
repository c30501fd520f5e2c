# SPDX-License-Identifier: Apache-2.0
"""The page: what is on it, and what happens when something is pressed.

Every event is one request, which is answered at once (see `guard`). So Run only begins a run, and a timer, which goes
while a run is under way, asks how far it is. Requests may overtake each other, so each thing on the page is written by
one kind of event alone: how far the run is, and its result, by the timer's; and whether the timer goes is seen in the
browser, from the run that was begun last and the one that has ended last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from edgemoe import faults
from edgemoe.caches import build_root
from edgemoe.demo import view
from edgemoe.demo.engine import Engine
from edgemoe.demo.intake import read_offered, read_upload, sweep
from edgemoe.demo.visits import Visits
from edgemoe.inputs import Picture

TASKS = {"Both": "both", "Segmentation": "segmentation", "Depth": "depth"}
LOOK_SECONDS = 0.2
"""Between two looks at how far a run is."""
EMPTY = '<div class="em"><p>The result will be here.</p></div>'
GOES = '(begun, ended) => ({active: begun > ended, __type__: "update"})'
FORGOTTEN = "This run is not remembered any more. Press Run to run it again."


def build_page(engine: Engine, visits: Visits, pictures: dict[str, Path], uploads: Path) -> gr.Blocks:
    """The page of one engine.

    Args:
        visits: the runs of the pages.
        pictures: name -> file of the pictures to choose from; the first is run when the page opens.
        uploads: the folder into which the library puts what is uploaded.
    """
    acts = _Acts(engine, visits, pictures, uploads)
    with gr.Blocks(title="edgemoe demo", analytics_enabled=False, fill_width=True) as page:
        held = gr.State(None)
        begun, ended = (gr.Number(0, precision=0, visible=False) for _ in range(2))
        timer = gr.Timer(LOOK_SECONDS, active=False)
        gr.HTML(
            '<div class="em"><h1>A mixture of experts at work</h1><p>An image through the accelerator: its picture of '
            "the street, which expert took which patch, and where the cycles went.</p></div>"
        )
        with gr.Row():
            with gr.Column(scale=1, min_width=300):
                choice = gr.Radio(list(pictures), value=next(iter(pictures)), label="Image")
                upload = gr.File(label="Or one of your own: PNG or JPEG", height=160, elem_id="upload")
                chosen = gr.HTML(elem_id="chosen")
                task = gr.Radio(list(TASKS.items()), value="both", label="Task", elem_id="task")
                start = gr.Button("Run", variant="primary", elem_id="run")
                with gr.Column(elem_id="state"):
                    said, progress = gr.HTML(), gr.HTML()
                gr.HTML(view.device(engine))
            with gr.Column(scale=3, min_width=320):
                result = gr.HTML(EMPTY, elem_id="result")
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
        goes: dict[str, Any] = {"inputs": [begun, ended], "outputs": timer, "js": GOES, **quiet}
        choice.input(acts.pick, [choice], [held, chosen, said], **quiet)
        upload.upload(acts.upload, [upload, held], [held, chosen, said, upload], **quiet)
        page.load(acts.pick, [choice], [held, chosen, said], **quiet).then(
            acts.open, [held, task], [said, begun], **quiet
        ).then(None, **goes)
        start.click(acts.run, [held, task], [said, begun], **quiet).then(None, **goes)
        timer.tick(acts.look, [begun], [progress, result, ended], **quiet).then(None, **goes)
    return page


class _Acts:
    """What happens when something is pressed. Every sentence for the user is shown on the page, faults too: the library
    says nothing of them.
    """

    def __init__(self, engine: Engine, visits: Visits, pictures: dict[str, Path], uploads: Path) -> None:
        self.engine, self.visits = engine, visits
        self.pictures, self.uploads = pictures, uploads
        self.config = engine.workload.package.config
        self._reading = asyncio.Lock()

    async def pick(self, name: str) -> tuple[Any, ...]:
        """One of the pictures that are offered."""
        return await self._alone(self._pick, name)

    async def upload(self, path: str, held: Picture | None) -> tuple[Any, ...]:
        """A file from the browser; one that is refused leaves what was chosen before."""
        return await self._alone(self._upload, path, held)

    async def _alone(self, work: Callable[..., tuple[Any, ...]], *arguments: Any) -> tuple[Any, ...]:
        """Read a picture, one at a time, so that a few large ones don't fill the memory. Who waits holds no thread."""
        async with self._reading:
            return await asyncio.to_thread(work, *arguments)

    def _pick(self, name: str) -> tuple[Any, ...]:
        try:
            picture = read_offered(name, self.pictures[name], self.config)
            return picture, view.chosen(picture), ""
        except Exception as error:
            return None, "", _refusal(error)

    def _upload(self, path: str, held: Picture | None) -> tuple[Any, ...]:
        try:
            picture = read_upload(Path(path), self.config)
            return picture, view.chosen(picture), view.note("Ready: press Run."), None
        except Exception as error:
            return held, gr.skip(), _refusal(error), None
        finally:
            sweep(self.uploads)

    def open(self, picture: Picture | None, task: str, request: gr.Request) -> tuple[Any, ...]:
        """When a page opens: the last result for its first picture, or a run of it."""
        if picture is None:
            return gr.skip(), gr.skip()  # `pick` has said why
        return self._begun(self.visits.open, request, picture, task)

    def run(self, picture: Picture | None, task: str, request: gr.Request) -> tuple[Any, ...]:
        """Begin a run of what is chosen."""
        if picture is None:
            return view.refusal("Choose an image first, or upload one."), gr.skip()
        return self._begun(self.visits.start, request, picture, task)

    def _begun(self, begin: Callable[..., int], request: gr.Request, *wanted: Any) -> tuple[Any, ...]:
        try:
            return "", begin(request.session_hash or "", *wanted)
        except Exception as error:
            return _refusal(error), gr.skip()

    def look(self, begun: int, request: gr.Request) -> tuple[Any, ...]:
        """How far the page's run is, or its result. An answer that is lost does no harm: the next one is the same."""
        run = self.visits.look(request.session_hash or "")
        if run is None:
            return view.refusal(FORGOTTEN), gr.skip(), begun
        job = run.job
        if not job.done.is_set():
            return view.progress(job, self.engine.ahead(job)), gr.skip(), gr.skip()
        if job.answer is None:
            return view.refusal(job.error or FORGOTTEN), gr.skip(), run.number
        try:
            return "", view.result(job.answer), run.number
        except Exception as error:
            return _refusal(error), gr.skip(), run.number


def _refusal(error: Exception) -> str:
    """Why something is not done; of a fault of the program, where to read more."""
    return view.refusal(faults.explain(error, build_root() / "faults")[0])
