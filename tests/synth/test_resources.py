# SPDX-License-Identifier: Apache-2.0
"""What Yosys makes of small modules is what a person counts, and is kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from edgemoe.blockdesign import Board, Fabric, board_facts
from edgemoe.compiler.driver import LIBRARY
from edgemoe.config import BOARDS
from edgemoe.errors import UserError
from edgemoe.synth.resources import measure, yosys
from edgemoe.synth.resources.counts import Resources, of_cells
from edgemoe.synth.resources.flow import shown
from edgemoe.synth.resources.limits import passed
from edgemoe.synth.resources.parts import LARGE, assign
from edgemoe.synth.resources.rtlil import Cell
from edgemoe.synth.resources.show import show_resources
from edgemoe.synth.resources.sources import BLOCK, Place, places, readable

ZCU102, PYNQ = board_facts("zcu102"), board_facts("pynq-z2")
MODULES = {
    "product": """module product (input logic clk, input logic signed [17:0] a, b, output logic signed [35:0] p);
  always_ff @(posedge clk) begin
    p <= a * b;
  end
endmodule
""",
    "memory": """module memory (
    input logic clk, we, input logic [9:0] wa, ra, input logic [35:0] wd, output logic [35:0] q
);
  logic [35:0] words [0:1023];
  always_ff @(posedge clk) if (we) words[wa] <= wd;
  always_ff @(posedge clk) q <= words[ra];
endmodule
""",
    "adder": """module adder #(parameter int W = 8) (input logic [W-1:0] a, b, output logic [W-1:0] s);
  assign s = a + b;
endmodule
""",
    "tree": """module tree (input logic signed [31:0] k, l, m, n, output logic signed [33:0] r);
  wire signed [32:0] x = k + l, y = m + n;
  assign r = x + y;
endmodule
""",
    "rom": """module rom (input logic clk, input logic [4:0] PORTS, output logic [7:0] WORDS);
  (* rom_style = "distributed" *) logic [7:0] words [0:31];
  initial begin
INIT  end
  always_ff @(posedge clk) begin
READ  end
endmodule
""",
    "outer": """module outer (
    input logic clk, we, input logic signed [17:0] a, b, output logic signed [35:0] p,
    input logic [9:0] wa, ra, input logic [35:0] wd, output logic [35:0] q,
    input logic [7:0] c, d, input logic [11:0] e, f, output logic [7:0] s, t, output logic [11:0] u,
    input logic signed [31:0] k, l, m, n, output logic signed [33:0] r,
    input logic [4:0] PORTS, output logic [7:0] WORDS
);
  tree tree_i (.k(k), .l(l), .m(m), .n(n), .r(r));
  product product_i (.clk(clk), .a(a), .b(b), .p(p));
  memory memory_i (.clk(clk), .we(we), .wa(wa), .ra(ra), .wd(wd), .q(q));
  adder first (.a(c), .b(d), .s(s));
  adder second (.a(c), .b(e[7:0]), .s(t));
  adder #(.W(12)) third (.a(e), .b(f), .s(u));
  rom rom_i (.clk(clk), CONNECT);
endmodule
""",
}
PORTS = 24
"""Of the ROM's: more than any memory of the fabric has."""


def sources(folder: Path) -> list[Path]:
    """`MODULES` as files, with a ROM of random words and `PORTS` ports."""
    ports = [f"i{n}" for n in range(PORTS)], [f"o{n}" for n in range(PORTS)]
    values = {
        "PORTS": ", ".join(ports[0]),
        "WORDS": ", ".join(ports[1]),
        "INIT": "".join(f"    words[{n}] = 8'd{pow(n + 3, 7, 251)};\n" for n in range(32)),
        "READ": "".join(f"    o{n} <= words[i{n}];\n" for n in range(PORTS)),
        "CONNECT": ", ".join(f".{name}({name})" for name in ports[0] + ports[1]),
    }
    files = []
    for name, text in MODULES.items():
        for word, value in values.items():
            text = text.replace(word, value)
        (folder / f"{name}.sv").write_text(text)
        files.append(folder / f"{name}.sv")
    return files


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[Path], Path]:
    """The report on `outer` for zcu102, its files, and where it is kept."""
    folder = tmp_path_factory.mktemp("resources")
    files, cache = sources(folder), folder / "kept"
    return measure(files, "outer", ZCU102, cache=cache), files, cache


