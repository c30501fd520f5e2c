// SPDX-License-Identifier: Apache-2.0
#include "dma.hpp"

#include <algorithm>
#include <cstring>

namespace edgemoe {

namespace {
constexpr std::uint64_t border = 4096;  // no burst of AXI4 crosses one

int ones(const Signal& signal,
         int bits) {  // bits set among the first ones; all of them where there is no port
  if (!signal) return bits;
  const auto* byte = static_cast<const std::uint8_t*>(signal.storage);
  int count = 0;
  for (int i = 0; i < bits; i++)
    count += byte[i / 8] >> (i % 8) & 1;
  return count;
}

void set_ones(const Signal& signal, int count) {  // the lowest `count` bits
  if (!signal) return;
  auto* byte = static_cast<std::uint8_t*>(signal.storage);
  for (int i = 0; i < signal.bits; i++)
    byte[i / 8] = static_cast<std::uint8_t>((byte[i / 8] & ~(1 << i % 8)) | (i < count) << i % 8);
}
}  // namespace

// ---- Queue -------------------------------------------------------------------------------------------

void Channel::Queue::put(const std::uint8_t* from, std::size_t count) {
  if (first_ > 65536) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  bytes_.insert(bytes_.end(), from, from + count);
}

void Channel::Queue::get(std::uint8_t* to, std::size_t count) {
  std::memcpy(to, bytes_.data() + first_, count);
  first_ += count;
}

void Channel::Queue::clear() {
  bytes_.clear();
  first_ = 0;
}

// ---- Channel -----------------------------------------------------------------------------------------

MasterPorts Channel::bind(const std::string& name, bool reads, int bits, Wires& wires) {
  MasterPorts ports;
  const auto wire = [](auto& storage, int width) { return Signal{&storage, width}; };
  ports.name = name;
  if (reads) {
    ports.araddr = wire(wires.address, 64), ports.arlen = wire(wires.length, 8);
    ports.arsize = wire(wires.size, 3), ports.arburst = wire(wires.kind, 2);
    ports.arvalid = wire(wires.arvalid, 1), ports.arready = wire(wires.arready, 1);
    ports.rdata = wire(wires.data, bits), ports.rresp = wire(wires.rresp, 2);
    ports.rlast = wire(wires.rlast, 1);
    ports.rvalid = wire(wires.rvalid, 1), ports.rready = wire(wires.rready, 1);
  } else {
    ports.awaddr = wire(wires.address, 64), ports.awlen = wire(wires.length, 8);
    ports.awsize = wire(wires.size, 3), ports.awburst = wire(wires.kind, 2);
    ports.awvalid = wire(wires.awvalid, 1), ports.awready = wire(wires.awready, 1);
    ports.wdata = wire(wires.data, bits), ports.wstrb = wire(wires.strobes, bits / 8);
    ports.wlast = wire(wires.wlast, 1);
    ports.wvalid = wire(wires.wvalid, 1), ports.wready = wire(wires.wready, 1);
    ports.bresp = wire(wires.bresp, 2);
    ports.bvalid = wire(wires.bvalid, 1), ports.bready = wire(wires.bready, 1);
  }
  return ports;
}

Channel::Channel(const std::string& name, const StreamPorts& stream, const ChannelConfig& config,
                 Memory& memory)
    : stream(stream),
      config_(config),
      bytes_(config.memory_bits / 8),
      stream_bytes_(static_cast<std::uint64_t>(stream.tdata.bytes())),
      master_(bind(name, stream.into_design, static_cast<int>(config.memory_bits), wires_)),
      port_(master_, memory),
      beat_(std::max(bytes_, stream_bytes_)) {
  while (std::uint64_t{1} << wires_.size < bytes_)
    wires_.size++;
  reset();
}

void Channel::reset() {
  state_ = {};
  state_.status = HALTED;
  failed_ = false;
  drop();
}

void Channel::drop() {
  wires_.arvalid = wires_.rready = wires_.awvalid = wires_.wvalid = wires_.bready = 0;
  queue_.clear();
  if (state_.busy) state_.status |= IDLE;
  state_.busy = 0;
  ended_ = overflow_ = false;
  left_ = fetched_ = owed_ = in_burst_ = 0;
  beats_ = shown_ = 0;
  port_.reset();
  (stream.into_design ? stream.tvalid : stream.tready).set(0);
}

void Channel::run(bool on) {
  if (on && failed_) return;  // only a reset clears an error
  if (on && !state_.running && (state_.status & HALTED)) state_.status &= ~(HALTED | IDLE);
  state_.running = on;
  settle();
}

void Channel::transfer(std::uint64_t address, std::uint64_t length) {
  state_.address = address;
  state_.length = length;
  state_.moved = 0;
  state_.busy = 1;
  state_.status &= ~IDLE;
  ended_ = overflow_ = false;
  at_ = address;
  left_ = length;
  fetched_ = 0;
  queue_.clear();
}

ChannelState Channel::state() const {
  ChannelState state = state_;
  state.stream = static_cast<std::uint32_t>(stream.tvalid.get() | stream.tready.get() << 1 |
                                            (stream.tlast ? stream.tlast.get() << 2 : 0));
  state.unanswered = static_cast<std::uint32_t>(owed_);
  return state;
}

// Beats of the burst that begins at `address` and moves up to `bytes` bytes.
std::uint32_t Channel::burst_beats(std::uint64_t address, std::uint64_t bytes) const {
  const std::uint64_t first = address / bytes_;
  const std::uint64_t wanted = (address + bytes + bytes_ - 1) / bytes_ - first;
  const std::uint64_t room = (border - first * bytes_ % border) / bytes_;
  return static_cast<std::uint32_t>(std::min({wanted, room, std::uint64_t{config_.burst}}));
}

void Channel::answered(std::uint8_t response) {
  if (response == SLVERR) fail(SLAVE_ERROR);
  if (response == DECERR) fail(DECODE_ERROR);
}

void Channel::fail(std::uint32_t error) {
  failed_ = true;
  state_.status |= error | ERROR_IRQ;
}

void Channel::finish() {
  if (overflow_) return fail(INTERNAL_ERROR);
  state_.busy = 0;
  state_.status |= IDLE | COMPLETE_IRQ;
  if (!stream.into_design) state_.length = state_.moved;
}

// A channel that was stopped, or has failed, halts when the memory owes it nothing more.
void Channel::settle() {
  const bool quiet = owed_ == 0 && beats_ == 0 && !wires_.arvalid && !wires_.awvalid;
  if (!stopping() || !quiet || (state_.status & HALTED)) return;
  state_.running = state_.busy = 0;
  state_.status = (state_.status & ~IDLE) | HALTED;
  queue_.clear();
  left_ = 0;
  shown_ = 0;
}

void Channel::sample() {
  if (stream.into_design)
    sample_send();
  else
    sample_receive();
}

void Channel::drive() {
  if (stream.into_design)
    drive_send();
  else
    drive_receive();
  settle();
}

// ---- memory to stream

void Channel::sample_send() {
  if (wires_.arvalid && wires_.arready) {
    const std::uint64_t beats = wires_.length + std::uint64_t{1};
    const std::uint64_t asked = std::min(left_, wires_.address + beats * bytes_ - at_);
    owed_ += beats;
    at_ += asked;
    left_ -= asked;
  }
  if (wires_.rvalid && wires_.rready) {
    owed_--;
    answered(wires_.rresp);
    // The first beat may begin before the buffer, the last one end behind it.
    const std::uint64_t skip = fetched_ == 0 ? state_.address % bytes_ : 0;
    const std::uint64_t count = std::min(bytes_ - skip, state_.length - fetched_);
    if (!stopping()) queue_.put(wires_.data.data() + skip, count);
    fetched_ += count;
  }
  if (shown_ && stream.tvalid.get() && stream.tready.get()) {
    state_.moved += shown_;
    shown_ = 0;
    if (state_.moved == state_.length) finish();
  }
}

void Channel::drive_send() {
  if (wires_.arvalid && wires_.arready) wires_.arvalid = 0;
  wires_.rready = 1;
  if (!wires_.arvalid && left_ && !stopping()) {
    const std::uint32_t beats = burst_beats(at_, left_);
    if (queue_.size() + (owed_ + beats) * bytes_ <= capacity()) {
      wires_.address = at_ / bytes_ * bytes_;
      wires_.length = static_cast<std::uint8_t>(beats - 1);
      wires_.arvalid = 1;
    }
  }
  const std::uint64_t rest = state_.length - state_.moved;
  const std::uint64_t wanted = std::min(stream_bytes_, rest);
  if (!shown_ && state_.busy && !stopping() && queue_.size() >= wanted) {
    shown_ = static_cast<std::uint32_t>(wanted);
    std::fill(beat_.begin(), beat_.end(), std::uint8_t{0});
    queue_.get(beat_.data(), wanted);
    std::memcpy(stream.tdata.storage, beat_.data(), stream_bytes_);
    set_ones(stream.tkeep, static_cast<int>(wanted));
    stream.tlast.set(wanted == rest);
  }
  stream.tvalid.set(shown_ != 0 && !stopping());
}

// ---- stream to memory

void Channel::sample_receive() {
  if (stream.tvalid.get() && stream.tready.get()) {
    const auto count = static_cast<std::uint64_t>(ones(stream.tkeep, static_cast<int>(stream_bytes_)));
    const std::uint64_t room = state_.length - state_.moved;
    const bool last = stream.tlast && stream.tlast.get();
    queue_.put(static_cast<const std::uint8_t*>(stream.tdata.storage), std::min(count, room));
    state_.moved += std::min(count, room);
    overflow_ = count > room || (count == room && !last);
    ended_ = last || overflow_;
  }
  if (wires_.awvalid && wires_.awready) owed_++;
  if (wires_.bvalid && wires_.bready) {
    owed_--;
    answered(wires_.bresp);
  }
}

// Puts the next beat of the burst on the wires.
void Channel::next_write_beat() {
  const std::uint64_t lane = at_ % bytes_;
  const std::uint64_t count = std::min(bytes_ - lane, in_burst_);
  wires_.data.fill(0);
  queue_.get(wires_.data.data() + lane, count);
  const std::uint64_t all = count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
  wires_.strobes = all << lane;
  wires_.wlast = beats_ == 1;
  wires_.wvalid = 1;
  at_ += count;
  in_burst_ -= count;
}

void Channel::drive_receive() {
  wires_.bready = 1;
  if (wires_.awvalid && wires_.awready) wires_.awvalid = 0;
  if (wires_.wvalid && wires_.wready) {
    wires_.wvalid = 0;
    if (--beats_) next_write_beat();
  }
  // A burst begins when it is full, or when the packet has ended: the memory never waits for the stream.
  if (!beats_ && !wires_.awvalid && queue_.size() && !stopping()) {
    const std::uint32_t full = burst_beats(at_, ~std::uint64_t{0} >> 1);
    const std::uint64_t room = full * bytes_ - at_ % bytes_;
    if (ended_ || queue_.size() >= room) {
      in_burst_ = std::min<std::uint64_t>(room, queue_.size());
      beats_ = burst_beats(at_, in_burst_);
      wires_.address = at_ / bytes_ * bytes_;
      wires_.length = static_cast<std::uint8_t>(beats_ - 1);
      wires_.awvalid = 1;
      next_write_beat();
    }
  }
  if (state_.busy && ended_ && !failed_ && !queue_.size() && !beats_ && !wires_.awvalid && !owed_) finish();
  const bool takes = state_.busy && !stopping() && !ended_;
  stream.tready.set(takes && queue_.size() + stream_bytes_ <= capacity());
}

std::string Channel::diagnosis() const {
  const ChannelState now = state();
  std::string text = master_.name + (stream.into_design ? " -> " : " <- ") + stream.name + ": ";
  if (now.status & (INTERNAL_ERROR | SLAVE_ERROR | DECODE_ERROR)) text += "error, ";
  text += std::to_string(now.moved) + " of " + std::to_string(now.length) + " bytes moved";
  text += std::string(", TVALID ") + (now.stream & 1 ? "high" : "low");
  return text + ", TREADY " + (now.stream & 2 ? "high" : "low");
}

}  // namespace edgemoe
