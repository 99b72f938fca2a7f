"""What is particular to the AWS CLI: paging, binary output, error text."""

import base64
import json
import subprocess

import pytest
from test_hosted_flow import Cli, aws

pytestmark = pytest.mark.skipif(not aws(), reason="skipped: the AWS CLI is not installed")


@pytest.fixture
def cli(server, alice):
    return Cli(server, alice.id)


def run(cli, *arguments):
    return subprocess.run(
        [aws(), "directconnect", *arguments], env=cli.environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_cli_pages_gateways_by_itself(cli, alice):
    made = [alice.gateway()["directConnectGatewayId"] for _ in range(3)]
    done = run(cli, "describe-direct-connect-gateways", "--page-size", "1", "--output", "json")
    assert done.returncode == 0, done.stderr
    assert [g["directConnectGatewayId"] for g in json.loads(done.stdout)["directConnectGateways"]] == made


def test_the_letter_decodes_as_the_user_guide_says(cli, alice):
    connection = alice.connection()["connectionId"]
    done = run(cli, "describe-loa", "--connection-id", connection, "--query", "loaContent", "--output", "text")
    assert done.returncode == 0, done.stderr
    assert base64.b64decode(done.stdout).startswith(b"%PDF-")


def test_an_error_is_told_with_its_type_and_text(cli):
    done = run(cli, "describe-connections", "--connection-id", "nonsense")
    assert done.returncode != 0
    assert "DirectConnectClientException" in done.stderr
    assert "Connection ID nonsense has an invalid format." in done.stderr


def test_short_hand_input(cli, alice):
    port = alice.connection()["connectionId"]
    gateway = alice.gateway()["directConnectGatewayId"]
    fields = f"virtualInterfaceName=short,vlan=44,asn=65010,directConnectGatewayId={gateway}"
    done = run(cli, "create-private-virtual-interface", "--connection-id", port, "--new-private-virtual-interface", fields)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["vlan"], made["virtualInterfaceState"]) == (44, "pending")


def test_every_list_command_answers(cli):
    for command in (
        "describe-connections", "describe-lags", "describe-interconnects", "describe-virtual-interfaces",
        "describe-locations", "describe-virtual-gateways", "describe-customer-metadata",
        "describe-direct-connect-gateways", "list-virtual-interface-test-history",
    ):
        done = run(cli, command, "--output", "json")
        assert done.returncode == 0, (command, done.stderr)
        assert isinstance(json.loads(done.stdout), dict)


