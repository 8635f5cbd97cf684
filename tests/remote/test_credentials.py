from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from annokit.remote.credentials import Credentials, missing


def test_nothing_shows_them() -> None:
    credentials = Credentials("me@x.org", "s3cret")
    for text in (repr(credentials), str(credentials), f"{credentials}", str(missing())):
        assert "s3cret" not in text
        assert "me@x" not in text
    assert not hasattr(credentials, "__dict__")


@pytest.mark.parametrize("act", [pickle.dumps, copy.copy, copy.deepcopy])
def test_they_do_not_travel(act: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="can't be pickled"):
        act(Credentials("me", "pw"))


def test_arguments_come_before_the_environment() -> None:
    environment = {"SAVANT_USERNAME": "env", "SAVANT_PASSWORD": "envpw"}
    assert Credentials.find("me", "p&w=ü", environment).form() == b"username=me&password=p%26w%3D%C3%BC"
    assert Credentials.find(None, None, environment).form() == b"username=env&password=envpw"
    assert Credentials.find("me", None, environment).form() == b"username=me&password=envpw"
    assert Credentials.find(None, None, {}) is None
    assert Credentials.find("me", None, {}) is None
