# SPDX-License-Identifier: Apache-2.0
"""Calls of PYNQ's documented interface, and what each gives on the simulated board, release by release.

The table is run by `test_calls.py` and printed into `docs/reference/pynq.md` by `python calls.py`. Names in the
code: see `test_calls.py`. What is expected is an expression over the result `_` that must be true, or
`Raises(error, words)`: the error that PYNQ itself raises on a board for the same call.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "pynq.md"
BEGIN, END = "<!-- table: pynq -->", "<!-- end -->"
RELEASES = ("3.0.1", "3.1.2", "4.0.0")
OLD, NEW = ("3.0.1", "3.1.2"), ("4.0.0",)


@dataclass(frozen=True)
class Raises:
    """An error of this type whose text has these words."""

    error: str
    words: str = ""

    def __str__(self) -> str:
        return f"{self.error}: {self.words}" if self.words else self.error


Expected = str | Raises


@dataclass(frozen=True)
class Call:
    """One call: Python code whose last line is an expression, and what comes of it."""

    code: str
    expected: Expected
    note: str = ""
    but: dict[str, Expected] = field(default_factory=dict)
    """Release -> what is expected of it, where it differs."""

    def of(self, release: str) -> Expected:
        """What is expected of a release."""
        return self.but.get(release, self.expected)


def in_releases(releases: tuple[str, ...], expected: Expected) -> dict[str, Expected]:
    """For `Call.but`: the same in several releases."""
    return dict.fromkeys(releases, expected)


DEFECT = "PYNQ itself has it wrong"
BOARD = "a partial bitstream needs a board"
NO_DTBO = "there is no operating system to tell"

CALLS: dict[str, tuple[Call, ...]] = {
    "Overlay": (
        Call("Overlay(bit)", "_.is_loaded()"),
        Call("Overlay(bit, download=False)", "_.timestamp == ''"),
        Call(
            "Overlay(bit, download=False).is_loaded()",
            "_ is True",
            "PYNQ compares names until there is a timestamp",
        ),
        Call("Overlay(bit, ignore_version=True)", "_.ignore_version"),
        Call("Overlay(bit, device=Device.active_device)", "_.device is Device.active_device"),
        Call("Overlay(bit, gen_cache=True)", "_.is_loaded()", "nothing is cached"),
        Call("Overlay(bit, dtbo='none.dtbo')", Raises("OSError", "DTBO file none.dtbo does not exist")),
        Call("Overlay('none.bit')", Raises("OSError", "Bitstream file none.bit does not exist")),
        Call("Overlay(Path(bit))", Raises("TypeError", "Bitstream name has to be a string")),
        Call("Overlay(bit, False)", Raises("TypeError")),
        Call("overlay.bitfile_name", "_ == bit"),
        Call("overlay.dtbo", "_ is None"),
        Call("overlay.partial", "_ is False"),
        Call("overlay.bit_data", "_ == {}"),
        Call("overlay.binfile_name", "_ == ''", "no file of firmware is written"),
        Call("overlay.firmware_path", "_ == ''", "no file of firmware is written"),
        Call("overlay.timestamp", "len(_) > 10 and _ == PL.timestamp"),
        Call("overlay.device", "_ is Device.active_device"),
        Call("overlay.parser", "_.ip_dict.keys() == overlay.ip_dict.keys()"),
        Call("overlay.systemgraph", "_ is not None"),
        Call("overlay.ignore_version", "_ is False"),
        Call("overlay.pr_dict", "_ == {}"),
        Call("list(overlay.ip_dict)", "'copier_0' in _ and 'axi_intc_0' in _"),
        Call("overlay.ip_dict['copier_0']['phys_addr']", "_ == 0xA0000000"),
        Call("overlay.ip_dict['copier_0']['addr_range']", "_ == 0x10000"),
        Call("overlay.ip_dict['copier_0']['type']", "_ == 'tests:hls:copier:1.0'"),
        Call("overlay.ip_dict['copier_0']['state']", "_ is None"),
        Call("overlay.ip_dict['copier_0']['registers']['beats']['address_offset']", "_ == 0x28"),
        Call("overlay.ip_dict['copier_0']['interrupts']", "'interrupt' in _"),
        Call("overlay.ip_dict['copier_0']['gpio']", "_ == {}"),
        Call("overlay.ip_dict['copier_0']['parameters']", "'C_S_AXI_CONTROL_BASEADDR' in _"),
        Call("overlay.ip_dict['copier_0']['fullpath']", "_ == 'copier_0'"),
        Call("overlay.ip_dict['none']", Raises("KeyError", "none")),
        Call("repr(overlay.ip_dict)", "'copier_0' in _"),
        Call("list(overlay.mem_dict)", "_ == ['PSDDR']"),
        Call("overlay.mem_dict['PSDDR']['type']", "_ == 'MEM_DDR4'"),
        Call("overlay.PSDDR.allocate((4,), 'u4')", "_.shape == (4,)"),
        Call("overlay.hierarchy_dict", "_ == {}"),
        Call("list(deep.hierarchy_dict)", "_ == ['block']"),
        Call("overlay.gpio_dict", "_ == {}"),
        Call("overlay.interrupt_controllers['axi_intc_0']", "(_['parent'], _['index']) == ('', 0)"),
        Call("overlay.interrupt_pins['copier_0/interrupt']['index']", "_ == 0"),
        Call("overlay.clock_dict[0]['enable']", "_ == 1"),
        Call("overlay.clock_dict[0]['divisor0']", "_ == 6"),
        Call("overlay.copier_0", "type(_) is DefaultIP"),
        Call("overlay.none", Raises("AttributeError", "Could not find IP or hierarchy none in overlay")),
        Call("getattr(overlay, 'none', 3)", "_ == 3"),
        Call("dir(overlay)", "'copier_0' in _ and 'download' in _"),
        Call(
            "overlay.__doc__", "'copier_0             : pynq.overlay.DefaultIP' in _", "what `overlay?` shows"
        ),
        Call("overlay.is_loaded()", "_ is True"),
        Call("overlay.download()", "_ is None and overlay.is_loaded()"),
        Call("overlay.download('none.dtbo')", Raises("OSError", "DTBO file none.dtbo does not exist")),
        Call("overlay.reset()", "_ is None and overlay.is_loaded()"),
        Call("overlay.free()", "_ is None"),
        Call("overlay.gen_cache()", "_ is None", "nothing is cached"),
        Call(
            "overlay.load_ip_data('copier_0', words)",
            Raises("KeyError", "base_address"),
            DEFECT,
            {"3.0.1": Raises("DeviceError", "Nothing answers at address 0x10000")},
        ),
        Call("overlay.load_ip_data('PSDDR', words)", Raises("KeyError", "PSDDR"), DEFECT),
        Call(
            "overlay.load_ip_data('copier_0', 'none.bin')",
            Raises("KeyError", "base_address"),
            DEFECT,
            {"3.0.1": Raises("FileNotFoundError", "none.bin")},
        ),
        Call("overlay.load_ip_data('none', words)", Raises("UnboundLocalError")),
        Call("overlay.insert_dtbo()", Raises("ValueError", "DTBO path has to be specified")),
        Call("overlay.insert_dtbo('none.dtbo')", Raises("OSError", "DTBO file none.dtbo does not exist")),
        Call("overlay.insert_dtbo(dtbo)", "'copier' in PL.devicetree_dict", NO_DTBO),
        Call(
            "overlay.insert_dtbo(dtbo)\noverlay.remove_dtbo()", "'copier' not in PL.devicetree_dict", NO_DTBO
        ),
        Call("overlay.remove_dtbo()", Raises("AttributeError", "split")),
        Call(
            "overlay.pr_download('none', bit)",
            Raises("AttributeError", "Could not find IP or hierarchy none"),
        ),
        Call("deep.pr_download('block', bit)", Raises("UserError", "is a partial bitstream"), BOARD),
        Call(
            "other = Overlay(deep_bit)\noverlay.copier_0",
            Raises("RuntimeError", "Overlay not currently loaded"),
        ),
        Call("other = Overlay(deep_bit)\noverlay.is_loaded()", "_ is False"),
        Call(
            "Overlay(bitfile_name=bit, dtbo=None, download=True, ignore_version=False, device=None)",
            "_.is_loaded()",
        ),
        Call("Overlay('')", Raises("OSError", "does not exist")),
        Call("Overlay(None)", Raises("TypeError", "Bitstream name has to be a string")),
        Call(
            "Overlay(bit.replace('.bit', '.hwh'))",
            Raises("UserError", "Unknown file format"),
            "on a board a RuntimeError",
        ),
        Call("overlay['copier_0']", Raises("TypeError", "not subscriptable")),
        Call("len(overlay.ip_dict)", "_ == 3"),
        Call("overlay.ip_dict._repr_json_()[0]", "'copier_0' in _", "what a notebook shows"),
        Call("overlay.ip_dict['copier_0']['driver']", "_ is DefaultIP"),
        Call(
            "overlay.ip_dict['copier_0']['registers']['CTRL']['fields']['AP_START']['bit_offset']", "_ == 0"
        ),
        Call("overlay.ip_dict['axi_intc_0']['type']", "_.startswith('xilinx.com:ip:axi_intc:')"),
        Call("overlay.axi_intc_0.register_map.MER", "type(_).__name__ == 'RegisterMER'"),
        Call("overlay.axi_intc_0.register_map.IPR.INT", "_ == 0"),
        Call(
            "overlay.zynq_ultra_ps_e_0",
            Raises("KeyError", "phys_addr"),
            "a processing system has no registers",
        ),
        Call(
            "overlay.PSDDR.size, overlay.PSDDR.mem_used, overlay.PSDDR.num_buffers",
            "_[0] == 256 << 20 and _[1] >= 64 and _[2] >= 1",
        ),
        Call("other = Overlay(bit)\noverlay.is_loaded()", "_ is False", "the same bitstream, loaded anew"),
        Call("other = Overlay(bit)\nip.read()", "_ == 4"),
        Call("overlay.download()\nip.read(0x28)", "_ == 0", "its registers are as after power-on"),
        Call("del overlay.copier_0", Raises("AttributeError", "copier_0")),
        Call("Overlay(zynq7_bit).copier_0.read()", "_ == 4"),
    ),
    "Bitstream": (
        Call("Bitstream(bit)", "_.bitfile_name == bit and _.timestamp == ''"),
        Call("Bitstream(bit).download()", "PL.bitfile_name == bit"),
        Call("Bitstream('none.bit')", Raises("OSError", "Bitstream file none.bit does not exist")),
        Call("Bitstream(3)", Raises("TypeError", "Bitstream name has to be a string")),
        Call("Bitstream(bit, partial=True).partial", "_ is True"),
        Call("Bitstream(bit, partial=True).download()", Raises("UserError", "is a partial bitstream"), BOARD),
        Call("Bitstream(bit, dtbo='none.dtbo')", Raises("OSError", "DTBO file none.dtbo does not exist")),
        Call("Bitstream(bit, None, False, Device.active_device).device", "_ is Device.active_device"),
        Call("Bitstream(bit).remove_dtbo()", Raises("AttributeError", "split")),
        Call("Bitstream(bit).insert_dtbo()", Raises("ValueError", "DTBO path has to be specified")),
    ),
    "allocate": (
        Call("allocate(16)", "_.shape == (16,) and _.dtype == np.uint32"),
        Call("allocate((3, 5), np.int8)", "_.shape == (3, 5) and _.nbytes == 15"),
        Call("allocate(shape=(4,), dtype='f4')", "_.dtype == np.float32"),
        Call("allocate([2, 3], 'i2')", "_.shape == (2, 3)"),
        Call("allocate((2,), dtype=[('re', 'f4'), ('im', 'f4')])", "_.dtype.names == ('re', 'im')"),
        Call("allocate(4, 'u4', Device.active_device)", "_.device is Device.active_device"),
        Call("allocate(4, target=Device.active_device)", "_.size == 4"),
        Call("allocate(4, target=overlay.PSDDR)", "_.size == 4"),
        Call(
            "allocate(4, cacheable=False)",
            "_.cacheable and not _.coherent",
            "one copy for both; the attributes are a board's",
        ),
        Call("allocate(4, cacheable=1)", "_.cacheable and not _.coherent"),
        Call("allocate(4, nonsense=1)", Raises("TypeError", "nonsense")),
        Call("allocate(4, 'nonsense')", Raises("UserError", "nonsense"), "on a board a TypeError of NumPy"),
        Call(
            "allocate(1 << 40)",
            Raises("DeviceError", "simulated memory is full"),
            "on a board a RuntimeError",
        ),
        Call("allocate(4, target=3)", Raises("AttributeError", "allocate")),
        Call("allocate(0)", "_.nbytes == 0"),
        Call("Device.active_device.allocate((4,), 'u4')", "_.size == 4"),
        Call("allocate(np.int64(4))", "_.shape == (4,)"),
        Call("allocate(())", "_.shape == () and _.nbytes == 4"),
        Call("allocate((2, 3, 4), complex)", "_.nbytes == 2 * 3 * 4 * 16"),
        Call("allocate(4, '>u4')", "_.dtype == np.dtype('>u4')"),
        Call("allocate()", Raises("TypeError", "shape")),
        Call(
            "allocate(-1)", Raises("UserError", "sizes are 0 or more"), "on a board an error of NumPy or XRT"
        ),
        Call("allocate(4, coherent=True)", Raises("TypeError", "coherent")),
        Call("b = allocate(4)\ndel b\nallocate(4).size", "_ == 4"),
    ),
    "PynqBuffer": (
        Call("buffer.physical_address", "_ == buffer.device_address"),
        Call("buffer.device_address", "_ % 4096 == 0"),
        Call("buffer.virtual_address", "_ == buffer.ctypes.data"),
        Call("buffer.coherent", "_ is False"),
        Call("buffer.cacheable", "_ is True"),
        Call("buffer.device", "_ is Device.active_device"),
        Call("buffer.offset", "_ == 0"),
        Call("buffer.bo", "_ is not None"),
        Call("buffer.flush()", "_ is None"),
        Call("buffer.invalidate()", "_ is None"),
        Call("buffer.sync_to_device()", "_ is None"),
        Call("buffer.sync_from_device()", "_ is None"),
        Call("buffer.freebuffer()", "_ is None"),
        Call("buffer.freebuffer()\nbuffer.freebuffer()", "_ is None"),
        Call("buffer.close()", "_ is None", "a DeprecationWarning"),
        Call("with allocate(4) as inside:\n    inside[:] = 1\ninside.sum()", "_ == 4"),
        Call("buffer[1]", "_.device_address == buffer.device_address + 16 and _.shape == (8,)"),
        Call("buffer[1:3, 2:4]", "_.physical_address == buffer.physical_address + 20"),
        Call("buffer[2:].flush()", "_ is None"),
        Call("buffer[1].offset", "_ == 16"),
        Call("buffer.reshape(32)", "_.device_address == buffer.device_address"),
        Call("buffer.view(np.int8)", "_.shape == (4, 16) and _.device_address == buffer.device_address"),
        Call("buffer.T.device_address", "_ == buffer.device_address"),
        Call("buffer.ravel().device_address", "_ == buffer.device_address"),
        Call("buffer[:] = 3\nbuffer.sum()", "_ == 96"),
        Call("buffer.fill(2)\nbuffer.max()", "_ == 2"),
        Call("buffer + 1", "_.dtype == np.uint16"),
        Call("buffer.copy()", "(_ == buffer).all()"),
        Call("np.copyto(buffer, 7)\nbuffer.min()", "_ == 7"),
        Call("np.asarray(buffer)", "type(_) is np.ndarray and np.shares_memory(_, buffer)"),
        Call("np.array(buffer)", "not np.shares_memory(_, buffer)"),
        Call("bytes(buffer)[:4]", "_ == bytes([0, 0, 1, 0])"),
        Call("memoryview(buffer).nbytes", "_ == 64"),
        Call("buffer.tobytes() == np.asarray(buffer).tobytes()", "_ is True"),
        Call("isinstance(buffer, np.ndarray)", "_ is True"),
        Call("pickle.loads(pickle.dumps(buffer))", "(np.asarray(_) == buffer).all()", "a plain copy"),
        Call("copy.deepcopy(buffer)", "(np.asarray(_) == buffer).all()"),
        Call(
            "(buffer + 1).flush()",
            Raises("DeviceError", "not a part of its buffer"),
            "on a board it would write back other memory",
        ),
        Call(
            "buffer.freebuffer()\nbuffer.flush()",
            Raises("DeviceError", "was freed"),
            "on a board it would be memory of someone else",
        ),
        Call("buffer.physical_address = 3", Raises("AttributeError")),
        Call("buffer[::2].device_address", "_ == buffer.device_address"),
        Call("buffer[::-1].device_address", "_ == buffer.device_address + 48"),
        Call("buffer[:, ::2].flush()", "_ is None"),
        Call("buffer[0:0].flush()", "_ is None"),
        Call("buffer.sum(axis=0).tolist()", "_ == [48, 52, 56, 60, 64, 68, 72, 76]"),
        Call("buffer @ buffer.T", "_.shape == (4, 4)"),
        Call("buffer[buffer > 29].tolist()", "_ == [30, 31]"),
        Call("np.frombuffer(buffer, np.uint8).size", "_ == 64"),
        Call("np.add(buffer, 1, out=buffer)\nbuffer[0, 0]", "_ == 1"),
        Call("buffer.resize(64)", Raises("ValueError", "cannot resize")),
        Call("MMIO(buffer.device_address, 64).write(0, 5)\nbuffer.invalidate()\nbuffer[0, 0]", "_ == 5"),
    ),
    "MMIO": (
        Call("MMIO(0xA0000000)", "_.length == 4"),
        Call("MMIO(0xA0000000, 0x100)", "(_.base_addr, _.length) == (0xA0000000, 0x100)"),
        Call("MMIO(0xA0000000, 16, device=Device.active_device)", "_.device is Device.active_device"),
        Call("MMIO(-4, 16)", Raises("ValueError", "Base address or length cannot be negative")),
        Call("MMIO(0xA0000000, -1)", Raises("ValueError", "Base address or length cannot be negative")),
        Call("MMIO(0xA0000000, 16, debug=True)", "_.length == 16", "a DeprecationWarning"),
        Call("mmio.read()", "_ == 4"),
        Call("mmio.read(0x28)", "_ == 0x12345678"),
        Call("mmio.read(0x28, 1)", "_ == 0x78"),
        Call("mmio.read(0x28, 2)", "_ == 0x5678"),
        Call("mmio.read(0x28, 4)", "_ == 0x12345678"),
        Call("mmio.read(0x10, 8)", "_ == 0x1_0000_0002"),
        Call("mmio.read(0x10, 8, 'little')", "_ == 0x1_0000_0002"),
        Call("mmio.read(0x10, 8, word_order='big')", "_ == 0x2_0000_0001"),
        Call(
            "mmio.read(0x10, length=8, word_order='middle')",
            Raises("ValueError", "only supports big and little endian"),
        ),
        Call("mmio.read(0x10, 3)", Raises("ValueError", "1, 2, 4 and 8-byte reads")),
        Call("mmio.read(-4)", Raises("ValueError", "Offset cannot be negative")),
        Call("mmio.read(2)", Raises("MemoryError", "Unaligned read")),
        Call("mmio.read(0x100)", Raises("IndexError")),
        Call("mmio.write(0x28, 7)\nmmio.read(0x28)", "_ == 7"),
        Call("mmio.write(0x28, b'\\1\\0\\0\\0')\nmmio.read(0x28)", "_ == 1"),
        Call("mmio.write(0x10, bytes(range(8)))\nmmio.read(0x10, 8)", "_ == 0x0706050403020100"),
        Call("mmio.write(0x28, b'123')", Raises("MemoryError", "data length must be multiple of 4")),
        Call("mmio.write(0x28, 1.5)", Raises("ValueError", "Data type must be int or bytes")),
        Call("mmio.write(0x28, np.uint32(1))", Raises("ValueError", "Data type must be int or bytes")),
        Call("mmio.write(2, 1)", Raises("MemoryError", "Unaligned write")),
        Call("mmio.write(-4, 1)", Raises("ValueError", "Offset cannot be negative")),
        Call("mmio.write(0x100, 1)", Raises("IndexError")),
        Call("mmio.write_mm(0x28, 5)\nmmio.read(0x28)", "_ == 5"),
        Call("mmio.write_reg(0x28, 5)\nmmio.read(0x28)", "_ == 5"),
        Call("mmio.array[10]", "_ == 0x12345678"),
        Call("mmio.array[10] = 9\nmmio.read(0x28)", "_ == 9"),
        Call("mmio.array.shape", "_ == (64,)"),
        Call("mmio.array.dtype", "_ == np.uint32"),
        Call("mmio.array[4:6].view('u8')[0]", "_ == 0x1_0000_0002"),
        Call("len(mmio.array)", "_ == 64"),
        Call("np.array(mmio.array[10:12]).tolist()", "_[0] == 0x12345678"),
        Call(
            "buffer.flush()\nMMIO(buffer.physical_address, 64).read(4)",
            "_ == 0x30002",
            "DRAM past the caches",
        ),
        Call(
            "MMIO(0xB0000000, 16).read()",
            Raises("DeviceError", "Nothing answers at address 0xb0000000"),
            "on a board the bus hangs or the program is killed",
        ),
        Call(
            "mmio.write(offset=0x28, data=3)\nmmio.read(offset=0x28, length=4, word_order='little')", "_ == 3"
        ),
        Call("mmio.write(0x28, -2)\nmmio.read(0x28)", "_ == 0xFFFFFFFE"),
        Call("mmio.read(1.5)", Raises("TypeError")),
        Call("mmio.read(0x28, 0)", Raises("ValueError", "1, 2, 4 and 8-byte reads")),
        Call("mmio.array[10] |= 1\nmmio.read(0x28)", "_ == 0x12345679"),
        Call("mmio.array[[0, 10]].tolist()", "_ == [4, 0x12345678]"),
        Call("mmio.array[10:11].byteswap()[0]", "_ == 0x78563412"),
        Call(
            "mmio.array.view('u1')",
            Raises("TypeError", "4 or 8 bytes"),
            "on a board accesses to single bytes",
        ),
    ),
    "DefaultIP": (
        Call("ip.read(0x28)", "_ == 0x12345678"),
        Call("ip.read()", "_ == 4"),
        Call("ip.write(0x28, 3)\nip.read(0x28)", "_ == 3"),
        Call("ip.mmio", "type(_) is MMIO and _.base_addr == 0xA0000000"),
        Call("ip.device", "_ is Device.active_device"),
        Call("ip.interrupt", "type(_) is Interrupt"),
        Call("ip.signature", "_ is None", "only cards with XRT have calls"),
        Call("ip.call()", Raises("AttributeError", "call")),
        Call("ip.start()", Raises("AttributeError", "start")),
        Call("ip.start_sw()", Raises("AttributeError", "start_sw")),
        Call("ip.start_ert()", Raises("AttributeError", "start_ert")),
        Call("DefaultIP(overlay.ip_dict['copier_0']).read()", "_ == 4"),
        Call(
            "DefaultIP({'phys_addr': 0xA0000000, 'addr_range': 64}).register_map",
            Raises("AttributeError", "register_map only available if the .hwh is provided"),
        ),
        Call("DefaultIP({})", Raises("KeyError", "phys_addr")),
        Call(
            "class Mine(DefaultIP):\n    bindto = ['tests:hls:copier:1.0']\nOverlay(bit).copier_0",
            "type(_) is Mine",
        ),
        Call(
            "class Mine(DefaultIP):\n    bindto = ['tests:hls:copier:0.9']\n"
            "Overlay(bit, ignore_version=True).copier_0",
            "type(_) is Mine",
        ),
        Call(
            "class Mine(DefaultIP):\n    bindto = ['tests:hls:copier:0.9']\nOverlay(bit).copier_0",
            "type(_) is DefaultIP",
            "a UserWarning",
        ),
        Call(
            "class Mine(DefaultIP):\n    bindto = ['tests:hls:copier:1.0']\nMine.unregister()\n"
            "Overlay(bit).copier_0",
            "type(_) is DefaultIP",
        ),
        Call(
            "class Mine(DefaultIP):\n    bindto = ['tests:hls:copier:1.0']\n"
            "    def __init__(self, description):\n        raise UnsupportedConfiguration('no')\n"
            "Overlay(bit).copier_0",
            "type(_) is DefaultIP",
            "a UserWarning",
        ),
        Call("ip.read(offset=0x28)", "_ == 0x12345678"),
        Call("ip.write(offset=0x28, value=2)\nip.read(0x28)", "_ == 2"),
        Call("ip.write(0x28, -1)\nip.read(0x28)", "_ == 0xFFFFFFFF"),
        Call("ip.write(0x28, 1.0)", Raises("ValueError", "Data type must be int or bytes")),
        Call("ip.read(0x20000)", Raises("IndexError")),
        Call("ip is overlay.copier_0", "_ is True"),
        Call(
            "import threading\nseen = []\nt = threading.Thread(target=lambda: seen.append(ip.read(0x28)))\n"
            "t.start()\nt.join()\nseen",
            "_ == [0x12345678]",
        ),
    ),
    "register_map": (
        Call("ip.register_map", "type(_).__name__ == 'RegisterMapcopier_0'"),
        Call("repr(ip.register_map)", "'AP_IDLE=1' in _"),
        Call("dir(ip.register_map)", "'CTRL' in _"),
        Call("ip.register_map.CTRL", "int(_) == 4"),
        Call("ip.register_map.CTRL.AP_IDLE", "_ == 1"),
        Call("ip.register_map.CTRL[2]", "_ == 1"),
        Call("ip.register_map.CTRL[3:0]", "_ == 4"),
        Call("ip.register_map.beats = 5\nint(ip.register_map.beats)", "_ == 5"),
        Call("ip.register_map.beats.beats = 6\nip.read(0x28)", "_ == 6"),
        Call("ip.register_map.beats[7:4] = 0xA\nip.read(0x28)", "_ == 0x123456A8"),
        Call("ip.register_map.beats[0] = 1\nip.read(0x28)", "_ == 0x12345679"),
        Call("str(ip.register_map.beats)", "_ == '0x12345678'"),
        Call("repr(ip.register_map.beats)", "_ == 'Register(beats=305419896)'"),
        Call("ip.register_map.beats.address", "_ == 0x28"),
        Call("ip.register_map.beats.width", "_ == 32"),
        Call("ip.register_map.none", Raises("AttributeError", "none")),
        Call("ip.register_map.beats = 1 << 32", Raises("ValueError", "Slicing range cannot represent value")),
        Call("ip.register_map.CTRL.AP_DONE = 1", Raises("AttributeError")),
        Call("hex(ip.register_map.beats)", "_ == '0x12345678'"),
        Call(
            "ip.register_map.src_1 = 1 << 32",
            Raises("ValueError", "Slicing range cannot represent value"),
            "the low word only: `address & 0xFFFFFFFF`",
        ),
        Call(
            "address = 0x9_8765_4320\n"
            "ip.register_map.src_1, ip.register_map.src_2 = address & 0xFFFFFFFF, address >> 32\n"
            "mmio.read(0x10, 8)",
            "_ == 0x9_8765_4320",
        ),
        Call("ip.register_map.beats = np.uint32(7)\nip.read(0x28)", "_ == 7"),
        Call("ip.register_map.beats = -1\nip.read(0x28)", "_ == 0xFFFFFFFF"),
        Call("ip.register_map.beats = 'a'", Raises("TypeError")),
        Call("ip.register_map.CTRL.none", Raises("AttributeError", "none")),
        Call("ip.register_map.GIER.Enable = 1\nip.register_map.GIER.Enable", "_ == 1"),
        Call("ip.register_map.IP_IER.CHAN0_INT_EN = 1\nip.read(0x08)", "_ == 1"),
        Call("ip.register_map.CTRL.__doc__", "_ == 'Control signals'"),
        Call(
            "deep.block.copier_0.register_map.beats = 3\nint(deep.block.copier_0.register_map.beats)",
            "_ == 3",
        ),
    ),
    "Register": (
        Call("Register(0xA0000028)[:]", "_ == 0x12345678"),
        Call("Register(0xA0000010, 64)[:]", "_ == 0x1_0000_0002"),
        Call("Register(0xA0000010, 64)[35:32]", "_ == 1"),
        Call("Register(0xA0000028)[31:16]", "_ == 0x1234"),
        Call("Register(0xA0000028)[16:31:1]", "_ == 0x2C48", "the bits reversed"),
        Call("r = Register(0xA0000028)\nr[:] = 1\nip.read(0x28)", "_ == 1"),
        Call("Register(0xA0000028, 16)", Raises("ValueError", "Supported register width is 32 or 64")),
        Call("Register(0xA0000028)[32:0]", Raises("ValueError", "Slicing endpoint 32 not in range")),
        Call("Register(0xA0000028)['a']", Raises("ValueError", "Index must be int or slice")),
        Call("Register(0xA0000028)[0:8:2]", Raises("ValueError", "Slicing step is not valid")),
        Call("r = Register(0xA0000028)\nr[0] = 2", Raises("ValueError", "either 0 or 1")),
        Call("Register(0, buffer=bytearray(8))[:]", "_ == 0"),
        Call("Register.count(slice(7, 4))", "_ == 4"),
        Call(
            "Register.create_subclass('Mine', ip._registers['CTRL']['fields'])(0xA0000000).AP_IDLE", "_ == 1"
        ),
        Call(
            "pynq.registers.RegisterMap.create_subclass('Mine', ip._registers)(ip.mmio.array).CTRL.AP_IDLE",
            "_ == 1",
        ),
        Call("int(Register(0xA0000028))", "_ == 0x12345678"),
        Call("Register(0xA0000028, debug=True)[0]", "_ == 0"),
    ),
    "Interrupt": (
        Call("Interrupt('copier_0/interrupt')", "_.number == 0"),
        Call("Interrupt('none/interrupt')", Raises("ValueError", "No Pin of name none/interrupt found")),
        Call("begin()\nasyncio.run(wait(Interrupt('copier_0/interrupt')))\nip.read(0) & 4", "_ == 4"),
        Call("begin()\nasyncio.run(wait(ip.interrupt))\nip.read(0) & 4", "_ == 4"),
        Call(
            "begin()\nasyncio.new_event_loop().run_until_complete(wait(ip.interrupt))\nip.read(0) & 4",
            "_ == 4",
        ),
        Call(
            "asyncio.run(asyncio.wait_for(ip.interrupt.wait(), 0.05))",
            Raises("TimeoutError"),
            "nothing was started",
        ),
        Call("Interrupt(None)", Raises("ValueError", "No Pin of name None found")),
        Call("Interrupt('axi_intc_0/irq')", Raises("ValueError", "No Pin of name axi_intc_0/irq found")),
        Call("Interrupt('copier_0/interrupt').event.is_set()", "_ is False"),
        Call("Interrupt('copier_0/interrupt').parent().name", "_ == 'axi_intc_0'"),
        Call(
            "begin()\nasync def both():\n    await asyncio.gather(wait(ip.interrupt), wait(ip.interrupt))\n"
            "asyncio.run(both())\nip.read(0) & 4",
            "_ == 4",
        ),
        Call(
            "async def cancelled():\n    task = asyncio.ensure_future(ip.interrupt.wait())\n    await asyncio.sleep(0)"
            "\n    task.cancel()\n    await asyncio.sleep(0)\n    return task.cancelled()\n"
            "asyncio.run(cancelled())",
            "_ is True",
        ),
        Call(
            "import threading\nbegin()\n"
            "t = threading.Thread(target=lambda: asyncio.run(wait(ip.interrupt)))\nt.start()\nt.join()\n"
            "ip.read(0) & 4",
            "_ == 4",
        ),
    ),
    "Clocks": (
        Call("Clocks.cpu_mhz", "abs(_ - 1200) < 1"),
        Call("Clocks.fclk0_mhz", "abs(_ - 200) < 1"),
        Call("Clocks.fclk1_mhz", "abs(_ - 100) < 1"),
        Call("Clocks.fclk2_mhz", "abs(_ - 100) < 1"),
        Call("Clocks.fclk3_mhz", "abs(_ - 100) < 1"),
        Call("Clocks.fclk0_mhz = 50\nClocks.fclk0_mhz", "abs(_ - 50) < 1"),
        Call("Clocks.fclk3_mhz = 120\nClocks.fclk3_mhz", "abs(_ - 120) < 1"),
        Call("Clocks.set_pl_clk(1, 4, 5)\nClocks.fclk1_mhz", "abs(_ - 60) < 1"),
        Call("Clocks.set_pl_clk(1, clk_mhz=150)\nClocks.fclk1_mhz", "abs(_ - 150) < 1"),
        Call("Clocks.set_pl_clk(2)\nClocks.fclk2_mhz", "abs(_ - 100) < 1"),
        Call(
            "Clocks.get_pl_clk(0)",
            "abs(_ - 200) < 1",
            "3.x forgets to return it",
            in_releases(OLD, "_ is None"),
        ),
        Call("Clocks.get_pl_clk(4)", Raises("ValueError", "Valid PL clock index is 0 - 3")),
        Call(
            "Clocks.set_pl_clk(4)",
            Raises("IndexError"),
            "PYNQ looks the clock up before it checks the number",
        ),
        Call("Clocks.set_pl_clk(0, 64, 1)", Raises("ValueError", "Frequency divider 0 value out of range")),
        Call("Clocks.set_pl_clk(0, 1, 64)", Raises("ValueError", "Frequency divider 1 value out of range")),
        Call(
            "Clocks.set_device(Device.active_device)",
            "_ is None",
            "since 3.1",
            {"3.0.1": Raises("AttributeError", "set_device")},
        ),
        Call(
            "Overlay(zynq7_bit)\nClocks.fclk0_mhz, Clocks.cpu_mhz",
            "abs(_[0] - 100) < 1 and abs(_[1] - 650) < 1",
            "a Zynq-7000",
        ),
        Call("Clocks.set_pl_clk(0, div0=6, div1=2)\nClocks.fclk0_mhz", "abs(_ - 100) < 1"),
        Call(
            "Clocks.fclk0_mhz = 50\noverlay.download()\nClocks.fclk0_mhz",
            "abs(_ - 200) < 1",
            "as the design has it",
        ),
        Call("Clocks.cpu_mhz = 5", Raises("AttributeError")),
        Call("Clocks.set_pl_clk(-1)", Raises("ValueError", "Valid PL clock index is 0 - 3")),
        Call("Overlay(zynq7_bit)\nClocks.fclk1_mhz = 50\nClocks.fclk1_mhz", "abs(_ - 50) < 1"),
    ),
    "Device": (
        Call("Device.devices", "_ == [Device.active_device]"),
        Call("Device.active_device.name", "_ == 'edgemoe simulation'"),
        Call("Device.active_device.tag", "_ == 'edgemoe_simulation'"),
        Call("Device.active_device = Device.devices[0]\nDevice.active_device", "_ is Device.devices[0]"),
        Call("Device.active_device.arch", "_ == 'aarch64'"),
        Call("Device.active_device.has_capability('MEMORY_MAPPED')", "_ is True"),
        Call("Device.active_device.has_capability('REGISTER_RW')", "_ is False"),
        Call("Device.active_device.has_capability('CALLABLE')", "_ is False"),
        Call("Device.active_device.has_capability('NONE')", "_ is False"),
        Call("Device.active_device.bitfile_name", "_ == bit"),
        Call("Device.active_device.timestamp", "_ == overlay.timestamp"),
        Call("list(Device.active_device.ip_dict)", "'copier_0' in _"),
        Call("Device.active_device.default_memory.allocate(4, 'u4')", "_.size == 4"),
        Call(
            "Device.active_device.get_memory(overlay.mem_dict['PSDDR']).base_address",
            "_ == overlay.PSDDR.base_address",
        ),
        Call("Device.active_device.get_memory_by_name('PSDDR').size", "_ == 256 << 20"),
        Call("Device.active_device.get_memory_by_idx(0).idx", "_ == 0"),
        Call("Device.active_device.mmap(0xA0000000, 64)[10]", "_ == 0x12345678"),
        Call("Device.active_device.read_registers(0xA0000028, 4)", "_ == b'\\x78\\x56\\x34\\x12'"),
        Call("Device.active_device.write_registers(0xA0000028, b'\\1\\0\\0\\0')\nip.read(0x28)", "_ == 1"),
        Call("Device.active_device.get_bitfile_metadata(bit)", "'copier_0' in _.ip_dict"),
        Call("Device.active_device.set_bitfile_name(bit)", "_ is None"),
        Call("Device.active_device.reset()", "_ is None"),
        Call("Device.active_device.clear_dict()\nDevice.active_device.ip_dict", "_ == {}"),
        Call("Device.active_device.clear_devicetree()", "_ is None", NO_DTBO),
        Call("Device.active_device.remove_device_tree('none.dtbo')", Raises("KeyError", "none")),
        Call(
            "Device.active_device.update_partial_region('none', None)",
            Raises("ValueError", "Cannot find HWH PR region parser"),
        ),
        Call(
            "Device.active_device.insert_device_tree(dtbo)\nlist(Device.active_device.devicetree_dict)",
            "_ == ['copier']",
            NO_DTBO,
        ),
        Call("Device.active_device.load_ip_data('PSDDR', words, zero=False)", "_ is None"),
        Call("Device.active_device.gen_cache(overlay)", "_ is None", "nothing is cached"),
        Call("Device.active_device.post_download(Bitstream(bit, partial=True), None)", "_ is None"),
        Call("Device.active_device.download(Bitstream(bit))", "_ is None"),
        Call("Device.active_device.shutdown()", "_ is None"),
        Call("Device.active_device.close()", "_ is None"),
        Call("Device(3)", Raises("ValueError", "Argument 'tag' must be a string")),
        Call("Overlay(zynq7_bit)\nDevice.active_device.arch", "_ == 'armv7l'"),
        Call("Device.active_device.mem_dict['PSDDR']['size']", "_ == 256 << 20"),
        Call("Device.active_device.reset(overlay.parser, overlay.timestamp, bit)", "_ is None"),
    ),
    "PL": (
        Call("PL.bitfile_name", "_ == bit"),
        Call("PL.timestamp", "_ == overlay.timestamp"),
        Call("list(PL.ip_dict)", "'copier_0' in _"),
        Call("PL.gpio_dict", "_ == {}"),
        Call("list(PL.interrupt_controllers)", "_ == ['axi_intc_0']"),
        Call("list(PL.interrupt_pins)", "'copier_0/interrupt' in _"),
        Call("PL.hierarchy_dict", "_ == {}"),
        Call("list(PL.mem_dict)", "_ == ['PSDDR']"),
        Call("PL.devicetree_dict", "_ == {}"),
        Call("PL.dict_views", "_ is None"),
        Call("PL.reset()", "_ is None"),
        Call("PL.clear_dict()\nPL.ip_dict", "_ == {}"),
        Call("PL.clear_devicetree()", "_ is None", NO_DTBO),
        Call("PL.insert_device_tree(dtbo)\nlist(PL.devicetree_dict)", "_ == ['copier']", NO_DTBO),
        Call("PL.remove_device_tree('none.dtbo')", Raises("KeyError", "none")),
        Call(
            "PL.load_ip_data('copier_0', words)",
            Raises("KeyError", "base_address"),
            DEFECT,
            {"3.0.1": Raises("DeviceError", "Nothing answers at address 0x10000")},
        ),
        Call("PL.load_ip_data('PSDDR', words)\nMMIO(overlay.PSDDR.base_address + 0x28).read()", "_ == 0x28"),
        Call(
            "PL.update_partial_region('none', None)", Raises("ValueError", "Cannot find HWH PR region parser")
        ),
        Call("PL.shutdown()", "_ is None"),
        Call("PL.client_request()", Raises("AttributeError", "client_request"), "of the server that 2.x had"),
        Call("PL.server_update()", Raises("AttributeError", "server_update"), "of the server that 2.x had"),
        Call("PL.none", Raises("AttributeError", "none")),
        Call("PL.ip_dict = {}", Raises("AttributeError")),
        Call("PL.mem_dict['PSDDR']['base_address']", "_ == overlay.PSDDR.base_address"),
    ),
    "GPIO": (
        Call("GPIO.get_gpio_base()", "type(_) is int"),
        Call("GPIO.get_gpio_base('zynqmp_gpio')", "_ == GPIO.get_gpio_base()"),
        Call("GPIO.get_gpio_base('none')", "_ is None"),
        Call("GPIO.get_gpio_base_path()", "_.startswith('/sys/class/gpio/gpiochip')"),
        Call("GPIO.get_gpio_npins()", "_ == 174"),
        Call("GPIO.get_gpio_pin(0)", "_ == GPIO.get_gpio_base() + 78"),
        Call("GPIO.get_gpio_pin(3)", "_ == GPIO.get_gpio_pin(0) + 3"),
        Call("GPIO.get_gpio_pin(0, 'zynqmp_gpio')", "_ == GPIO.get_gpio_base()"),
        Call(
            "GPIO(GPIO.get_gpio_pin(0), 'out').write(1)",
            "_ is None",
            "leads nowhere in a design without EMIO",
        ),
        Call("GPIO(GPIO.get_gpio_pin(1), 'in').read()", "_ == 0"),
        Call(
            "g = GPIO(GPIO.get_gpio_pin(2), 'out')\ng.direction, g.index, g.path",
            "_[0] == 'out' and _[2] == f'/sys/class/gpio/gpio{_[1]}/'",
        ),
        Call("GPIO(GPIO.get_gpio_pin(0), 'up')", Raises("ValueError", "Direction should be in or out")),
        Call("GPIO(GPIO.get_gpio_pin(4), 'out').read()", Raises("AttributeError", "Cannot read GPIO output")),
        Call(
            "GPIO(GPIO.get_gpio_pin(5), 'in').write(1)", Raises("AttributeError", "Cannot write GPIO input")
        ),
        Call(
            "GPIO(GPIO.get_gpio_pin(6), 'out').write(2)",
            Raises("ValueError", "Can only write integer 0 or 1"),
        ),
        Call(
            "a = GPIO(GPIO.get_gpio_pin(7), 'out')\nGPIO(GPIO.get_gpio_pin(7), 'in')",
            Raises("AttributeError", "already in use in other direction"),
        ),
        Call(
            "a = GPIO(GPIO.get_gpio_pin(8), 'out')\na.release()\nGPIO(GPIO.get_gpio_pin(8), 'in').direction",
            "_ == 'in'",
        ),
        Call("GPIO(5000, 'out')", Raises("OSError")),
        Call("GPIO(-1, 'in')", Raises("OSError")),
        Call(
            "g = GPIO(GPIO.get_gpio_pin(12), 'out')\npin = g._impl\ng.release()\npin.is_exported()",
            "_ is False",
        ),
        Call("GPIO.get_gpio_pin(0, 'none')", Raises("TypeError")),
        Call("GPIO.get_gpio_npins('none')", "_ is None"),
        Call("g = GPIO(GPIO.get_gpio_pin(13), 'out')\ng.release()\ng.path", Raises("AttributeError")),
        Call(
            "Overlay(zynq7_bit)\nGPIO.get_gpio_npins(), GPIO.get_gpio_pin(0) - GPIO.get_gpio_base()",
            "_ == (118, 54)",
        ),
    ),
    "DefaultHierarchy": (
        Call("deep.block", "isinstance(_, DefaultHierarchy)"),
        Call("deep.block.copier_0.read()", "_ == 4"),
        Call("deep.block.description['fullpath']", "_ == 'block'"),
        Call("deep.block.device", "_ is Device.active_device"),
        Call("deep.block.pr_loaded, deep.block.parsers, deep.block.bitstreams", "_ == ('', {}, {})"),
        Call("deep.block.none", Raises("AttributeError", "Could not find IP or hierarchy none in overlay")),
        Call("dir(deep.block)", "'copier_0' in _"),
        Call("DefaultHierarchy.checkhierarchy({})", "_ is False"),
        Call("deep.block.download(bit)", Raises("UserError", "is a partial bitstream"), BOARD),
        Call("deep.hierarchy_dict['block']['ip']", "'copier_0' in _"),
        Call("deep.ip_dict['block/copier_0']['phys_addr']", "_ == 0xA0000000"),
        Call(
            "class Mine(DefaultHierarchy):\n    @staticmethod\n    def checkhierarchy(description):\n"
            "        return 'copier_0' in description['ip']\nOverlay(deep_bit).block",
            "type(_) is Mine",
        ),
        Call("asyncio.iscoroutinefunction(deep.block.copier_0.interrupt.wait)", "_ is True"),
    ),
    "pynq.lib and the rest": (
        Call("import pynq.lib\npynq.lib.AxiGPIO.bindto", "'xilinx.com:ip:axi_gpio:2.0' in _"),
        Call("import pynq.lib.dma\npynq.lib.dma.DMA.bindto", "'xilinx.com:ip:axi_dma:7.1' in _"),
        Call(
            "import pynq.lib\noverlay.axi_gpio_0",
            Raises("AttributeError", "Could not find IP or hierarchy axi_gpio_0"),
        ),
        Call(
            "import pynq.lib\n"
            "pynq.lib.AxiGPIO({'phys_addr': 0xA0000000, 'addr_range': 512, 'parameters': {}})",
            Raises("KeyError"),
        ),
        Call("pynq.get_rails()", "_ == {}", "no sensors; a UserWarning"),
        Call(
            "pynq.DeviceTreeSegment('none.dtbo')", Raises("OSError", "The dtbo file none.dtbo does not exist")
        ),
        Call("pynq.__version__", "_ == release"),
        Call("import pynq.lib.dma\nOverlay(dma_bit).axi_dma_0", "type(_) is pynq.lib.dma.DMA"),
        Call("import pynq.lib.dma\nOverlay(dma_bit).axi_dma_0.register_map.MM2S_DMASR.Halted", "_ == 0"),
        Call("import pynq.lib.dma\nrepr(Overlay(dma_bit).axi_dma_0.register_map)", "'S2MM_LENGTH' in _"),
        Call(
            "import pynq.lib.dma\nd = Overlay(dma_bit).axi_dma_0\nd.sendchannel.idle, d.recvchannel.running",
            "_ == (False, True)",
            "idle only after a first transfer",
        ),
        Call(
            "import pynq.lib.dma\nd = Overlay(dma_bit).axi_dma_0\nd.sendchannel.stop()\n"
            "d.register_map.MM2S_DMASR.Halted",
            "_ == 1",
        ),
        Call(
            "import pynq.lib.dma\nd = Overlay(dma_bit).axi_dma_0\nd.sendchannel.stop()\n"
            "d.sendchannel.transfer(buffer)",
            Raises("RuntimeError", "DMA channel not started"),
        ),
        Call(
            "import pynq.lib.dma\nd = Overlay(dma_bit).axi_dma_0\n"
            "d.sendchannel.transfer(buffer, nbytes=1 << 26)",
            Raises("ValueError"),
        ),
        Call("import pynq.lib.dma\nOverlay(dma_bit).axi_dma_1.recvchannel", "_ is None"),
        Call("import pynq.lib\npynq.lib.AxiGPIO(overlay.ip_dict['copier_0']).channel1.read()", "_ == 4"),
        Call(
            "import pynq.lib\ng = pynq.lib.AxiGPIO(overlay.ip_dict['copier_0'])\ng.setdirection('in')\n"
            "g.setlength(4)\ng.channel1[0:3].read()",
            "_ == 4",
        ),
        Call(
            "import pynq.lib\npynq.lib.AxiGPIO(overlay.ip_dict['copier_0']).setdirection('up')",
            Raises("ValueError", "direction should be one of"),
        ),
        Call(
            "import pynq.lib\ng = pynq.lib.AxiGPIO(overlay.ip_dict['copier_0'])\n"
            "asyncio.run(g.channel1.wait_for_interrupt_async())",
            Raises("RuntimeError", "Interrupts not available for this IP"),
        ),
        Call(
            "import pynq.lib\npynq.lib.LED(pynq.lib.AxiGPIO(overlay.ip_dict['copier_0']).channel2[0]).on()",
            "_ is None",
        ),
        Call("import pynq.lib\npynq.lib.LED(3)", Raises("TypeError", "must contain LED methods")),
        Call("import pynq.lib\npynq.lib.Switch(3)", Raises("TypeError", "must contain Switch methods")),
        Call("import pynq.lib\npynq.lib.Button(3)", Raises("TypeError", "must contain Button methods")),
        Call("import pynq.lib.video\npynq.lib.video.VideoMode(640, 480, 24).shape", "_ == (480, 640, 3)"),
        Call("pynq.interrupt.get_uio_irq(121)", "_ is None"),
    ),
}


def rows() -> Iterator[str]:
    """The table as Markdown, an area a table."""
    for area, calls in CALLS.items():
        yield from ("", f"### {area}", "", "| call | gives | note |", "|---|---|---|")
        for call in calls:
            given = _cell(call.expected)
            by_answer: dict[str, list[str]] = {}
            for release, expected in call.but.items():
                by_answer.setdefault(_cell(expected), []).append(release)
            for answer, releases in by_answer.items():
                given = (
                    answer if len(releases) == len(RELEASES) else f"{given}; {', '.join(releases)}: {answer}"
                )
            yield f"| {_code(call.code)} | {given} | {call.note} |"


def _cell(expected: Expected) -> str:
    return _code(str(expected))


def _code(text: str) -> str:
    lines = [line.strip() if line.startswith(" ") else line for line in text.splitlines()]
    return f"`` {'; '.join(lines).replace('|', chr(92) + '|').replace(':;', ':')} ``"


def page() -> str:
    """The page with its table written anew."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n" + "\n".join(rows()).strip() + "\n" + END + after


if __name__ == "__main__":
    PAGE.write_text(page())
