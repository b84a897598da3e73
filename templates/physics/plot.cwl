cwlVersion: v1.2
class: CommandLineTool
label: Draw the dimuon mass
baseCommand: [python3, -I]

inputs:
  script:
    type: File
    default:
      class: File
      location: plot.py
    inputBinding:
      position: 0
  candidates:
    type: File
    doc: All candidates of a run.
    inputBinding:
      position: 1

arguments:
  - position: 2
    valueFrom: dimuon.png
  - position: 3
    valueFrom: summary.json

outputs:
  plot:
    type: File
    outputBinding:
      glob: dimuon.png
  summary:
    type: File
    outputBinding:
      glob: summary.json
