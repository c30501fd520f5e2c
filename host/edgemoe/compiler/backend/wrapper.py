# SPDX-License-Identifier: Apache-2.0
"""The top module with the ports that Vitis gives a kernel.

``ap_clk``, ``ap_rst_n``; ``s_axi_control_*`` and ``interrupt`` (or ``ap_start``, ``ap_done``, ``ap_idle``,
``ap_ready`` and plain scalar ports); ``m_axi_<bundle>_*``; ``<stream>_dout/_empty_n/_read`` and
``_din/_full_n/_write``. The function itself is the module ``<top>_core`` inside.

``ap_done`` comes when the function is done and everything that it wrote has been answered, or taken from a stream.
With AXI4-Lite control it is a port, a pulse, only where streams are written: who makes packets of them needs it.
"""

from __future__ import annotations

from edgemoe.compiler.backend.dataflow import AXI_INPUT_CHANNELS, function_ports
from edgemoe.compiler.backend.masters import Masters
from edgemoe.compiler.backend.registers import BUS_ERROR, Register, bundle_names, register_map
from edgemoe.compiler.backend.text import all_of, commented_list, indent, safe, span
from edgemoe.compiler.ir import RETURN, AxiArg, Direction, Function, ScalarArg, StreamArg


def emit_wrapper(function: Function, axilite: bool) -> str:
    """The text of the top module of ``function``, whose logic is in the module ``<name>_core``."""
    return Wrapper(function, axilite).emit()


