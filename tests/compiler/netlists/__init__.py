# SPDX-License-Identifier: Apache-2.0
"""What synthesis sees is what was verified: netlists of compiled programs, simulated against the native build."""
