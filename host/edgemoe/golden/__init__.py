# SPDX-License-Identifier: Apache-2.0
"""Golden models: each idea in integers, which *are* the specification, beside an independent float
reference.
"""
