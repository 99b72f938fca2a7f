"""The hosted flow between two accounts, from the first call to the last, as a script would do it.

The same steps run with boto3 and with the AWS CLI.
"""

import json
import os
import shutil
import subprocess

import pytest
from support.account import Account
from support.waiting import eventually

OWNER, CUSTOMER = "111111111111", "222222222222"


class Boto3:
    """Calls by the names of the CLI, through boto3."""

    def __init__(self, server, account_id):
        self.account = Account(server, account_id)

    def __call__(self, command, **arguments):
        return getattr(self.account.dx, command.replace("-", "_"))(**arguments)


class Cli:
    """The same calls through `aws directconnect`."""

    def __init__(self, server, account_id):
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "AWS_ACCESS_KEY_ID": account_id,
            "AWS_SECRET_ACCESS_KEY": "any-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": server.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }

    def __call__(self, command, **arguments):
        options = []
        if arguments:
            options = ["--cli-input-json", json.dumps(arguments)]
        run = subprocess.run(
            [aws(), "directconnect", command, "--output", "json", *options],
            env=self.environment, capture_output=True, text=True, timeout=60, check=False,
        )
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout) if run.stdout.strip() else {}


def aws():
    return os.environ.get("DEMARC_AWS_CLI") or shutil.which("aws")


@pytest.mark.parametrize("client", [Boto3, Cli], ids=["boto3", "cli"])
def test_two_accounts_from_order_to_removal(own_server, client):
    if client is Cli and not aws():
        pytest.skip("skipped: the AWS CLI is not installed")
    owner, customer = client(own_server, OWNER), client(own_server, CUSTOMER)

    def connection_state(connection_id):
        return owner("describe-connections", connectionId=connection_id)["connections"][0]["connectionState"]

    def vif_state(account, vif):
        return account("describe-virtual-interfaces", virtualInterfaceId=vif)["virtualInterfaces"][0][
            "virtualInterfaceState"
        ]

    # The owner orders two ports.
    location = owner("describe-locations")["locations"][0]["locationCode"]
    ports = []
    for n in (1, 2):
        made = owner("create-connection", location=location, bandwidth="1Gbps", connectionName=f"port {n}")
        ports.append(made["connectionId"])
    for port in ports:
        eventually(lambda port=port: connection_state(port), lambda s: s == "available")

    # A virtual interface for the customer, who attaches it to a gateway.
    vif = owner(
        "allocate-private-virtual-interface", connectionId=ports[0], ownerAccount=CUSTOMER,
        newPrivateVirtualInterfaceAllocation={"virtualInterfaceName": "for the customer", "vlan": 101, "asn": 65010},
    )["virtualInterfaceId"]
    assert vif_state(customer, vif) == "confirming"
    gateway = customer("create-direct-connect-gateway", directConnectGatewayName="core", amazonSideAsn=64600)[
        "directConnectGateway"
    ]["directConnectGatewayId"]
    eventually(
        lambda: customer("describe-direct-connect-gateways", directConnectGatewayId=gateway)["directConnectGateways"][0][
            "directConnectGatewayState"
        ],
        lambda s: s == "available",
    )
    assert customer("confirm-private-virtual-interface", virtualInterfaceId=vif, directConnectGatewayId=gateway)[
        "virtualInterfaceState"
    ] == "pending"
    eventually(lambda: vif_state(customer, vif), lambda s: s == "available")

    # It moves to the second port, and keeps its gateway.
    assert owner("associate-virtual-interface", virtualInterfaceId=vif, connectionId=ports[1])["connectionId"] == ports[1]
    eventually(lambda: vif_state(customer, vif), lambda s: s == "available")

    # A failover test takes its session down and brings it back.
    test = customer("start-bgp-failover-test", virtualInterfaceId=vif, testDurationInMinutes=10)["virtualInterfaceTest"]
    eventually(lambda: vif_state(customer, vif), lambda s: s == "testing")
    customer("stop-bgp-failover-test", virtualInterfaceId=vif)
    eventually(lambda: vif_state(customer, vif), lambda s: s == "available")
    history = customer("list-virtual-interface-test-history", virtualInterfaceId=vif)["virtualInterfaceTestHistory"]
    assert [t["testId"] for t in history] == [test["testId"]]

    # Everything goes, in the order that real clients use.
    assert customer("delete-virtual-interface", virtualInterfaceId=vif)["virtualInterfaceState"] == "deleting"
    eventually(lambda: vif_state(owner, vif), lambda s: s == "deleted")
    customer("delete-direct-connect-gateway", directConnectGatewayId=gateway)
    for port in ports:
        owner("delete-connection", connectionId=port)
        eventually(lambda port=port: connection_state(port), lambda s: s == "deleted")
