cwlVersion: v1.2
class: Workflow
label: One line for each STF, gathered, counted once the run's calibration is there
$namespaces:
  penstock: https://penstock.dev/cwl#
requirements:
  ScatterFeatureRequirement: {}

inputs:
  stfs:
    type: File[]

steps:
  decode:
    run: decode.cwl
    scatter: stf
    in:
      stf: stfs
    out: [line]
  merge:
    run: merge.cwl
    in:
      lines: decode/line
    out: [table]
  count:
    run: count.cwl
    in:
      table: merge/table
    out: [number]
    hints:
      - class: penstock:Task
        waitFor: "calib.{run}.c1"

outputs:
  number:
    type: File
    outputSource: count/number
