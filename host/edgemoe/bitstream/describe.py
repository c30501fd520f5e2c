# SPDX-License-Identifier: Apache-2.0
"""`python -m edgemoe.bitstream.describe`: write what bitstreams/ says of each board, from the compiler's report."""

from edgemoe import faults
from edgemoe.bitstream.folder import description_files
from edgemoe.config import BOARDS, write_if_changed
from edgemoe.kernels import hls_folder
from edgemoe.sim.build import compile_rtl


def main() -> None:
    """Write the files of every board."""
    for build in BOARDS.values():
        folder = hls_folder().parent / "bitstreams" / build.name
        for name, text in description_files(build, compile_rtl(build).report).items():
            write_if_changed(folder / name, text)


if __name__ == "__main__":
    faults.end(main)
