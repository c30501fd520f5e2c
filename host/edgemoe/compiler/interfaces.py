# SPDX-License-Identifier: Apache-2.0
"""What each ``#pragma HLS INTERFACE`` of the top becomes: honoured, noted, or refused with a way out.

Control is chosen for the whole kernel (AXI4-Lite registers, or ``ap_ctrl_hs`` ports), not argument by argument, so a
mode either is what the kernel has anyway, or it is not built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgemoe.compiler.backend.registers import register_map
from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.ir import (
    AxiArg,
    Branch,
    Direction,
    Function,
    Interface,
    Note,
    ScalarArg,
    StreamArg,
    edges,
)

CONTROL_BUNDLE = "control"
#: Port names of the control interface, which no argument may have.
TAKEN = frozenset({"ap_clk", "ap_rst_n", "ap_start", "ap_done", "ap_idle", "ap_ready", "interrupt"})

_KIND = {StreamArg: "a stream", ScalarArg: "a scalar", AxiArg: "a memory behind AXI4"}
_BLOCK_MODES = frozenset({"ap_ctrl_hs", "ap_ctrl_chain", "ap_ctrl_none"})
_SCALAR_PORTS = frozenset({"ap_none", "ap_stable", "ap_vld", "ap_ovld"})
#: Modes that no kernel gets: what to do instead.
_NOT_BUILT = {
    "ap_ctrl_chain": "let a stream carry what makes the next kernel start, or leave the mode out (ap_ctrl_hs)",
    "ap_ctrl_none": "leave the mode out (the host starts each run; bit 7 of CTRL restarts it for ever)",
    "ap_ack": "hand the value over in a stream (hls::stream), whose ports have a handshake",
    "ap_hs": "hand the value over in a stream (hls::stream), whose ports have a handshake",
    "ap_memory": "read or write it through hls::burst_maxi (m_axi) or as a stream",
    "bram": "read or write it through hls::burst_maxi (m_axi) or as a stream",
}
_PORT_MODES = frozenset({"s_axilite", "m_axi", "axis", "ap_fifo"}) | _SCALAR_PORTS
MODES = (*sorted(_PORT_MODES), "ap_ctrl_hs", *_NOT_BUILT)
#: Options that change nothing here, with the reason, by mode ("" for all).
_UNUSED = {
    "depth": "it sizes the memory of the vendor's cosimulation",
    "latency": "the schedule does not depend on an expected latency of the bus",
    "num_read_outstanding": "the source's own requests decide how many bursts are under way",
    "num_write_outstanding": "the source's own requests decide how many bursts are under way",
    "max_read_burst_length": "bursts are as long as the source asks, cut at 4 KiB and at 256 beats",
    "max_write_burst_length": "bursts are as long as the source asks, cut at 4 KiB and at 256 beats",
    "max_widen_bitwidth": "the bus is as wide as the element type",
    "channel": "arguments of one bundle share its channels",
    "register": "scalars and outputs are registered where the schedule asks for it",
    "register_mode": "stream ports are registered by their FIFOs",
    "name": "ports and registers have the argument's name",
    "storage_impl": "the registers are flip-flops",
    "storage_type": "the registers are flip-flops",
}
_OPTIONS = {
    "s_axilite": frozenset(
        {"bundle", "offset", "register", "name", "storage_impl", "storage_type", "clock", "interrupt"}
    ),
    "m_axi": frozenset(
        {"bundle", "offset", "depth", "latency", "num_read_outstanding", "num_write_outstanding", "name", "channel"}
        | {"max_read_burst_length", "max_write_burst_length", "max_widen_bitwidth"}
    ),
    "axis": frozenset({"register", "register_mode", "depth", "name"}),
    "ap_fifo": frozenset({"register", "depth", "name"}),
}  # fmt: skip
_PLAIN_OPTIONS = frozenset({"register", "name"})


def check_interfaces(top: Function, ports: str) -> list[Note]:
    """Notes on the interface pragmas of ``top``, whose control is ``ports`` (`driver.PORTS`).

    Raises: CompileError for a port, mode, option or combination that the hardware would not have.
    """
    for arg in top.args:
        if arg.name in TAKEN:
            raise CompileError(
                arg.loc.file,
                arg.loc.line,
                f"the argument '{arg.name}' has the name of a port that every kernel has; rename it.",
            )
    return [*_Check(top, ports == "axi").run(), *_unused(top)]


def _unused(top: Function) -> list[Note]:
    """Scalar inputs that nothing reads: they keep their register or port."""
    used = {id(value) for region in top.regions for op in region.ops for value in op.inputs()}
    for region in top.regions:
        used |= {id(value) for edge in edges(region.terminator) for value in edge.values}
        used |= {id(region.terminator.condition)} if isinstance(region.terminator, Branch) else set()
    used |= {id(value) for instance in top.instances for value in instance.connections.values()}
    return [
        Note(
            arg.loc,
            f"the argument '{arg.name}' is not used; its register or port has no effect.",
            warning=True,
        )
        for arg in top.args
        if isinstance(arg, ScalarArg) and arg.direction is Direction.READ and id(arg) not in used
    ]


@dataclass
class _Check:
    top: Function
    axilite: bool

    def run(self) -> list[Note]:
        self.notes: list[Note] = []
        self.modes: dict[str, list[str]] = {}
        for interface in self.top.interfaces:
            self._mode(interface)
            for key, value in interface.options.items():
                self._option(interface, key, value)
        return self.notes

    def _refuse(self, interface: Interface, message: str) -> CompileError:
        return CompileError(interface.loc.file, interface.loc.line, message)

    def _note(self, interface: Interface, text: str) -> None:
        self.notes.append(Note(interface.loc, text))

    # ---- modes ------------------------------------------------------------------------------------------------

    def _mode(self, interface: Interface) -> None:
        mode, port = interface.mode, interface.port
        if mode not in MODES:
            known = ", ".join(sorted(MODES))
            if not mode:
                raise self._refuse(interface, f"the pragma names no interface mode; there are {known}.")
            raise self._refuse(interface, f"the interface mode '{mode}' is not known; there are {known}.")
        arg = next((a for a in self.top.args if a.name == port), None)
        if port != "return" and arg is None:
            names = ", ".join(a.name for a in self.top.args)
            raise self._refuse(
                interface,
                f"'{self.top.name}' has no argument '{port}'; it has {names or 'none'} (and 'return').",
            )
        if mode in _BLOCK_MODES and port != "return":
            raise self._refuse(interface, f"{mode} is a mode of the whole function: write port=return.")
        if mode not in _BLOCK_MODES and port == "return" and mode != "s_axilite":
            raise self._refuse(
                interface,
                f"{mode} is no mode of port=return, which is the function's start and end; use s_axilite.",
            )
        if mode in _NOT_BUILT:
            raise self._refuse(interface, f"the interface mode {mode} is not built; {_NOT_BUILT[mode]}.")
        self._twice(interface)
        if port == "return":
            self._control(interface)
        else:
            checks: dict[str, Callable[[Interface, object], None]] = {
                "s_axilite": self._register,
                "m_axi": self._master,
                "axis": self._stream,
                "ap_fifo": self._stream,
            }
            checks.get(mode, self._scalar_port)(interface, arg)

    def _twice(self, interface: Interface) -> None:
        """One mode a port; a memory has its own and that of its address, the function start and registers."""
        before = self.modes.setdefault(interface.port, [])
        pairs = ({"m_axi", "s_axilite"}, {"ap_ctrl_hs", "s_axilite"})
        if before and (interface.mode in before or {*before, interface.mode} not in pairs):
            raise self._refuse(
                interface,
                f"'{interface.port}' has the interface mode {before[0]} by another pragma already; keep one of them.",
            )
        before.append(interface.mode)

    def _control(self, interface: Interface) -> None:
        if interface.mode == "s_axilite" and not self.axilite:
            self._note(interface, "s_axilite is not used: --ports gives start, done and scalars as ports.")
        if interface.mode == "ap_ctrl_hs" and self.axilite:
            self._note(
                interface,
                "start, done, idle and ready are bits of the AXI4-Lite register CTRL; --ports makes ports.",
            )

    def _register(self, interface: Interface, arg: object) -> None:
        if not isinstance(arg, ScalarArg | AxiArg):
            raise self._refuse(
                interface,
                f"'{interface.port}' is {_KIND[type(arg)]}, which no register can be; use axis or ap_fifo, or leave "
                "the pragma out.",
            )
        if not self.axilite:
            self._note(interface, f"s_axilite is not used: --ports makes '{interface.port}' a port.")

    def _master(self, interface: Interface, arg: object) -> None:
        if not isinstance(arg, AxiArg):
            raise self._refuse(
                interface,
                f"'{interface.port}' is {_KIND[type(arg)]}; m_axi is for memories: make it an hls::burst_maxi<T>.",
            )

    def _stream(self, interface: Interface, arg: object) -> None:
        if not isinstance(arg, StreamArg):
            raise self._refuse(
                interface,
                f"'{interface.port}' is {_KIND[type(arg)]}; {interface.mode} is for streams: make it an "
                "hls::stream<T>&.",
            )
        if interface.mode == "axis" and not self.axilite:
            raise self._refuse(
                interface,
                "AXI4-Stream ports are built beside AXI4-Lite registers only; leave --ports out, or use ap_fifo.",
            )
        if interface.mode == "axis":
            self._note(
                interface,
                f"the AXI4-Stream of '{interface.port}' is a port of the module {self.top.name}_axis; {self.top.name} "
                "has FIFO ports.",
            )

    def _scalar_port(self, interface: Interface, arg: object) -> None:
        port, mode = interface.port, interface.mode
        if not isinstance(arg, ScalarArg):
            raise self._refuse(
                interface, f"'{port}' is {_KIND[type(arg)]}; {mode} is for scalars. Leave the pragma out."
            )
        if self.axilite:
            raise self._refuse(
                interface,
                f"with AXI4-Lite control '{port}' is a register, not a port of mode {mode}; call synth with --ports, "
                "or use s_axilite.",
            )
        if mode in ("ap_vld", "ap_ovld") and arg.direction is Direction.READ:
            raise self._refuse(
                interface,
                f"'{port}' is an input, which is read without a handshake; use ap_none, or a stream for one with.",
            )
        if mode == "ap_stable" and arg.direction is Direction.WRITE:
            raise self._refuse(interface, f"'{port}' is an output; ap_stable is for inputs. Use ap_vld.")
        if mode == "ap_none" and arg.direction is Direction.WRITE:
            self._note(interface, f"beside '{port}' there is the port {port}_ap_vld; leave it open.")

    # ---- options ----------------------------------------------------------------------------------------------

    def _option(self, interface: Interface, key: str, value: str) -> None:
        mode = interface.mode
        if key not in _OPTIONS.get(mode, _PLAIN_OPTIONS):
            known = ", ".join(sorted(_OPTIONS.get(mode, _PLAIN_OPTIONS)))
            raise self._refuse(
                interface, f"'{key}' is no option of the interface mode {mode}; it has {known}."
            )
        if key == "bundle":
            self._bundle(interface, value)
        elif key == "offset":
            self._offset(interface, value)
        elif key in ("clock", "interrupt"):
            raise self._refuse(
                interface,
                f"the option {key}= is not built: the registers have the kernel's clock and one interrupt.",
            )
        else:
            self._note(interface, f"{mode} {key}={value} is not used: {_UNUSED[key]}.".replace("= ", " "))

    def _bundle(self, interface: Interface, value: str) -> None:
        if interface.mode == "s_axilite" and self.axilite and value != CONTROL_BUNDLE:
            self._note(
                interface,
                f"bundle={value} is not used: all registers are in one AXI4-Lite slave, s_axi_{CONTROL_BUNDLE}.",
            )

    def _offset(self, interface: Interface, value: str) -> None:
        if interface.mode == "m_axi":
            built = "slave" if self.axilite else "direct"
            if value != built:
                other = "call synth with --ports" if value == "direct" else f"use offset={built}"
                raise self._refuse(
                    interface,
                    f"offset={value} is not built here: the address of '{interface.port}' is "
                    f"{'a register' if self.axilite else 'a port'} (offset={built}); {other}.",
                )
            return
        at = next((r.offset for r in register_map(self.top) if r.name == interface.port), 0)
        try:
            asked = int(value, 0)
        except ValueError:
            raise self._refuse(interface, f"offset={value} is no number.") from None
        if self.axilite and asked != at:
            raise self._refuse(
                interface,
                f"offset={value} is not built: the register of '{interface.port}' is at {at:#x}, as the order of the "
                "arguments has it; leave the option out.",
            )
