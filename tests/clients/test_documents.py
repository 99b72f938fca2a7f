"""Letters, router configuration, locations, agreements, gateways (operations.md 10, documents.md)."""

import base64
import datetime
import json
import re
import shutil
import subprocess

import pytest
from support.account import NO_CONNECTION, NO_LAG, NO_VIF, OTHER_REGION, refused
from support.waiting import eventually

PUBLISHED = {
    "CiscoSystemsInc-2900SeriesRouters-IOS124": ("Cisco Systems, Inc.", "2900 Series Routers", "IOS 12.4+", "customer-router-cisco-generic.xslt", ""),
    "CiscoSystemsInc-3700SeriesRouters-IOS124": ("Cisco Systems, Inc.", "3700 Series Routers", "IOS 12.4+", "customer-router-cisco-generic.xslt", ""),
    "CiscoSystemsInc-7200SeriesRouters-IOS124": ("Cisco Systems, Inc.", "7200 Series Routers", "IOS 12.4+", "customer-router-cisco-generic.xslt", ""),
    "CiscoSystemsInc-Nexus7000SeriesSwitches-NXOS51": ("Cisco Systems, Inc.", "Nexus 7000 Series Switches", "NX-OS 5.1+", "customer-switch-cisco-nexus-generic.xslt", ""),
    "CiscoSystemsInc-Nexus9KSeriesSwitches-NXOS93": ("Cisco Systems, Inc.", "Nexus 9K+ Series Switches", "NX-OS 9.3+", "customer-switch-cisco-nexus-generic.xslt", "customer-switch-cisco-nexus-generic-macsec.xslt"),
    "JuniperNetworksInc-MMXSeriesRouters-JunOS95": ("Juniper Networks, Inc.", "M/MX Series Routers", "JunOS 9.5+", "customer-router-juniper-generic.xslt", "customer-router-juniper-generic-macsec.xslt"),
    "JuniperNetworksInc-SRXSeriesRouters-JunOS95": ("Juniper Networks, Inc.", "SRX Series Routers", "JunOS 9.5+", "customer-router-juniper-generic.xslt", ""),
    "JuniperNetworksInc-TSeriesRouters-JunOS95": ("Juniper Networks, Inc.", "T Series Routers", "JunOS 9.5+", "customer-router-juniper-generic.xslt", ""),
    "PaloAltoNetworks-PA3000and5000series-PANOS803": ("Palo Alto Networks", "PA-3000+ and 5000+ series", "PAN-OS 8.0.3+", "customer-router-palo-alto-generic.xslt", ""),
}
BEYOND = [
    "FRRouting-FRR-FRR80", "BIRD-BIRD2-BIRD20", "VyOS-VyOS-13", "AristaNetworks-7000Series-EOS420", "MikroTik-RouterOS-ROS7"
]


@pytest.fixture
def vif(alice):
    return alice.private_vif(alice.connection()["connectionId"], virtualInterfaceName="to the office")


# ----- letters -----


def test_a_letter_is_a_pdf_at_the_top_level(alice):
    connection = alice.connection(connectionName="office port")
    letter = alice.dx.describe_loa(connectionId=connection["connectionId"], providerName="Example Carrier")
    assert letter["loaContentType"] == "application/pdf"
    assert letter["loaContent"].startswith(b"%PDF-")
    shown = alice.show_connection(connection["connectionId"])
    age = datetime.datetime.now(datetime.UTC) - shown["loaIssueTime"]
    assert abs(age) < datetime.timedelta(minutes=5)


def test_the_wire_form_is_plain_base64(alice):
    connection = alice.connection()["connectionId"]
    _, _, text = alice.raw("OvertureService.DescribeLoa", {"connectionId": connection})
    assert base64.b64decode(json.loads(text)["loaContent"], validate=True).startswith(b"%PDF-")


def test_the_letter_says_what_it_is_about(alice, tmp_path):
    if not shutil.which("pdftotext"):
        pytest.skip("skipped: pdftotext is not installed")
    connection = alice.connection()
    letter = alice.dx.describe_loa(connectionId=connection["connectionId"], providerName="Example Carrier")
    file = tmp_path / "letter.pdf"
    file.write_bytes(letter["loaContent"])
    text = subprocess.run(["pdftotext", file, "-"], check=True, capture_output=True, text=True).stdout
    for field in (connection["connectionId"], alice.id, "Example Carrier", connection["location"], "1000BASE-LX"):
        assert field in text, field


def test_a_lags_letter_has_a_page_for_each_member(alice, tmp_path):
    lag = alice.lag(members=2)
    letter = alice.dx.describe_loa(connectionId=lag["lagId"])["loaContent"]
    assert letter.startswith(b"%PDF-")
    if not shutil.which("pdftotext"):
        pytest.skip("skipped: pdftotext is not installed")
    file = tmp_path / "letter.pdf"
    file.write_bytes(letter)
    text = subprocess.run(["pdftotext", file, "-"], check=True, capture_output=True, text=True).stdout
    assert 1 <= text.count("\f") <= 2


def test_the_old_calls_wrap_it(alice):
    connection = alice.connection()["connectionId"]
    assert alice.dx.describe_connection_loa(connectionId=connection)["loa"]["loaContent"].startswith(b"%PDF-")
    interconnect = alice.interconnect()["interconnectId"]
    assert alice.dx.describe_interconnect_loa(interconnectId=interconnect)["loa"]["loaContent"].startswith(b"%PDF-")
    assert alice.dx.describe_loa(connectionId=interconnect)["loaContent"].startswith(b"%PDF-")


