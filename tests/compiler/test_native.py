# SPDX-License-Identifier: Apache-2.0
"""The native build: what it reports when a kernel cannot go on, and how a call is checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgemoe.compiler.errors import CompileError
from edgemoe.compiler.native import NativeError, NativeKernel, build_native, pack_elements, unpack_elements
from edgemoe.errors import UserError

SHIM = Path(__file__).resolve().parents[2] / "hls" / "shim"
HEADERS = "#include <ap_int.h>\n#include <hls_burst_maxi.h>\n#include <hls_stream.h>\n"


def kernel(tmp_path: Path, top: str, text: str, *, checks: bool = True) -> NativeKernel:
    source = tmp_path / f"{top}.cpp"
    source.write_text(HEADERS + text)
    return NativeKernel(build_native(source, top, include=[SHIM], out=tmp_path, checks=checks))


PAIR = """
static void produce(hls::stream<int>& a, hls::stream<int>& b, ap_uint<8> n) {
  for (int i = 0; i < n; i++) a.write(i);
  b.write(1);
}
static void consume(hls::stream<int>& a, hls::stream<int>& b, hls::stream<int>& out, ap_uint<8> n) {
  const int first = b.read();
  for (int i = 0; i < n; i++) out.write(a.read() + first);
}
void pair(hls::stream<int>& out, ap_uint<8> n) {
#pragma HLS DATAFLOW
  hls::stream<int> values, ready;
#pragma HLS STREAM variable=values depth = DEPTH type=fifo
  produce(values, ready, n);
  consume(values, ready, out, n);
}
"""


def test_deadlock_names_processes_and_streams(tmp_path: Path) -> None:
    """The consumer wants all values to have been written, which a shallow stream does not allow."""
    with pytest.raises(NativeError) as failure:
        kernel(tmp_path, "pair", PAIR.replace("DEPTH", "4")).run(scalars={"n": 9})
    message = str(failure.value)
    assert "deadlock" in message
    assert "'produce' waits to write to full stream 'values' (4 elements in it" in message
    assert "'consume' waits to read from empty stream 'ready'" in message


def test_deep_enough_stream_runs(tmp_path: Path) -> None:
    result = kernel(tmp_path, "pair", PAIR.replace("DEPTH", "9")).run(scalars={"n": 9})
    assert result.streams["out"] == list(range(1, 10))


def test_kernel_can_run_again_after_a_failure(tmp_path: Path) -> None:
    pair = kernel(tmp_path, "pair", PAIR.replace("DEPTH", "4"))
    with pytest.raises(NativeError):
        pair.run(scalars={"n": 9})
    assert pair.run(scalars={"n": 4}).streams["out"] == [1, 2, 3, 4]


COPY = """
void copy(hls::burst_maxi<ap_uint<32>> memory, ap_uint<32> first, ap_uint<32> words) {
#pragma HLS INTERFACE m_axi port=memory bundle=gmem0 offset=slave
  memory.read_request(first, words);
  memory.write_request(0, words);
  for (int i = 0; i < words; i++) memory.write(memory.read() + 1);
  memory.write_response();
}
"""


def test_memory_is_read_and_written_in_place(tmp_path: Path) -> None:
    data = np.arange(64, dtype=np.uint8)
    kernel(tmp_path, "copy", COPY).run(scalars={"first": 2, "words": 3}, memories={"memory": data})
    assert data[:16].tolist() == [9, 9, 10, 11, 13, 13, 14, 15, 17, 17, 18, 19, 12, 13, 14, 15]


def test_access_outside_memory_is_named(tmp_path: Path) -> None:
    with pytest.raises(NativeError, match=r"read of 'memory' at element 16 \(byte 64\) outside its 64 bytes"):
        kernel(tmp_path, "copy", COPY).run(
            scalars={"first": 14, "words": 3}, memories={"memory": np.zeros(64, np.uint8)}
        )


SHIFT = "void shift(ap_uint<8> x, ap_uint<8> n, ap_uint<8>& y) { y = x << n; }\n"


def test_checks_find_a_shift_by_the_width(tmp_path: Path) -> None:
    with pytest.raises(NativeError, match="shift by the width or more"):
        kernel(tmp_path, "shift", SHIFT).run(scalars={"x": 3, "n": 8})
    assert kernel(tmp_path, "shift", SHIFT, checks=False).run(scalars={"x": 3, "n": 8}).outputs == {"y": 0}


FAULTS = """void top(hls::stream<int>& in, hls::stream<int>& out, int way) {
  int a[4][8] = {};
  const int x = in.read();
  if (way == 0) out.write(a[1][x] + 1);
  if (way == 1) out.write(a[x][1]);
  if (way == 2) for (int i = 0; i <= x; i++) a[3][8 * i] = i;
  if (way == 3) out.write(1 << x);
  if (way == 4) out.write(7 >> x);
  if (way == 5) out.write(7 % x);
}
"""


def test_checks_tell_the_line_of_an_undefined_operation(tmp_path: Path) -> None:
    faulty = kernel(tmp_path, "top", FAULTS)
    for way, x, good, message in [
        (0, 8, 7, "7: index 8 is outside the array, which is 'int[8]'"),
        (1, -1, 3, "8: index -1 is outside the array, which is 'int[4][8]'"),
        (2, 1, 0, "9: index 8 is outside the array, which is 'int[8]'"),
        (3, 32, 31, "10: a shift of 'int' by 32"),
        (4, -2, 0, "11: a shift of 'int' by -2"),
        (5, 0, -1, "12: a division of 'int' by zero"),
    ]:
        with pytest.raises(NativeError) as caught:
            faulty.run({"in": [x]}, {"way": way})
        assert f"top.cpp:{message}" in str(caught.value)
        faulty.run({"in": [good]}, {"way": way})


def test_polling_for_ever_is_a_deadlock(tmp_path: Path) -> None:
    text = "void poll(hls::stream<int>& in) { int x; while (!in.read_nb(x)) {} }\n"
    with pytest.raises(NativeError, match="deadlock"):
        kernel(tmp_path, "poll", text).run({"in": []})
    assert kernel(tmp_path, "poll", text).run({"in": [5, 6]}).unread == {"in": 1}


def test_calls_are_checked(tmp_path: Path) -> None:
    shift = kernel(tmp_path, "shift", SHIFT)
    with pytest.raises(UserError, match="no argument z; it has n, x, y"):
        shift.run(scalars={"x": 1, "n": 1, "z": 1})
    with pytest.raises(UserError, match="argument n is missing"):
        shift.run(scalars={"x": 1})


def test_missing_top_and_errors_of_the_source(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="clang refused it"):
        kernel(tmp_path, "wrong", "void wrong(ap_uint<8> x, ap_uint<8>& y) { y = nothing; }\n")
    with pytest.raises(CompileError):
        kernel(tmp_path, "absent", SHIFT)


@pytest.mark.parametrize("width", [1, 7, 8, 9, 64, 65, 300])
def test_elements_pack_and_unpack(width: int) -> None:
    values = [0, 1, (1 << width) - 1, 1 << (width - 1), -1]
    want = [v % (1 << width) for v in values]
    assert unpack_elements(pack_elements(values, width), width) == want


def test_a_damaged_library_is_built_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The loader would end the interpreter with a bus error."""
    source = tmp_path / "pair.cpp"
    source.write_text(HEADERS + PAIR.replace("DEPTH", "9"))

    def build() -> Path:
        return build_native(source, "pair", include=[SHIM], out=tmp_path)

    library = build()
    assert capsys.readouterr().err == ""
    before = library.stat().st_mtime_ns
    assert build().stat().st_mtime_ns == before
    for content in (library.read_bytes()[:4096], b"", b"no library"):
        library.unlink()
        library.write_bytes(content)
        assert NativeKernel(build()).run(scalars={"n": 9}).streams["out"] == list(range(1, 10))
        assert f"note: {library} is damaged" in capsys.readouterr().err
    library.with_name(f"{library.name}.sha256").write_text("")
    assert NativeKernel(build()).ports
