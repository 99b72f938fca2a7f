"""The tests themselves: nothing of the API is left out."""

import pathlib
import re

import botocore.session
from botocore import xform_name

HERE = pathlib.Path(__file__).parent


def sources():
    files = [f for f in HERE.glob("test_*.py") if f.name not in {"test_coverage.py", "test_isolation.py", "test_support.py"}]
    return "\n".join(f.read_text() for f in [*files, HERE / "support" / "account.py"])


def test_every_operation_is_called_by_a_test_of_its_own():
    text = sources()
    # Calls made through a name put together: allocate_{kind}_virtual_interface.
    kinds = ("private", "public", "transit")
    for stem in ("allocate", "confirm"):
        if f"{stem}_{{kind}}_virtual_interface" in text:
            text += " ".join(f".{stem}_{kind}_virtual_interface(" for kind in kinds)
    model = botocore.session.get_session().get_service_model("directconnect")
    missing = [name for name in model.operation_names if not re.search(rf"\b{xform_name(name)}\b", text)]
    assert missing == []


def test_every_seen_message_is_asserted():
    """operations.md 2.1; M12 and M24 cannot be provoked in development mode with instant transitions."""
    text = sources()
    seen = {
        "M1": "Connection ID {bad} has an invalid format.",
        "M2": "ConnectionID nonsense has an invalid format.",
        "M3": "DirectConnectGatewayID dxgw-1 has an invalid format.",
        "M4": "Association ID has an invalid format.",
        "M5": "Could not find Connection with ID",
        "M6": "Could not find Lag with ID",
        "M7": "does not exist",
        "M8": "is not found",
        "M9": "ConfirmConnection failed. {NO_CONNECTION} doesn't exist.",
        "M10": "ConfirmConnection failed. {hosted} is in state available",
        "M11": "{alice.id} DescribeHostedConnections failed for connection {NO_CONNECTION} doesn't exist.",
        "M13": "Cannot allocate VirtualInterface for the connection owner.",
        "M14": "Direct Connect Gateway Association Proposal {proposal} has been accepted!",
        "M15": "The VirtualGateway {vgw} does not exist.",
        "M16": "The Virtual Gateway in the Direct Connect Gateway Association Proposal {proposal} is not found",
        "M17": "and lag should be requested MacSec at the same time",
        "M18": "BGP ASN -94967296 must have value greater than or equal to 1",
        "M19": "The specified Connection ID is not available",
        "M20": "The VirtualGateway {vgw} is not available",
        "M21": "VLAN 500 is already in use",
        "M22": "The last BGP Peer on a Virtual Interface cannot be deleted",
        "M23": "Amazon Address is the broadcast address on its subnet.",
    }
    assert [number for number, message in seen.items() if message not in text] == []
