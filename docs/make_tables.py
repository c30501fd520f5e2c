# SPDX-License-Identifier: Apache-2.0
"""Write the generated parts of the documentation: `make tables`.

A generated part lies between `<!-- table: NAME -->` and `<!-- end -->`. tests/docs checks that the pages
hold what this module makes.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import beyond_tables
import click
import numpy as np

from edgemoe import faults, numerics, package
from edgemoe.cli.group import commands
from edgemoe.compiler import limits as compiler_limits
from edgemoe.compiler.delays import FABRICS, MEANINGS, figures
from edgemoe.compiler.ir import Op, Opcode, ScalarArg, Value
from edgemoe.compiler.operators import OperatorTable
from edgemoe.config import BOARDS, MODELS, UNTRAINED
from edgemoe.errors import UserError
from edgemoe.program import check_fits
from edgemoe.registers import IP_VLNV, VERSION, build_id, limits
from edgemoe.runtime.identify import maxima

DOCS = Path(__file__).resolve().parent
VARIANT_WIDTHS = ("float32", "W16A16", "W8A16", "W8A8")
LARGEST, SHOWN = "zcu102", 8
"""The build whose fabric is shown in parts, and how many of its modules."""


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _option(parameter: click.Option) -> str:
    """One row of a command's table: its flags, what it does, its default."""
    flags = ", ".join(f"`{flag}`" for flag in parameter.opts)
    if not parameter.is_flag:
        flags += f" {parameter.make_metavar(click.Context(commands))}".replace("|", "\\|")
    default = (
        "" if parameter.default in (None, False) or not parameter.show_default else f"`{parameter.default}`"
    )
    text = _marked(parameter.help or "")
    return _row(flags, ("**needed.** " if parameter.required else "") + text, default)


def _marked(text: str) -> str:
    """A help text as Markdown; what is not built stands out."""
    text = text.replace("|", "\\|").replace("<", "&lt;")
    return text.replace("(not built yet)", "**(not built yet)**")


def commands_table() -> str:
    """Every command with its arguments and options, from the command line's own description."""
    lines = []
    for name, command in sorted(commands.commands.items()):
        usage = " ".join(command.collect_usage_pieces(click.Context(command)))
        lines += [f"### edgemoe {name}", "", _marked(command.help or ""), "", f"`edgemoe {name} {usage}`", ""]
        options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
        if options:
            lines += [_row("option", "meaning", "default"), _row("---", "---", "---")]
            lines += [_option(option) for option in options] + [""]
    return "\n".join(lines).rstrip()


def errors_table() -> str:
    """The worst error of each function, against float64."""
    scores = np.arange(1 << numerics.SCORE_FRACTION)
    exact = 2.0 ** (scores / 1024) * 2**14
    exp2 = np.abs(numerics.exp2(scores, np.zeros_like(scores)) / exact - 1).max()

    rng = np.random.default_rng(0)
    inputs = np.concatenate([np.arange(1, 1 << 19), (2 ** rng.uniform(19, 52, 500_000)).astype(np.int64)])
    root, k = numerics.rsqrt(inputs)
    rsqrt = np.abs(root * 2.0 ** -(17 + k) * np.sqrt(inputs) - 1).max()
    quotient, k = numerics.recip(inputs)
    recip = np.abs(quotient * 2.0 ** -(17 + 2 * k) * inputs - 1).max()

    h = np.arange(-8 << 14, 8 << 14)
    float_gelu = np.array([x * 0.5 * math.erfc(-x / math.sqrt(2)) for x in h / 2**14])
    gelu = np.abs(numerics.gelu(h) / 2**14 - float_gelu).max()
    rows = [
        ("`exp2`, one octave", "relative", exp2),
        ("`rsqrt`, 1 … 2^52", "relative", rsqrt),
        ("`recip`, 1 … 2^52", "relative", recip),
        ("`gelu`, −8 … 8", "absolute", gelu),
    ]
    lines = [_row("function", "error", "greatest"), _row("---", "---", "---")]
    return "\n".join(lines + [_row(name, kind, f"{worst:.1e}") for name, kind, worst in rows])


