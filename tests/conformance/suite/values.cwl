cwlVersion: v1.2
class: ExpressionTool
requirements: {InlineJavascriptRequirement: {}}
inputs: {n: int, half: float, word: {type: string, default: hello}}
expression: '$({twice: 2 * inputs.n, told: {word: inputs.word, half: inputs.half}})'
outputs:
  twice: int
  told: {type: {type: record, fields: {word: string, half: float}}}
