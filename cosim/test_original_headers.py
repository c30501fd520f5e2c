# SPDX-License-Identifier: Apache-2.0
"""The kernels under the vendor's own headers: ap_int and hls::stream as the ``hls4ml`` wheel carries them.

The kernels are plain Vitis C++, so g++ compiles them unchanged, and the golden model's results must come out; of the
walker its verdict, and the commands of the native build.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import kernels
from edgemoe import csim
from edgemoe.compiler.frontend.source.structure import read_structure
from edgemoe.compiler.native_source import Parameter, top_parameters
from edgemoe.kernels import include_folders, kernel_source
from test_changed import BUNDLES, module_of

#: The wheel has no bus master; this one reads from a memory in order, as its bursts are asked for.
BURST_MAXI = """#pragma once
#include <deque>
#include <vector>
namespace hls {
template <class T> class burst_maxi {
 public:
  std::vector<T>* memory;
  std::deque<T>* bursts;
  burst_maxi() : memory(new std::vector<T>), bursts(new std::deque<T>) {}
  void read_request(std::size_t offset, std::size_t length) {
    for (std::size_t i = 0; i < length; i++) bursts->push_back(memory->at(offset + i));
  }
  T read() {
    const T x = bursts->front();
    bursts->pop_front();
    return x;
  }
  void write_request(std::size_t, std::size_t) {}
  void write(const T&) {}
  void write_response() {}
};
}  // namespace hls
"""

#: The counter of clock cycles is our own; a native build has no clock.
CYCLE = """#pragma once
#include <ap_int.h>
namespace hls {
inline ap_uint<32> cycle_count() { return 0; }
}  // namespace hls
"""

#: The wheel has no header of DSP slices, which is the vendor's own: this one has what the kernels take of it.
DSP_BUILTINS = """#pragma once
#include <ap_int.h>
namespace hls {
namespace dsp48e2 {
using A_t = ap_int<27>;
using B_t = ap_int<18>;
using C_t = ap_int<48>;
struct R_t {
  C_t pcout;
};
constexpr long REG_A1 = 1, REG_B1 = 4, REG_M = 64, REG_C = 128, REG_P = 256;
template <long flags> C_t mul_add(A_t a, B_t b, C_t c) { return a * b + c; }
template <long flags> struct cascade {
  R_t mul_add(A_t a, B_t b, C_t c) { return {C_t(a * b + c)}; }
};
}  // namespace dsp48e2
}  // namespace hls
"""

HARNESS = """
#include <iostream>
#include <string>
template <class T> T parse(const std::string& hex) {
  T x = 0;
  for (char c : hex) x = T((x << 4) | T(c <= '9' ? c - '0' : c - 'a' + 10));
  return x;
}
template <class T> void feed(hls::stream<T>& to) {
  std::size_t count;
  std::cin >> count;
  for (std::string hex; count-- && std::cin >> hex;) to.write(parse<T>(hex));
}
template <class T> void feed(T& to) {
  std::string hex;
  std::cin >> hex;
  to = parse<T>(hex);
}
template <class T> void feed(hls::burst_maxi<T>& to) {
  std::size_t count;
  std::cin >> count;
  for (std::string hex; count-- && std::cin >> hex;) to.memory->push_back(parse<T>(hex));
}
template <class T> void show(const char* name, hls::stream<T>& from) {
  while (!from.empty()) {
    const T x = from.read();
    std::cout << name << " ";
    for (int i = T::width - 1; i >= 0; i--) std::cout << (x[i] ? 1 : 0);
    std::cout << "\\n";
  }
}
template <class T> void show(const char*, hls::burst_maxi<T>&) {}
template <int W> void show(const char* name, ap_uint<W>& x) {
  std::cout << name << " ";
  for (int i = W - 1; i >= 0; i--) std::cout << (x[i] ? 1 : 0);
  std::cout << "\\n";
}
int main() {
  for (int calls = 0; calls < CALLS; calls++) {
"""


def original_headers() -> Path:
    package = importlib.util.find_spec("hls4ml")
    assert package and package.submodule_search_locations
    return Path(package.submodule_search_locations[0]) / "templates" / "vivado" / "ap_types"


def program(source: Path, parameters: list[Parameter], top: str, inputs: set[str], count: int) -> str:
    """A main that reads calls from its standard input and prints every element of the other streams."""
    lines = ["#include <hls_burst_maxi.h>", f'#include "{source}"', HARNESS.replace("CALLS", str(count))]
    lines += [f"    {p.type.rstrip('& ')} {p.name};" for p in parameters]
    lines += [f"    feed({p.name});" for p in parameters if p.name in inputs]
    lines.append(f"    {top}({', '.join(p.name for p in parameters)});")
    lines += [f'    show("{p.name}", {p.name});' for p in parameters if p.name not in inputs]
    return "\n".join([*lines, '    std::cout << "end\\n";', "  }", "}", ""])


def standard_input(call: kernels.Call, parameters: list[Parameter], widths: dict[str, int]) -> str:
    lines = []
    memories = {BUNDLES[bundle]: data for bundle, data in call.memories.items()}
    for parameter in parameters:
        mask = (1 << widths[parameter.name]) - 1
        if parameter.name in memories:
            beats = kernels.beats(np.frombuffer(memories[parameter.name], np.int8).astype(np.int64), 8)
            lines += [str(len(beats)), *(f"{beat:x}" for beat in beats)]
        elif parameter.name in call.streams:
            values = call.streams[parameter.name]
            lines += [str(len(values)), *(f"{v & mask:x}" for v in values)]
        elif parameter.name in call.scalars:
            lines.append(f"{call.scalars[parameter.name] & mask:x}")
    return "\n".join(lines) + "\n"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="the original headers need g++")
@pytest.mark.parametrize(
    "name", ["gelu", "softmax", "layernorm", "linear", "attention", "experts", "embedding", "walker"]
)
def test_golden_results_under_the_original_headers(name: str, tmp_path: Path) -> None:
    top, source = f"{name}_kernel", kernel_source(name)
    ports = csim.kernel(name, kernels.build_config(), kernels.CACHE / "native", True).ports
    widths = {port.name: port.width for port in ports}
    parameters = top_parameters(read_structure(source.read_text()), top)
    assert parameters
    calls = [module_of(name).call(np.random.default_rng(seed)) for seed in range(200, 203)]
    given = {*calls[0].streams, *calls[0].scalars}
    (tmp_path / "hls_burst_maxi.h").write_text(BURST_MAXI)
    (tmp_path / "hls_cycle.h").write_text(CYCLE)
    (tmp_path / "hls_dsp_builtins.h").write_text(DSP_BUILTINS)
    (tmp_path / "main.cpp").write_text(program(source, parameters, top, given, len(calls)))
    include = [original_headers(), *include_folders(kernels.build_config(), tmp_path)[1:]]
    command = ["g++", "-std=c++20", "-O1", "-w", "-DNDEBUG", "-I.", *(f"-I{folder}" for folder in include)]
    subprocess.run([*command, "main.cpp", "-o", "main"], cwd=tmp_path, check=True)
    text = "".join(standard_input(call, parameters, widths) for call in calls)
    done = subprocess.run([tmp_path / "main"], input=text, capture_output=True, text=True, check=True)
    blocks = done.stdout.split("end\n")
    for seed, (call, block) in enumerate(zip(calls, blocks, strict=False), 200):
        outputs: dict[str, list[int | None]] = {name: [value] for name, value in call.want_outputs.items()}
        for stream, want in (call.want | outputs).items():
            lines = [line.split()[1] for line in block.splitlines() if line.split()[0] == stream]
            got = [int(bits, 2) for bits in lines]
            expected = kernels.unsigned(want, widths[stream])
            known = [g if w is not None else None for g, w in zip(got, expected, strict=True)]
            assert known == expected, f"{name}, seed {seed}: {stream} differs under the original headers"