@pytest.mark.slow
def test_small_modules_take_what_a_person_counts(
    measured: tuple[dict[str, Any], list[Path], Path],
) -> None:
    report = measured[0]
    each = {module["name"]: module for module in report["modules"]}
    assert each["product"]["each"]["dsp"] == 1
    assert each["memory"]["each"]["bram36"] == 1 and each["memory"]["each"]["lut"] == 0
    assert each["adder"]["instances"] == 2 and each["adder"]["each"]["lut"] == 8
    assert each["adder W=12"]["instances"] == 1 and each["adder W=12"]["each"]["lut"] == 12
    assert each["tree"]["each"]["lut"] <= 33 + 33 + 34
    # A word of 32 is a function of five bits: at most a LUT a bit and port, and its register.
    assert 6 * PORTS <= each["rom"]["each"]["lut"] <= 8 * PORTS and each["rom"]["each"]["bram36"] == 0
    assert each["rom"]["each"]["ff"] == 8 * PORTS
    rest = sum(each[name]["each"]["lut"] for name in ("rom", "tree"))
    assert report["total"]["lut"] == 2 * 8 + 12 + rest
    assert report["passed"] == [] and report["part_has"]["dsp"] == 2520


@pytest.mark.slow
def test_what_is_kept_is_not_made_again(
    measured: tuple[dict[str, Any], list[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    report, files, cache = measured
    calls: list[str] = []
    real = yosys.run

    def run(script: str, work: Path, what: str, *, limit: int) -> None:
        calls.append(what)
        real(script, work, what, limit=limit)

    monkeypatch.setattr(yosys, "run", run)
    assert measure(files, "outer", ZCU102, cache=cache) == report
    assert calls == []
    adder = next(file for file in files if file.stem == "adder")
    adder.write_text(adder.read_text().replace("a + b", "a - b"))
    changed = measure(files, "outer", ZCU102, cache=cache)
    assert changed["total"]["dsp"] == 1 and changed["sha256"] != report["sha256"]
    assert [what.split(",")[0] for what in calls] == [
        "module outer",
        "module outer",
        "module adder and 1 small ones",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("board", "series7"), [(ZCU102, 0), (PYNQ, 1)])
def test_a_cascade_of_the_compilers_slices(board: Board, series7: int, tmp_path: Path) -> None:
    """`hls_mul_add` is a DSP block and nothing else, also where one adds to the sum of another."""
    (tmp_path / "hls_mul_add.sv").write_text((LIBRARY / "hls_mul_add.sv").read_text())
    (tmp_path / "pair.sv").write_text(f"""module pair (
    input logic clk, input logic [17:0] a, b, d, e, output logic [47:0] p
);
  logic [47:0] sum, unused_p, unused_pcout;
  hls_mul_add #(.A(18), .B(18), .SERIES7({series7})) first (
      .clk(clk), .a(a), .b(b), .c(48'd5), .p(unused_p), .pcout(sum)
  );
  hls_mul_add #(.A(18), .B(18), .CASCADE(1), .SERIES7({series7})) second (
      .clk(clk), .a(d), .b(e), .c(sum), .p(p), .pcout(unused_pcout)
  );
endmodule
""")
    files = [tmp_path / "hls_mul_add.sv", tmp_path / "pair.sv"]
    total = measure(files, "pair", board, cache=tmp_path / "kept")["total"]
    assert (total["dsp"], total["lut"], total["ff"]) == (2, 0, 0)


@pytest.mark.slow
def test_a_fabric_of_the_older_family(tmp_path: Path) -> None:
    (tmp_path / "product.sv").write_text(MODULES["product"])
    report = measure([tmp_path / "product.sv"], "product", PYNQ, cache=tmp_path / "kept")
    assert report["total"]["dsp"] == 1 and report["part_has"]["dsp"] == 220


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "module bad (input logic a, output logic b);\n  assign b = a +;\nendmodule\n",
            r"bad.sv:2: ERROR: syntax error",
        ),
        ("module bad (input logic a, output logic b);\n  absent x (.a(a), .b(b));\nendmodule\n", r"absent"),
        (
            "module bad (input logic c, a, output logic b);\n  always_ff @(posedge c) b <= a;\n"
            "  always_ff @(posedge c) b <= ~a;\nendmodule\n",
            r"problems in 'check -assert'",
        ),
    ],
)
def test_what_yosys_refuses_is_said_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.sv").write_text(text)
    with pytest.raises(UserError, match=f"Yosys refuses module bad: .*{said}"):
        measure([tmp_path / "bad.sv"], "bad", ZCU102, cache=tmp_path / "kept")


