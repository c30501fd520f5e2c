// SPDX-License-Identifier: Apache-2.0
// A Verilated design with Vitis HLS ports as a C library: clock, reset, AXI4-Lite accesses, DRAM.
// The C functions at the end are what verilated.py calls through ctypes.
#include <verilated.h>
#if VM_TRACE_FST
#include <verilated_fst_c.h>
#endif

#include <cstdio>
#include <memory>
#include <stdexcept>

#include "Vtop.h"
#include "dram.hpp"
#include "ports.hpp"  // written by verilate.py: void bind_ports(Vtop &, Ports &)

namespace edgemoe {

constexpr std::uint32_t control_register = 0, start_bit = 1;  // as Vitis HLS lays them out

// A $fatal or $error of the design; the model is not stepped again after it.
struct DesignError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Simulation {
 public:
  Simulation(std::uint8_t* data, std::uint64_t base, std::uint64_t size)
      : top_(&context_, "top"), memory_(data, base, size) {
    bind_ports(top_, ports_);
    for (const MasterPorts& master : ports_.masters)
      dram_.emplace_back(master, memory_);
  }
  ~Simulation() {
    trace(nullptr);
    top_.final();
  }

  void configure(const DramConfig& config) {
    schedule_.configure(config);
    for (std::size_t i = 0; i < dram_.size(); i++)
      dram_[i].configure(config, i + 1);
  }

  void reset(std::uint64_t cycles) {
    ports_.reset_n.set(0);
    const SlavePorts& c = ports_.control;
    for (const Signal& signal : {c.awvalid, c.wvalid, c.bready, c.arvalid, c.rready})
      signal.set(0);
    for (Port& port : dram_)
      port.reset();
    in_reset_ = true;
    for (std::uint64_t i = 0; i < cycles; i++)
      tick();
    in_reset_ = false;
    ports_.reset_n.set(1);
    tick();
  }

  void tick() {
    if (!error.empty()) throw DesignError(error);
    if (!in_reset_)
      for (Port& port : dram_)
        port.sample(cycle);
    ports_.clock.set(1);
    eval();
    cycle++;
    if (!in_reset_) {
      bool read = false, write = false;
      for (const Port& port : dram_) {
        read |= port.wants_read(cycle);
        write |= port.wants_write();
      }
      schedule_.tick(cycle, read, write);
      for (Port& port : dram_)
        port.drive(cycle, schedule_);
    }
    ports_.clock.set(0);
    eval();
  }

  // Up to `cycles` cycles; with `until_interrupt`, fewer when the interrupt rises.
  std::uint64_t run(std::uint64_t cycles, bool until_interrupt) {
    std::uint64_t done = 0;
    while (done < cycles && !(until_interrupt && interrupt())) {
      tick();
      done++;
    }
    return done;
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
    for (const Port& port : dram_)
      text += port.diagnosis(cycle) + "\n";
    for (const Probe& probe : ports_.probes)
      text += probe.name + " = " + std::to_string(probe.value.get()) + "\n";
    return text;
  }

  Memory& memory() { return memory_; }
  std::vector<Port>& ports() { return dram_; }
  std::uint64_t cycle = 0;
  std::string error;

 private:
  // Unless a run is under way: a start is then ignored by the design, or waits for the next run.
  void restart_memory() {
    for (const Port& port : dram_)
      if (!port.idle()) return;
    schedule_.restart(cycle);
    for (Port& port : dram_)
      port.restart();
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
  std::vector<Port> dram_;
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
Simulation* sim_create(std::uint8_t* data, std::uint64_t base, std::uint64_t size) {
  try {
    return new Simulation(data, base, size);
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
std::uint64_t sim_run(Simulation* s, std::uint64_t cycles, int until_interrupt) {
  const std::uint64_t before = s->cycle;
  edgemoe::guarded(s, [&] { return s->run(cycles, until_interrupt), true; });
  return s->cycle - before;
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
  for (edgemoe::Port& port : s->ports())
    port.counters = {};
  for (auto* map : {&s->memory().reads, &s->memory().writes})
    std::fill(map->begin(), map->end(), 0);
}
int sim_port_count(Simulation* s) {
  return static_cast<int>(s->ports().size());
}
const char* sim_port_name(Simulation* s, int port) {
  return s->ports()[port].ports.name.c_str();
}
void sim_port_counters(Simulation* s, int port, edgemoe::PortCounters* to) {
  *to = s->ports()[port].counters;
}
std::uint64_t sim_violations(Simulation* s, char* to, std::size_t size) {
  std::uint64_t count = 0;
  std::string text;
  for (const edgemoe::Port& port : s->ports()) {
    count += port.violation_count;
    for (const std::string& line : port.violations)
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
