# SPDX-License-Identifier: Apache-2.0
"""Which AXI4-Stream interfaces a hardware description connects: the two that share a bus name.

In a .hwh file a stream from `axi_dma_0` to the port `s_axis_x` of `fir_0` is a BUSINTERFACE in either MODULE, both
with the same BUSNAME: one has NAME="M_AXIS_MM2S" and TYPE="INITIATOR", the other NAME="s_axis_x" and TYPE="TARGET",
and both have VLNV="xilinx.com:interface:axis:1.0".
"""

from pathlib import Path
from xml.etree import ElementTree

from edgemoe.errors import UserError

AXIS = "xilinx.com:interface:axis:"
UNCONNECTED = "__NOC__"
End = tuple[str, str]
"""An instance (with its hierarchy, as PYNQ names it) and an interface of it."""


def stream_ends(description: Path) -> dict[End, End]:
    """Each connected stream interface of the .hwh file, which was read before, and the one at the other end."""
    buses: dict[str, list[End]] = {}
    for module in ElementTree.parse(description).getroot().iter("MODULE"):
        instance = (module.get("FULLNAME") or module.get("INSTANCE") or "").lstrip("/")
        for bus in module.iter("BUSINTERFACE"):
            name = bus.get("BUSNAME", "")
            if bus.get("VLNV", "").startswith(AXIS) and name and name != UNCONNECTED:
                buses.setdefault(name, []).append((instance, bus.get("NAME", "")))
    ends: dict[End, End] = {}
    for name, found in buses.items():
        if len(found) > 2:
            places = ", ".join(f"{interface} of {instance}" for instance, interface in found)
            raise UserError(f"{description}: stream {name} has {len(found)} ends ({places}); expected two.")
        if len(found) == 2:
            ends[found[0]], ends[found[1]] = found[1], found[0]
    return ends
