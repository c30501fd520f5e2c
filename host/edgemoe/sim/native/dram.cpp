// SPDX-License-Identifier: Apache-2.0
#include "dram.hpp"

#include <algorithm>
#include <cstdio>

namespace edgemoe {

namespace {
constexpr std::size_t kept_violations = 16;  // the first ones explain the rest

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}
}  // namespace

// ---- Memory ------------------------------------------------------------------------------------------

Memory::Memory(std::uint8_t* data, std::uint64_t base, std::uint64_t size)
    : reads(size / granule), writes(size / granule), base(base), size(size), data_(data) {}

bool Memory::holds(std::uint64_t address, int bytes) const {
  return address >= base && address - base <= size - bytes;
}

void Memory::count(std::vector<std::uint8_t>& map, std::uint64_t address, int bytes) {
  const std::uint64_t first = (address - base) / granule, last = (address - base + bytes - 1) / granule;
  for (std::uint64_t i = first; i <= last; i++)
    map[i] += map[i] != 255;
}

void Memory::read(std::uint64_t address, void* to, int bytes) {
  std::memcpy(to, data_ + (address - base), bytes);
  count(reads, address, bytes);
  if (!stale_.empty()) note_stale(address, bytes);
}

void Memory::write(std::uint64_t address, const void* from, const void* strobes, int bytes) {
  const auto* source = static_cast<const std::uint8_t*>(from);
  const auto* enabled = static_cast<const std::uint8_t*>(strobes);
  for (int i = 0; i < bytes; i++) {
    if (enabled && !(enabled[i / 8] >> i % 8 & 1)) continue;
    data_[address - base + i] = source[i];
    if (stale_.empty()) continue;
    const auto found = stale_.find((address + i) / granule);
    if (found != stale_.end()) found->second &= ~(1u << (address + i) % granule);
  }
  count(writes, address, bytes);
  first_written_ = std::min(first_written_, address);
  last_written_ = std::max(last_written_, address + bytes - 1);
}

void Memory::mark_stale(const std::uint64_t* granules, const std::uint16_t* masks, std::size_t count) {
  stale_.clear();
  stale_read_.reset();
  for (std::size_t i = 0; i < count; i++)
    stale_[granules[i]] = masks[i];
}

void Memory::note_stale(std::uint64_t address, int bytes) {
  for (int i = 0; i < bytes && !stale_read_; i++) {
    const auto found = stale_.find((address + i) / granule);
    if (found != stale_.end() && found->second >> (address + i) % granule & 1) stale_read_ = address + i;
  }
}

bool Memory::take_stale_read(std::uint64_t* address) {
  if (!stale_read_) return false;
  *address = *stale_read_;
  mark_stale(nullptr, nullptr, 0);
  return true;
}

bool Memory::take_written(std::uint64_t* first, std::uint64_t* last) {
  if (first_written_ > last_written_) return false;
  *first = first_written_;
  *last = last_written_;
  first_written_ = ~std::uint64_t{0};
  last_written_ = 0;
  return true;
}

std::uint8_t Memory::response(std::uint64_t address, int bytes, bool is_write) const {
  if (!holds(address, bytes)) return DECERR;
  for (const Fault& fault : faults)
    if ((is_write ? fault.on_write : fault.on_read) && address <= fault.last && address + bytes > fault.first)
      return fault.response;
  return OKAY;
}

// ---- Schedule ----------------------------------------------------------------------------------------

void Schedule::restart(std::uint64_t cycle) {
  writing_ = false;
  open_ = true;
  origin_ = closed_until_ = cycle;
  dwell_ = 0;
}

void Schedule::tick(std::uint64_t cycle, bool wants_read, bool wants_write) {
  const bool wanted = writing_ ? wants_write : wants_read;
  const bool other = writing_ ? wants_read : wants_write;
  dwell_++;
  if (other && (!wanted || dwell_ >= config_.dwell)) {
    writing_ = !writing_;
    dwell_ = 0;
    closed_until_ = cycle + config_.turnaround;
  }
  const bool refresh = config_.refresh_interval != 0 && (cycle - origin_) % config_.refresh_interval >=
                                                            config_.refresh_interval - config_.refresh_cycles;
  open_ = !refresh && cycle >= closed_until_;
}

// ---- Port --------------------------------------------------------------------------------------------

Port::Port(const MasterPorts& ports, Memory& memory)
    : ports(ports),
      memory_(memory),
      bytes_((ports.rdata ? ports.rdata : ports.wdata).bytes()),
      beat_(bytes_) {}

