cwlVersion: v1.2
class: Workflow
label: The MD5 sum of each file
doc: What SPD's pilot ran first.

requirements:
  ScatterFeatureRequirement: {}

inputs:
  files:
    type: File[]
    doc: The files of the dataset.

steps:
  md5:
    run: md5sum.cwl
    scatter: file
    in:
      file: files
    out: [sum]

outputs:
  sums:
    type: File[]
    outputSource: md5/sum
