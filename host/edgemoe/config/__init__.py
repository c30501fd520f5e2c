# SPDX-License-Identifier: Apache-2.0
"""Every size: what the network is (`ModelConfig`) and how large the accelerator is built (`BuildConfig`).

A model runs on any build whose maxima hold it, with no rebuild. `edgemoe.numerics` is imported where it is used: it
needs NumPy, and a command that only names boards and models does not wait for that.
"""

from edgemoe.config.boards import BOARDS as BOARDS
from edgemoe.config.boards import board as board
from edgemoe.config.build import BuildConfig as BuildConfig
from edgemoe.config.header import config_hpp as config_hpp
from edgemoe.config.header import write_config_hpp as write_config_hpp
from edgemoe.config.header import write_if_changed as write_if_changed
from edgemoe.config.limits import CHOICE_SLOTS as CHOICE_SLOTS
from edgemoe.config.limits import EMBEDDING_DIM as EMBEDDING_DIM
from edgemoe.config.limits import WEIGHT_PORTS as WEIGHT_PORTS
from edgemoe.config.model import CITYSCAPES_GROUPS as CITYSCAPES_GROUPS
from edgemoe.config.model import CLASSIFICATION as CLASSIFICATION
from edgemoe.config.model import GATES as GATES
from edgemoe.config.model import HEAD_RULE as HEAD_RULE
from edgemoe.config.model import SCORE_RULES as SCORE_RULES
from edgemoe.config.model import TASKS as TASKS
from edgemoe.config.model import ModelConfig as ModelConfig
from edgemoe.config.presets import MODELS as MODELS
from edgemoe.config.presets import UNTRAINED as UNTRAINED
from edgemoe.config.presets import model_preset as model_preset