void Port::configure(const DramConfig& config, std::uint64_t salt) {
  config_ = config;
  salt_ = salt;
  restart();
}

void Port::restart() {
  random_ = (config_.seed + 1) * 0x9E3779B97F4A7C15ull + salt_ * 0xBF58476D1CE4E5B9ull;
  random_ |= 1;
}

void Port::reset() {
  reads_.clear();
  writes_.clear();
  replies_.clear();
  read_free_at_ = write_free_at_ = 0;
  ar_.waiting = aw_.waiting = w_.waiting = beat_taken_ = reply_taken_ = false;
  for (const Signal& signal : {ports.arready, ports.rvalid, ports.awready, ports.wready, ports.bvalid})
    signal.set(0);
}

bool Port::stalls() {
  if (config_.stall_percent == 0) return false;
  random_ ^= random_ << 13;  // xorshift64: the same stalls on every machine
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return (random_ >> 32) % 100 < config_.stall_percent;
}

bool Port::wants_read(std::uint64_t cycle) const {
  return !reads_.empty() && reads_.front().ready_at <= cycle;
}

std::uint64_t Port::beat_cycles() const {
  return (bytes_ + config_.port_bytes - 1) / config_.port_bytes;
}

bool Port::wants_write() const {
  return !writes_.empty() && ports.wvalid.get();
}

void Port::violate(std::uint64_t cycle, const std::string& what) {
  violation_count++;
  if (violations.size() < kept_violations)
    violations.push_back("cycle " + std::to_string(cycle) + ", " + ports.name + ": " + what);
}

void Port::check_held(Held& held, std::uint64_t cycle, const char* channel, bool valid, bool ready,
                      std::initializer_list<Signal> payload) {
  if (!valid && !held.waiting) return;
  payload_.clear();
  for (const Signal& signal : payload) {
    const auto* first = static_cast<const std::uint8_t*>(signal.storage);
    if (first) payload_.insert(payload_.end(), first, first + signal.bytes());
  }
  if (held.waiting && !valid)
    violate(cycle, std::string(channel) + "VALID fell before " + channel + "READY");
  else if (held.waiting && payload_ != held.payload)
    violate(cycle, std::string(channel) + " changed while it waited for " + channel + "READY");
  held.waiting = valid && !ready;
  if (held.waiting) held.payload.swap(payload_);
}

void Port::check_burst(std::uint64_t cycle, const char* channel, Signal address, Signal length, Signal size,
                       Signal kind) {
  const std::uint64_t at = address.get(), total = (length.get() + 1) * bytes_;
  const std::string where =
      std::string(channel) + " burst of " + std::to_string(total) + " bytes at " + hex(at);
  if (at / 4096 != (at + total - 1) / 4096) violate(cycle, where + " crosses a 4 KiB border");
  if (at % bytes_ != 0) violate(cycle, where + " is not aligned to a beat");
  if (size && (1 << size.get()) != bytes_) violate(cycle, where + " has beats narrower than the port");
  if (kind && kind.get() != 1) violate(cycle, where + " is not of type INCR");
}

void Port::sample_reads(std::uint64_t cycle) {
  const bool valid = ports.arvalid.get(), ready = ports.arready.get();
  check_held(ar_, cycle, "AR", valid, ready,
             {ports.araddr, ports.arlen, ports.arsize, ports.arburst, ports.arid});
  beat_taken_ = ports.rvalid.get() && ports.rready.get();
  counters.read_wait += !reads_.empty() && !beat_taken_;
  if (beat_taken_) {
    counters.read_bytes += bytes_;
    Burst& burst = reads_.front();
    burst.address += bytes_;
    if (--burst.left == 0) reads_.pop_front();
  }
  if (valid && ready) {
    check_burst(cycle, "AR", ports.araddr, ports.arlen, ports.arsize, ports.arburst);
    reads_.push_back({ports.araddr.get(), cycle + config_.latency, ports.arid.get(),
                      static_cast<std::uint32_t>(ports.arlen.get() + 1), OKAY});
    counters.read_bursts++;
    counters.most_outstanding = std::max<std::uint64_t>(counters.most_outstanding, reads_.size());
  }
}

