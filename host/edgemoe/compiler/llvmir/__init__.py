# SPDX-License-Identifier: Apache-2.0
"""LLVM IR as typed objects: one reader, one writer, and what both know about types, layout and debug information."""
