# SPDX-License-Identifier: Apache-2.0
"""Where the cycles of a run went: a table, rows to reckon with, a plot, and a page's table for notebooks."""

from html import escape
from pathlib import Path
from typing import Any

from edgemoe.config import BuildConfig
from edgemoe.errors import UserError
from edgemoe.files import replacing
from edgemoe.program import Run
from edgemoe.program.figures import task_figures
from edgemoe.report.cycles import cycles_sentence, stage_label

COLUMNS = {
    "name": "stage",
    "layer": "layer",
    "cycles": "cycles",
    "macs": "MACs",
    "read_bytes": "bytes read",
    "write_bytes": "bytes written",
    "stall_cycles": "stall cycles",
    "saturated": "clipped",
}
"""Key of a row -> heading of its column."""
WORKING, WAITING = "#3b6ea5", "#d98f3b"


class Profile:
    """One run, stage by stage.

    Attributes:
        rows: a dict a stage, in order, with the keys of `COLUMNS`, `kind` and `part` ("backbone" or "head"). `layer`
            is None for a stage of no layer; the bytes are of DRAM; in `stall_cycles` the array waited for a tile;
            `saturated` values were clipped.
        run: what was profiled.
        figures: the task's entry of report.json: `cycles`, `backbone_cycles`, `stages`, `experts`.
    """

    def __init__(self, run: Run, build: BuildConfig) -> None:
        self.run = run
        self.build = build
        self.figures: dict[str, Any] = task_figures(run)
        self.rows: list[dict[str, Any]] = self.figures["stages"]

    @property
    def title(self) -> str:
        """Task, model, build, and the cycles in all."""
        program = self.run.network
        cycles = self.figures["cycles"]
        milliseconds = cycles / self.build.clock_mhz / 1000
        return (
            f"{program.task} of {program.config.name} on {self.build.name}: {cycles} cycles, {milliseconds:.2f} ms at "
            f"{self.build.clock_mhz:g} MHz (assumed)"
        )

    def table(self) -> str:
        """All stages as text, with a line of sums."""
        lines = [list(COLUMNS.values()), *map(_cells, self.rows), _sums(self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
        texts = [
            "  ".join(
                [
                    line[0].ljust(widths[0]),
                    *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True)),
                ]
            )
            for line in lines
        ]
        rule = "-" * len(texts[0])
        return "\n".join(
            [self.title, texts[0], rule, *texts[1:-1], rule, texts[-1], cycles_sentence(self.figures)]
        )

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        return f"<Profile: {self.title}>"

    def _repr_html_(self) -> str:
        """The table, for a notebook."""
        head = "".join(f"<th>{escape(title)}</th>" for title in COLUMNS.values())
        lines = [*map(_cells, self.rows), _sums(self.rows)]
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
        return (
            f"<table><caption>{escape(self.title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<p>{escape(cycles_sentence(self.figures))}</p>"
        )

    def plot(self, path: str | Path | None = None) -> Any:
        """A bar a stage: cycles in which the array worked, and in which it waited.

        Args:
            path: where to write the picture, if anywhere; its ending says the format (.png, .svg, .pdf).

        Returns:
            The matplotlib figure, which a notebook shows.

        Raises:
            UserError: matplotlib is not installed.
        """
        try:
            from matplotlib.figure import Figure
        except ModuleNotFoundError as missing:
            raise UserError(
                f"A plot needs the package {missing.name}, which is not installed: pip install matplotlib. "
                "`table()` and `rows` need none."
            ) from None
        waiting = [min(row["stall_cycles"], row["cycles"]) for row in self.rows]
        working = [row["cycles"] - stalled for row, stalled in zip(self.rows, waiting, strict=True)]
        names = [stage_label(row) for row in self.rows]
        # A figure of its own, without pyplot: nothing is kept, and no display is needed.
        figure = Figure(figsize=(9, 1 + 0.18 * len(names)), layout="constrained")
        axes = figure.add_subplot()
        axes.barh(names_at := range(len(names)), working, color=WORKING, label="other cycles")
        axes.barh(names_at, waiting, left=working, color=WAITING, label="the array waits for a tile")
        axes.set_yticks(list(names_at), names, fontsize=7)
        axes.invert_yaxis()
        axes.set_xlabel("cycles")
        axes.set_title(self.title, fontsize=9)
        axes.legend(fontsize=8)
        if path is not None:
            target = Path(path)
            kinds = figure.canvas.get_supported_filetypes()
            kind = target.suffix.removeprefix(".").lower()
            if kind not in kinds:
                raise UserError(
                    f"A plot {target} cannot be written: its ending must be one of {', '.join(kinds)}."
                )
            with replacing(target, "Plot") as fresh:
                figure.savefig(fresh, format=kind)
        return figure


def _cells(row: dict[str, Any]) -> list[str]:
    return ["" if row[key] is None else str(row[key]) for key in COLUMNS]


def _sums(rows: list[dict[str, Any]]) -> list[str]:
    return ["in all", "", *(str(sum(row[key] for row in rows)) for key in list(COLUMNS)[2:])]
