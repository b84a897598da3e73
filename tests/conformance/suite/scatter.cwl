cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {files: "File[]"}
steps:
  count:
    run: count.cwl
    scatter: file
    in: {file: files}
    out: [lines]
outputs: {each: {type: "File[]", outputSource: count/lines}}
