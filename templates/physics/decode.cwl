cwlVersion: v1.2
class: CommandLineTool
label: Decode an STF
baseCommand: [python3, -I]

inputs:
  script:
    type: File
    default:
      class: File
      location: decode.py
    inputBinding:
      position: 0
  stf:
    type: File
    doc: One STF file, under the name that the DAQ gave it.
    inputBinding:
      position: 1

arguments:
  - position: 2
    valueFrom: $(inputs.stf.nameroot).npz

outputs:
  events:
    type: File
    outputBinding:
      glob: $(inputs.stf.nameroot).npz
