# SPDX-License-Identifier: Apache-2.0
"""An open high-level-synthesis compiler: C++ in, readable SystemVerilog out."""
