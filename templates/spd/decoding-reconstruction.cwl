cwlVersion: v1.2
class: Workflow
label: SPD's decoding and reconstruction
doc: What decoding-reconstruction.spd.json means, in standard CWL.
$namespaces:
  penstock: https://penstock.dev/cwl#

requirements:
  ScatterFeatureRequirement: {}

hints:
  - class: penstock:Task
    rank: 1
    retry: 5
    exec: processing_program
    args: cable_map
    log: log_dataset

inputs:
  dataset_name:
    type: File[]
    doc: The files of the dataset.
  processing_program:
    type: string
    default: processing_program
  processing_program_version:
    type: string
    default: processing_program_version
  cable_map:
    type: string
    default: cable_map
  input_params:
    type: string
    default: input_params

steps:
  decoding:
    run: echo.cwl
    scatter: dataset_name
    in:
      dataset_name: dataset_name
      processing_program: processing_program
      processing_program_version: processing_program_version
      cable_map: cable_map
      input_params: input_params
    out: [output_dataset, log_dataset]
  reconstruction:
    run: echo.cwl
    scatter: dataset_name
    in:
      dataset_name: decoding/output_dataset
      processing_program: processing_program
      processing_program_version: processing_program_version
      cable_map: cable_map
      input_params: input_params
    out: [output_dataset, log_dataset]

outputs:
  output_dataset:
    type: File[]
    outputSource: reconstruction/output_dataset
  log_dataset:
    type: File[]
    outputSource: reconstruction/log_dataset
