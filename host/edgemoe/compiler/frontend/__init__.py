# SPDX-License-Identifier: Apache-2.0
"""C++ to typed IR: pragmas, clang, LLVM clean-up, parsing, loops, memories."""
