# SPDX-License-Identifier: Apache-2.0
"""IPs for tests of block designs, as the compiler's report would describe them."""

from collections.abc import Sequence
from dataclasses import asdict

from edgemoe.blockdesign import Ip, ip_of_report
from edgemoe.compiler.backend.registers import CONTROL


def kernel(
    instance: str,
    *,
    kind: str | None = None,
    masters: Sequence[int] = (),
    streams: Sequence[tuple[int, bool]] = (),
    arguments: int = 1,
) -> Ip:
    """An IP with that many 64-bit arguments, masters of these bits, and streams of (bits, whether incoming)."""
    report = {
        "control": [asdict(register) for register in CONTROL],
        "registers": [
            {"name": f"a{i}", "offset": 16 + 12 * i, "width": 64, "writable": True} for i in range(arguments)
        ],
        "masters": [{"name": f"gmem{i}", "bits": bits} for i, bits in enumerate(masters)],
        "streams": [
            {
                "name": f"s{i}",
                "bits": bits,
                "tdata_bits": bits,
                "direction": "in" if incoming else "out",
                "port": f"{'s' if incoming else 'm'}_axis_s{i}",
            }
            for i, (bits, incoming) in enumerate(streams)
        ],
    }
    return ip_of_report(instance, f"tests:hls:{kind or instance.rpartition('_')[0] or instance}:1.0", report)
