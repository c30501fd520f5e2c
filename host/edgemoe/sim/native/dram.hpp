// SPDX-License-Identifier: Apache-2.0
// Cycle-level DRAM behind the AXI4 masters of a design.
//
// Every port moves one beat a cycle after a fixed latency, with a limited number of bursts under way. All
// ports share one memory that is silent during refresh and while it turns from reading to writing. Each
// port is also checked against the rules of AXI4.
//
// The memory's time begins anew with each start of the design: phase of the refresh, direction and random
// stalls are those of a fresh memory. What a run takes then depends on the run and on DramConfig alone, and
// not on what ran before. (A real memory refreshes on without asking; there the phase is chance.)
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "signals.hpp"

namespace edgemoe {

// Filled by Python through ctypes: the order of the fields is part of the interface.
struct DramConfig {
  std::uint32_t latency;           // cycles from the address handshake to the first data beat
  std::uint32_t outstanding;       // bursts a port may have under way, reads and writes apart
  std::uint32_t refresh_interval;  // cycles between refreshes; 0: no refresh
  std::uint32_t refresh_cycles;    // cycles that a refresh takes
  std::uint32_t turnaround;        // cycles lost when the direction changes
  std::uint32_t dwell;             // cycles a direction may keep while the other one waits
  std::uint32_t stall_percent;     // chance that a handshake is held back in a cycle
  std::uint32_t seed;              // of the stalls
  std::uint32_t port_bytes;        // what a port moves in a cycle; a wider beat takes several
};

enum Response : std::uint8_t { OKAY = 0, SLVERR = 2, DECERR = 3 };

// Accesses that touch [first, last] are answered with `response`.
struct Fault {
  std::uint64_t first, last;
  bool on_read, on_write;
  std::uint8_t response;
};

// One of each a port, read by Python through ctypes.
struct PortCounters {
  std::uint64_t read_bytes, write_bytes, read_bursts, write_bursts;
  std::uint64_t read_wait;   // cycles with a read under way and no beat taken
  std::uint64_t write_wait;  // cycles with WVALID and no beat taken
  std::uint64_t out_of_range, faults, most_outstanding;
};

class Memory {
 public:
  Memory(std::uint8_t* data, std::uint64_t base, std::uint64_t size);

  void read(std::uint64_t address, void* to, int bytes);
  // A bit of `strobes` for each byte; null: all of them are written.
  void write(std::uint64_t address, const void* from, const void* strobes, int bytes);
  bool holds(std::uint64_t address, int bytes) const;
  std::uint8_t response(std::uint64_t address, int bytes, bool is_write) const;

  // Bytes that the processor wrote and did not flush: 16-byte granule, counted from address 0, to a bit a
  // byte. The first read of one is noted; what the design overwrites is its own and no longer stale.
  void mark_stale(const std::uint64_t* granules, const std::uint16_t* masks, std::size_t count);
  bool take_stale_read(std::uint64_t* address);
  // Lowest and highest address written since it was asked last; false: none.
  bool take_written(std::uint64_t* first, std::uint64_t* last);

  // Accesses so far for every 16-byte granule, saturating at 255.
  static constexpr int granule = 16;
  std::vector<std::uint8_t> reads, writes;
  std::vector<Fault> faults;
  std::uint64_t base, size;

 private:
  void count(std::vector<std::uint8_t>& map, std::uint64_t address, int bytes);
  void note_stale(std::uint64_t address, int bytes);

  std::uint8_t* data_;
  std::unordered_map<std::uint64_t, std::uint16_t> stale_;
  std::optional<std::uint64_t> stale_read_;
  std::uint64_t first_written_ = ~std::uint64_t{0}, last_written_ = 0;
};

// The memory's shared time: refresh, and one direction at a time.
class Schedule {
 public:
  void configure(const DramConfig& config) { config_ = config; }
  void restart(std::uint64_t cycle);
  void tick(std::uint64_t cycle, bool wants_read, bool wants_write);
  bool may_read() const { return open_ && !writing_; }
  bool may_write() const { return open_ && writing_; }

 private:
  DramConfig config_{};
  bool writing_ = false, open_ = true;
  std::uint64_t origin_ = 0, closed_until_ = 0, dwell_ = 0;
};

class Port {
 public:
  Port(const MasterPorts& ports, Memory& memory);

  void configure(const DramConfig& config, std::uint64_t salt);
  void reset();
  bool idle() const { return reads_.empty() && writes_.empty() && replies_.empty(); }
  void restart();  // the random stalls begin anew
  bool wants_read(std::uint64_t cycle) const;
  bool wants_write() const;
  void sample(std::uint64_t cycle);                         // before the rising edge
  void drive(std::uint64_t cycle, const Schedule& memory);  // after it
  std::string diagnosis(std::uint64_t cycle) const;

  PortCounters counters{};
  std::vector<std::string> violations;
  std::uint64_t violation_count = 0;
  const MasterPorts& ports;

 private:
  struct Burst {
    std::uint64_t address, ready_at, id;
    std::uint32_t left, response;
  };
  // What a VALID channel showed last cycle, to see that it holds until READY.
  struct Held {
    bool waiting = false;
    std::vector<std::uint8_t> payload;
  };

  bool stalls();
  std::uint64_t beat_cycles() const;
  void violate(std::uint64_t cycle, const std::string& what);
  void check_held(Held& held, std::uint64_t cycle, const char* channel, bool valid, bool ready,
                  std::initializer_list<Signal> payload);
  void check_burst(std::uint64_t cycle, const char* channel, Signal address, Signal length, Signal size,
                   Signal kind);
  void sample_reads(std::uint64_t cycle);
  void sample_writes(std::uint64_t cycle);

  Memory& memory_;
  DramConfig config_{};
  std::uint64_t random_ = 1, salt_ = 0;
  int bytes_;
  std::uint64_t read_free_at_ = 0, write_free_at_ = 0;  // when the port has moved its last beat
  std::deque<Burst> reads_, writes_, replies_;
  Held ar_, aw_, w_;
  // Handshakes of this cycle: the ports may change only after the rising edge.
  bool beat_taken_ = false, reply_taken_ = false;
  std::vector<std::uint8_t> payload_, beat_;
};

}  // namespace edgemoe
