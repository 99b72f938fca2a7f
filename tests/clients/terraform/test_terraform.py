"""Terraform's AWS provider: apply, plan nothing, change, plan nothing, destroy (clients.md 1)."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest
from support.account import Account

HERE = pathlib.Path(__file__).parent
PLUGINS = pathlib.Path(os.environ.get("DEMARC_TF_PLUGINS", "/opt/tf-plugins"))
PROVIDER = PLUGINS / "registry.terraform.io" / "hashicorp" / "aws" / "5.100.0"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("terraform"), reason="skipped: Terraform is not installed"),
    pytest.mark.skipif(not PROVIDER.is_dir(), reason=f"skipped: AWS provider 5.100.0 is not in {PLUGINS}"),
]


class Terraform:
    """A working directory, initialised from the local mirror alone."""

    def __init__(self, folder, variables):
        self.folder = folder
        shutil.copy(HERE / "main.tf", folder)
        settings = folder / "terraform.rc"
        settings.write_text(
            'disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' % PLUGINS
        )
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
        self.environment = {
            **inherited,
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            **{f"TF_VAR_{name}": str(value) for name, value in variables.items()},
        }
        self("init", "-no-color", "-input=false")

    def __call__(self, *arguments, allowed=(0,), **variables):
        environment = {**self.environment, **{f"TF_VAR_{k}": str(v) for k, v in variables.items()}}
        run = subprocess.run(
            ["terraform", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=900,
            check=False,
        )
        assert run.returncode in allowed, f"terraform {arguments[0]} ended with {run.returncode}\n{run.stdout[-6000:]}\n{run.stderr[-6000:]}"
        return run

    def apply(self, **variables):
        self("apply", "-no-color", "-input=false", "-auto-approve", "-parallelism=30", **variables)
        return json.loads(self("output", "-json").stdout)["seen"]["value"]

    def plan_is_empty(self, **variables):
        run = self("plan", "-no-color", "-input=false", "-detailed-exitcode", allowed=(0, 2), **variables)
        assert run.returncode == 0, f"the plan is not empty:\n{run.stdout[-6000:]}"

    def destroy(self):
        self("destroy", "-no-color", "-input=false", "-auto-approve", "-parallelism=30")


def test_apply_change_and_destroy(serve, tmp_path):
    # Ports come up after some seconds: the one that joins the LAG must do so
    # before it has a device of its own.
    server = serve(settle="3s")
    owner, customer = Account(server), Account(server)
    terraform = Terraform(
        tmp_path,
        {
            "endpoint": server.url,
            "owner": owner.id,
            "customer": customer.id,
            "interconnect": owner.interconnect()["interconnectId"],
        },
    )

    seen = terraform.apply()
    assert seen["accounts"] == [owner.id, customer.id]
    assert seen["connection_arn"] == owner.arn("dxcon", seen["connection"])
    assert seen["gateway_arn"].startswith(f"arn:aws:directconnect::{owner.id}:dx-gateway/")
    assert seen["vif_arn"].startswith(f"arn:aws:directconnect:us-east-1:{owner.id}:dxvif/dxvif-")
    assert (seen["amazon_side_asn"], seen["mtu"], seen["jumbo"]) == ("64600", 1500, True)
    assert seen["default_prefixes"] == ["10.255.255.0/28"]
    assert seen["proposed_prefixes"] == ["10.254.254.0/28"]
    assert seen["transit_prefixes"] == ["10.1.0.0/16"]
    assert seen["router"] == "2900 Series Routers"
    assert seen["router_text"] is True
    terraform.plan_is_empty()

    changed = {"suffix": "two", "mtu": 9001}
    seen_again = terraform.apply(**changed)
    assert seen_again["mtu"] == 9001
    assert sorted(seen_again["transit_prefixes"]) == ["10.1.0.0/16", "10.2.0.0/16"]
    for kept in ("connection", "gateway", "vif_arn", "lag_members_kept"):
        assert seen_again[kept] == seen[kept], f"{kept} was replaced, not changed"
    terraform.plan_is_empty(**changed)

    terraform.environment |= {f"TF_VAR_{k}": str(v) for k, v in changed.items()}
    terraform.destroy()
    for account in (owner, customer):
        assert account.dx.describe_direct_connect_gateways()["directConnectGateways"] == []
        assert {c["connectionState"] for c in account.dx.describe_connections()["connections"]} <= {"deleted", "rejected"}
        assert {l["lagState"] for l in account.dx.describe_lags()["lags"]} <= {"deleted"}
        assert {v["virtualInterfaceState"] for v in account.dx.describe_virtual_interfaces()["virtualInterfaces"]} <= {"deleted"}
        assert account.ec2.describe_vpcs()["Vpcs"] == []
