// SPDX-License-Identifier: Apache-2.0
// The part of zlib that Verilator's waveform writer names. compress2 only says how long stored data would be: the
// writer then takes the uncompressed bytes, since they are fewer.
#pragma once

#include <cstring>

using Bytef = unsigned char;
using uLong = unsigned long;
using uLongf = unsigned long;
constexpr int Z_OK = 0;

inline uLong compressBound(uLong size) { return size + 16; }

inline int compress2(Bytef *target, uLongf *target_size, const Bytef *source, uLong size, int) {
    std::memcpy(target, source, size);
    *target_size = size + 16;
    return Z_OK;
}
