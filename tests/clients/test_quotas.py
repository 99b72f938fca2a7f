"""Quotas (quotas.md 1). Every one is a refusal that changes nothing."""

import pytest
from support.account import refused, vif_fields


@pytest.fixture
def port(alice):
    return alice.connection()["connectionId"]


def test_ten_active_connections_at_a_location(alice):
    location = alice.location()
    made = [alice.connection(wait=None, location=location) for _ in range(10)]
    refused(alice.dx.create_connection, location=location, bandwidth="1Gbps", connectionName="x")
    refused(
        alice.dx.create_lag, numberOfConnections=1, location=location, connectionsBandwidth="1Gbps", lagName="x"
    )
    alice.connection(wait=None, n=1)
    alice.dx.delete_connection(connectionId=made[0]["connectionId"])
    alice.wait_connection(made[0]["connectionId"], "deleted")
    alice.connection(wait=None, location=location)


def test_the_location_quota_is_each_accounts_own(alice, bob):
    location = alice.location()
    for _ in range(10):
        alice.connection(wait=None, location=location)
    bob.connection(wait=None, location=location)


def test_fifty_and_one_virtual_interfaces(alice, port):
    gateways = [alice.gateway()["directConnectGatewayId"] for _ in range(2)]
    for n in range(50):
        alice.private_vif(port, wait=None, directConnectGatewayId=gateways[n // 30])
    refused(
        alice.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(directConnectGatewayId=gateways[1]),
    )
    alice.transit_vif(port, wait=None)
    refused(
        alice.dx.create_transit_virtual_interface, connectionId=port,
        newTransitVirtualInterface=vif_fields(directConnectGatewayId=alice.gateway()["directConnectGatewayId"]),
    )


def test_four_transit_virtual_interfaces(alice, port):
    gateway = alice.gateway()["directConnectGatewayId"]
    for _ in range(4):
        alice.transit_vif(port, wait=None, directConnectGatewayId=gateway)
    refused(
        alice.dx.create_transit_virtual_interface, connectionId=port,
        newTransitVirtualInterface=vif_fields(directConnectGatewayId=gateway),
    )


def test_thirty_interfaces_on_a_gateway(alice, port):
    gateway = alice.gateway()["directConnectGatewayId"]
    for _ in range(30):
        alice.private_vif(port, wait=None, directConnectGatewayId=gateway)
    refused(
        alice.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(directConnectGatewayId=gateway),
    )


def test_ten_lags_in_a_region(alice):
    for n in range(10):
        alice.lag(wait=None, members=1, location=alice.location("10Gbps", n=n % 2))
    refused(
        alice.dx.create_lag, numberOfConnections=1, location=alice.location("10Gbps"), connectionsBandwidth="10Gbps",
        lagName="x",
    )
    other = alice.client("directconnect", "us-west-2")
    other.create_lag(
        numberOfConnections=1, location=alice.location("10Gbps", region="us-west-2"), connectionsBandwidth="10Gbps",
        lagName="x",
    )


def test_two_hundred_gateways(alice):
    for _ in range(200):
        alice.dx.create_direct_connect_gateway(directConnectGatewayName="g")
    refused(alice.dx.create_direct_connect_gateway, directConnectGatewayName="one more")


def test_twenty_virtual_private_gateways_on_a_gateway(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    for n in range(20):
        alice.dx.create_direct_connect_gateway_association(
            directConnectGatewayId=gateway, gatewayId=alice.vpn_gateway(f"10.{n}.0.0/16")
        )
    refused(
        alice.dx.create_direct_connect_gateway_association, directConnectGatewayId=gateway,
        gatewayId=alice.vpn_gateway("10.200.0.0/16"),
    )


def test_six_transit_gateways_on_a_gateway_and_two_hundred_prefixes_each(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    prefixes = [{"cidr": f"10.0.{n}.0/24"} for n in range(201)]
    refused(
        alice.dx.create_direct_connect_gateway_association, directConnectGatewayId=gateway,
        gatewayId=alice.transit_gateway(64800), addAllowedPrefixesToDirectConnectGateway=prefixes,
    )
    for n in range(6):
        alice.dx.create_direct_connect_gateway_association(
            directConnectGatewayId=gateway, gatewayId=alice.transit_gateway(64801 + n),
            addAllowedPrefixesToDirectConnectGateway=prefixes[:200] if n == 0 else [{"cidr": f"10.{n}.0.0/16"}],
        )
    refused(
        alice.dx.create_direct_connect_gateway_association, directConnectGatewayId=gateway,
        gatewayId=alice.transit_gateway(64900), addAllowedPrefixesToDirectConnectGateway=[{"cidr": "10.99.0.0/16"}],
    )


def test_quotas_hold_under_concurrency(alice):
    """Twenty at once, ten fit."""
    import concurrent.futures

    import botocore.exceptions

    location, client = alice.location(), alice.dx

    def create(n):
        try:
            client.create_connection(location=location, bandwidth="1Gbps", connectionName=f"c{n}")
            return "made"
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(create, range(20)))
    assert outcomes.count("made") == 10, outcomes
    assert set(outcomes) == {"made", "DirectConnectClientException"}
    assert len(alice.dx.describe_connections()["connections"]) == 10
