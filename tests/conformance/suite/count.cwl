cwlVersion: v1.2
class: CommandLineTool
baseCommand: [sed, -n, $=]
inputs: {file: {type: File, inputBinding: {}}}
stdout: lines.txt
outputs: {lines: stdout}