def sqnr_table() -> str:
    """How near a network of full size comes to float; tests/quant/test_sqnr.py makes the record."""
    record = json.loads((DOCS / "pictures" / "sqnr.json").read_text())
    lines = [_row("weights", "residual", "SQNR", "at least"), _row(*["---"] * 4)]
    for entry in record:
        lines.append(
            _row(entry["weights"], entry["residual"], f"{entry['db']:.1f}", str(entry["least"] or "–"))
        )
    return "\n".join(lines)


def correction_table() -> str:
    """What bias correction does to the trained models, from models/figures.json, which `make models` writes."""
    figures = json.loads((DOCS.parent / "models" / "figures.json").read_text())
    lines = [_row("model", "figure", "float", "without", "with bias correction"), _row(*["---"] * 5)]
    for name in MODELS:
        entry = figures[name]
        sides = [entry["integer"], entry["other_bias_correction"]]
        plain, corrected = reversed(sides) if entry["bias_correction"] else sides
        scores = (entry["float"], plain, corrected)
        lines.append(_row(f"`{name}`", "mIoU", *(f"{side['miou']:.4f}" for side in scores)))
        lines.append(_row(f"`{name}`", "depth RMSE, m", *(f"{side['rmse']:.4f}" for side in scores)))
        for images, pair in entry["features_db"].items():
            lines.append(
                _row(f"`{name}`", f"features, {images}, dB", "", *(f"{value:.1f}" for value in pair))
            )
    return "\n".join(lines)


def _quantisation(part: str) -> list[dict[str, Any]]:
    """Rows of docs/pictures/quantisation.json, which `make quantisation` writes."""
    rows: list[dict[str, Any]] = json.loads((DOCS / "pictures" / "quantisation.json").read_text())[part]
    return rows


def far_table() -> str:
    """What images lose by smaller margins, by what calibration has seen."""
    lines = [
        _row(
            "model",
            "calibrated on",
            "images",
            "margin 6, dB",
            "clipped",
            "margin 3, dB",
            "clipped",
            "margin 1.5, dB",
            "clipped",
        ),
        _row(*["---"] * 9),
    ]
    for row in _quantisation("far"):
        measured = [
            f"{row[f'{margin}_db']:.1f}" if what == "db" else f"{row[f'{margin}_clipped']:,}"
            for margin in ("default", "margin3", "margin1.5")
            for what in ("db", "clipped")
        ]
        lines.append(_row(f"`{row['model']}`", row["calibrated"], row["images"], *measured))
    return "\n".join(lines)


def ways_table() -> str:
    """Features of unseen scenes by what a range is."""
    lines = [_row("model", "range", "W8A16, dB", "W8A8, dB"), _row(*["---"] * 4)]
    for row in _quantisation("ways"):
        lines.append(
            _row(f"`{row['model']}`", row["ranges"], f"{row['W8A16_db']:.1f}", f"{row['W8A8_db']:.1f}")
        )
    return "\n".join(lines)


def _variants() -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """What is said of each trained variant, and its rows by widths: docs/pictures/accuracy.json, of `make accuracy`."""
    rows: list[dict[str, Any]] = json.loads((DOCS / "pictures" / "accuracy.json").read_text())
    for said in dict.fromkeys(row["said"] for row in rows):
        yield said, {row["widths"]: row for row in rows if row["said"] == said}


def variants_table() -> str:
    """Both tasks by variant and widths."""
    lines = [_row("network", "parameters", "measure", *VARIANT_WIDTHS), _row(*["---"] * 7)]
    for said, by_widths in _variants():
        for measure, key, digits in (("mIoU", "miou", 4), ("depth RMSE, m", "rmse", 3)):
            values = [
                f"{by_widths[widths][key]:.{digits}f}" if widths in by_widths else "–"
                for widths in VARIANT_WIDTHS
            ]
            lines.append(_row(said, f"{by_widths['float32']['parameters']:,}", measure, *values))
    return "\n".join(lines)


