# SPDX-License-Identifier: Apache-2.0
"""Where the blocks of a design go, and what is refused."""

import random
from collections import Counter

import pytest
from ips import kernel

from edgemoe.blockdesign import BOARDS, RESERVED, Design, Ip, board_facts, lay_out
from edgemoe.blockdesign.boards import FAMILIES
from edgemoe.errors import UserError


def design(*ips: Ip, board: str = "sim-small", name: str = "mine", clock_mhz: float = 100.0) -> Design:
    return lay_out(name, board_facts(board), ips, clock_mhz=clock_mhz)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("seed", range(5))
def test_what_fits_has_places_of_its_own(board: str, seed: int) -> None:
    rng = random.Random(seed)
    ips = [
        kernel(
            f"k{i}_0",
            masters=[rng.choice([8, 32, 128, 512, 1024]) for _ in range(rng.randrange(4))],
            streams=[(rng.choice([8, 32, 64]), rng.random() < 0.5) for _ in range(rng.randrange(3))],
            arguments=rng.choice([0, 3, 40, 30_000]),
        )
        for i in range(rng.randrange(1, 5))
    ]
    made = design(*ips, board=board)
    assert made == design(*ips, board=board)
    family = made.board.family
    end = family.control_base
    for window in made.windows:
        assert window.base >= end and window.base % window.size == 0 and window.size >= 0x10000
        end = window.base + window.size
    assert end <= family.control_base + family.control_bytes
    assert all(ip.register_bytes <= made.window(ip.instance).size for ip in ips)
    assert [line.input for line in made.interrupts] == list(range(len(made.interrupts)))
    company = Counter(route.port for route in made.routes)
    assert not company or max(company.values()) - min(company.get(p, 0) for p in range(4)) <= 1
    assert sum(len(routes) for _, _, routes in made.used_ports) == len(made.routes)
    for _, bits, routes in made.used_ports:
        assert bits in family.port_bits
        assert bits == family.port_bits[-1] or bits >= max(route.bits for route in routes)


def test_dmas_take_streams_in_pairs() -> None:
    made = design(
        kernel("a_0", streams=[(32, True), (64, True), (16, False)]), kernel("b_0", streams=[(8, False)])
    )
    ends = [tuple(end and (end.instance, end.stream.bits) for end in (d.send, d.receive)) for d in made.dmas]
    assert ends == [(("a_0", 32), ("a_0", 16)), (("a_0", 64), None), (None, ("b_0", 8))]
    pins = [(line.instance, line.pin) for line in made.interrupts]
    assert pins[2:] == [
        ("axi_dma_0", "mm2s_introut"),
        ("axi_dma_0", "s2mm_introut"),
        ("axi_dma_1", "mm2s_introut"),
        ("axi_dma_2", "s2mm_introut"),
    ]


@pytest.mark.parametrize(
    ("ips", "words"),
    [
        ([], "has no kernel"),
        ([kernel(f"k{i}_0") for i in range(16)], "17 blocks with registers"),
        ([kernel(f"k{i}_0", masters=[32] * 13) for i in range(5)], "65 AXI4 masters"),
        ([kernel("k_0"), kernel("k_0")], "Two blocks .* 'k_0'"),
        ([kernel("smartconnect_hp0", kind="mine")], "Two blocks"),
        ([kernel("axi_intc_0", kind="mine")], "Two blocks"),
        ([kernel("größe_0")], "must start with a letter"),
        ([kernel("1st_0")], "must start with a letter"),
        ([kernel("k" * 200)], "has 200 characters"),
        ([kernel("k_0", streams=[(2048, True)])], "Stream .* has 2048 bits"),
        ([kernel("mine")], "Both the design and a block"),
    ],
)
def test_what_does_not_fit_is_refused(ips: list[Ip], words: str) -> None:
    with pytest.raises(UserError, match=words):
        design(*ips)


@pytest.mark.parametrize("kind", sorted(RESERVED))
def test_names_that_mean_something_to_pynq_are_refused(kind: str) -> None:
    with pytest.raises(UserError, match="Rename the function"):
        design(kernel(f"{kind}_0"))


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_the_clock_is_as_fast_as_asked_or_a_little_slower(family: object) -> None:
    name = next(board.name for board in BOARDS.values() if board.family is family)
    for asked in (0.5, 10, 33.3, 100, 150, 199.99, 200, 333.4, 1000):
        made = design(kernel("k_0"), board=name, clock_mhz=asked)
        assert asked / 2 < made.actual_mhz <= asked * 1.000001
        assert all(1 <= divisor <= 63 for divisor in made.clock_divisors)
    for wrong in (0.1, 1201):
        with pytest.raises(UserError, match="cannot be made"):
            design(kernel("k_0"), board=name, clock_mhz=wrong)


def test_an_unknown_board_is_refused() -> None:
    with pytest.raises(UserError, match="zcu102"):
        board_facts("zcu9000")
