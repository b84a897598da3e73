"""The workload systems that run tasks, behind one narrow port."""

from task_manager.workload.port import WorkloadSystem

__all__ = ["WorkloadSystem"]
