// SPDX-License-Identifier: Apache-2.0
// How the test bench sees the ports of a Verilated design. verilate.py reads the port list and writes a
// `bind_ports` that fills these structures, so this code knows no design.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace edgemoe {

// One port of the model. Verilator stores it little-endian in 1, 2, 4, 8 or 4*n bytes.
struct Signal {
  void* storage = nullptr;
  int bits = 0;

  explicit operator bool() const { return storage != nullptr; }
  int bytes() const { return (bits + 7) / 8; }

  std::uint64_t get() const {
    std::uint64_t value = 0;
    if (storage) std::memcpy(&value, storage, bits > 64 ? 8 : bytes());
    return value;
  }
  void set(std::uint64_t value) const {
    if (!storage) return;
    if (bits < 64) value &= (std::uint64_t{1} << bits) - 1;
    std::memcpy(storage, &value, bits > 64 ? 8 : bytes());
  }
  void clear() const { std::memset(storage, 0, bits > 64 ? (bits + 31) / 32 * 4 : bytes()); }
};

// An AXI4 master of the design; a channel that it lacks has null signals.
struct MasterPorts {
  std::string name;
  Signal arid, araddr, arlen, arsize, arburst, arvalid, arready;
  Signal rid, rdata, rresp, rlast, rvalid, rready;
  Signal awid, awaddr, awlen, awsize, awburst, awvalid, awready;
  Signal wdata, wstrb, wlast, wvalid, wready;
  Signal bid, bresp, bvalid, bready;
};

// The AXI4-Lite slave of the design.
struct SlavePorts {
  Signal awaddr, awvalid, awready, wdata, wstrb, wvalid, wready, bresp, bvalid, bready;
  Signal araddr, arvalid, arready, rdata, rresp, rvalid, rready;
};

// An AXI4-Stream port of the design; TKEEP and TLAST may be missing.
struct StreamPorts {
  std::string name;  // s_axis_<x> or m_axis_<x>
  bool into_design;
  Signal tdata, tkeep, tlast, tvalid, tready;
};

// A register inside the design that a diagnosis prints (fill of a FIFO, state of a process).
struct Probe {
  std::string name;
  Signal value;
};

struct Ports {
  std::vector<Signal> all;  // whether anything here drives or reads them or not
  Signal clock, reset_n, interrupt;
  SlavePorts control;
  std::vector<MasterPorts> masters;
  std::vector<StreamPorts> streams;
  std::vector<Probe> probes;
};

}  // namespace edgemoe