void Port::sample_writes(std::uint64_t cycle) {
  const bool valid = ports.awvalid.get(), ready = ports.awready.get();
  check_held(aw_, cycle, "AW", valid, ready,
             {ports.awaddr, ports.awlen, ports.awsize, ports.awburst, ports.awid});
  const bool beat = ports.wvalid.get(), taken = beat && ports.wready.get();
  check_held(w_, cycle, "W", beat, taken, {ports.wdata, ports.wstrb, ports.wlast});
  counters.write_wait += beat && !taken;
  if (taken && !writes_.empty()) {
    write_free_at_ = cycle + beat_cycles() - 1;
    Burst& burst = writes_.front();
    const std::uint8_t response = memory_.response(burst.address, bytes_, true);
    if (response == OKAY)
      memory_.write(burst.address, ports.wdata.storage, ports.wstrb.storage, bytes_);
    else
      burst.response = response;
    counters.out_of_range += !memory_.holds(burst.address, bytes_);
    counters.faults += response != OKAY;
    counters.write_bytes += bytes_;
    if (ports.wlast && ports.wlast.get() != (burst.left == 1))
      violate(cycle, burst.left == 1 ? "WLAST is missing on the last beat"
                                     : "WLAST " + std::to_string(burst.left - 1) + " beats early");
    burst.address += bytes_;
    if (--burst.left == 0) {
      burst.ready_at = cycle + config_.latency;
      replies_.push_back(burst);
      writes_.pop_front();
    }
  }
  reply_taken_ = ports.bvalid.get() && ports.bready.get();
  if (reply_taken_) replies_.pop_front();
  if (valid && ready) {
    check_burst(cycle, "AW", ports.awaddr, ports.awlen, ports.awsize, ports.awburst);
    writes_.push_back({ports.awaddr.get(), cycle, ports.awid.get(),
                       static_cast<std::uint32_t>(ports.awlen.get() + 1), OKAY});
    counters.write_bursts++;
  }
}

void Port::sample(std::uint64_t cycle) {
  if (ports.arvalid) sample_reads(cycle);
  if (ports.awvalid) sample_writes(cycle);
}

void Port::drive(std::uint64_t cycle, const Schedule& memory) {
  if (ports.arvalid) {
    ports.arready.set(reads_.size() < config_.outstanding && !stalls());
    if (beat_taken_) ports.rvalid.set(0);
    if (!ports.rvalid.get() && wants_read(cycle) && cycle >= read_free_at_ && memory.may_read() &&
        !stalls()) {
      read_free_at_ = cycle + beat_cycles();
      Burst& burst = reads_.front();
      const std::uint8_t response = memory_.response(burst.address, bytes_, false);
      if (response == OKAY)
        memory_.read(burst.address, beat_.data(), bytes_);
      else
        std::fill(beat_.begin(), beat_.end(), std::uint8_t{0xDB});  // never mistaken for data
      counters.out_of_range += !memory_.holds(burst.address, bytes_);
      counters.faults += response != OKAY;
      std::memcpy(ports.rdata.storage, beat_.data(), bytes_);
      ports.rresp.set(response);
      ports.rid.set(burst.id);
      ports.rlast.set(burst.left == 1);
      ports.rvalid.set(1);
    }
  }
  if (ports.awvalid) {
    ports.awready.set(writes_.size() + replies_.size() < config_.outstanding && !stalls());
    ports.wready.set(!writes_.empty() && cycle >= write_free_at_ && memory.may_write() && !stalls());
    if (reply_taken_) ports.bvalid.set(0);
    if (!ports.bvalid.get() && !replies_.empty() && replies_.front().ready_at <= cycle && !stalls()) {
      ports.bresp.set(replies_.front().response);
      ports.bid.set(replies_.front().id);
      ports.bvalid.set(1);
    }
  }
}

std::string Port::diagnosis(std::uint64_t cycle) const {
  std::string text = ports.name + ":";
  const auto waits = [&text](const char* channel, Signal valid, Signal ready) {
    if (valid.get() && !ready.get()) text += std::string(" ") + channel + " waits for " + channel + "READY;";
  };
  waits("AR", ports.arvalid, ports.arready);
  waits("R", ports.rvalid, ports.rready);
  waits("AW", ports.awvalid, ports.awready);
  waits("W", ports.wvalid, ports.wready);
  waits("B", ports.bvalid, ports.bready);
  if (!reads_.empty())
    text += " " + std::to_string(reads_.size()) + " reads under way, next beat " +
            hex(reads_.front().address) + (reads_.front().ready_at <= cycle ? " ready;" : " not yet ready;");
  if (!writes_.empty())
    text += " write at " + hex(writes_.front().address) + " lacks " + std::to_string(writes_.front().left) +
            " beats;";
  if (!replies_.empty()) text += " " + std::to_string(replies_.size()) + " write responses to deliver;";
  return text.back() == ':' ? text + " idle" : text;
}

}  // namespace edgemoe
