cwlVersion: v1.2
class: CommandLineTool
label: Gather the candidates
baseCommand: [python3, -I]

inputs:
  script:
    type: File
    default:
      class: File
      location: merge.py
    inputBinding:
      position: 0
  parts:
    type: File[]
    doc: The candidates of each STF; their order does not matter.
    inputBinding:
      position: 2

arguments:
  - position: 1
    valueFrom: dimuon.npz

outputs:
  candidates:
    type: File
    outputBinding:
      glob: dimuon.npz
