"""Documents that several tests compile."""

BROADCAST = """\
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {files: "File[]"}
steps:
  calibrate:
    run:
      class: CommandLineTool
      baseCommand: [cat]
      inputs: {all: {type: "File[]", inputBinding: {position: 1}}}
      stdout: constants
      outputs: {constants: stdout}
    in: {all: files}
    out: [constants]
  apply:
    run:
      class: CommandLineTool
      baseCommand: [cat]
      inputs:
        constants: {type: File, inputBinding: {position: 2}}
        f: {type: File, inputBinding: {position: 1}}
      stdout: applied
      outputs: {applied: stdout}
    scatter: f
    in: {f: files, constants: calibrate/constants}
    out: [applied]
outputs: []
"""
