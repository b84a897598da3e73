cwlVersion: v1.2
class: Workflow
label: The mass of muon pairs, from STF files to a plot
doc: |
  Decodes each STF of a run, makes a candidate of every event with exactly two muons, of
  opposite charge, gathers the candidates of the run and draws their mass: the Z boson stands
  at 91 GeV.
$namespaces:
  penstock: https://penstock.dev/cwl#

requirements:
  ScatterFeatureRequirement: {}

inputs:
  stfs:
    type: File[]
    doc: The STF files of one run (docs/reference/stf-format.md).

steps:
  decode:
    run: decode.cwl
    scatter: stf
    in:
      stf: stfs
    out: [events]
  reconstruct:
    run: reconstruct.cwl
    scatter: events
    in:
      events: decode/events
    out: [candidates]
  merge:
    run: merge.cwl
    in:
      parts: reconstruct/candidates
    out: [candidates]
  plot:
    run: plot.cwl
    in:
      candidates: merge/candidates
    out: [plot, summary]
    hints:
      - class: penstock:Task
        rank: 10
        retry: 3

outputs:
  dimuon_plot:
    type: File
    outputSource: plot/plot
  dimuon_summary:
    type: File
    outputSource: plot/summary
