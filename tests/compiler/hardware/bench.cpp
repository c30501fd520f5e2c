// SPDX-License-Identifier: Apache-2.0
// The C interface that `hardware.model` calls: one kernel of the Verilated model at a time.
#include "bench.hpp"

#include <stdexcept>

#include "verilated.h"

namespace {

struct Bench {
  VerilatedContext context;
  Signals signals;
  std::unique_ptr<Top> model;
  std::string prefix, failure;
  Stalls stalls;
  std::map<std::string, Stream> inputs, outputs;
  std::map<std::string, Memory> memories;
  uint64_t cycle = 0;
  bool in_reset = false;  // the world is in reset, too: a kernel's noise is no request

  // Every register starts with noise of its own `seed`: what reset forgets shows.
  explicit Bench(int seed) {
    context.randReset(2);
    context.randSeed(seed);
    model.reset(make_top(&context, signals));
    for (auto& [name, signal] : signals)
      std::memset(signal.data, 0, signal.bytes());
    model->eval();
  }
  ~Bench() { model->final(); }

  const Signal& at(const std::string& port) {
    auto found = signals.find(prefix + port);
    if (found == signals.end()) throw std::runtime_error("no port " + prefix + port);
    return found->second;
  }

  void step() {
    for (auto& [name, stream] : inputs) {
      const bool offer = !in_reset && !stream.tokens.empty() && stalls.go(stream.bursts);
      stream.valid.set(offer);
      if (offer) stream.data.load(stream.tokens.front().data());
    }
    for (auto& [name, stream] : outputs)
      stream.ready.set(!in_reset && stalls.go(stream.bursts));
    for (auto& [name, memory] : memories)
      memory.drive(stalls);
    model->eval();
    for (auto& [name, stream] : inputs)
      if (stream.valid.get() && stream.ready.get()) stream.tokens.pop_front();
    for (auto& [name, stream] : outputs)
      if (stream.valid.get() && stream.ready.get()) {
        std::vector<uint8_t> token(stream.data.bytes());
        stream.data.store(token.data());
        stream.tokens.push_back(token);
      }
    if (!in_reset)
      for (auto& [name, memory] : memories)
        memory.sample(cycle);
    at("ap_clk").set(1);
    model->eval();
    at("ap_clk").set(0);
    model->eval();
    cycle++;
  }

  // Address and data arrive in a random order, the answer is taken after a random wait.
  void write(uint32_t address, uint32_t data) {
    bool address_sent = false, data_sent = false;
    at("s_axi_control_AWADDR").set(address);
    at("s_axi_control_WDATA").set(data);
    at("s_axi_control_WSTRB").set(15);
    for (int k = 0; k < 1000; k++) {
      at("s_axi_control_AWVALID").set(!address_sent && stalls.go());
      at("s_axi_control_WVALID").set(!data_sent && stalls.go());
      at("s_axi_control_BREADY").set(stalls.go());
      model->eval();
      const bool a = at("s_axi_control_AWVALID").get() && at("s_axi_control_AWREADY").get();
      const bool w = at("s_axi_control_WVALID").get() && at("s_axi_control_WREADY").get();
      const bool b = at("s_axi_control_BVALID").get() && at("s_axi_control_BREADY").get();
      step();
      address_sent |= a;
      data_sent |= w;
      if (b) {
        at("s_axi_control_BREADY").set(0);
        return;
      }
    }
    throw std::runtime_error("AXI4-Lite write without an answer");
  }

  uint32_t read(uint32_t address) {
    bool sent = false;
    at("s_axi_control_ARADDR").set(address);
    for (int k = 0; k < 1000; k++) {
      at("s_axi_control_ARVALID").set(!sent);
      at("s_axi_control_RREADY").set(stalls.go());
      model->eval();
      const bool a = !sent && at("s_axi_control_ARREADY").get();
      const bool r = at("s_axi_control_RVALID").get() && at("s_axi_control_RREADY").get();
      const uint32_t data = uint32_t(at("s_axi_control_RDATA").get());
      step();
      sent |= a;
      if (r) {
        at("s_axi_control_RREADY").set(0);
        return data;
      }
    }
    throw std::runtime_error("AXI4-Lite read without an answer");
  }
};

template <class F>
auto guarded(Bench* bench, F f) -> decltype(f()) {
  try {
    return f();
  } catch (const std::exception& error) {
    bench->failure = error.what();
    return decltype(f())(-1);
  }
}

}  // namespace

// An assertion of the library failed: an exception instead of the end of the process.
void vl_fatal(const char*, int, const char* place, const char* message) {
  throw std::runtime_error(std::string(place) + ": " + message);
}

