// SPDX-License-Identifier: Apache-2.0
// The two functions of LZ4 that Verilator's waveform writer calls, so that waveforms need no library: a greedy
// compressor into the LZ4 block format (sequences of literals and matches within 64 KiB).
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

namespace lz4_block {

constexpr int min_match = 4, hash_bits = 12, window = 65535;
constexpr int end_literals = 5, no_match_near_end = 12;  // rules of the format for the end of a block

inline std::uint32_t load(const std::uint8_t *at) {
    std::uint32_t value;
    std::memcpy(&value, at, 4);
    return value;
}

// Lengths of 15 and more go on in bytes of 255.
inline std::uint8_t *put_length(std::uint8_t *out, int rest) {
    for (; rest >= 255; rest -= 255) *out++ = 255;
    *out++ = static_cast<std::uint8_t>(rest);
    return out;
}

// A run of literals, followed by a match of `match` bytes `offset` back (match 0: the last run).
inline std::uint8_t *put_sequence(std::uint8_t *out, const std::uint8_t *literals, int count, int offset, int match) {
    const int extra = match ? match - min_match : 0;
    *out++ = static_cast<std::uint8_t>((count < 15 ? count : 15) << 4 | (extra < 15 ? extra : 15));
    if (count >= 15) out = put_length(out, count - 15);
    std::memcpy(out, literals, count);
    out += count;
    if (!match) return out;
    *out++ = static_cast<std::uint8_t>(offset);
    *out++ = static_cast<std::uint8_t>(offset >> 8);
    return extra >= 15 ? put_length(out, extra - 15) : out;
}

}  // namespace lz4_block

// Bytes written to `target`, which must hold LZ4_compressBound(size).
inline int LZ4_compress_default(const char *source, char *target, int size, int) {
    using namespace lz4_block;
    const auto *in = reinterpret_cast<const std::uint8_t *>(source);
    auto *out = reinterpret_cast<std::uint8_t *>(target);
    std::vector<std::int32_t> last(1 << hash_bits, -window - 1);
    int done = 0, at = 0;
    while (at + no_match_near_end < size) {
        const std::uint32_t word = load(in + at);
        std::int32_t &seen = last[word * 2654435761u >> (32 - hash_bits)];
        const int candidate = seen;
        seen = at;
        if (candidate < 0 || at - candidate > window || load(in + candidate) != word) {
            at++;
            continue;
        }
        int match = min_match;
        while (at + match < size - end_literals && in[candidate + match] == in[at + match]) match++;
        out = put_sequence(out, in + done, at - done, at - candidate, match);
        at += match;
        done = at;
    }
    out = put_sequence(out, in + done, size - done, 0, 0);
    return static_cast<int>(reinterpret_cast<char *>(out) - target);
}
