cwlVersion: v1.2
class: CommandLineTool
label: What SPD's sample runs in either step
baseCommand: echo

inputs:
  dataset_name:
    type: File
    inputBinding:
      position: 1
  processing_program:
    type: string
    inputBinding:
      position: 2
  processing_program_version:
    type: string
    inputBinding:
      position: 3
  cable_map:
    type: string
    inputBinding:
      position: 4
  input_params:
    type: string
    inputBinding:
      position: 5

stdout: $(inputs.dataset_name.nameroot).txt
stderr: $(inputs.dataset_name.nameroot).log

outputs:
  output_dataset:
    type: stdout
  log_dataset:
    type: stderr
