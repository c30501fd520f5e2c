# SPDX-License-Identifier: Apache-2.0
"""Random C++ programs for the compiler: what they are made of, how they are run, compared and shrunk.

``python -m fuzzing`` (from ``tests/compiler``) runs a campaign; `generate.program` makes one program from a seed.
"""