def use_table() -> str:
    """How variants use their experts."""
    lines = [
        _row(
            "network", "experts that an image uses, of a layer", "share of the busiest", "experts below 1 %"
        ),
        _row(*["---"] * 4),
    ]
    for said, by_widths in _variants():
        row = by_widths["float32"]
        if "busiest" in row:
            lines.append(
                _row(
                    said,
                    f"{row['experts_of_an_image']:.1f}",
                    f"{100 * row['busiest']:.1f} %",
                    f"{row['rare']:.1f}",
                )
            )
    return "\n".join(lines)


def budget_table() -> str:
    """Features of unseen scenes by the bytes of weights."""
    lines = [
        _row("model", "bytes of weights", "layers made int16", "features, dB", "bought first"),
        _row(*["---"] * 5),
    ]
    for row in _quantisation("budget"):
        first = "; ".join(f"`{name}`" for name in row["first"]).replace(" and ", "` and `")
        lines.append(
            _row(f"`{row['model']}`", f"{row['bytes']:,}", str(row["layers"]), f"{row['db']:.1f}", first)
        )
    return "\n".join(lines)


def widths_table() -> str:
    """Both tasks and the features by widths."""
    rows = _quantisation("accuracy")
    lines = [
        _row("model", "widths", "validation scenes", "mIoU", "depth RMSE, m", "features, dB"),
        _row(*["---"] * 6),
    ]
    for row in rows:
        decibel = f"{row['features_db']:.1f}" if "features_db" in row else ""
        lines.append(
            _row(
                f"`{row['model']}`",
                row["widths"],
                str(row["scenes"]),
                f"{row['miou']:.4f}",
                f"{row['rmse']:.4f}",
                decibel,
            )
        )
    return "\n".join(lines)


def boards_table() -> str:
    """Every board's build, and what its part has against what the compiler counted."""
    from edgemoe.bitstream.parts import PARTS

    rows = [
        _row("board", "part", "clock", "memory ports", "build id", "multipliers", "DSP blocks of the part")
    ]
    rows.append(_row(*["---"] * 7))
    for name, part in PARTS.items():
        build = BOARDS[name]
        made = json.loads((DOCS.parent / "bitstreams" / name / "manifest.json").read_text())
        ports = made["memory_ports"]
        cells = [f"`{name}`", f"`{made['part']}`", f"{build.clock_mhz:g} MHz"]
        cells += [f"{len(ports)} of {ports[0]['bits']} bits", f"`{made['build_id']}`"]
        cells += [f"{made['compiled']['multipliers']:,}", f"{part.dsp:,}"]
        rows.append(_row(*cells))
    return "\n".join(rows)


def resources_table() -> str:
    """What every board's accelerator takes of its part; docs/make_resources.py makes the record."""
    from edgemoe.synth.resources.limits import NAMES

    record = json.loads((DOCS / "pictures" / "resources.json").read_text())
    lines = [_row("board", *NAMES.values(), "limits passed"), _row("---", *["---:"] * len(NAMES), "---")]
    for name, report in record.items():
        cells = []
        for resource in NAMES:
            used, has = report["total"][resource], report["part_has"][resource]
            cells.append(f"{used:,.10g} ({used / has:.0%})" if has else f"{used:,.10g}")
        lines.append(_row(f"`{name}`", *cells, "; ".join(report["passed"]) or "none"))
    return "\n".join(lines)


def shares_table() -> str:
    """What the project lets itself take of a part."""
    from edgemoe.synth.resources.limits import NAMES, OWN_LIMITS, SHARES

    lines = [_row("of", "at most"), _row("---", "---")]
    lines += [
        _row(NAMES[resource], f"{share:.0%} of what the part has") for resource, share in SHARES.items()
    ]
    for name, own in OWN_LIMITS.items():
        lines += [_row(f"{NAMES[resource]} on `{name}`", f"{most:,}") for resource, most in own.items()]
    return "\n".join(lines)


