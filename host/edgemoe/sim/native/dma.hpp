// SPDX-License-Identifier: Apache-2.0
// One direction of an AXI DMA in direct register mode: between the DRAM and an AXI4-Stream port of the
// design.
//
// A channel is an AXI4 master like those of a design: `Port` serves it with the same latency, bandwidth,
// faults and counters, one beat a cycle, in bursts that end at 4 KiB borders. What the registers of the DMA
// mean is in sim/dma.py; here is what moves. Facts: AMD's product guide PG021.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dram.hpp"
#include "signals.hpp"

namespace edgemoe {

// Filled by Python through ctypes: the order of the fields is part of the interface.
struct ChannelConfig {
  std::uint32_t memory_bits;  // of a beat on the memory's side
  std::uint32_t burst;        // beats of a burst at most
};

// Read by Python through ctypes. Bits of `status` lie where DMASR has them.
struct ChannelState {
  std::uint64_t address, length, moved;  // of the last transfer; moved: bytes over the stream
  std::uint32_t running;                 // RS of DMACR
  std::uint32_t enabled;                 // interrupts, where DMASR has them
  std::uint32_t status;
  std::uint32_t busy;        // a transfer is under way
  std::uint32_t stream;      // bit 0 TVALID, bit 1 TREADY, bit 2 TLAST, as they are now
  std::uint32_t unanswered;  // bursts or beats that the memory still owes
};

enum ChannelStatus : std::uint32_t {
  HALTED = 1 << 0,
  IDLE = 1 << 1,
  INTERNAL_ERROR = 1 << 4,
  SLAVE_ERROR = 1 << 5,
  DECODE_ERROR = 1 << 6,
  COMPLETE_IRQ = 1 << 12,
  ERROR_IRQ = 1 << 14,
};

class Channel {
 public:
  Channel(const std::string& name, const StreamPorts& stream, const ChannelConfig& config, Memory& memory);
  Channel(const Channel&) = delete;

  void reset();  // as after power-on
  void drop();   // the design was reset: the transfer is forgotten, the registers stay
  void run(bool on);
  void enable(std::uint32_t interrupts) { state_.enabled = interrupts; }
  void acknowledge(std::uint32_t interrupts) { state_.status &= ~interrupts; }
  void transfer(std::uint64_t address, std::uint64_t length);

  void sample();  // before the rising edge
  void drive();   // after it
  bool interrupt() const { return (state_.status & state_.enabled) != 0; }
  ChannelState state() const;
  std::string diagnosis() const;
  Port& port() { return port_; }
  const StreamPorts& stream;

 private:
  // The memory side's wires, as a design's ports would be.
  struct Wires {
    std::uint64_t address = 0, strobes = 0;
    std::uint8_t length = 0, size = 0, kind = 1;
    std::uint8_t arvalid = 0, arready = 0, rvalid = 0, rready = 0, rresp = 0, rlast = 0;
    std::uint8_t awvalid = 0, awready = 0, wvalid = 0, wready = 0, wlast = 0;
    std::uint8_t bvalid = 0, bready = 0, bresp = 0;
    std::array<std::uint8_t, 64> data{};
  };

  // Bytes between the two sides.
  class Queue {
   public:
    std::size_t size() const { return bytes_.size() - first_; }
    void put(const std::uint8_t* from, std::size_t count);
    void get(std::uint8_t* to, std::size_t count);
    void clear();

   private:
    std::vector<std::uint8_t> bytes_;
    std::size_t first_ = 0;
  };

  static MasterPorts bind(const std::string& name, bool reads, int bits, Wires& wires);
  std::uint32_t burst_beats(std::uint64_t address, std::uint64_t bytes) const;
  std::size_t capacity() const { return std::size_t{stored_bursts} * config_.burst * bytes_; }
  bool stopping() const { return !state_.running || failed_; }
  void answered(std::uint8_t response);
  void fail(std::uint32_t error);
  void finish();
  void settle();
  void sample_send();
  void sample_receive();
  void drive_send();
  void drive_receive();
  void next_write_beat();

  static constexpr std::uint32_t stored_bursts = 8;

  ChannelConfig config_;
  std::uint64_t bytes_, stream_bytes_;
  Wires wires_;
  MasterPorts master_;
  Port port_;
  Queue queue_;
  ChannelState state_{};
  bool failed_ = false;
  bool ended_ = false;         // receiving: the packet's last beat has come, or the buffer is full
  bool overflow_ = false;      // receiving: the packet is longer than the buffer
  std::uint64_t at_ = 0;       // next address on the memory's side
  std::uint64_t left_ = 0;     // sending: bytes not yet asked for
  std::uint64_t fetched_ = 0;  // sending: bytes that came from the memory
  std::uint64_t owed_ = 0;     // beats (sending) or responses (receiving) that the memory still owes
  std::uint32_t beats_ = 0;  // receiving: beats of the burst that are still to be written, this one included
  std::uint64_t in_burst_ = 0;  // receiving: bytes of the burst that are still in the queue
  std::uint32_t shown_ = 0;     // sending: bytes of the beat on the stream
  std::vector<std::uint8_t> beat_;
};

}  // namespace edgemoe
