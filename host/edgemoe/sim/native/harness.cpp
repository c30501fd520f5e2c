// SPDX-License-Identifier: Apache-2.0
// A Verilated design with Vitis HLS ports as a C library: clock, reset, AXI4-Lite accesses, DRAM, and the DMA
// channels of its AXI4-Stream ports.
// The C functions at the end are what verilated.py calls through ctypes.
#include <verilated.h>
#if VM_TRACE_FST
#include <verilated_fst_c.h>
#endif

#include <cstdio>
#include <memory>
#include <stdexcept>

#include "Vtop.h"
#include "dma.hpp"
#include "dram.hpp"
#include "ports.hpp"  // written by verilate.py: void bind_ports(Vtop &, Ports &)

namespace edgemoe {

constexpr std::uint32_t control_register = 0, start_bit = 1;  // as Vitis HLS lays them out

// A $fatal or $error of the design; the model is not stepped again after it.
struct DesignError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// When a run ends before its cycles have passed.
enum Until : int {
  CYCLES = 0,     // never
  INTERRUPT = 1,  // when the design's interrupt line is high
  ANY_RISES = 2,  // when a line that was low goes high: the design's, or one of a DMA channel
};

class Simulation {
 public:
  // Registers, and memories to which nothing gives a value, start with noise of their own `seed`.
  Simulation(std::uint8_t* data, std::uint64_t base, std::uint64_t size, int seed)
      : top_(noisy(&context_, seed), "top"), memory_(data, base, size) {
    bind_ports(top_, ports_);
    for (const Signal& signal : ports_.all)
      signal.clear();
    for (const MasterPorts& master : ports_.masters)
      dram_.emplace_back(master, memory_);
    for (Port& port : dram_)
      served_.push_back(&port);
  }
  ~Simulation() {
    trace(nullptr);
    top_.final();
  }

  void configure(const DramConfig& config) {
    config_ = config;
    schedule_.configure(config);
    for (std::size_t i = 0; i < served_.size(); i++)
      served_[i]->configure(config, i + 1);
  }

  // A DMA channel for a stream of the design; `stream` counts from 0.
  void attach(std::size_t stream, const std::string& name, const ChannelConfig& channel) {
    channels_.push_back(std::make_unique<Channel>(name, ports_.streams.at(stream), channel, memory_));
    served_.push_back(&channels_.back()->port());
    served_.back()->configure(config_, served_.size());
  }

  void reset(std::uint64_t cycles) {
    ports_.reset_n.set(0);
    const SlavePorts& c = ports_.control;
    for (const Signal& signal : {c.awvalid, c.wvalid, c.bready, c.arvalid, c.rready})
      signal.set(0);
    for (Port* port : served_)
      port->reset();
    for (const auto& channel : channels_)
      channel->drop();
    in_reset_ = true;
    for (std::uint64_t i = 0; i < cycles; i++)
      tick();
    in_reset_ = false;
    ports_.reset_n.set(1);
    tick();
  }

  void tick() {
    if (!error.empty()) throw DesignError(error);
    if (!in_reset_) {
      for (Port* port : served_)
        port->sample(cycle);
      for (const auto& channel : channels_)
        channel->sample();
    }
    ports_.clock.set(1);
    eval();
    cycle++;
    if (!in_reset_) {
      for (const auto& channel : channels_)
        channel->drive();
      bool read = false, write = false;
      for (const Port* port : served_) {
        read |= port->wants_read(cycle);
        write |= port->wants_write();
      }
      schedule_.tick(cycle, read, write);
      for (Port* port : served_)
        port->drive(cycle, schedule_);
    }
    ports_.clock.set(0);
    eval();
  }

  // Up to `cycles` cycles; how many it were.
  std::uint64_t run(std::uint64_t cycles, Until until) {
    const std::uint64_t before = until == ANY_RISES ? lines() : 0;
    std::uint64_t done = 0;
    while (done < cycles) {
      if (until == INTERRUPT && interrupt()) break;
      if (until == ANY_RISES && (lines() & ~before)) break;
      tick();
      done++;
    }
    return done;
  }

  // All interrupt lines: bit 0 the design's, then the channels'.
  std::uint64_t lines() const {
    std::uint64_t levels = interrupt();
    for (std::size_t i = 0; i < channels_.size(); i++)
      levels |= std::uint64_t{channels_[i]->interrupt()} << (i + 1);
    return levels;
  }

  bool interrupt() const { return ports_.interrupt.get(); }

