"""Workflows that cannot be divided run whole; outputs that are no files are kept as JSON."""

import json
from pathlib import Path

from tests.end_to_end.world import Eventually, World

from penstock.house import open_house
from penstock_core.clients.house import HouseClients
from penstock_core.settings import HouseSettings

CROSS = """\
cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {files: "File[]", factors: "int[]"}
steps:
  times:
    run: times.cwl
    scatter: [f, factor]
    scatterMethod: flat_crossproduct
    in: {f: files, factor: factors}
    out: [made, folder]
outputs:
  all: {type: "File[]", outputSource: times/made}
  factors: {type: "int[]", outputSource: factors}
  folders: {type: "Directory[]", outputSource: times/folder}
"""
TIMES = """\
cwlVersion: v1.2
class: CommandLineTool
requirements: {InlineJavascriptRequirement: {}, ShellCommandRequirement: {}}
baseCommand: []
arguments:
  - shellQuote: false
    valueFrom: |
      mkdir d && echo $(inputs.factor) > d/factor &&
      awk '{print $1 * $(inputs.factor)}' $(inputs.f.path) > made.txt
inputs: {f: File, factor: int}
outputs:
  made: {type: File, outputBinding: {glob: made.txt}}
  folder: {type: Directory, outputBinding: {glob: d}}
"""


async def test_a_cross_product_runs_as_one_job(tmp_path: Path, eventually: Eventually) -> None:
    folder = tmp_path / "detector"
    folder.mkdir()
    settings = HouseSettings(data_dir=tmp_path / "data", reconcile_every_s=1)
    async with open_house(settings) as house, HouseClients(house.house, "operator") as clients:
        world = World(clients, folder, eventually)
        documents = {"cross.cwl": CROSS, "times.cwl": TIMES}
        values = {"factors": [1, 10]}
        await world.upload(
            "cross", documents, main="cross.cwl", input="files", masks=("x.*",), values=values
        )
        await world.arrive("x.raw", [2, 3], closed=True)
        tasks = await world.ended("x.raw", 1)
        assert tasks["workflow"].status == "FINISHED", tasks["workflow"].reason
        [made] = await world.datasets("x.raw.cross.workflow.v1")
        contents = await clients.dsm.contents(made.uid)
        texts = await world.texts("x.raw.cross.workflow.v1")
    files = sorted(zip(contents.files, texts, strict=True), key=lambda f: (f[0].port, f[0].part))
    by_name = {file.name: text for file, text in files}
    assert [text for file, text in files if file.port == "all"] == ["2", "20", "3", "30"]
    objects = {file.port: json.loads(text) for file, text in files if file.basename.endswith("n")}
    assert objects["factors"] == [1, 10]
    told = [tree["listing"][0]["location"] for tree in objects["folders"]]
    assert [by_name[name] for name in told] == ["1", "10", "1", "10"]
