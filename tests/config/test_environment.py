"""Each mistake in the environment is one line that says what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from prorata.config.environment import (
    EnvironmentMistake,
    load_demo_environment,
    read_environment,
    save_demo_environment,
)

GOOD = {
    "DATABASE_URL": "postgresql://prorata_app:p%40ss@db.example.com:5433/prorata?sslmode=require",
    "PRORATA_OWNER_DATABASE_URL": "postgresql://prorata_owner:other@db.example.com:5433/prorata",
    "PRORATA_SECRET_KEY": "k" * 50,
    "PRORATA_BASE_URL": "https://portal.example.com/",
}


def mistakes(**changed: str) -> list[str]:
    with pytest.raises(EnvironmentMistake) as refused:
        read_environment({**GOOD, **changed})
    return refused.value.lines


def test_production_is_the_mode_when_none_is_named() -> None:
    found = read_environment(GOOD)
    assert (found.mode, found.base_url, found.https, found.host) == (
        "production",
        "https://portal.example.com",
        True,
        "portal.example.com",
    )
    assert not found.sandboxes_allowed
    assert found.staff_mfa == "required"
    assert found.database.django() == {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.example.com",
        "PORT": 5433,
        "NAME": "prorata",
        "USER": "prorata_app",
        "PASSWORD": "p@ss",
        "OPTIONS": {"sslmode": "require"},
    }


def test_the_owner_migrates_and_the_application_keeps_its_name() -> None:
    found = read_environment({**GOOD, "PRORATA_DATABASE_ROLE": "owner"})
    assert found.database.user == found.owner_role == "prorata_owner"
    assert found.application_role == "prorata_app"


def test_an_address_written_out_reads_back_the_same() -> None:
    database = read_environment(GOOD).database
    again = read_environment({**GOOD, "DATABASE_URL": database.url()}).database
    assert again == database
    assert read_environment({**GOOD, "DATABASE_URL": database.url("o/ther")}).database.name == "o/ther"


def test_secrets_do_not_show_when_it_is_printed() -> None:
    shown = repr(read_environment({**GOOD, "PRORATA_SMTP_URL": "smtps://me:hidden@mail.example.com"}))
    assert "p@ss" not in shown
    assert "hidden" not in shown
    assert "kkk" not in shown


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PRORATA_MODE", "live", "PRORATA_MODE is 'live'. Set it to production, demo or test"),
        ("DATABASE_URL", "", "DATABASE_URL is not set. Set it, e.g. DATABASE_URL=postgresql://"),
        ("DATABASE_URL", "mysql://u@h/d", "DATABASE_URL is not a PostgreSQL address. Write it like"),
        ("DATABASE_URL", "postgresql://h:port/d", "DATABASE_URL is not a PostgreSQL address."),
        ("DATABASE_URL", "postgresql://u@h/", "DATABASE_URL is not a PostgreSQL address."),
        ("PRORATA_OWNER_DATABASE_URL", "owner", "PRORATA_OWNER_DATABASE_URL is not a PostgreSQL address."),
        ("PRORATA_SECRET_KEY", "", "PRORATA_SECRET_KEY is not set. Make one with:"),
        ("PRORATA_SECRET_KEY", "short", "PRORATA_SECRET_KEY is shorter than 32 characters. Make one with:"),
        ("PRORATA_BASE_URL", "", "PRORATA_BASE_URL is ''. Set it to the address customers type"),
        ("PRORATA_BASE_URL", "portal.example.com", "PRORATA_BASE_URL is 'portal.example.com'. Set it"),
        (
            "PRORATA_BASE_URL",
            "https://portal.example.com/x",
            "PRORATA_BASE_URL is 'https://portal.example.com/x'.",
        ),
        (
            "PRORATA_BASE_URL",
            "http://portal.example.com",
            "Real customers need https: put a reverse proxy in front.",
        ),
        ("PRORATA_SMTP_URL", "mail.example.com", "PRORATA_SMTP_URL is not a mail address. Write it like"),
        ("PRORATA_DATABASE_ROLE", "root", "PRORATA_DATABASE_ROLE is 'root'. Set it to application or owner"),
        (
            "PRORATA_SUPPORT_ADDRESS",
            "support+tickets@example.com",
            (
                "PRORATA_SUPPORT_ADDRESS is 'support+tickets@example.com'. Write it like support@example.com, at most 16"
                " characters before the @, or unset it: then tickets are answered in the portal alone."
            ),
        ),
        ("PRORATA_STAFF_MFA", "no", "PRORATA_STAFF_MFA is 'no'. Set it to required or optional."),
        (
            "PRORATA_UNPAID_ROOM_PERCENT",
            "0",
            "PRORATA_UNPAID_ROOM_PERCENT is '0'. Set it to a whole number from 1 to 100.",
        ),
        (
            "PRORATA_UNPAID_ROOM_PERCENT",
            "half",
            "PRORATA_UNPAID_ROOM_PERCENT is 'half'. Set it to a whole number from 1 to 100.",
        ),
        (
            "PRORATA_ESTIMATES_A_MINUTE",
            "0",
            "PRORATA_ESTIMATES_A_MINUTE is '0'. Set it to a whole number from 1 to 1000000.",
        ),
        (
            "PRORATA_CLOCK_FILE",
            "/tmp/clock",
            "PRORATA_CLOCK_FILE belongs to a demo. Unset it, or set PRORATA_MODE=demo.",
        ),
        (
            "PRORATA_SANDBOX_GATEWAY_URL",
            "http://127.0.0.1:1",
            "PRORATA_SANDBOX_GATEWAY_URL belongs to a demo.",
        ),
        ("PRORATA_SANDBOX_GATEWAY_SECRETS", "x", "PRORATA_SANDBOX_GATEWAY_SECRETS belongs to a demo."),
        (
            "PRORATA_SANDBOX_HYPERVISOR_URL",
            "http://127.0.0.1:1",
            "PRORATA_SANDBOX_HYPERVISOR_URL belongs to a demo.",
        ),
        ("PRORATA_SANDBOX_HYPERVISOR_TOKEN", "x", "PRORATA_SANDBOX_HYPERVISOR_TOKEN belongs to a demo."),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(name: str, value: str, told: str) -> None:
    (line,) = mistakes(**{name: value})
    assert told in line
    assert "\n" not in line


def test_all_mistakes_are_told_at_once() -> None:
    assert len(mistakes(DATABASE_URL="", PRORATA_SECRET_KEY="", PRORATA_BASE_URL="")) == 3


def test_an_empty_secret_among_the_gateways_is_refused(tmp_path: Path) -> None:
    demo = {**GOOD, "PRORATA_MODE": "demo", "PRORATA_HOME": str(tmp_path)}
    (line,) = mistakes(**demo, PRORATA_SANDBOX_GATEWAY_SECRETS="one,,two")
    assert "holds an empty secret" in line
    kept = read_environment({**demo, "PRORATA_SANDBOX_GATEWAY_SECRETS": "one, two"}).sandbox_gateway_secrets
    assert kept == ("one", "two")


def test_a_demo_takes_what_is_not_set_from_its_last_start(tmp_path: Path) -> None:
    save_demo_environment(tmp_path, {**GOOD, "PRORATA_SECRET_KEY": "d" * 40})
    found = read_environment({"PRORATA_MODE": "demo", "PRORATA_HOME": str(tmp_path)})
    assert found.secret_key == "d" * 40
    assert (tmp_path / "demo.env").stat().st_mode & 0o077 == 0
    assert load_demo_environment(tmp_path)["DATABASE_URL"] == GOOD["DATABASE_URL"]


@pytest.mark.parametrize("command", [["serve"], ["worker"], ["migrate"], ["manage", "check"]])
def test_the_commands_tell_mistakes_without_a_traceback(command: list[str], prorata_command: str) -> None:
    told = subprocess.run([prorata_command, *command], env={}, capture_output=True, text=True)
    assert told.returncode == 2
    assert [line.split(" is ")[0] for line in told.stderr.splitlines()] == [
        "prorata: DATABASE_URL",
        "prorata: PRORATA_SECRET_KEY",
        "prorata: PRORATA_BASE_URL",
    ]


@pytest.mark.parametrize(
    "command", [["serve", "--bind", "127.0.0.1:0"], ["worker"], ["migrate"], ["manage", "migrate"]]
)
def test_a_database_that_does_not_answer_is_told_in_one_line(
    command: list[str], prorata_command: str
) -> None:
    environment = {**GOOD, "DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/prorata"}
    environment["PRORATA_OWNER_DATABASE_URL"] = environment["DATABASE_URL"]
    told = subprocess.run([prorata_command, *command], env=environment, capture_output=True, text=True)
    assert told.returncode == 2
    (line,) = told.stderr.splitlines()
    assert line.startswith(
        "prorata: The database at 127.0.0.1:1/prorata does not answer. Start it, or correct DATABASE_URL."
    )
    assert "secret" not in line


def test_an_unknown_command_is_refused_with_the_known_ones(prorata_command: str) -> None:
    told = subprocess.run([prorata_command, "upgrade"], env={}, capture_output=True, text=True)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    assert all(f"'{name}'" in told.stderr for name in ("quote", "simulate", "demo", "serve", "verify"))


STRIPE = {
    "PRORATA_STRIPE_SECRET_KEY": "sk_live_abcdefgh",
    "PRORATA_STRIPE_WEBHOOK_SECRETS": "whsec_new,whsec_old",
}


def test_a_stripe_account() -> None:
    assert read_environment(GOOD).stripe is None
    found = read_environment({**GOOD, **STRIPE}).stripe
    assert found is not None
    assert (found.secret_key, found.webhook_secrets) == ("sk_live_abcdefgh", ("whsec_new", "whsec_old"))
    assert (found.site, found.api_url) == ("prorata", "")
    assert "sk_live" not in repr(found)
    assert "whsec" not in repr(found)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"PRORATA_STRIPE_WEBHOOK_SECRETS": ""}, "PRORATA_STRIPE_WEBHOOK_SECRETS is empty"),
        ({"PRORATA_STRIPE_WEBHOOK_SECRETS": "whsec_a,"}, "holds an empty secret"),
        ({"PRORATA_STRIPE_SECRET_KEY": ""}, "PRORATA_STRIPE_SECRET_KEY is empty"),
        ({"PRORATA_STRIPE_SECRET_KEY": "pk_live_abcdefgh"}, "no secret key of Stripe's"),
        ({"PRORATA_STRIPE_SECRET_KEY": "sk_test_abcdefgh"}, "takes live keys only"),
        ({"PRORATA_STRIPE_SECRET_KEY": "rk_test_abcdefgh"}, "takes live keys only"),
        ({"PRORATA_STRIPE_SITE": "shop one"}, "PRORATA_STRIPE_SITE is 'shop one'"),
        ({"PRORATA_STRIPE_API_URL": "http://127.0.0.1:1"}, "PRORATA_STRIPE_API_URL belongs to a demo"),
    ],
)
def test_a_stripe_account_is_whole_and_of_the_right_kind(changed: dict[str, str], line: str) -> None:
    (said,) = mistakes(**{**STRIPE, **changed})
    assert line in said


@pytest.mark.parametrize("only", sorted(STRIPE))
def test_half_a_stripe_account_is_refused(only: str) -> None:
    (said,) = mistakes(**{only: STRIPE[only]})
    assert "is empty" in said


@pytest.mark.parametrize("mode", ["demo", "test"])
def test_no_live_key_beside_pretend_money(mode: str, tmp_path: Path) -> None:
    (said,) = mistakes(**STRIPE, PRORATA_MODE=mode, PRORATA_HOME=str(tmp_path))
    assert f"is a live key, and PRORATA_MODE={mode} takes test keys only" in said


PAYPAL = {
    "PRORATA_PAYPAL_CLIENT_ID": "AZ-client",
    "PRORATA_PAYPAL_SECRET": "EK-secret",
    "PRORATA_PAYPAL_WEBHOOK_IDS": "9JH20871M03126712, 4JH86294D6297924G",
    "PRORATA_PAYPAL_MERCHANT_ID": "2J6QB8YJQSJRJ",
}


def test_a_paypal_account() -> None:
    assert read_environment(GOOD).paypal is None
    found = read_environment({**GOOD, **PAYPAL}).paypal
    assert found is not None
    assert (found.url, found.page) == ("https://api-m.paypal.com", "https://www.paypal.com")
    assert (found.client_id, found.secret) == ("AZ-client", "EK-secret")
    assert found.webhook_ids == ("9JH20871M03126712", "4JH86294D6297924G")
    assert (found.merchant_id, found.roots) == ("2J6QB8YJQSJRJ", None)
    assert "EK-secret" not in repr(found)
    assert "AZ-client" not in repr(found)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            {"PRORATA_PAYPAL_SECRET": ""},
            "PayPal is half set up. Set PRORATA_PAYPAL_SECRET (the secret of the app)",
        ),
        ({"PRORATA_PAYPAL_CLIENT_ID": " "}, "Set PRORATA_PAYPAL_CLIENT_ID"),
        (
            {"PRORATA_PAYPAL_WEBHOOK_IDS": "9JH20871M03126712,"},
            "PRORATA_PAYPAL_WEBHOOK_IDS holds what is no webhook id",
        ),
        (
            {"PRORATA_PAYPAL_WEBHOOK_IDS": "https://x"},
            "PRORATA_PAYPAL_WEBHOOK_IDS holds what is no webhook id",
        ),
        ({"PRORATA_PAYPAL_MERCHANT_ID": "shop@example.com"}, "PRORATA_PAYPAL_MERCHANT_ID is no merchant id"),
        ({"PRORATA_PAYPAL_API_URL": "https://api-m.sandbox.paypal.com"}, "production takes real money"),
        ({"PRORATA_PAYPAL_API_URL": "http://127.0.0.1:1"}, "production takes real money"),
        ({"PRORATA_PAYPAL_CA_FILE": "/nowhere.pem"}, "PRORATA_PAYPAL_CA_FILE cannot be read"),
        ({"PRORATA_PAYPAL_CA_FILE": "/dev/null"}, "PRORATA_PAYPAL_CA_FILE holds no certificate"),
    ],
)
def test_a_paypal_account_is_whole_and_live(changed: dict[str, str], line: str) -> None:
    (said,) = mistakes(**{**PAYPAL, **changed})
    assert line in said


@pytest.mark.parametrize("only", sorted(PAYPAL))
def test_half_a_paypal_account_is_one_clear_line(only: str) -> None:
    (said,) = mistakes(**{only: PAYPAL[only]})
    assert said.startswith("PayPal is half set up.")
    assert all(name in said for name in PAYPAL if name != only)


@pytest.mark.parametrize("mode", ["demo", "test"])
def test_paypal_takes_no_real_money_beside_pretend_money(mode: str, tmp_path: Path) -> None:
    pretend = {**PAYPAL, "PRORATA_MODE": mode, "PRORATA_HOME": str(tmp_path)}
    (said,) = mistakes(**pretend, PRORATA_PAYPAL_API_URL="https://api-m.paypal.com")
    assert f"PRORATA_MODE={mode} must take no real money" in said
    (said,) = mistakes(**pretend, PRORATA_PAYPAL_API_URL="https://paypal.example.com")
    assert "Unset it for https://api-m.sandbox.paypal.com" in said
    for url in ("", "https://api-m.sandbox.paypal.com"):
        found = read_environment({**GOOD, **pretend, "PRORATA_PAYPAL_API_URL": url}).paypal
        assert found is not None
        assert (found.url, found.page) == (
            "https://api-m.sandbox.paypal.com",
            "https://www.sandbox.paypal.com",
        )