class Wrapper:
    """The top module of a function."""

    def __init__(self, function: Function, axilite: bool) -> None:
        self.function, self.axilite = function, axilite
        self.scalars = [arg for arg in function.args if isinstance(arg, ScalarArg)]
        self.axis = [arg for arg in function.args if isinstance(arg, AxiArg)]
        self.streams = [arg for arg in function.args if isinstance(arg, StreamArg)]
        self.outputs = [arg for arg in self.streams if arg.direction is Direction.WRITE]
        self.masters = Masters(self.axis)
        self.bundles = bundle_names(function)
        self.registers = register_map(function)
        self.address_bits = max(
            6, (max([r.offset + 16 for r in self.registers], default=16) - 1).bit_length()
        )

    def emit(self) -> str:
        ports = [*self.ports(), *self._stream_ports()]
        lines = [
            *self._signals(),
            *self._handshake(),
            *(self._slave() if self.axilite else self._plain_control()),
            *self._core(),
            *(line for bundle in self.bundles for line in self.masters.logic(bundle)),
        ]
        head = [f"module {safe(self.function.name)} (", *indent(commented_list(ports), 2), ");"]
        return "\n".join([*head, *indent(lines), "endmodule", ""])

    # ---- ports ------------------------------------------------------------------------------------------------

    def ports(self) -> list[str]:
        """All ports but those of streams."""
        ports = ["input  logic ap_clk", "input  logic ap_rst_n"]
        ports += self._control_ports() if self.axilite else self._plain_ports()
        for bundle in self.bundles:
            ports += self.masters.ports(bundle)
        return ports

    def _stream_ports(self) -> list[str]:
        kept = tuple(
            f"{safe(arg.name)}_{kind}"
            for arg in self.streams
            for kind in ("dout", "din", "empty_n", "full_n", "read", "write")
        )
        ports = ["output logic ap_done"] if self.axilite and self.outputs else []
        return ports + [port for port in function_ports(self.function) if port.split()[-1] in kept]

    def _control_ports(self) -> list[str]:
        address = span(self.address_bits)
        return [
            f"input  logic {address}s_axi_control_AWADDR",
            "input  logic s_axi_control_AWVALID",
            "output logic s_axi_control_AWREADY",
            "input  logic [31:0] s_axi_control_WDATA",
            "input  logic [3:0] s_axi_control_WSTRB",
            "input  logic s_axi_control_WVALID",
            "output logic s_axi_control_WREADY",
            "output logic [1:0] s_axi_control_BRESP",
            "output logic s_axi_control_BVALID",
            "input  logic s_axi_control_BREADY",
            f"input  logic {address}s_axi_control_ARADDR",
            "input  logic s_axi_control_ARVALID",
            "output logic s_axi_control_ARREADY",
            "output logic [31:0] s_axi_control_RDATA",
            "output logic [1:0] s_axi_control_RRESP",
            "output logic s_axi_control_RVALID",
            "input  logic s_axi_control_RREADY",
            "/* verilator lint_off SYMRSVDWORD */ output logic interrupt",
        ]

    def _plain_ports(self) -> list[str]:
        ports = [
            "input  logic ap_start",
            "output logic ap_done",
            "output logic ap_idle",
            "output logic ap_ready",
        ]
        for arg in self.scalars:
            if arg.direction is Direction.READ:
                ports.append(f"input  logic {span(arg.width)}{safe(arg.name)}")
            else:
                name = safe(arg.name)
                ports.append(f"output logic {span(arg.width)}{name}")
                ports += [f"output logic {name}_ap_vld"] if arg.name != RETURN else []
        ports += [f"input  logic [63:0] {safe(arg.name)}" for arg in self.axis]
        if self.bundles:
            ports.append(f"output logic {span(len(self.bundles))}bus_error")
        return ports

    # ---- inside -----------------------------------------------------------------------------------------------

    def _signals(self) -> list[str]:
        lines = [
            "logic hls_rst, hls_start, hls_core_done, hls_quiet;",
            "logic ctrl_start, ctrl_done, ctrl_idle;",
        ]
        for arg in self.axis:
            for channel, width in arg.channels.items():
                name = f"{arg.name}_{channel}"
                if channel in AXI_INPUT_CHANNELS:
                    lines += [f"logic {span(width)}{name}_dout;", f"logic {name}_empty_n, {name}_read;"]
                else:
                    lines += [f"logic {span(width)}{name}_din;", f"logic {name}_full_n, {name}_write;"]
            lines.append(f"logic [63:0] {arg.name}_base;")
            lines.append(f"logic {arg.name}_read_idle, {arg.name}_write_idle;")
            lines.append(f"logic {arg.name}_read_error, {arg.name}_write_error;")
        for scalar in self.scalars:
            lines.append(f"logic {span(scalar.width)}core_{safe(scalar.name)};")
            if scalar.direction is Direction.WRITE:
                lines.append(f"logic {span(scalar.width)}latched_{safe(scalar.name)};")
                lines.append(f"logic core_{safe(scalar.name)}_vld;")
                if scalar.name != RETURN:
                    lines.append(f"logic written_{safe(scalar.name)};")
        return lines

    def _handshake(self) -> list[str]:
        idle = []
        for arg in self.axis:
            idle += [f"{arg.name}_read_idle", f"{arg.name}_write_idle"]
            idle += [f"~{arg.name}_{c}_write" for c in arg.channels if c not in AXI_INPUT_CHANNELS]
        idle += [f"~{safe(arg.name)}_write" for arg in self.outputs]
        lines = [
            "",
            "assign hls_rst = ~ap_rst_n;",
            f"assign hls_quiet = {all_of(idle)};",
            "",
            "// running: the function; draining: what it wrote is still on its way (four quiet cycles, since",
            "// a buffer may hide a word for two)",
            "logic hls_running, hls_draining;",
            "logic [1:0] hls_quiet_for;",
            "assign ctrl_idle = ~hls_running & ~hls_draining;",
            "assign hls_start = ctrl_start & ctrl_idle;",
        ]
        if idle:
            lines.append("assign ctrl_done = hls_draining & hls_quiet & hls_quiet_for == 2'd3;")
        else:
            lines.append("assign ctrl_done = hls_draining;")
        if self.axilite and self.outputs:
            lines.append("assign ap_done = ctrl_done;")
        lines += [
            "always_ff @(posedge ap_clk) begin",
            "  hls_running <= ~hls_rst & (hls_start | (hls_running & ~hls_core_done));",
            "  hls_draining <= ~hls_rst & ((hls_running & hls_core_done) | (hls_draining & ~ctrl_done));",
            "  hls_quiet_for <= hls_draining & hls_quiet ? hls_quiet_for + 2'd1 : 2'd0;",
            "end",
        ]
        for scalar in self.scalars:
            if scalar.direction is Direction.WRITE:
                name = safe(scalar.name)
                lines += [
                    "always_ff @(posedge ap_clk) begin",
                    f"  if (hls_rst) latched_{name} <= '0;",
                    f"  else if (core_{name}_vld) latched_{name} <= core_{name};",
                    *([self._written(name)] if scalar.name != RETURN else []),
                    "end",
                ]
        return lines

    @staticmethod
    def _written(name: str) -> str:
        return f"  written_{name} <= ~hls_rst & ~hls_start & (written_{name} | core_{name}_vld);"

    def _plain_control(self) -> list[str]:
        lines = [
            "",
            "assign ctrl_start = ap_start;",
            "assign ap_done = ctrl_done;",
            "assign ap_ready = ctrl_done;",
            "assign ap_idle = ctrl_idle;",
        ]
        for scalar in self.scalars:
            if scalar.direction is Direction.READ:
                lines.append(f"assign core_{safe(scalar.name)} = {safe(scalar.name)};")
            else:
                lines.append(f"assign {safe(scalar.name)} = latched_{safe(scalar.name)};")
                if scalar.name != RETURN:
                    lines.append(f"assign {safe(scalar.name)}_ap_vld = written_{safe(scalar.name)};")
        lines += [f"assign {arg.name}_base = {safe(arg.name)};" for arg in self.axis]
        if self.bundles:
            lines.append(f"assign bus_error = {self._errors()};")
        return lines

    def _errors(self) -> str:
        bits = []
        for bundle in reversed(self.bundles):
            args = [arg.name for arg in self.axis if arg.bundle == bundle]
            bits.append(" | ".join(f"{name}_read_error | {name}_write_error" for name in args))
        return "{" + ", ".join(bits) + "}"

    def _slave(self) -> list[str]:
        words = max([r.index + r.words + (0 if r.writable else 1) for r in self.registers], default=1)
        writable = sum(1 << (r.index + k) for r in self.registers if r.writable for k in range(r.words))
        lines = ["", f"logic [{32 * words - 1}:0] hls_value, hls_status;"]
        lines += ["always_comb begin", "  hls_status = '0;"]
        for register in self.registers:
            if register.writable:
                continue
            low = 32 * register.index
            is_error = register.name == BUS_ERROR
            data = self._errors() if is_error else f"latched_{safe(register.name)}"
            lines.append(f"  hls_status[{low} +: {register.width}] = {data};")
            if register.valid_offset is not None:
                lines.append(f"  hls_status[{low + 32 * register.words}] = written_{safe(register.name)};")
        lines += ["end", *self._register_comment()]
        lines += [
            f"hls_axilite #(.A({self.address_bits}), .N({words}), .WRITABLE({words}'h{writable:x})) hls_control (",
            "    .clk(ap_clk), .rst(hls_rst),",
        ]
        for signal in [
            "awaddr",
            "awvalid",
            "awready",
            "wdata",
            "wstrb",
            "wvalid",
            "wready",
            "bresp",
            "bvalid",
            "bready",
        ]:
            lines.append(f"    .{signal}(s_axi_control_{signal.upper()}),")
        for signal in ["araddr", "arvalid", "arready", "rdata", "rresp", "rvalid", "rready"]:
            lines.append(f"    .{signal}(s_axi_control_{signal.upper()}),")
        lines += [
            "    .irq(interrupt), .start(ctrl_start), .done(ctrl_done), .idle(ctrl_idle),",
            "    .value(hls_value), .status(hls_status)",
            ");",
        ]
        for register in self.registers:
            if register.writable:
                scalar = any(arg.name == register.name for arg in self.scalars)
                target = f"core_{safe(register.name)}" if scalar else f"{register.name}_base"
                lines.append(f"assign {target} = hls_value[{32 * register.index} +: {register.width}];")
        return lines

    def _register_comment(self) -> list[str]:
        return [f"// {r.offset:#06x} {_describe(r)}" for r in self.registers]

    def _core(self) -> list[str]:
        ports = [".clk(ap_clk)", ".rst(hls_rst)", ".start(hls_start)", ".done(hls_core_done)"]
        for port in function_ports(self.function):
            name = port.split()[-1]
            scalar = any(name in (safe(arg.name), f"{safe(arg.name)}_vld") for arg in self.scalars)
            ports.append(f".{name}({'core_' + name if scalar else self._outside(name)})")
        return ["", f"{self.function.name}_core hls_core (", *indent(commented_list(ports), 2), ");"]

    def _outside(self, port: str) -> str:
        """The signal of this module that a port of the core connects to."""
        for arg in self.axis:
            if port.startswith(f"{safe(arg.name)}_"):
                return arg.name + port[len(safe(arg.name)) :]
        return port


def _describe(register: Register) -> str:
    kind = "written by the host" if register.writable else "read by the host"
    return f"{register.name}, {register.width} bit{'s' if register.width > 1 else ''}, {kind}"
