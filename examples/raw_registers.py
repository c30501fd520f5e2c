# SPDX-License-Identifier: Apache-2.0
"""Registers with PYNQ alone: by name, by address, and a start without a program, which the hardware refuses."""

import sys
import time

from pynq import MMIO, DefaultIP, Overlay

overlay = Overlay(sys.argv[1] if len(sys.argv) > 1 else "build/overlay/sim-small/edgemoe.bit")
description = overlay.ip_dict["accelerator"]
registers = DefaultIP(description).register_map
print("idle:", int(registers.CTRL.AP_IDLE))

words = MMIO(description["phys_addr"], 0x1000)
offset = description["registers"]["image_bytes"]["address_offset"]
words.write(offset, 24576)
print("image_bytes:", int(registers.image_bytes))

registers.program_bytes = 0
registers.CTRL.AP_START = 1
limit = time.monotonic() + 60
while not registers.CTRL.AP_DONE:
    if time.monotonic() > limit:
        sys.exit("the accelerator does not answer")
print(f"refused with status {int(registers.status)} by build {int(registers.build_id):#010x}")
