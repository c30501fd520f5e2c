# SPDX-License-Identifier: Apache-2.0
"""The mutation run: small mistakes put into a copy of the sources, each of which a test must catch."""

from edgemoe.mutate.mutations import MUTATIONS, Mutation
from edgemoe.mutate.run import Outcome, mutate, run_mutations

__all__ = ["MUTATIONS", "Mutation", "Outcome", "mutate", "run_mutations"]
