# SPDX-License-Identifier: Apache-2.0
"""AXI4 masters of the top module: ports with Vitis names, and the library's readers and writers behind them."""

from __future__ import annotations

from edgemoe.compiler.backend.text import span
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import AxiArg

#: Bytes of a burst, and how many may be under way on one port.
BURST_BYTES = 256
OUTSTANDING = 16


class Masters:
    """All AXI4 masters of one top; ``axis`` are its `burst_maxi` arguments."""

    def __init__(self, axis: list[AxiArg]) -> None:
        self.axis = axis

    def ports(self, bundle: str) -> list[str]:
        width, p = self._bundle_width(bundle), f"m_axi_{bundle}_"
        ports = []
        for channel in ("AW", "AR"):
            ports += [
                f"output logic [0:0] {p}{channel}ID",
                f"output logic [63:0] {p}{channel}ADDR",
                f"output logic [7:0] {p}{channel}LEN",
                f"output logic [2:0] {p}{channel}SIZE",
                f"output logic [1:0] {p}{channel}BURST",
                f"output logic [1:0] {p}{channel}LOCK",
                f"output logic [3:0] {p}{channel}CACHE",
                f"output logic [2:0] {p}{channel}PROT",
                f"output logic [3:0] {p}{channel}QOS",
                f"output logic [3:0] {p}{channel}REGION",
                f"output logic {p}{channel}VALID",
                f"input  logic {p}{channel}READY",
            ]
        return [
            *ports,
            f"output logic {span(width)}{p}WDATA",
            f"output logic {span(width // 8)}{p}WSTRB",
            f"output logic {p}WLAST",
            f"output logic {p}WVALID",
            f"input  logic {p}WREADY",
            f"input  logic [0:0] {p}BID",
            f"input  logic [1:0] {p}BRESP",
            f"input  logic {p}BVALID",
            f"output logic {p}BREADY",
            f"input  logic [0:0] {p}RID",
            f"input  logic {span(width)}{p}RDATA",
            f"input  logic [1:0] {p}RRESP",
            f"input  logic {p}RLAST",
            f"input  logic {p}RVALID",
            f"output logic {p}RREADY",
        ]

    def _bundle_width(self, bundle: str) -> int:
        args = [arg for arg in self.axis if arg.bundle == bundle]
        for arg in args:
            if arg.width not in (8, 16, 32, 64, 128, 256, 512, 1024):
                message = f"{arg.name}: elements of {arg.width} bits; an AXI bus has 8, 16, ... 1024"
                raise CompileError(arg.loc.file, arg.loc.line, message)
            if arg.width != args[0].width:
                message = (
                    f"bundle {bundle}: {arg.name} has {arg.width} bits, {args[0].name} has {args[0].width}"
                )
                raise CompileError(arg.loc.file, arg.loc.line, message)
        return args[0].width

    def logic(self, bundle: str) -> list[str]:
        readers = [arg for arg in self.axis if arg.bundle == bundle and "ar" in arg.channels]
        writers = [arg for arg in self.axis if arg.bundle == bundle and "aw" in arg.channels]
        for kind, args in (("read", readers), ("write", writers)):
            if len(args) > 1:
                names = " and ".join(arg.name for arg in args)
                message = (
                    f"{names} both {kind} through bundle {bundle}; sharing one direction is not built yet"
                )
                raise CompileError(args[1].loc.file, args[1].loc.line, message)
        width, p = self._bundle_width(bundle), f"m_axi_{bundle}_"
        size = (width // 8).bit_length() - 1
        lines = ["", f"// ---- AXI4 master {bundle}"]
        for channel in ("AW", "AR"):
            lines += [
                f"assign {p}{channel}ID = '0;",
                f"assign {p}{channel}SIZE = 3'd{size};",
                f"assign {p}{channel}BURST = 2'b01;",
                f"assign {p}{channel}LOCK = '0;",
                f"assign {p}{channel}CACHE = 4'b0011;",
                f"assign {p}{channel}PROT = '0;",
                f"assign {p}{channel}QOS = '0;",
                f"assign {p}{channel}REGION = '0;",
            ]
        lines += self._reader(readers[0], p) if readers else self._no_reader(p)
        lines += self._writer(writers[0], p) if writers else self._no_writer(p)
        for arg in self.axis:
            if arg.bundle == bundle:
                if arg not in readers:
                    lines += [f"assign {arg.name}_read_idle = 1'b1;", f"assign {arg.name}_read_error = 1'b0;"]
                if arg not in writers:
                    lines += [
                        f"assign {arg.name}_write_idle = 1'b1;",
                        f"assign {arg.name}_write_error = 1'b0;",
                    ]
        return lines

    def _parameters(self, arg: AxiArg, request: str) -> str:
        beats = min(256, max(1, BURST_BYTES * 8 // arg.width))
        offset = arg.channels[request] - 32
        return f".W({arg.width}), .OFFSET({offset}), .MAX_BEATS({beats}), .OUTSTANDING({OUTSTANDING})"

    def _reader(self, arg: AxiArg, p: str) -> list[str]:
        name = arg.name
        lines = [
            f"hls_axi_read #({self._parameters(arg, 'ar')}) {name}_reader (",
            f"    .clk(ap_clk), .rst(hls_rst), .clear(hls_start), .base({name}_base),",
            f"    .ar_din({name}_ar_din), .ar_write({name}_ar_write), .ar_full_n({name}_ar_full_n),",
        ]
        if "r" in arg.channels:
            lines.append(f"    .r_dout({name}_r_dout), .r_empty_n({name}_r_empty_n), .r_read({name}_r_read),")
        else:
            lines.append("    .r_dout(), .r_empty_n(), .r_read(1'b1),")
        return [
            *lines,
            f"    .error({name}_read_error), .idle({name}_read_idle),",
            f"    .m_araddr({p}ARADDR), .m_arlen({p}ARLEN), .m_arvalid({p}ARVALID), .m_arready({p}ARREADY),",
            f"    .m_rdata({p}RDATA), .m_rresp({p}RRESP), .m_rvalid({p}RVALID), .m_rready({p}RREADY)",
            ");",
        ]

    def _writer(self, arg: AxiArg, p: str) -> list[str]:
        name = arg.name
        lines = [
            f"hls_axi_write #({self._parameters(arg, 'aw')}) {name}_writer (",
            f"    .clk(ap_clk), .rst(hls_rst), .clear(hls_start), .base({name}_base),",
            f"    .aw_din({name}_aw_din), .aw_write({name}_aw_write), .aw_full_n({name}_aw_full_n),",
            f"    .w_din({name}_w_din), .w_write({name}_w_write), .w_full_n({name}_w_full_n),",
        ]
        if "b" in arg.channels:
            lines.append(f"    .b_dout({name}_b_dout), .b_empty_n({name}_b_empty_n), .b_read({name}_b_read),")
        else:
            lines.append("    .b_dout(), .b_empty_n(), .b_read(1'b1),")
        return [
            *lines,
            f"    .error({name}_write_error), .idle({name}_write_idle),",
            f"    .m_awaddr({p}AWADDR), .m_awlen({p}AWLEN), .m_awvalid({p}AWVALID), .m_awready({p}AWREADY),",
            f"    .m_wdata({p}WDATA), .m_wstrb({p}WSTRB), .m_wlast({p}WLAST), .m_wvalid({p}WVALID),",
            f"    .m_wready({p}WREADY), .m_bresp({p}BRESP), .m_bvalid({p}BVALID), .m_bready({p}BREADY)",
            ");",
        ]

    @staticmethod
    def _no_reader(p: str) -> list[str]:
        return [f"assign {p}AR{s} = '0;" for s in ("ADDR", "LEN", "VALID")] + [f"assign {p}RREADY = 1'b1;"]

    @staticmethod
    def _no_writer(p: str) -> list[str]:
        tied = [f"assign {p}AW{s} = '0;" for s in ("ADDR", "LEN", "VALID")]
        tied += [f"assign {p}W{s} = '0;" for s in ("DATA", "STRB", "LAST", "VALID")]
        return [*tied, f"assign {p}BREADY = 1'b1;"]
