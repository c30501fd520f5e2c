# SPDX-License-Identifier: Apache-2.0
"""ap_int and ap_fixed of ``hls/shim`` against the original headers, expression by expression.

Random expressions (widths, signs, shifts, ranges, rounding and overflow modes) are compiled once with our
headers by clang and once with the vendor's own, which the ``hls4ml`` wheel carries, by g++. Both print
width, sign and bits.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from edgemoe.compiler.frontend.clang import cache_environment

ROOT = Path(__file__).parents[2]
WIDTHS = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65, 90, 127, 128, 129, 200, 300]
ROUNDING = ["AP_RND", "AP_RND_ZERO", "AP_RND_MIN_INF", "AP_RND_INF", "AP_RND_CONV", "AP_TRN", "AP_TRN_ZERO"]
OVERFLOW = ["AP_SAT", "AP_SAT_ZERO", "AP_SAT_SYM", "AP_WRAP"]

HARNESS = """
#include <stdio.h>
typedef unsigned long long word;
static word state = SEED;
// Random words, extremes among them.
static word next_word() {
  state ^= state << 13; state ^= state >> 7; state ^= state << 17;
  const word kind = state >> 60;
  return kind == 0 ? 0 : kind == 1 ? ~0ull : kind == 2 ? 1ull << ((state >> 8) & 63) : state;
}
template <class T> T any() {
  const int word_bits = T::width > 64 ? 64 : 0;
  T x = next_word();
  for (int i = 64; i < T::width; i += 64) x = T(T(x << word_bits) | next_word());
  return x;
}
static void emit(bool x) { printf(" %d", x); }
static void emit(int x) { printf(" %d", x); }
static void emit(long long x) { printf(" %lld", x); }
template <int W, bool S> void emit(const ap_int_base<W, S>& x) {
  printf(" %d%c", W, S ? 's' : 'u');
  for (int i = 0; i < W; i++) putchar(x[i] ? '1' : '0');
}
"""


def integer_type(rng: random.Random, widths: list[int] = WIDTHS) -> tuple[str, int]:
    width = rng.choice(widths)
    return f"ap_{rng.choice(['u', ''])}int<{width}>", width


def integer_case(rng: random.Random) -> str:
    """One statement block over two or three random operands."""
    (ta, wa), (tb, wb), (tc, _wc) = integer_type(rng), integer_type(rng), integer_type(rng)
    lo = rng.randrange(wa)
    hi = rng.randrange(lo, wa)
    bit = rng.randrange(wa)
    small = rng.choice([-7, -1, 0, 1, 5, 100, 1 << 30])
    # Ours compare values. Theirs follow gcc's promotions when the signs differ, from 32 bits on.
    comparable = ("uint" in ta) == ("uint" in tb) or max(wa, wb) < 32
    forms = [
        *(f"a {op} b" for op in ["+", "-", "*", "&", "|", "^"] * 2),
        *(f"a {op} b" for op in ["<", "<=", ">", ">=", "==", "!="] if comparable),
        *(f"a {op} ({small})" for op in ["+", "-", "*", "&", "|", "^"]),
        *(f"a {op} ({small})" for op in ["<", ">=", "=="] if "uint" not in ta),
        *(f"({small}) {op} a" for op in ["+", "-", "*"]),
        *(f"a {op} {rng.randrange(wa)}" for op in ["<<", ">>"] * 2),
        f"a << ap_uint<{min(6, max(1, wa.bit_length() - 1))}>(b)",
        f"a >> ap_uint<{min(6, max(1, wa.bit_length() - 1))}>(b)",
        f"a >> ap_int<3>({rng.choice([-2, 1]) if wa > 3 else 0})",
        *(["-a", "~a", "+a", "!a"] if wa > 1 else ["~a", "!a"]),
        f"{tc}(a)",
        f"{tc}(a + b)",
        f"{tc}(a.range({hi}, {lo}))",
        f"ap_uint<{wa}>(a({hi}, {lo}))",
        f"ap_uint<{wa + wb}>((a, b))",
        "a.and_reduce()",
        "a.or_reduce()",
        *(["a.xor_reduce()"] if wa > 1 else []),
        "a.to_int()",
        f"bool(a[{bit}])",
    ]
    updates = [
        "a += b",
        "a -= b",
        "a *= b",
        f"a.range({hi}, {lo}) = b",
        f"a[{bit}] = b",
        "a++",
        "--a",
        f"(a, b) = any<ap_uint<{wa + wb}>>()",
        f"a <<= {rng.randrange(wa)}",
        "a &= b",
        "a = b",
    ]
    if rng.random() < 0.3:
        return f"{ta} a = any<{ta}>(); {tb} b = any<{tb}>(); {rng.choice(updates)}; emit(a); emit(b);"
    return f"{ta} a = any<{ta}>(); {tb} b = any<{tb}>(); emit({rng.choice(forms)});"


def division_case(rng: random.Random) -> str:
    """Quotients and remainders of one sign; the original takes mixed signs as unsigned, as C does."""
    narrow = [w for w in WIDTHS if w < 60]
    sign = rng.choice(["", "u"])
    ta, tb = (f"ap_{sign}int<{rng.choice(narrow)}>" for _ in range(2))
    divisor = f"(b == 0 ? {tb}(1) : b)"
    return f"{ta} a = any<{ta}>(); {tb} b = any<{tb}>(); emit(a / {divisor}); emit(a % {divisor});"


def fixed_type(rng: random.Random) -> tuple[str, int]:
    width = rng.choice([2, 5, 8, 13, 16, 24, 33, 48])
    integer = rng.randrange(-4, width + 5)
    modes = f"{rng.choice(ROUNDING)}, {rng.choice(OVERFLOW)}"
    return f"ap_{rng.choice(['u', ''])}fixed<{width}, {integer}, {modes}>", width


def fixed_case(rng: random.Random) -> str:
    (ta, wa), (tb, wb), (tc, _) = fixed_type(rng), fixed_type(rng), fixed_type(rng)
    (ti, _) = integer_type(rng, [1, 4, 8, 20, 40])
    forms = [
        *(f"a {op} b" for op in ["+", "-", "*"]),
        "a / b",
        *(f"{tc}(a {op} b)" for op in ["+", "-", "*"]),
        *[f"{tc}(a)"] * 8,
        f"{tc}(a + c)",
        f"{tc}(c)",
        *(f"a {op} b" for op in ["<", "<=", ">", ">=", "==", "!="] if ("u" in ta[:4]) == ("u" in tb[:4])),
        "-a",
        f"{ti}(a)",
        f"{tc}({rng.uniform(-40, 40)!r})",
        f"{tc}({rng.choice([0.5, -0.5, 1.5, 2.5, -1.5, 0.25, 1e9, -1e9, 0.0])!r})",
    ]
    form = rng.choice(forms)
    operands = (
        f"{ta} a; raw(a, any<ap_uint<{wa}>>()); {tb} b; raw(b, any<ap_uint<{wb}>>()); {ti} c = any<{ti}>();"
    )
    return f"{operands} {'if (b != 0) ' if '/' in form else ''}emit({form});"


OURS_FIXED = """
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O> void emit(const ap_fixed_base<W, I, S, Q, O>& x) {
  printf(" %d", I); emit(x.bits());
}
template <class T, int W> void raw(T& to, const ap_uint<W>& x) { to.set_range(x); }
"""
THEIRS_FIXED = """
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
void emit(const ap_fixed_base<W, I, S, Q, O, N>& x) {
  ap_int_base<W, S> bits; bits.V = x.V; printf(" %d", I); emit(bits);
}
template <class T, int W> void raw(T& to, const ap_uint<W>& x) { to.range(W - 1, 0) = x; }
"""


def run_both(tmp_path: Path, header: str, cases: list[str], seed: int, ours: str, theirs: str) -> None:
    """Compiles and runs the cases with both headers and compares the output line by line."""
    functions = "".join(f"static void case_{k}() {{ {text} }}\n" for k, text in enumerate(cases))
    calls = "".join(f'printf("{k}:"); case_{k}(); puts("");\n' for k in range(len(cases)))
    main = f"int main() {{ for (int round = 0; round < 12; round++) {{\n{calls} }} }}\n"
    fail = "namespace hls::native { void fail(const char* f, ...) { puts(f); __builtin_trap(); } }\n"
    body = HARNESS.replace("SEED", f"{seed * 2 + 1}ull * 88172645463325252ull")
    (tmp_path / "ours.cpp").write_text(f'#include "{header}"\n{body}{ours}{fail}{functions}{main}')
    (tmp_path / "theirs.cpp").write_text(f'#include "{header}"\n{body}{theirs}{functions}{main}')
    package = find_spec("hls4ml")
    assert package and package.submodule_search_locations
    original = Path(package.submodule_search_locations[0]) / "templates/vivado/ap_types"
    clang = [sys.executable, "-m", "ziglang", "cc", "-std=c++20", "-O1", "-fno-sanitize=all"]
    clang += [f"-I{ROOT / 'hls/shim'}", "ours.cpp", "-o", "ours"]
    subprocess.run(clang, cwd=tmp_path, env=cache_environment(), check=True)
    gcc = ["g++", "-std=c++17", "-O0", "-w", "-DNDEBUG", f"-I{original}", "theirs.cpp", "-o", "theirs"]
    subprocess.run(gcc, cwd=tmp_path, check=True)
    a, b = (
        subprocess.run([tmp_path / name], capture_output=True, text=True, check=True).stdout.splitlines()
        for name in ("ours", "theirs")
    )
    assert len(a) == len(b)
    for got, want in zip(a, b, strict=True):
        case = int(want.split(":")[0])
        assert got == want, f"seed {seed}, case {case}: {cases[case]}\n  ours   {got}\n  theirs {want}"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="the original headers need g++")
@pytest.mark.parametrize("seed", [1])
def test_integers_as_the_original(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    cases = [integer_case(rng) for _ in range(130)] + [division_case(rng) for _ in range(20)]
    run_both(tmp_path, "ap_int.h", cases, seed, "", "")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="the original headers need g++")
@pytest.mark.parametrize("seed", [1])
def test_fixed_point_as_the_original(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    run_both(tmp_path, "ap_fixed.h", [fixed_case(rng) for _ in range(120)], seed, OURS_FIXED, THEIRS_FIXED)
