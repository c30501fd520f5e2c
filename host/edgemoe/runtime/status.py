# SPDX-License-Identifier: Apache-2.0
"""What an accelerator says of itself."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class LastRun:
    """The last run that ended well. cycles: start to done, counted by the hardware. seconds: on the host's clock."""

    task: str
    cycles: int
    seconds: float


@dataclass(frozen=True)
class Status:
    """State of an accelerator; `print` shows it line by line.

    state: "idle", "running", "closed", or "not answering: " and why. memory_bytes: of the board's memory that the
    package takes. limits: the build's maxima by name.
    """

    state: str
    overlay: str
    build: str
    build_id: int
    limits: dict[str, int] = field(default_factory=dict)
    package: str | None = None
    package_sha256: str = ""
    memory_bytes: int = 0
    runs: int = 0
    last: LastRun | None = None

    def __str__(self) -> str:
        package = "none; load one with `load(path)`"
        if self.package is not None:
            package = (
                f"{self.package} {self.package_sha256[:12]}, {self.memory_bytes} bytes of the board's memory"
            )
        last = "none"
        if self.last is not None:
            last = f"{self.last.task}, {self.last.cycles} cycles, {self.last.seconds:.3f} s"
        lines = {
            "state": self.state,
            "overlay": self.overlay,
            "build": f"{self.build} (id {self.build_id:#010x})",
            "limits": ", ".join(f"{name} {value}" for name, value in self.limits.items()),
            "package": package,
            "runs": str(self.runs),
            "last run": last,
        }
        return "\n".join(f"{name:9} {text}" for name, text in lines.items())