def parts_table() -> str:
    """Where the fabric of the largest build goes: its largest modules, and the parts of the largest of them."""
    columns = ("lut", "ff", "dsp", "bram36")
    report = json.loads((DOCS / "pictures" / "resources.json").read_text()).get(LARGEST, {"modules": []})
    lines = [_row("module, part", "times", "LUT", "FF", "DSP", "BRAM36"), _row("---", *["---:"] * 5)]
    for module in report["modules"][:SHOWN]:
        times = module["instances"]
        cells = (f"{module['each'][column] * times:,.10g}" for column in columns)
        lines.append(_row(f"`{module['name']}`", str(times), *cells))
        parts = module.get("parts", {})
        for part in sorted(parts, key=lambda part: -parts[part]["lut"]):
            cells = (f"{parts[part][column]:,.10g}" for column in columns)
            lines.append(_row(f"— `{part}`" if part != "between" else f"— {part} the parts", "", *cells))
    return "\n".join(lines)


def builds_table() -> str:
    """Each build's id and maxima, as its registers tell them."""
    words = [f"`limits{i}`" for i in range(4)]
    lines = [_row("build", "build id", *words, "maxima"), _row(*["---"] * 7)]
    for build in BOARDS.values():
        most = ", ".join(f"{name} {value}" for name, value in maxima(limits(build)).items())
        lines.append(
            _row(
                build.name, f"`{build_id(build):#010x}`", *(f"`{word:#010x}`" for word in limits(build)), most
            )
        )
    return "\n".join(lines)


def fits_table() -> str:
    """Which model runs on which build, and if not, why."""
    lines = [_row("model", *BOARDS), _row(*["---"] * (1 + len(BOARDS)))]
    for model in {**MODELS, **UNTRAINED}.values():
        cells = []
        for build in BOARDS.values():
            try:
                check_fits(model, build)
                cells.append("yes")
            except UserError as error:
                cells.append(f"no: {str(error).rpartition(': ')[2].rstrip('.')}")
        lines.append(_row(model.name, *cells))
    return "\n".join(lines)


def formats_table() -> str:
    """Which format versions this version of the package reads, and from which overlays' IP."""
    lines = [_row("what", "version"), _row("---", "---")]
    lines.append(_row("package format", f"{package.VERSION}"))
    lines.append(_row("layer programs", f"{VERSION}"))
    return "\n".join([*lines, _row("IP", f"`{IP_VLNV}`")])


def said_table() -> str:
    """What is taken, noted and refused: each row is a program of tests/compiler/test_refused.py."""
    words = {"taken": "taken", "note": "noted", "warning": "warned of", "error": "refused"}
    rows: dict[str, list[str]] = {kind: [] for kind in words}
    for path in sorted((DOCS.parent / "tests" / "compiler" / "refused").glob("*.cpp")):
        for line in path.read_text().split("\n"):
            for kind, word in words.items():
                code, sign, message = line.partition(f"// {kind}: ")
                if sign:
                    shown = f"`{code.strip()}`" if code.strip() else ""
                    cells = (word, f"`{path.stem}`", shown, message.strip().replace("<", "&lt;"))
                    rows[kind].append(_row(*(cell.replace("|", "\\|") for cell in cells)))
    return "\n".join(
        [
            _row("", "program", "line", "message"),
            _row(*["---"] * 4),
            *(row for part in rows.values() for row in part),
        ]
    )


def limits_table() -> str:
    """The compiler's limits."""
    return "\n".join(
        [
            _row("limit", ""),
            _row("---", "---"),
            *(_row(what, f"{value:,}") for what, value in compiler_limits.TABLE),
        ]
    )


