# SPDX-License-Identifier: Apache-2.0
"""Colours of labels and distances."""

import numpy as np

from edgemoe.report import depth_picture, segmentation_picture
from edgemoe.report.pictures import FARTHEST, NEAREST, PALETTE, STOPS


def test_each_label_has_its_colour() -> None:
    labels = np.arange(7, dtype=np.uint8).reshape(1, 7)
    assert [tuple(pixel) for pixel in segmentation_picture(labels)[0]] == list(PALETTE.values())


def test_a_label_beyond_the_palette_is_white() -> None:
    assert segmentation_picture(np.array([[7, 200]])).min() == 255


def test_depth_runs_from_light_to_dark() -> None:
    picture = depth_picture(np.geomspace(NEAREST, FARTHEST, 50, dtype=np.float32)[None])
    assert tuple(picture[0, 0]) == STOPS[0]
    assert tuple(picture[0, -1]) == STOPS[-1]
    luminance = picture[0].astype(float) @ (0.3, 0.59, 0.11)
    assert (np.diff(luminance) < 0).all()


def test_depth_outside_the_range_is_clipped_and_unknown_is_far() -> None:
    picture = depth_picture(np.array([[0.0, NEAREST, FARTHEST, 1e6, np.nan]], dtype=np.float32))
    assert (picture[0, 0] == picture[0, 1]).all()
    assert (picture[0, 3:] == picture[0, 2]).all()
