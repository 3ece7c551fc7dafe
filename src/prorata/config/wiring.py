"""The only place that knows concrete gateways and drivers. Settings name these functions; registries call them once."""

from __future__ import annotations

from django.conf import settings

from prorata.payments.gateways.base import Gateway
from prorata.provisioning.drivers.base import Driver

SANDBOX_PAYEE = "prorata-sandbox"


def sandbox_gateway() -> Gateway:
    from prorata.payments.gateways.sandbox import SandboxGateway

    return SandboxGateway(
        settings.PRORATA_SANDBOX_GATEWAY_URL, settings.PRORATA_SANDBOX_GATEWAY_SECRETS, SANDBOX_PAYEE
    )


def stripe_gateway() -> Gateway:
    from prorata.payments.gateways.stripe import StripeGateway

    account = settings.PRORATA_STRIPE
    assert account is not None
    return StripeGateway(
        account.secret_key, account.webhook_secrets, account.site, api_url=account.api_url or None
    )


def paypal_gateway() -> Gateway:
    from prorata.payments.gateways.paypal import PayPalGateway

    account = settings.PRORATA_PAYPAL
    assert account is not None
    return PayPalGateway(
        account.url,
        account.client_id,
        account.secret,
        account.webhook_ids,
        account.merchant_id,
        roots=account.roots,
    )


def sandbox_driver() -> Driver:
    from prorata.provisioning.drivers.sandbox import SandboxDriver

    return SandboxDriver(settings.PRORATA_SANDBOX_HYPERVISOR_URL, settings.PRORATA_SANDBOX_HYPERVISOR_TOKEN)


def libvirt_driver(name: str = "libvirt") -> Driver:
    from prorata.provisioning.drivers.kvm.driver import LibvirtDriver

    libvirt = settings.PRORATA_LIBVIRT
    assert libvirt is not None
    return LibvirtDriver(libvirt.hosts[name], libvirt.settings, code=name)


def proxmox_driver() -> Driver:
    from prorata.provisioning.drivers.proxmox import ProxmoxDriver
    from prorata.provisioning.drivers.proxmox.cluster import Overcommit
    from prorata.provisioning.drivers.proxmox.machine import Component

    cluster = settings.PRORATA_PROXMOX
    assert cluster is not None
    return ProxmoxDriver(
        cluster.url,
        cluster.token_id,
        cluster.token_secret,
        ca=cluster.ca,
        components=tuple(
            Component(code, means, unset) for code, (means, unset) in cluster.components.items()
        ),
        overcommit=Overcommit(cluster.cpu_ratio, cluster.memory_ratio),
        shutdown_seconds=cluster.shutdown_seconds,
    )
