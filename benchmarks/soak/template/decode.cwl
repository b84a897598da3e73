cwlVersion: v1.2
class: CommandLineTool
label: A line for an STF
baseCommand: cksum
inputs:
  stf: File
stdin: $(inputs.stf.path)
stdout: $(inputs.stf.nameroot).line
outputs:
  line:
    type: stdout
