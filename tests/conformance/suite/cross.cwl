cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}, InlineJavascriptRequirement: {}}
inputs: {words: "string[]", numbers: "int[]"}
steps:
  join:
    run:
      class: ExpressionTool
      inputs: {word: string, number: int}
      expression: '$({joined: inputs.word + "-" + inputs.number})'
      outputs: {joined: string}
    scatter: [word, number]
    scatterMethod: flat_crossproduct
    in: {word: words, number: numbers}
    out: [joined]
outputs: {all: {type: "string[]", outputSource: join/joined}}
