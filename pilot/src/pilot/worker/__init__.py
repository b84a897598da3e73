"""The warm worker: a process that holds cwltool loaded and forks one supervised child a job.

Nothing here imports the pilot's store, web face or settings: a worker knows folders and frames.
"""
