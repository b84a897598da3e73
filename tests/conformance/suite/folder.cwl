cwlVersion: v1.2
class: CommandLineTool
baseCommand: [sh, -c, "mkdir -p made/inner && echo 1 > made/one && echo 2 > made/inner/two"]
inputs: []
outputs: {made: {type: Directory, outputBinding: {glob: made}}}
