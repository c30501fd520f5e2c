# SPDX-License-Identifier: Apache-2.0
"""Transformations of the typed IR; each keeps the meaning that :mod:`edgemoe.compiler.interp` computes."""
