cwlVersion: v1.2
class: CommandLineTool
label: How many there are
baseCommand: [wc, -l]
inputs:
  table: File
stdin: $(inputs.table.path)
stdout: number.txt
outputs:
  number:
    type: stdout