  // One AXI4-Lite write; true when the design answered within `limit` cycles.
  bool write(std::uint32_t address, std::uint32_t value, std::uint64_t limit) {
    if (address == control_register && (value & start_bit) != 0) restart_memory();
    const SlavePorts& c = ports_.control;
    c.awaddr.set(address);
    c.wdata.set(value);
    c.wstrb.set(0xF);
    c.awvalid.set(1);
    c.wvalid.set(1);
    c.bready.set(1);
    top_.eval();
    for (std::uint64_t i = 0; i < limit; i++) {
      const bool aw = c.awvalid.get() && c.awready.get(), w = c.wvalid.get() && c.wready.get();
      const bool b = c.bvalid.get();
      tick();
      if (aw) c.awvalid.set(0);
      if (w) c.wvalid.set(0);
      if (b) c.bready.set(0);
      top_.eval();
      if (b) return true;
    }
    return false;
  }

  bool read(std::uint32_t address, std::uint32_t* value, std::uint64_t limit) {
    const SlavePorts& c = ports_.control;
    c.araddr.set(address);
    c.arvalid.set(1);
    c.rready.set(1);
    top_.eval();
    for (std::uint64_t i = 0; i < limit; i++) {
      const bool ar = c.arvalid.get() && c.arready.get(), r = c.rvalid.get();
      if (r) *value = static_cast<std::uint32_t>(c.rdata.get());
      tick();
      if (ar) c.arvalid.set(0);
      if (r) c.rready.set(0);
      top_.eval();
      if (r) return true;
    }
    return false;
  }

  // Start (or with null stop) writing waveforms; false when the library was built without them.
  bool trace(const char* path) {
#if VM_TRACE_FST
    if (trace_) trace_->close();
    trace_.reset();
    if (path) {
      context_.traceEverOn(true);
      trace_ = std::make_unique<VerilatedFstC>();
      top_.trace(trace_.get(), 99);
      trace_->open(path);
    }
    return true;
#else
    return path == nullptr;
#endif
  }

  std::string diagnosis() const {
    std::string text;
    for (const auto& channel : channels_)
      text += channel->diagnosis() + "\n";
    for (const Port* port : served_)
      text += port->diagnosis(cycle) + "\n";
    for (const Probe& probe : ports_.probes)
      text += probe.name + " = " + std::to_string(probe.value.get()) + "\n";
    return text;
  }

  Memory& memory() { return memory_; }
  std::vector<Port*>& ports() { return served_; }
  std::vector<StreamPorts>& streams() { return ports_.streams; }
  Channel& channel(std::size_t index) { return *channels_.at(index); }

  // What the memory's time begins anew with: a start of the design, or of a transfer. Not while something is
  // under way: a start is then ignored by the design, or waits for the next run.
  void restart_memory() {
    for (const Port* port : served_)
      if (!port->idle()) return;
    schedule_.restart(cycle);
    for (Port* port : served_)
      port->restart();
  }

  std::uint64_t cycle = 0;
  std::string error;

 private:
  static VerilatedContext* noisy(VerilatedContext* context, int seed) {
    context->randReset(2);
    context->randSeed(seed);
    return context;
  }

  void eval() {
    top_.eval();
#if VM_TRACE_FST
    if (trace_) trace_->dump(time_);
#endif
    time_++;
  }

  VerilatedContext context_;
  Vtop top_;
  Ports ports_;
  Memory memory_;
  Schedule schedule_;
  DramConfig config_{};
  std::vector<Port> dram_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<Port*> served_;  // by the DRAM: the design's masters, then the channels
  bool in_reset_ = false;
  std::uint64_t time_ = 0;
#if VM_TRACE_FST
  std::unique_ptr<VerilatedFstC> trace_;
#endif
};

// Calls into the design return false instead of throwing through C.
template <class Body>
bool guarded(Simulation* simulation, Body body) {
  try {
    return body();
  } catch (const std::exception& failure) {  // a DesignError, or memory that ran out
    simulation->error = failure.what();
    return false;
  }
}

std::size_t copy_text(const std::string& text, char* to, std::size_t size) {
  return static_cast<std::size_t>(std::snprintf(to, size, "%s", text.c_str()));
}

}  // namespace edgemoe

// Verilator calls these (VL_USER_FATAL, VL_USER_STOP) when the design executes $fatal, $error or $stop.
void vl_fatal(const char* file, int line, const char*, const char* message) {
  throw edgemoe::DesignError(std::string(file) + ":" + std::to_string(line) + ": " + message);
}
void vl_stop(const char* file, int line, const char* scope) {
  vl_fatal(file, line, scope, "the design stopped itself");
}

using edgemoe::Simulation;

