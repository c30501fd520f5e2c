# SPDX-License-Identifier: Apache-2.0
"""What is read from the C++ text itself, before LLVM sees it: pragmas, fixed-latency modules, labels of loops."""
