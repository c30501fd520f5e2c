// SPDX-License-Identifier: Apache-2.0
#include "bench.hpp"

Memory::Memory(const Signals& signals, const std::string& prefix, const std::string& name) : name_(name) {
  const std::string start = prefix + "m_axi_" + name + "_";
  for (const auto& [port, signal] : signals)
    if (port.compare(0, start.size(), start) == 0) ports_[port.substr(start.size())] = signal;
  bytes_ = at("RDATA").bytes();
}

void Memory::complain(const std::string& what) {
  if (problems.size() < 2000) problems += name_ + ": " + what + "\n";
}

// Returns false for an access that is to fail.
bool Memory::access(uint64_t address, uint8_t* data, bool write) {
  for (const Region& region : regions) {
    if (address < region.base || address + bytes_ > region.base + region.size) continue;
    uint8_t* place = region.data + (address - region.base);
    const bool good = address < region.bad_from || address >= region.bad_to;
    if (write && good) std::memcpy(place, data, bytes_);
    if (!write) std::memcpy(data, place, bytes_);
    return good;
  }
  complain("access outside of every region, address " + std::to_string(address));
  return false;
}

Memory::Burst Memory::burst(const std::string& channel, uint64_t cycle) {
  Burst made{at(channel + "ADDR").get(), unsigned(at(channel + "LEN").get()) + 1, 0, cycle + latency_};
  const uint64_t last = made.address + uint64_t(made.beats) * bytes_ - 1;
  if (made.address / 4096 != last / 4096) complain(channel + " crosses a 4 KiB boundary");
  if ((1 << at(channel + "SIZE").get()) != bytes_) complain(channel + "SIZE is not the width of the bus");
  if (at(channel + "BURST").get() != 1) complain(channel + "BURST is not INCR");
  return made;
}

void Memory::hold(Held& held, const std::string& channel, const std::vector<std::string>& payload) {
  std::vector<uint8_t> now;
  for (const std::string& part : payload) {
    const Signal& signal = at(channel + part);
    now.resize(now.size() + signal.bytes());
    signal.store(now.data() + now.size() - signal.bytes());
  }
  const bool valid = at(channel + "VALID").get();
  if (held.waiting && !valid) complain(channel + "VALID fell before READY");
  if (held.waiting && valid && now != held.payload) complain(channel + " changed before READY");
  held.waiting = valid && !at(channel + "READY").get();
  held.payload = now;
}

void Memory::drive(Stalls& stalls) {
  at("ARREADY").set(reads_.size() < 16 && stalls.go());
  at("AWREADY").set(writes_.size() < 16 && stalls.go());
  at("WREADY").set(words_.size() < 64 && stalls.go());
  if (!read_valid_ && !reads_.empty() && reads_.front().due <= now_ && stalls.go()) read_valid_ = true;
  at("RVALID").set(read_valid_);
  if (read_valid_) {
    const Burst& burst = reads_.front();
    std::vector<uint8_t> word(bytes_ < 8 ? 8 : bytes_);
    const bool good = access(burst.address + uint64_t(burst.done) * bytes_, word.data(), false);
    at("RDATA").load(word.data());
    at("RRESP").set(good ? 0 : 2);
    at("RLAST").set(burst.done + 1 == burst.beats);
  }
  if (!answer_valid_ && !answers_.empty() && answers_.front().first <= now_ && stalls.go())
    answer_valid_ = true;
  at("BVALID").set(answer_valid_);
  if (answer_valid_) at("BRESP").set(answers_.front().second);
}

void Memory::sample(uint64_t cycle) {
  now_ = cycle;
  hold(ar_, "AR", {"ADDR", "LEN"});
  hold(aw_, "AW", {"ADDR", "LEN"});
  hold(w_, "W", {"DATA", "LAST"});
  if (at("ARVALID").get() && at("ARREADY").get()) {
    reads_.push_back(burst("AR", cycle));
    read_bursts++;
    if (reads_.size() > most_reads) most_reads = unsigned(reads_.size());
  }
  if (read_valid_ && at("RREADY").get()) {
    read_valid_ = false;
    if (++reads_.front().done == reads_.front().beats) reads_.pop_front();
  }
  if (at("AWVALID").get() && at("AWREADY").get()) {
    writes_.push_back(burst("AW", cycle));
    write_bursts++;
  }
  if (at("WVALID").get() && at("WREADY").get()) {
    std::vector<uint8_t> word(bytes_ < 8 ? 8 : bytes_);
    at("WDATA").store(word.data());
    words_.emplace_back(word, at("WLAST").get());
  }
  if (answer_valid_ && at("BREADY").get()) {
    answer_valid_ = false;
    answers_.pop_front();
  }
  while (!writes_.empty() && words_.size() >= writes_.front().beats) {
    const Burst& burst = writes_.front();
    bool good = true;
    for (unsigned k = 0; k < burst.beats; k++) {
      if (words_.front().second != (k + 1 == burst.beats)) complain("WLAST in the wrong place");
      good &= access(burst.address + uint64_t(k) * bytes_, words_.front().first.data(), true);
      words_.pop_front();
    }
    answers_.emplace_back(cycle + latency_, good ? 0 : 2);
    writes_.pop_front();
  }
}

void Memory::reset() {
  for (const char* channel : {"AR", "AW", "W"})
    if (at(std::string(channel) + "VALID").get()) complain(std::string(channel) + "VALID in reset");
  reads_.clear();
  writes_.clear();
  words_.clear();
  answers_.clear();
  read_valid_ = answer_valid_ = false;
  ar_ = aw_ = w_ = Held();
}