def fabric_table() -> str:
    """The figures of every family with their sources."""
    lines = [_row("figure", *(f"{f.title}, ns" for f in FABRICS.values()), "sources")]
    lines.append(_row("---", *("---" for _ in FABRICS), "---"))
    for name, meaning in MEANINGS.items():
        found = [figures(fabric)[name] for fabric in FABRICS.values()]
        sources = "; ".join(dict.fromkeys(figure.source for figure in found))
        lines.append(_row(meaning, *(f"{figure.ps / 1000:.3f}" for figure in found), sources))
    return "\n".join(lines)


def operators_table() -> str:
    """The delay of every operator at some widths."""
    families = list(FABRICS)
    lines = [
        _row("operator", *(f"`{name}`, ns" for name in families)),
        _row("---", *("---" for _ in families)),
    ]
    for opcode, title in (
        (Opcode.AND, "and, or, xor"),
        (Opcode.SELECT, "select"),
        (Opcode.ADD, "add, subtract"),
        (Opcode.ICMP, "compare"),
        (Opcode.SHL, "shift by a variable"),
        (Opcode.MUL, "multiply"),
    ):
        for bits in (8, 16, 32, 64) if opcode not in (Opcode.AND, Opcode.SELECT) else (1,):
            operands: list[Value] = [ScalarArg("a", bits), ScalarArg("b", bits)]
            op = Op(1, opcode, bits, operands)
            cells = []
            for name in families:
                timing = OperatorTable(FABRICS[name]).timing(op)
                after = f"{timing.latency} cycles, then " if timing.latency else ""
                cells.append(f"{after}{timing.delay / 1000:.2f}")
            lines.append(_row(title if bits == 1 else f"{title}, {bits} bits", *cells))
    whole = [OperatorTable(FABRICS[name]).timing(Op(1, Opcode.MUL_ADD, 48, [])) for name in families]
    cells = [f"{timing.latency} cycles, then {timing.delay / 1000:.2f}" for timing in whole]
    lines.append(_row("multiply and add in a DSP slice", *cells))
    return "\n".join(lines)


PAGES: dict[str, dict[str, Callable[[], str]]] = {
    "reference/commands.md": {"commands": commands_table},
    "reference/accuracy.md": {"variants": variants_table, "use": use_table},
    "reference/quantisation.md": {
        "far": far_table,
        "ways": ways_table,
        "budget": budget_table,
        "widths": widths_table,
    },
    "reference/arithmetic.md": {"correction": correction_table, "errors": errors_table, "sqnr": sqnr_table},
    "explanation/beyond.md": {
        "powers": beyond_tables.powers_table,
        "powers-cost": beyond_tables.powers_cost_table,
        "dense": beyond_tables.dense_table,
    },
    "reference/delays.md": {"fabric": fabric_table, "operators": operators_table},
    "how-to/board.md": {"boards": boards_table},
    "reference/compiler.md": {"said": said_table, "limits": limits_table},
    "reference/resources.md": {"resources": resources_table, "shares": shares_table, "parts": parts_table},
    "reference/overlays.md": {"formats": formats_table, "builds": builds_table, "fits": fits_table},
}


def rendered(page: str) -> str:
    """The text of a page with its generated parts made anew."""
    text = (DOCS / page).read_text()
    for name, make in PAGES[page].items():
        table = make()
        mark = re.escape(f"<!-- table: {name} -->")
        parts = re.split(rf"(?<={mark}\n).*?(?=<!-- end -->)", text, flags=re.DOTALL)
        if len(parts) != 2:
            raise SystemExit(f"{page} has {len(parts) - 1} places for the table {name!r}; it must have one.")
        text = f"{parts[0]}{table}\n{parts[1]}"
    return text


def main() -> None:
    """Rewrite every page with generated parts."""
    for page in PAGES:
        (DOCS / page).write_text(rendered(page))


if __name__ == "__main__":
    faults.end(main)
