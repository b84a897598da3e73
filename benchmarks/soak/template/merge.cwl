cwlVersion: v1.2
class: CommandLineTool
label: All lines of a run
baseCommand: [cat, /dev/null]
inputs:
  lines:
    type: File[]
    inputBinding:
      position: 1
stdout: lines.txt
outputs:
  table:
    type: stdout
