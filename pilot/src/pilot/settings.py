"""The pilot's settings: read once at the start from the environment, frozen, and passed on."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from pilot.container_choice import ContainerPolicy


class PilotSettings(BaseSettings):
    """How the pilot runs jobs. Environment variables carry the prefix ``PENSTOCK_PILOT_``.

    Attributes
    ----------
    slots
        Jobs that run at once; 0 for one a core of this machine.
    default_time_limit_s
        Wall time of a job whose step sets no limit, in seconds.
    retry_first_pause_s, retry_longest_pause_s
        Pause before the first retry of a job, doubled with each further one up to the longest,
        in seconds.
    lost_limit
        How often a job may be lost (its worker or the pilot died) before it counts as failed.
    memory_bytes
        Memory that a job may take with all its processes, unless its step asks for more; 0 for
        this machine's memory by the number of slots.
    max_file_bytes
        The largest file that a job may write, in bytes.
    max_open_files
        Files that a process of a job may hold open.
    max_processes
        Processes and threads of a job at a time.
    max_disk_bytes, max_files
        What a job's folder may hold.
    max_log_bytes
        What a job may print.
    network
        Whether jobs whose tools ask for the network (NetworkAccess) get it.
    fast
        Whether simple tools run from the command line that was compiled; else cwltool runs all.
    containers
        Which tools run in containers: those whose DockerRequirement is one (required), those that
        have it under hints too (hinted), or none (never).
    engine
        The container engine, by name or path; "" for the first of podman, docker, apptainer.
    engine_options
        Given to each run of the engine, as JSON: ``["--device=nvidia.com/gpu=all"]``.
    readable
        Folders that jobs may read besides the system's, such as an experiment's software.
    heartbeat_s
        How often the time at which running jobs were last seen is stored, in seconds.
    report_pause_s
        The shortest time between two reports of one task's counts, in seconds.
    recipes_kept
        Recipes held in memory.
    scratch_dir
        Folder for the jobs' own folders; "" for ``scratch`` in the data folder.
    storage_dir
        Folder for outputs; "" for ``storage`` in the data folder.
    """

    model_config = SettingsConfigDict(env_prefix="PENSTOCK_PILOT_", frozen=True, extra="ignore")

    slots: int = Field(default=0, ge=0)
    default_time_limit_s: float = Field(default=3600, gt=0)
    retry_first_pause_s: float = Field(default=1, ge=0)
    retry_longest_pause_s: float = Field(default=300, ge=0)
    lost_limit: int = Field(default=10, ge=1)
    max_file_bytes: int = Field(default=64 << 30, gt=0)
    max_open_files: int = Field(default=1024, ge=64)
    max_processes: int = Field(default=1024, ge=16)
    max_disk_bytes: int = Field(default=256 << 30, gt=0)
    max_files: int = Field(default=1_000_000, gt=0)
    max_log_bytes: int = Field(default=64 << 20, gt=0)
    memory_bytes: int = Field(default=0, ge=0)
    network: bool = False
    fast: bool = True
    containers: ContainerPolicy = ContainerPolicy.REQUIRED
    engine: str = ""
    engine_options: tuple[str, ...] = ()
    readable: tuple[Path, ...] = ()
    heartbeat_s: float = Field(default=5, gt=0)
    report_pause_s: float = Field(default=0.2, ge=0)
    recipes_kept: int = Field(default=32, ge=1)
    scratch_dir: Path | None = None
    storage_dir: Path | None = None

    @property
    def concurrency(self) -> int:
        """Return how many jobs run at once."""
        return self.slots or os.cpu_count() or 1

    @property
    def memory_of_job(self) -> int:
        """Return the bytes of memory that a job may take that asks for none in particular."""
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return self.memory_bytes or machine // self.concurrency
