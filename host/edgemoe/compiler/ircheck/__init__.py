# SPDX-License-Identifier: Apache-2.0
"""The verifier: what every IR program must keep, whoever made it.

A problem is a fault of the compiler, not of the user's program; its text names function, region and operation.
"""

from edgemoe.compiler.ircheck.whole import IRError, check_program, problems_of

__all__ = ["IRError", "check_program", "problems_of"]
