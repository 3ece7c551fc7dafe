"""The web server as production runs it: behind a proxy, with every header that keeps a browser honest."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.test import Client

from support.ports import own_port

HOST = "portal.example.com"
FROM_PROXY = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


def directives(policy: str) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";") if part.strip())


@pytest.fixture
def production(
    process_environment: dict[str, str], prorata_command: str, tmp_path: Path
) -> Iterator[httpx.Client]:
    """`prorata serve` in production mode, as the proxy in front of it sees it."""
    environment = {
        **{name: value for name, value in process_environment.items() if name != "PRORATA_CLOCK_FILE"},
        "PRORATA_MODE": "production",
        "PRORATA_SECRET_KEY": "s" * 50,
        "PRORATA_BASE_URL": f"https://{HOST}",
    }
    address = f"127.0.0.1:{own_port()}"
    subprocess.run(
        [prorata_command, "manage", "collectstatic", "--noinput", "--verbosity", "0"],
        env=environment,
        check=True,
    )
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [prorata_command, "serve", "--bind", address, "--processes", "1"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(base_url=f"http://{address}", headers=FROM_PROXY, trust_env=False) as client:
            deadline = time.monotonic() + 30
            while True:
                try:
                    client.get("/accounts/login/")
                    break
                except httpx.TransportError:
                    if server.poll() is not None or time.monotonic() > deadline:
                        pytest.fail((tmp_path / "log").read_text())
                    time.sleep(0.1)
            yield client
    finally:
        server.terminate()
        server.wait(20)


def test_production_answers_safely_behind_its_proxy(production: httpx.Client) -> None:
    page = production.get("/accounts/login/")
    assert page.status_code == 200
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "same-origin"
    policy = directives(page.headers["content-security-policy"])
    assert (
        policy["default-src"]
        == policy["script-src"]
        == policy["style-src"]
        == policy["form-action"]
        == "'self'"
    )
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    (cookie,) = [value for value in page.headers.get_list("set-cookie") if value.startswith("__Host-csrf=")]
    assert "Secure" in cookie
    assert "SameSite=Lax" in cookie

    without_tls = production.get("/accounts/login/", headers={"X-Forwarded-Proto": "http"})
    assert without_tls.status_code == 301
    assert without_tls.headers["location"] == f"https://{HOST}/accounts/login/"
    assert production.get("/accounts/login/", headers={"Host": "evil.example.com"}).status_code == 400

    # Names that carry a fingerprint may be kept for ever, which is why the page may ask for them by it.
    styles = production.get("/static/admin/css/base.css")
    assert styles.status_code == 200


def test_a_missing_page_tells_nothing_of_the_inside(production: httpx.Client) -> None:
    page = production.get("/no-such-page")
    assert page.status_code == 404
    assert "Traceback" not in page.text
    assert "urlpatterns" not in page.text


def sign_in(production: httpx.Client, address: str, email: str) -> str:
    """The page that answers a wrong password from this address."""
    form = production.get("/accounts/login/", headers={"X-Forwarded-For": address})
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
    assert token
    kept = form.headers["set-cookie"].partition(";")[0]
    return production.post(
        "/accounts/login/", data={"csrfmiddlewaretoken": token[1], "login": email, "password": "wrong"},
        headers={"X-Forwarded-For": address, "Cookie": kept, "Referer": f"https://{HOST}/accounts/login/"},
    ).text  # fmt: skip


def test_who_guesses_passwords_keeps_nobody_else_out(production: httpx.Client) -> None:
    """Behind the proxy all come from one address; the limits must tell them apart by the one the proxy names."""
    for number in range(30):
        if "Too many failed" in sign_in(production, "198.51.100.1", f"guess{number}@example.com"):
            break
    else:
        pytest.fail("whoever guesses is never stopped")
    assert "Too many failed" not in sign_in(production, "203.0.113.9", "aiko@example.com")


@pytest.mark.django_db
def test_only_the_staff_desk_may_evaluate_its_expressions(client: Client) -> None:
    portal = directives(client.get("/accounts/login/").headers["Content-Security-Policy"])
    desk = directives(client.get("/staff/").headers["Content-Security-Policy"])
    assert portal["script-src"] == "'self'"
    assert "'unsafe-eval'" in desk["script-src"]
    assert desk["default-src"] == portal["default-src"] == "'self'"


@pytest.mark.django_db
def test_the_staff_desks_sign_in_is_the_one_that_asks_for_a_second_factor(client: Client) -> None:
    answer = client.get("/staff/login/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")
