# SPDX-License-Identifier: Apache-2.0
"""`edgemoe board-test`: is this board, with this overlay, the accelerator that the golden model describes?"""

from edgemoe.boardtest.run import board_test

__all__ = ["board_test"]
