cwlVersion: v1.2
class: CommandLineTool
label: Find the dimuons
baseCommand: [python3, -I]

inputs:
  script:
    type: File
    default:
      class: File
      location: reconstruct.py
    inputBinding:
      position: 0
  events:
    type: File
    doc: The events of one STF, as decode wrote them.
    inputBinding:
      position: 1

arguments:
  - position: 2
    valueFrom: $(inputs.events.nameroot).dimuon.npz

outputs:
  candidates:
    type: File
    outputBinding:
      glob: $(inputs.events.nameroot).dimuon.npz
