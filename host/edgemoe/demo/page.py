# SPDX-License-Identifier: Apache-2.0
"""The page: what is on it, and what happens when something is pressed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import gradio as gr

from edgemoe.demo import view
from edgemoe.demo.engine import Engine
from edgemoe.demo.intake import read_offered, read_upload, sweep
from edgemoe.errors import EdgeMoeError
from edgemoe.inputs import Picture

TASKS = {"Both": "both", "Segmentation": "segmentation", "Depth": "depth"}
LOOK_SECONDS = 0.15
"""Between two looks at how far a run is."""
EMPTY = '<div class="em"><p>The result will be here.</p></div>'


def build_page(engine: Engine, pictures: dict[str, Path], uploads: Path) -> gr.Blocks:
    """The page of one engine.

    Args:
        pictures: name -> file of the pictures to choose from; the first is run when the page opens.
        uploads: the folder into which the library puts what is uploaded.
    """
    acts = _Acts(engine, pictures, uploads)
    with gr.Blocks(title="edgemoe demo", analytics_enabled=False, fill_width=True) as page:
        held = gr.State(None)
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
                state = gr.HTML(elem_id="state")
                gr.HTML(view.device(engine))
            with gr.Column(scale=3, min_width=320):
                result = gr.HTML(EMPTY, elem_id="result")
        # Reading is one at a time, so that a few large pictures don't fill the memory; the engine has its own queue.
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        run: dict[str, Any] = {**quiet, "concurrency_limit": None, "outputs": [state, result]}
        choice.input(acts.pick, [choice], [held, chosen, state], concurrency_id="read", **quiet)
        upload.upload(
            acts.upload,
            [upload, held],
            [held, chosen, state, upload],
            concurrency_id="read",
            concurrency_limit=1,
            **quiet,
        )
        page.load(acts.pick, [choice], [held, chosen, state], concurrency_id="read", **quiet).then(
            acts.open, [held, task], **run
        )
        start.click(acts.run, [held, task], **run)
    return page


class _Acts:
    """What happens when something is pressed. Every sentence for the user is shown on the page."""

    def __init__(self, engine: Engine, pictures: dict[str, Path], uploads: Path) -> None:
        self.engine, self.pictures, self.uploads = engine, pictures, uploads
        self.config = engine.workload.package.config

    def pick(self, name: str) -> tuple[Any, ...]:
        """One of the pictures that are offered."""
        try:
            picture = read_offered(name, self.pictures[name], self.config)
        except EdgeMoeError as error:
            return None, "", view.refusal(str(error))
        return picture, view.chosen(picture), ""

    def upload(self, path: str, held: Picture | None) -> tuple[Any, ...]:
        """A file from the browser; one that is refused leaves what was chosen before."""
        try:
            picture = read_upload(Path(path), self.config)
        except EdgeMoeError as error:
            return held, gr.skip(), view.refusal(str(error)), None
        finally:
            sweep(self.uploads)
        return picture, view.chosen(picture), view.note("Ready: press Run."), None

    async def open(self, picture: Picture | None, task: str) -> AsyncIterator[tuple[Any, ...]]:
        """When a page opens: the last result for its first picture, or a run of it."""
        kept = picture and self.engine.kept(picture, task)
        if kept:
            yield "", await _aside(view.result, kept)
            return
        async for shown in self.run(picture, task):
            yield shown

    async def run(self, picture: Picture | None, task: str) -> AsyncIterator[tuple[Any, ...]]:
        """Run what is chosen; how far it is, then the result."""
        if picture is None:
            yield view.refusal("Choose an image first, or upload one."), gr.skip()
            return
        try:
            job = self.engine.submit(picture, task)
        except EdgeMoeError as error:
            yield view.refusal(str(error)), gr.skip()
            return
        try:
            before = ""
            while not job.done.is_set():
                said = view.progress(job, self.engine.ahead(job))
                if said != before:
                    yield said, gr.skip()
                before = said
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            job.stop()  # the page was left meanwhile; of a run that is done it changes nothing
        if job.answer is None:
            yield view.refusal(job.error or "This run was stopped."), gr.skip()
        else:
            yield "", await _aside(view.result, job.answer)


async def _aside(work: Callable[..., str], *arguments: Any) -> str:
    """Work that takes a while, so that other pages are answered meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)
