cwlVersion: v1.2
class: CommandLineTool
label: The MD5 sum of a file
baseCommand: md5sum

inputs:
  file:
    type: File

# Read as standard input: a file's path would be printed, and differs from job to job.
stdin: $(inputs.file.path)
stdout: $(inputs.file.basename).md5

outputs:
  sum:
    type: stdout
