"""Names of the files that the pilot and a job's process exchange in the job's folder."""

REQUEST_NAME = "job.json"
RESULT_NAME = "result.json"
LOG_NAME = "payload.log"