extern "C" {

Bench* bench_open(int seed) {
  return new Bench(seed);
}
void bench_close(Bench* bench) {
  delete bench;
}
const char* bench_failure(Bench* bench) {
  return bench->failure.c_str();
}
uint64_t bench_cycle(Bench* bench) {
  return bench->cycle;
}

// Turns to another kernel; forgets all streams and memories.
void bench_select(Bench* bench, const char* prefix) {
  bench->prefix = prefix;
  bench->inputs.clear();
  bench->outputs.clear();
  bench->memories.clear();
}

// With `bursts` every stream of now has stalls of its own, at most as many.
void bench_stalls(Bench* bench, uint32_t seed, uint32_t percent, int bursts) {
  bench->stalls = {seed * 77 + 1, percent, bursts != 0};
  for (auto* streams : {&bench->inputs, &bench->outputs})
    for (auto& [name, stream] : *streams)
      stream.bursts = bench->stalls.draw();
}

int bench_reset(Bench* bench, int cycles) {
  return guarded(bench, [&] {
    bench->at("ap_rst_n").set(0);
    bench->in_reset = true;
    for (int k = 0; k < cycles; k++)
      bench->step();
    for (auto& [name, memory] : bench->memories)
      memory.reset();
    bench->at("ap_rst_n").set(1);
    bench->in_reset = false;
    bench->step();
    return 0;
  });
}

int bench_input(Bench* bench, const char* name, const uint8_t* data, uint64_t count) {
  return guarded(bench, [&] {
    const std::string port = name;
    Stream stream{bench->at(port + "_dout"), bench->at(port + "_empty_n"), bench->at(port + "_read"), {}};
    const int bytes = stream.data.bytes();
    for (uint64_t k = 0; k < count; k++)
      stream.tokens.emplace_back(data + k * bytes, data + (k + 1) * bytes);
    bench->inputs[port] = stream;
    return 0;
  });
}

int bench_output(Bench* bench, const char* name) {
  return guarded(bench, [&] {
    const std::string port = name;
    Stream stream{bench->at(port + "_din"), bench->at(port + "_write"), bench->at(port + "_full_n"), {}};
    bench->outputs[port] = stream;
    return 0;
  });
}

uint64_t bench_left(Bench* bench, const char* name) {
  return bench->inputs[name].tokens.size();
}
uint64_t bench_count(Bench* bench, const char* name) {
  return bench->outputs[name].tokens.size();
}

void bench_take(Bench* bench, const char* name, uint8_t* data) {
  for (const auto& token : bench->outputs[name].tokens)
    data = std::copy(token.begin(), token.end(), data);
  bench->outputs[name].tokens.clear();
}

int bench_memory(Bench* bench, const char* bundle, uint8_t* data, uint64_t base, uint64_t size,
                 uint64_t bad_from, uint64_t bad_to) {
  return guarded(bench, [&] {
    if (!bench->memories.count(bundle))
      bench->memories[bundle] = Memory(bench->signals, bench->prefix, bundle);
    bench->memories[bundle].regions.push_back({data, base, size, bad_from, bad_to});
    return 0;
  });
}

// Breaches of the AXI4 protocol so far, over all bundles.
const char* bench_problems(Bench* bench) {
  bench->failure.clear();
  for (auto& [name, memory] : bench->memories)
    bench->failure += memory.problems;
  return bench->failure.c_str();
}

unsigned bench_most_reads(Bench* bench, const char* bundle) {
  return bench->memories[bundle].most_reads;
}

int bench_write(Bench* bench, uint32_t address, uint32_t data) {
  return guarded(bench, [&] { return bench->write(address, data), 0; });
}

int64_t bench_read(Bench* bench, uint32_t address) {
  return guarded(bench, [&] { return int64_t(bench->read(address)); });
}

int bench_set(Bench* bench, const char* port, uint64_t value) {
  return guarded(bench, [&] { return bench->at(port).set(value), 0; });
}

int64_t bench_get(Bench* bench, const char* port) {
  return guarded(bench, [&] { return int64_t(bench->at(port).get()); });
}

int bench_steps(Bench* bench, uint64_t cycles) {
  return guarded(bench, [&] {
    for (uint64_t k = 0; k < cycles; k++)
      bench->step();
    return 0;
  });
}

// Runs until `port` is 1; returns the cycles that took, or -1 on an error, -2 after `limit`.
int64_t bench_until(Bench* bench, const char* port, uint64_t limit) {
  return guarded(bench, [&]() -> int64_t {
    for (uint64_t k = 0; k < limit; k++) {
      if (bench->at(port).get()) return int64_t(k);
      bench->step();
    }
    return -2;
  });
}
}
