"""Secrets are for their owner only; a token says who someone is."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from deploy.local.credentials import credentials, signing_key
from deploy.local.problem import Problem
from deploy.local.tokens import AUDIENCE, ISSUER, issue


def test_credentials_and_keys_can_be_read_by_their_owner_only(tmp_path: Path) -> None:
    credentials(tmp_path)
    signing_key(tmp_path)
    for name in ("credentials.json", "signing-key.pem"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_credentials_are_made_once_and_extended_for_a_new_service(tmp_path: Path) -> None:
    first = credentials(tmp_path)
    assert credentials(tmp_path) == first
    shorter = first.model_copy(deep=True)
    del shorter.bus["orders"], shorter.databases["orders"]
    (tmp_path / "credentials.json").write_text(shorter.model_dump_json())
    extended = credentials(tmp_path)
    assert extended.bus["orders"] != first.bus["orders"]
    assert extended.bus["staff"] == first.bus["staff"]


def test_no_two_passwords_are_the_same(tmp_path: Path) -> None:
    known = credentials(tmp_path)
    passwords = [*known.databases.values(), *known.bus.values()]
    assert len(set(passwords)) == len(passwords)


def test_a_token_carries_its_claims_and_is_good_for_the_published_key(tmp_path: Path) -> None:
    _, public = signing_key(tmp_path)
    token = issue(
        tmp_path, "u17", ["finance", "clerk"], branch="east", on_behalf_of="u3", lifetime=timedelta(minutes=5)
    )
    key = jwt.PyJWKSet.from_dict(json.loads(public.read_text()))[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER)
    assert claims.pop("exp") - claims.pop("iat") == 300
    assert claims == {
        "iss": "xiaofu-local",
        "aud": "xiaofu",
        "sub": "u17",
        "posts": ["finance", "clerk"],
        "branch": "east",
        "on_behalf_of": "u3",
    }


def test_a_post_that_does_not_exist_is_answered_with_those_that_do(tmp_path: Path) -> None:
    signing_key(tmp_path)
    with pytest.raises(Problem, match=r"no post 'boss'.*seal_keeper, finance, production"):
        issue(tmp_path, "u1", ["boss"])


def test_without_a_key_the_answer_is_to_start_the_stack(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="xiaofu up"):
        issue(tmp_path, "u1", ["finance"])
