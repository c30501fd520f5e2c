# SPDX-License-Identifier: Apache-2.0
"""From the IR to SystemVerilog: scheduling of regions and emission of modules.

| file | idea |
|---|---|
| `text` | identifiers, literals, indentation |
| `exclusive` | predicates that never hold together |
| `plan` | a region's schedule: cycles, initiation interval, depth |
| `values` | which signal holds a value in a given cycle; pipeline registers on demand |
| `expressions` | an operation as a SystemVerilog expression |
| `operations`, `region` | a region as logic: what it computes, when it runs |
| `memories`, `streams`, `blocks`, `shared` | what the regions of a process share |
| `process`, `module`, `dataflow` | the three kinds of functions |
| `registers`, `masters`, `wrapper` | the outside: AXI4-Lite registers, AXI4 masters, Vitis port names |
"""
