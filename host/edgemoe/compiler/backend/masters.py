# SPDX-License-Identifier: Apache-2.0
"""AXI4 masters of the top module: ports with Vitis names, and the library's readers and writers behind them."""

from __future__ import annotations

from edgemoe.compiler.backend.text import commented_list, indent, span
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
        """Everything behind the ports of ``bundle``."""
        readers = [arg for arg in self.axis if arg.bundle == bundle and "ar" in arg.channels]
        writers = [arg for arg in self.axis if arg.bundle == bundle and "aw" in arg.channels]
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
        lines += self._readers(readers, p)
        lines += self._writers(writers, p, width)
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

    def _readers(self, args: list[AxiArg], p: str) -> list[str]:
        """One reader goes straight to the bus; several meet in a multiplexer."""
        if not args:
            return self._no_reader(p)
        if len(args) == 1:
            nets = {
                signal: f"{p}{signal.upper()}"
                for signal in ("araddr", "arlen", "arvalid", "arready", "rvalid")
            }
            return self._reader(args[0], p, nets) + [f"assign {p}RREADY = 1'b1;"]
        lines = []
        for arg in args:
            lines += [f"logic [63:0] {arg.name}_araddr;", f"logic [7:0] {arg.name}_arlen;"]
            lines.append(f"logic {arg.name}_arvalid, {arg.name}_arready, {arg.name}_rvalid;")
            signals = ("araddr", "arlen", "arvalid", "arready", "rvalid")
            lines += self._reader(arg, p, {signal: f"{arg.name}_{signal}" for signal in signals})
        pins = [
            f".{signal}({_joined(args, signal)})"
            for signal in ("arvalid", "arready", "araddr", "arlen", "rvalid")
        ]
        pins += [
            f".m_{s}({p}{s.upper()})" for s in ("araddr", "arlen", "arvalid", "arready", "rlast", "rvalid")
        ]
        lines.append(f"assign {p}RREADY = 1'b1;")
        return lines + _instance("hls_axi_read_mux", f".N({len(args)})", f"{p}read_mux", pins)

    def _reader(self, arg: AxiArg, p: str, nets: dict[str, str]) -> list[str]:
        """The reader of ``arg``; it always takes its data, so RREADY needs no wire."""
        name = arg.name
        data = ("dout", "empty_n", "read")
        unread = {"dout": "", "empty_n": "", "read": "1'b1"}
        pins = [f".base({name}_base)", *(f".ar_{s}({name}_ar_{s})" for s in ("din", "write", "full_n"))]
        pins += [f".r_{s}({f'{name}_r_{s}' if 'r' in arg.channels else unread[s]})" for s in data]
        pins += [f".error({name}_read_error)", f".idle({name}_read_idle)"]
        pins += [f".m_{signal}({net})" for signal, net in nets.items()]
        pins += [f".m_rdata({p}RDATA)", f".m_rresp({p}RRESP)"]
        return _instance(
            "hls_axi_read", self._parameters(arg, "ar"), f"{name}_reader", [".clear(hls_start)", *pins]
        )

    def _writers(self, args: list[AxiArg], p: str, width: int) -> list[str]:
        """As `_readers`."""
        signals = ("awaddr", "awlen", "awvalid", "awready", "wdata", "wlast", "wvalid", "wready", "bvalid")
        if not args:
            return self._no_writer(p)
        tied = [f"assign {p}WSTRB = '1;", f"assign {p}BREADY = 1'b1;"]
        if len(args) == 1:
            return self._writer(args[0], p, {signal: f"{p}{signal.upper()}" for signal in signals}) + tied
        lines = []
        for arg in args:
            lines += [f"logic [63:0] {arg.name}_awaddr;", f"logic [7:0] {arg.name}_awlen;"]
            lines.append(f"logic {span(width)}{arg.name}_wdata;")
            single = ("awvalid", "awready", "wlast", "wvalid", "wready", "bvalid")
            lines.append(f"logic {', '.join(f'{arg.name}_{signal}' for signal in single)};")
            lines += self._writer(arg, p, {signal: f"{arg.name}_{signal}" for signal in signals})
        pins = [f".{signal}({_joined(args, signal)})" for signal in signals]
        pins += [f".m_{signal}({p}{signal.upper()})" for signal in signals]
        parameters = f".N({len(args)}), .W({width})"
        return [*lines, *tied, *_instance("hls_axi_write_mux", parameters, f"{p}write_mux", pins)]

    def _writer(self, arg: AxiArg, p: str, nets: dict[str, str]) -> list[str]:
        """The writer of ``arg``; it writes whole words and always takes its answers."""
        name = arg.name
        unread = {"dout": "", "empty_n": "", "read": "1'b1"}
        pins = [f".base({name}_base)"]
        pins += [f".{c}_{s}({name}_{c}_{s})" for c in ("aw", "w") for s in ("din", "write", "full_n")]
        pins += [f".b_{s}({f'{name}_b_{s}' if 'b' in arg.channels else unread[s]})" for s in unread]
        pins += [f".error({name}_write_error)", f".idle({name}_write_idle)"]
        pins += [f".m_{signal}({net})" for signal, net in nets.items()]
        pins += [f".m_bresp({p}BRESP)"]
        return _instance(
            "hls_axi_write", self._parameters(arg, "aw"), f"{name}_writer", [".clear(hls_start)", *pins]
        )

    @staticmethod
    def _no_reader(p: str) -> list[str]:
        return [f"assign {p}AR{s} = '0;" for s in ("ADDR", "LEN", "VALID")] + [f"assign {p}RREADY = 1'b1;"]

    @staticmethod
    def _no_writer(p: str) -> list[str]:
        tied = [f"assign {p}AW{s} = '0;" for s in ("ADDR", "LEN", "VALID")]
        tied += [f"assign {p}W{s} = '0;" for s in ("DATA", "STRB", "LAST", "VALID")]
        return [*tied, f"assign {p}BREADY = 1'b1;"]


def _joined(args: list[AxiArg], signal: str) -> str:
    """The signal of all masters, the first in the least significant place."""
    return "{" + ", ".join(f"{arg.name}_{signal}" for arg in reversed(args)) + "}"


def _instance(module: str, parameters: str, name: str, pins: list[str]) -> list[str]:
    """An instance on the outer clock and reset, a few pins a line."""
    pins = [".clk(ap_clk)", ".rst(hls_rst)", *pins]
    rows = [", ".join(pins[k : k + 3]) for k in range(0, len(pins), 3)]
    return [f"{module} #({parameters}) {name} (", *indent(commented_list(rows), 2), ");"]