def test_letter_refusals(alice, bob, frozen):
    requested = frozen.connection(wait=None)["connectionId"]
    refused(frozen.dx.describe_loa, connectionId=requested)
    refused(alice.dx.describe_loa, connectionId=NO_CONNECTION, containing="Could not find Connection with ID")
    refused(alice.dx.describe_loa, connectionId=NO_LAG, containing="Could not find Lag with ID")
    theirs = bob.connection()["connectionId"]
    refused(alice.dx.describe_loa, connectionId=theirs, containing="Could not find Connection with ID")
    status, _, text = bob.raw("OvertureService.DescribeLoa", {"connectionId": theirs, "loaContentType": "text/plain"})
    assert (status, json.loads(text)["__type"]) == (400, "DirectConnectClientException")


# ----- router configuration -----


@pytest.mark.parametrize("identifier", PUBLISHED)
def test_published_router_types(alice, vif, identifier):
    answer = alice.dx.describe_router_configuration(
        virtualInterfaceId=vif["virtualInterfaceId"], routerTypeIdentifier=identifier
    )
    vendor, platform, software, template, macsec = PUBLISHED[identifier]
    assert answer["router"] == {
        "vendor": vendor, "platform": platform, "software": software, "xsltTemplateName": template,
        "xsltTemplateNameForMacSec": macsec, "routerTypeIdentifier": identifier,
    }
    assert answer["virtualInterfaceId"] == vif["virtualInterfaceId"]
    assert answer["virtualInterfaceName"] == "to the office"
    text = answer["customerRouterConfig"]
    assert not text.startswith("<?xml"), "vendor text, not the XML"
    for value in (vif["vlan"], vif["authKey"], vif["asn"], 64600, vif["customerAddress"].split("/")[0], vif["amazonAddress"].split("/")[0]):
        assert str(value) in text, value


@pytest.mark.parametrize("identifier", BEYOND)
def test_more_router_types(alice, vif, identifier):
    answer = alice.dx.describe_router_configuration(
        virtualInterfaceId=vif["virtualInterfaceId"], routerTypeIdentifier=identifier
    )
    assert answer["router"]["routerTypeIdentifier"] == identifier
    assert vif["authKey"] in answer["customerRouterConfig"]


def test_without_a_type_it_is_the_first(alice, vif):
    answer = alice.dx.describe_router_configuration(virtualInterfaceId=vif["virtualInterfaceId"])
    assert answer["router"]["routerTypeIdentifier"] == "CiscoSystemsInc-2900SeriesRouters-IOS124"


def test_router_refusals(alice, bob, vif):
    refused(
        alice.dx.describe_router_configuration, virtualInterfaceId=vif["virtualInterfaceId"],
        routerTypeIdentifier="NoSuch-Router-1",
    )
    for account, vif_id in ((alice, NO_VIF), (bob, vif["virtualInterfaceId"])):
        refused(account.dx.describe_router_configuration, virtualInterfaceId=vif_id, containing="does not exist")


# ----- locations, metadata, gateways -----


def test_locations(alice):
    for region in (alice.region, OTHER_REGION, "eu-west-1", "ap-southeast-2"):
        locations = alice.locations(region)
        assert len(locations) >= 2, region
        for location in locations:
            assert location["region"] == region
            assert re.fullmatch(r"[a-zA-Z0-9-]+", location["locationCode"])
            assert set(location["availablePortSpeeds"]) <= {"1G", "10G", "100G", "400G"}
            assert set(location["availableMacSecPortSpeeds"]) <= set(location["availablePortSpeeds"]) - {"1G"}
            assert location["availableProviders"]


def test_the_location_that_terraforms_tests_name_is_there(alice):
    found = {l["locationCode"]: l for l in alice.locations("us-west-2")}
    assert "100G" in found["CSOW"]["availablePortSpeeds"] and "100G" in found["CSOW"]["availableMacSecPortSpeeds"]


def test_development_mode_offers_every_speed_in_us_east_1(alice):
    speeds = {s for l in alice.locations("us-east-1") for s in l["availablePortSpeeds"]}
    macsec = {s for l in alice.locations("us-east-1") for s in l["availableMacSecPortSpeeds"]}
    assert speeds == {"1G", "10G", "100G", "400G"}
    assert macsec == {"10G", "100G", "400G"}


def test_customer_metadata_and_agreements(alice):
    metadata = alice.dx.describe_customer_metadata()
    assert metadata["nniPartnerType"] == "v2", "development mode: every account may act as a partner"
    assert isinstance(metadata["agreements"], list)
    assert alice.dx.confirm_customer_agreement()["status"] == "signed"
    assert alice.dx.confirm_customer_agreement()["status"] == "signed"
    refused(alice.dx.confirm_customer_agreement, agreementName="no such agreement")


def test_virtual_gateways(alice, bob):
    assert alice.dx.describe_virtual_gateways()["virtualGateways"] == []
    vgw = alice.vpn_gateway()
    assert alice.dx.describe_virtual_gateways()["virtualGateways"] == [
        {"virtualGatewayId": vgw, "virtualGatewayState": "available"}
    ]
    assert bob.dx.describe_virtual_gateways()["virtualGateways"] == []
    assert alice.client("directconnect", OTHER_REGION).describe_virtual_gateways()["virtualGateways"] == []
    eventually(lambda: alice.dx.describe_virtual_gateways()["virtualGateways"])