extern "C" {

// Null when there is not enough memory for the model.
Simulation* sim_create(std::uint8_t* data, std::uint64_t base, std::uint64_t size, int seed) {
  try {
    return new Simulation(data, base, size, seed);
  } catch (const std::exception&) {
    return nullptr;
  }
}
void sim_destroy(Simulation* s) {
  delete s;
}
void sim_configure(Simulation* s, const edgemoe::DramConfig* config) {
  s->configure(*config);
}
int sim_reset(Simulation* s, std::uint64_t cycles) {
  return edgemoe::guarded(s, [&] { return s->reset(cycles), true; });
}
int sim_write(Simulation* s, std::uint32_t address, std::uint32_t value, std::uint64_t limit) {
  return edgemoe::guarded(s, [&] { return s->write(address, value, limit); });
}
int sim_read(Simulation* s, std::uint32_t address, std::uint32_t* value, std::uint64_t limit) {
  return edgemoe::guarded(s, [&] { return s->read(address, value, limit); });
}
// Cycles run; the design has failed if sim_error then says so.
std::uint64_t sim_run(Simulation* s, std::uint64_t cycles, int until) {
  const std::uint64_t before = s->cycle;
  edgemoe::guarded(s, [&] { return s->run(cycles, static_cast<edgemoe::Until>(until)), true; });
  return s->cycle - before;
}
int sim_stream_count(Simulation* s) {
  return static_cast<int>(s->streams().size());
}
const char* sim_stream_name(Simulation* s, int stream) {
  return s->streams()[stream].name.c_str();
}
// Bits of TDATA.
int sim_stream_bits(Simulation* s, int stream) {
  return s->streams()[stream].tdata.bits;
}
// The channel's number is the count of those attached before.
int sim_attach(Simulation* s, int stream, const char* name, const edgemoe::ChannelConfig* config) {
  return edgemoe::guarded(s, [&] { return s->attach(stream, name, *config), true; });
}
void sim_channel_reset(Simulation* s, int channel) {
  s->channel(channel).reset();
}
void sim_channel_control(Simulation* s, int channel, int run, std::uint32_t interrupts) {
  s->channel(channel).run(run);
  s->channel(channel).enable(interrupts);
}
void sim_channel_acknowledge(Simulation* s, int channel, std::uint32_t interrupts) {
  s->channel(channel).acknowledge(interrupts);
}
void sim_channel_transfer(Simulation* s, int channel, std::uint64_t address, std::uint64_t length) {
  s->restart_memory();
  s->channel(channel).transfer(address, length);
}
void sim_channel_state(Simulation* s, int channel, edgemoe::ChannelState* to) {
  *to = s->channel(channel).state();
}
std::uint64_t sim_cycle(Simulation* s) {
  return s->cycle;
}
int sim_interrupt(Simulation* s) {
  return s->interrupt();
}
int sim_has_waves() {
  return VM_TRACE_FST;
}
int sim_trace(Simulation* s, const char* path) {
  return s->trace(path);
}
void sim_add_fault(Simulation* s, std::uint64_t first, std::uint64_t last, int on_read, int on_write,
                   int response) {
  s->memory().faults.push_back(
      {first, last, on_read != 0, on_write != 0, static_cast<std::uint8_t>(response)});
}
void sim_clear_faults(Simulation* s) {
  s->memory().faults.clear();
}
// Forgets the marks before, and what was noted.
void sim_mark_stale(Simulation* s, const std::uint64_t* granules, const std::uint16_t* masks,
                    std::size_t count) {
  s->memory().mark_stale(granules, masks, count);
}
// Whether a marked byte was read, and the first; the marks are gone then.
int sim_stale_read(Simulation* s, std::uint64_t* address) {
  return s->memory().take_stale_read(address);
}
// Whether the design wrote since the last call, and from where to where.
int sim_written(Simulation* s, std::uint64_t* first, std::uint64_t* last) {
  return s->memory().take_written(first, last);
}
const std::uint8_t* sim_access_map(Simulation* s, int writes) {
  return (writes ? s->memory().writes : s->memory().reads).data();
}
void sim_clear_counters(Simulation* s) {
  for (edgemoe::Port* port : s->ports())
    port->counters = {};
  for (auto* map : {&s->memory().reads, &s->memory().writes})
    std::fill(map->begin(), map->end(), 0);
}
int sim_port_count(Simulation* s) {
  return static_cast<int>(s->ports().size());
}
const char* sim_port_name(Simulation* s, int port) {
  return s->ports()[port]->ports.name.c_str();
}
void sim_port_counters(Simulation* s, int port, edgemoe::PortCounters* to) {
  *to = s->ports()[port]->counters;
}
std::uint64_t sim_violations(Simulation* s, char* to, std::size_t size) {
  std::uint64_t count = 0;
  std::string text;
  for (const edgemoe::Port* port : s->ports()) {
    count += port->violation_count;
    for (const std::string& line : port->violations)
      text += line + "\n";
  }
  edgemoe::copy_text(text, to, size);
  return count;
}
std::size_t sim_diagnosis(Simulation* s, char* to, std::size_t size) {
  return edgemoe::copy_text(s->diagnosis(), to, size);
}
std::size_t sim_error(Simulation* s, char* to, std::size_t size) {
  return edgemoe::copy_text(s->error, to, size);
}

}  // extern "C"
