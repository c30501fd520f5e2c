// SPDX-License-Identifier: Apache-2.0
// A simulated world for compiled kernels: FIFOs and AXI4 memories that stall at random, and an AXI4-Lite
// master.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

// A port of the Verilated model: its variable and its width. Verilator keeps bits in little-endian order.
struct Signal {
  void* data = nullptr;
  int bits = 0;

  int bytes() const { return (bits + 7) / 8; }
  void set(uint64_t value) const {
    if (data) std::memcpy(data, &value, bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8);
  }
  uint64_t get() const {
    uint64_t value = 0;
    if (data) std::memcpy(&value, data, bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8);
    return value;
  }
  void load(const uint8_t* from) const { std::memcpy(data, from, bytes()); }
  void store(uint8_t* to) const { std::memcpy(to, data, bytes()); }
};
using Signals = std::map<std::string, Signal>;

class VerilatedContext;

// The Verilated model without its type, so that everything but the model is compiled once.
struct Top {
  virtual ~Top() = default;
  virtual void eval() = 0;
  virtual void final() = 0;
};
// Defined beside the model: makes it and lists its ports.
Top* make_top(VerilatedContext* context, Signals& signals);

// How one handshake stalls: a chain of two states that is stalled in bursts. Chances are of 1 << 24.
struct Bursts {
  uint32_t enter = 0, leave = 1 << 24;
  bool stalled = false;
};

// Decides which side of a handshake is not ready in a cycle.
struct Stalls {
  uint32_t state = 1;
  uint32_t percent = 0;
  bool bursts = false;  // each stream has its own

  uint32_t next() {
    state = state * 1664525u + 1013904223u;
    return state >> 8;
  }
  bool go() { return percent == 0 || next() % 100 >= percent; }
  bool go(Bursts& own) {
    if (!bursts) return go();
    own.stalled = own.stalled ? next() >= own.leave : next() < own.enter;
    return !own.stalled;
  }
  // Stalls for 0 to `percent` of the time; both ends are likely, and so are long bursts.
  Bursts draw() {
    const uint32_t kind = next() % 3, length = std::array{1u, 3u, 40u}[next() % 3];
    const double share = 0.01 * (kind == 0 ? 0 : kind == 1 ? percent : next() % (percent + 1));
    const double enter = std::min(1.0, share / std::max(0.01, 1 - share) / length);
    return {uint32_t(enter * (1 << 24)), (1u << 24) / length};
  }
};

// Tokens for an input stream, or from an output stream.
struct Stream {
  Signal data, valid, ready;
  std::deque<std::vector<uint8_t>> tokens;
  Bursts bursts = {};
};

struct Region {
  uint8_t* data;
  uint64_t base, size, bad_from, bad_to;  // accesses to [bad_from, bad_to) are answered with an error
};

// An AXI4 memory behind one bundle. It notes every breach of the protocol in `problems`.
class Memory {
 public:
  std::vector<Region> regions;
  std::string problems;
  uint64_t read_bursts = 0, write_bursts = 0;
  unsigned most_reads = 0;  // outstanding read bursts, at most

  Memory() = default;
  Memory(const Signals& signals, const std::string& prefix, const std::string& name);
  void drive(Stalls& stalls);   // before the clock edge: inputs of the kernel
  void sample(uint64_t cycle);  // at the clock edge: who shook hands
  void reset();                 // at the end of a reset, in which no master may ask for anything

 private:
  struct Burst {
    uint64_t address;
    unsigned beats, done;
    uint64_t due;
  };
  struct Held {  // an offered address or word must stay until it is taken
    bool waiting = false;
    std::vector<uint8_t> payload;
  };
  const Signal& at(const std::string& port) const { return ports_.at(port); }
  bool access(uint64_t address, uint8_t* data, bool write);
  Burst burst(const std::string& channel, uint64_t cycle);
  void hold(Held& held, const std::string& channel, const std::vector<std::string>& payload);
  void complain(const std::string& what);

  std::map<std::string, Signal> ports_;
  std::string name_;
  int bytes_ = 0;
  std::deque<Burst> reads_, writes_;
  std::deque<std::pair<std::vector<uint8_t>, bool>> words_;
  std::deque<std::pair<uint64_t, unsigned>> answers_;
  uint64_t now_ = 0;
  bool read_valid_ = false, answer_valid_ = false;
  Held ar_, aw_, w_;
  unsigned latency_ = 8;
};
