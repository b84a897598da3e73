"""The values of a template: shown with their defaults, and changed in a form."""

import pytest
from tests.template_manager import told

from penstock_core.rights import Role

SENT = {
    "minimum_pt": "25.5",
    "mode": "full",
    "bins": "[3, 4]",
    "note": 'say "hello"',
    "veto": "false",
    "stfs": "",
}


@pytest.fixture
async def expert(stranger, facts):
    facts.roles = [Role.EXPERT]
    form = {"username": told.EMAIL, "password": told.PASSWORD}
    await stranger.post("/ui/sign-in", data=form)
    return stranger


async def test_a_template_shows_what_it_asks_for(visitor):
    text = (await visitor.get("/ui/templates/1")).text
    for part in ("Least transverse momentum", "left out &lt;in GeV&gt;", "<code>20</code>"):
        assert part in text
    assert "<code>[1, 2]</code> <small>default" in text
    assert "/ui/templates/1/values" not in text
    assert (await visitor.get("/ui/templates/1/values")).status_code == 403
    assert (await visitor.post("/ui/templates/1/values", data=SENT)).status_code == 403


async def test_the_form_holds_what_there_is_and_becomes_a_new_version(expert, facts):
    assert 'href="/ui/templates/1/values"' in (await expert.get("/ui/templates/1")).text
    text = (await expert.get("/ui/templates/1/values")).text
    assert 'name="minimum_pt" value="20"' in text
    assert 'name="stfs"' not in text
    assert "default: true" in text
    answer = await expert.post("/ui/templates/1/values", data=SENT)
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/templates/99")
    assert facts.templates[-1].values == {
        "minimum_pt": 25.5,
        "mode": "full",
        "bins": [3, 4],
        "note": 'say "hello"',
        "veto": False,
    }


async def test_an_empty_field_leaves_the_default(expert, facts):
    await expert.post("/ui/templates/1/values", data=dict.fromkeys(SENT, " "))
    assert facts.templates[-1].values == {}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"minimum_pt": "ten"}, "no float"),
        ({"bins": "[1, <2>"}, "is no JSON"),
    ],
)
async def test_what_does_not_fit_is_said_and_nothing_is_lost(expert, facts, sent, said):
    before = len(facts.templates)
    answer = await expert.post("/ui/templates/1/values", data=SENT | sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert "&lt;2&gt;" in answer.text or "bins" not in sent
    [wrong] = [part for part in answer.text.split("<label>") if "aria-invalid" in part]
    assert f'name="{next(iter(sent))}"' in wrong
    assert 'value="say &#34;hello&#34;"' in answer.text
    assert len(facts.templates) == before