@pytest.mark.slow
def test_a_process_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    (tmp_path / "product.sv").write_text(MODULES["product"])
    with pytest.raises(UserError, match=r"Yosys was ended in its pass .* for module product: it needed more"):
        measure([tmp_path / "product.sv"], "product", ZCU102, cache=tmp_path / "kept", limit=1)


def test_no_yosys(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise yosys.PackageNotFoundError(name)

    monkeypatch.setattr(yosys, "version", missing)
    with pytest.raises(UserError, match=r"pip install 'edgemoe\[synth\]'"):
        yosys.identity()


def test_limits_that_are_passed_are_named() -> None:
    used = Resources(dsp=1300, lut_logic=100_000, lut_memory=10_001, bram36=912)
    assert [str(one) for one in passed(used, "zcu102", ZCU102.fabric)] == [
        "LUT: 110,001 are 1 more than 110,000, the project's own limit on zcu102",
        "DSP: 1,300 are 50 more than 1,250, the project's own limit on zcu102",
        "BRAM36: 912 are 137 more than 775, 85% of the part's 912",
    ]
    tiny = Fabric(dsp=10, bram36=10, uram=0, lut=100, ff=100)
    assert [one.limit.resource for one in passed(Resources(uram=1, dsp=9, lut_logic=75), "other", tiny)] == [
        "uram"
    ]


@pytest.mark.slow
def test_the_table_says_which_limit_is_passed(
    measured: tuple[dict[str, Any], list[Path], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    report = measured[0]
    show_resources(report)
    said = capsys.readouterr().out
    assert "Within all limits: LUT 205,560" in said and "no place and route has confirmed" in said
    show_resources(report | {"passed": ["DSP: 2 are 1 more than 1, because"]})
    assert "Passed: DSP: 2 are 1 more than 1, because." in capsys.readouterr().out


def test_a_cell_that_is_not_known_is_no_cell_for_nothing() -> None:
    with pytest.raises(UserError, match="3 cells FANCY of module m"):
        of_cells("m", {"LUT2": 1, "FANCY": 3})
    assert of_cells("m", {"RAM64M8": 2, "SRLC32E": 3, "LUT6": 4, "RAMB18E2": 1}) == Resources(
        lut_logic=4, lut_memory=16, lut_shift=3, bram36=0.5
    )


def test_names_for_people() -> None:
    assert shown("\\top") == "top" and shown("$paramod$76841d4a\\fifo") == "fifo"
    assert shown("$paramod\\fifo\\W=s32'00000000000000000000000000001100") == "fifo W=12"


def test_long_blocks_become_short_ones_on_the_same_lines() -> None:
    """Only between statements of one line each, never before an `else` or inside of a reset."""
    statements = [f"    r{n} <= d{n};" for n in range(BLOCK - 1)] + [
        "    if (go) a <= b;",
        "    else if (on) a <= c;",
    ]
    reset = ["    if (rst) begin", "      v <= '0;", "    end else begin", "      v <= w;", "    end"]
    text = "\n".join(
        ["  always_ff @(posedge clk) begin", *statements, "    z <= y;  // a.hpp:3", *reset, "  end"]
    )
    made = readable(text)[0].split("\n")
    assert len(made) == len(text.split("\n"))
    assert [line for line in made if "always_ff" in line] == [
        "  always_ff @(posedge clk) begin",
        "  end always_ff @(posedge clk) begin z <= y;  // a.hpp:3",
    ]


def test_cells_are_of_loops_and_files() -> None:
    """Registers go with what they keep, helpers with what uses them, and what is shared with neither is the rest."""
    lines = [
        "wire a;",
        "  // ---- block_a: block",
        "  // ---- LOOP LOOP: loop",
        "wire x = y;  // engine.hpp:3",
    ]
    lines += ["wire h = y;  // fixed.hpp:3", "  // ---- variables"]
    lines += [
        "  logic [3:0] p_s1, p;  // gelu.hpp:3, cycle 1",
        "    p_s1 <= a * b;",
        "    if (go) p_r <= p;",
        "    q <= p;",
    ]
    found = places("\n".join(lines))
    assert [place.source for place in found[6:]] == ["gelu", "gelu", "gelu", None]
    assert found[0] == Place(None, None) and found[1].region == "blocks"
    assert found[3] == Place("LOOP", "engine") and found[5].region is None
    many = [Cell(n, "$add", (4,), [f"x{n}"], [f"h{n}"]) for n in range(LARGE)]
    helper, keeper = Cell(0, "$sub", (5,), ["h0"], ["in"]), Cell(0, "$dff", (6,), ["kept"], ["x1"], ["go"])
    control, alone = Cell(0, "$and", (2,), ["go"], ["kept"]), Cell(0, "$or", (1,), ["out"], ["in"])
    memory = Cell(0, "$mem_v2", (4,), ["in"], ["x2"])
    cells = [*many, helper, keeper, control, alone, memory]
    assert assign(cells, found, {"fixed"})[LARGE:] == [
        "LOOP_engine",
        "LOOP_engine",
        "blocks",
        "rest",
        "memories",
    ]


def test_the_record_of_all_boards_is_of_this_flow() -> None:
    record = json.loads((Path(__file__).parents[2] / "docs" / "pictures" / "resources.json").read_text())
    for board, report in record.items():
        assert report["part_has"] == vars(board_facts(board).fabric)
        total = Resources(**{name: value for name, value in report["total"].items() if name != "lut"})
        assert report["passed"] == [str(one) for one in passed(total, board, board_facts(board).fabric)]
        for name in ("lut", "dsp", "bram36", "ff"):
            assert report["total"][name] == sum(m["each"][name] * m["instances"] for m in report["modules"])


def test_builds_and_parts_agree_on_ultra_ram() -> None:
    for name in set(BOARDS) - {"sim-small"}:
        assert BOARDS[name].ultra_ram == (board_facts(name).fabric.uram > 0), name


def test_every_board_keeps_its_limits() -> None:
    """Those of the record; `make resources` measures anew."""
    record = json.loads((Path(__file__).parents[2] / "docs" / "pictures" / "resources.json").read_text())
    assert set(record) == set(BOARDS) - {"sim-small"}
    assert {board: report["passed"] for board, report in record.items() if report["passed"]} == {}


def test_a_table_has_a_copy_for_every_two_readers(tmp_path: Path) -> None:
    """In block RAM, whose ports are two; Yosys by itself would try all ways to share them out."""
    ports = range(6)
    words = "".join(f"    words[{n}] = 15'h{n * 31 % 32768:x};\n" for n in range(1024))
    reads = "".join(f"    q{n} <= words[a{n}];\n" for n in ports)
    given, taken = ", ".join(f"a{n}" for n in ports), ", ".join(f"q{n}" for n in ports)
    text = (
        f"module table_of_many (input logic clk, input logic [9:0] {given}, output logic [14:0] {taken});\n"
        f"  logic [14:0] words [0:1023];\n  initial begin\n{words}  end\n"
        f"  always_ff @(posedge clk) begin\n{reads}  end\nendmodule\n"
    )
    assert readable(text)[0].count("\n") == text.count("\n")
    file = tmp_path / "table_of_many.sv"
    file.write_text(text)
    assert measure([file], "table_of_many", ZCU102, cache=tmp_path / "cache")["total"]["bram36"] == 1.5


def test_a_product_for_the_fabric_takes_no_block(tmp_path: Path) -> None:
    file = tmp_path / "products.sv"
    file.write_text(
        "module products (input logic clk, input logic [7:0] a, b, output logic [15:0] p, q);\n"
        '  (* use_dsp = "no" *) wire [15:0] kept = a * b;\n  wire [15:0] other = a * a;\n'
        '  (* use_dsp = "no" *) logic [15:0] later;\n'
        "  always_ff @(posedge clk) begin\n    p <= kept;\n    later <= b * b;\n    q <= other ^ later;\n"
        "  end\nendmodule\n"
    )
    total = measure([file], "products", ZCU102, cache=tmp_path / "cache")["total"]
    assert total["dsp"] == 1 and total["lut_logic"] > 0
