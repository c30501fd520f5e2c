# SPDX-License-Identifier: Apache-2.0
"""Many programs in one natively built library: one start of the compiler instead of many."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

from edgemoe.compiler.frontend.source.structure import read_structure
from edgemoe.compiler.ir import RETURN
from edgemoe.compiler.native import _LANGUAGE, NativeKernel, _zig, preprocess
from edgemoe.compiler.native_source import rewrite, top_parameters

#: Nobody debugs these builds, and what a debugger wants is a third of their time.
_PLAIN = ["-O0", "-g0", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fno-stack-protector"]
#: The build that counts fills fresh variables with a pattern and stops at undefined behaviour; where something differs
#: from it, one with zeros tells whether the program is to blame. Checks that only an address can fail cost much code.
VARIANTS = {
    "pattern": [
        *_PLAIN,
        "-ftrivial-auto-var-init=pattern",
        "-DHLS_NATIVE_CHECKS",
        "-fsanitize=undefined",
        "-fno-sanitize=null,alignment,object-size,pointer-overflow,function",
        "-fsanitize-trap=undefined",
    ],
    "zero": [*_PLAIN, "-ftrivial-auto-var-init=zero", "-fno-sanitize=all"],
}


def build(tops: Sequence[str], folder: Path, include: Sequence[Path], variant: str) -> Path:
    """The shared library of ``folder/<top>.cpp`` for every top; raises CompileError."""
    flags = [*_LANGUAGE, *(f"-I{path}" for path in include), "-w"]
    options = VARIANTS[variant]
    flags += [o for o in options if o.startswith("-D")]
    lines = [f'#include "{(folder / top).resolve()}.cpp"' for top in tops]
    lines += ['#include "detail/native_call.h"', "static int selected = 0;"]
    lines += [
        "#pragma GCC visibility push(default)",
        'extern "C" void hls_native_select(int k) { selected = k; }',
    ]
    lines.append('extern "C" void hls_native_free(void* p) { free(p); }')
    lines += _switch("call(hls::native::argument* a, char* message, unsigned long size)",
                     [f'return hls::native::call<&{t}>(a, "{t}", message, size);' for t in tops])  # fmt: skip
    lines += _switch("describe(hls::native::argument* a)",
                     [f"if (a) hls::native::signature<decltype(&{t})>::describe(a); "
                      f"return hls::native::signature<decltype(&{t})>::arity;" for t in tops])  # fmt: skip
    text = rewrite(*preprocess("\n".join(lines) + "\n", flags, folder))
    for k, top in enumerate(tops):
        parameters = top_parameters(read_structure((folder / f"{top}.cpp").read_text()), top) or []
        names = "\\n".join([*(p.name for p in parameters), RETURN])
        text += f'static const char* names_{k} = "{names}";\n'
    text += 'extern "C" const char* hls_native_names() {\n  switch (selected) {\n'
    text += "".join(f"    case {k}: return names_{k};\n" for k in range(len(tops))) + '  }\n  return "";\n}\n'
    text += "#pragma GCC visibility pop\n"
    source = folder / f"all-{variant}.cpp"
    source.write_text(text)
    library = folder / f"all-{variant}.so"
    _zig(
        [
            *_LANGUAGE,
            "-w",
            *options,
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            "-o",
            str(library),
            str(source),
        ],
        "",
        source,
    )
    return library


def _switch(signature: str, bodies: Sequence[str]) -> list[str]:
    lines = [f'extern "C" int hls_native_{signature} {{', "  switch (selected) {"]
    lines += [f"    case {k}: {{ {body} }}" for k, body in enumerate(bodies)]
    return [*lines, "  }", "  return -1;", "}"]


class Selected(NativeKernel):
    """One of the programs of a library."""

    def __init__(self, library: Path, number: int) -> None:
        self._number = number
        self._select = ctypes.CDLL(str(library)).hls_native_select
        self._select(number)
        super().__init__(library)

    def run(self, *arguments, **options):  # type: ignore[no-untyped-def]
        self._select(self._number)
        return super().run(*arguments, **options)
