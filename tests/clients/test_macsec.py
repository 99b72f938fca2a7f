"""MACsec keys (operations.md 6, states.md 12)."""

import re

import pytest
from support.account import NO_CONNECTION, NO_LAG, refused
from support.waiting import eventually

CKN = "0123456789abcdef" * 4
CAK = "fedcba9876543210" * 4


def ckn(n):
    return f"{n:064x}"


@pytest.fixture
def port(alice):
    return alice.connection("10Gbps", macsec=True)["connectionId"]


def test_a_key_is_associated_and_its_secret_never_shown(alice, port):
    made = alice.dx.associate_mac_sec_key(connectionId=port, ckn=CKN, cak=CAK)
    assert made["connectionId"] == port
    (key,) = made["macSecKeys"]
    assert key["ckn"] == CKN
    assert key["state"] in {"associating", "associated"}
    assert re.match(
        rf"arn:aws:secretsmanager:us-east-1:{alice.id}:secret:directconnect!prod/us-east-1/directconnect/", key["secretARN"]
    )
    assert "_" not in key["secretARN"], "clients.md rule 13"
    shown = eventually(
        lambda: alice.show_connection(port), lambda c: c["macSecKeys"][0]["state"] == "associated", what="associated"
    )
    assert CAK not in str(shown)
    assert shown["portEncryptionStatus"] == "Encryption Up"


def test_the_new_key_is_the_last_and_three_are_the_most(alice, port):
    for n in range(3):
        made = alice.dx.associate_mac_sec_key(connectionId=port, ckn=ckn(n), cak=CAK)
        assert [k["ckn"] for k in made["macSecKeys"]] == [ckn(i) for i in range(n + 1)]
    refused(alice.dx.associate_mac_sec_key, connectionId=port, ckn=ckn(9), cak=CAK)


def test_the_same_ckn_twice_is_refused_whatever_its_case(alice, port):
    alice.dx.associate_mac_sec_key(connectionId=port, ckn=CKN, cak=CAK)
    refused(alice.dx.associate_mac_sec_key, connectionId=port, ckn=CKN, cak=CAK)
    refused(alice.dx.associate_mac_sec_key, connectionId=port, ckn=CKN.upper(), cak=CAK)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"ckn": CKN},
        {"cak": CAK},
        {"ckn": CKN, "cak": CAK, "secretARN": "arn:aws:secretsmanager:us-east-1:1:secret:directconnect!prod/x-abcdef"},
        {"ckn": CKN[:-1], "cak": CAK},
        {"ckn": CKN, "cak": CAK + "0"},
        {"ckn": CKN[:-1] + "g", "cak": CAK},
        {"secretARN": "nonsense"},
        {"secretARN": "arn:aws:secretsmanager:us-east-1:111111111111:secret:mine-abcdef"},
    ],
    ids=str,
)
def test_wrong_forms_are_refused(alice, port, wrong):
    refused(alice.dx.associate_mac_sec_key, connectionId=port, **wrong)
    assert alice.show_connection(port)["macSecKeys"] == []


def test_a_port_without_macsec_takes_no_key(alice):
    plain = alice.connection()["connectionId"]
    refused(alice.dx.associate_mac_sec_key, connectionId=plain, ckn=CKN, cak=CAK)


def test_unknown_ports(alice):
    refused(alice.dx.associate_mac_sec_key, connectionId=NO_CONNECTION, ckn=CKN, cak=CAK, containing="Could not find Connection with ID")
    refused(alice.dx.associate_mac_sec_key, connectionId=NO_LAG, ckn=CKN, cak=CAK, containing="Could not find Lag with ID")


def test_disassociate_and_the_next_read_is_without_it(alice, port):
    """clients.md rule 20."""
    secret = alice.dx.associate_mac_sec_key(connectionId=port, ckn=CKN, cak=CAK)["macSecKeys"][-1]["secretARN"]
    gone = alice.dx.disassociate_mac_sec_key(connectionId=port, secretARN=secret)
    assert gone["connectionId"] == port
    assert [(k["secretARN"], k["state"]) for k in gone["macSecKeys"]] == [(secret, gone["macSecKeys"][0]["state"])]
    assert gone["macSecKeys"][0]["state"] in {"disassociating", "disassociated"}
    shown = alice.show_connection(port)
    assert secret not in [k["secretARN"] for k in shown["macSecKeys"]]
    refused(alice.dx.disassociate_mac_sec_key, connectionId=port, secretARN=secret, containing="is not associated with")


def test_without_keys_the_port_is_not_encrypted(alice, port):
    assert alice.show_connection(port)["portEncryptionStatus"] == "Encryption Down"
    secret = alice.dx.associate_mac_sec_key(connectionId=port, ckn=CKN, cak=CAK)["macSecKeys"][-1]["secretARN"]
    eventually(lambda: alice.show_connection(port)["portEncryptionStatus"], lambda s: s == "Encryption Up")
    alice.dx.disassociate_mac_sec_key(connectionId=port, secretARN=secret)
    eventually(lambda: alice.show_connection(port)["portEncryptionStatus"], lambda s: s == "Encryption Down")


def test_the_last_key_takes_must_encrypt_with_it(alice, port):
    secret = alice.dx.associate_mac_sec_key(connectionId=port, ckn=CKN, cak=CAK)["macSecKeys"][-1]["secretARN"]
    alice.dx.update_connection(connectionId=port, encryptionMode="must_encrypt")
    alice.dx.disassociate_mac_sec_key(connectionId=port, secretARN=secret)
    assert alice.show_connection(port)["encryptionMode"] == "should_encrypt"


def test_must_encrypt_without_a_key_takes_the_port_down(alice, port):
    alice.dx.update_connection(connectionId=port, encryptionMode="must_encrypt")
    alice.wait_connection(port, "down")
    alice.dx.associate_mac_sec_key(connectionId=port, ckn=CKN, cak=CAK)
    alice.wait_connection(port, "available")


def test_a_lags_key_reaches_its_members_and_replaces_theirs(alice):
    lag = alice.lag(members=2, macsec=True)["lagId"]
    member = alice.show_lag(lag)["connections"][0]["connectionId"]
    alice.dx.disassociate_connection_from_lag(connectionId=member, lagId=lag)
    alice.dx.associate_mac_sec_key(connectionId=member, ckn=ckn(1), cak=CAK)
    alice.dx.associate_mac_sec_key(connectionId=lag, ckn=ckn(2), cak=CAK)
    alice.dx.associate_connection_with_lag(connectionId=member, lagId=lag)
    shown = alice.show_lag(lag)
    assert [k["ckn"] for k in shown["macSecKeys"]] == [ckn(2)]
    assert len(shown["connections"]) == 2
    for one in shown["connections"]:
        assert [k["ckn"] for k in one["macSecKeys"]] == [ckn(2)]


def test_an_interconnect_takes_keys(alice):
    port = alice.interconnect("10Gbps", requestMACSec=True, location=alice.location("10Gbps", macsec=True))
    made = alice.dx.associate_mac_sec_key(connectionId=port["interconnectId"], ckn=CKN, cak=CAK)
    assert made["macSecKeys"][-1]["ckn"] == CKN
    shown = alice.show_interconnect(port["interconnectId"])
    assert shown["macSecCapable"] is True
    assert [k["ckn"] for k in shown["macSecKeys"]] == [CKN]
