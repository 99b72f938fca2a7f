"""Every answer of every Direct Connect call, checked against the API model.

botocore's parser is lenient: it drops members that it does not know and passes
over missing ones. So the raw body is judged here, member by member.
"""

import base64
import json
import re

#: Members that are always present although the model does not require them
#: (operations.md 1.4 to 1.6, clients.md rules 18 and 21).
ALWAYS = {
    "Connection": {
        "ownerAccount", "connectionId", "connectionName", "connectionState", "region",
        "location", "bandwidth", "jumboFrameCapable", "hasLogicalRedundancy", "tags",
        "macSecCapable",
    },
    "Interconnect": {
        "interconnectId", "interconnectName", "interconnectState", "region", "location",
        "bandwidth", "jumboFrameCapable", "hasLogicalRedundancy", "tags", "macSecCapable",
    },
    "Lag": {
        "connectionsBandwidth", "numberOfConnections", "lagId", "ownerAccount", "lagName",
        "lagState", "location", "region", "minimumLinks", "connections",
        "allowsHostedConnections", "jumboFrameCapable", "hasLogicalRedundancy", "tags",
        "macSecCapable",
    },
    "VirtualInterface": {
        "ownerAccount", "virtualInterfaceId", "location", "connectionId",
        "virtualInterfaceType", "virtualInterfaceName", "vlan", "asn", "asnLong",
        "amazonSideAsn", "authKey", "amazonAddress", "customerAddress", "addressFamily",
        "virtualInterfaceState", "customerRouterConfig", "mtu", "jumboFrameCapable",
        "virtualGatewayId", "directConnectGatewayId", "routeFilterPrefixes", "bgpPeers",
        "region", "awsDeviceV2", "awsLogicalDeviceId", "tags", "siteLinkEnabled",
    },
    "BGPPeer": {
        "bgpPeerId", "asn", "asnLong", "authKey", "addressFamily", "amazonAddress",
        "customerAddress", "bgpPeerState", "bgpStatus", "awsDeviceV2", "awsLogicalDeviceId",
    },
    "DirectConnectGateway": {
        "directConnectGatewayId", "directConnectGatewayName", "amazonSideAsn",
        "ownerAccount", "directConnectGatewayState",
    },
    "DirectConnectGatewayAssociation": {
        "directConnectGatewayId", "directConnectGatewayOwnerAccount", "associationState",
        "associationId", "allowedPrefixesToDirectConnectGateway",
    },
    "DirectConnectGatewayAssociationProposal": {
        "proposalId", "directConnectGatewayId", "directConnectGatewayOwnerAccount",
        "proposalState", "associatedGateway", "requestedAllowedPrefixesToDirectConnectGateway",
    },
    "DirectConnectGatewayAttachment": {
        "directConnectGatewayId", "virtualInterfaceId", "virtualInterfaceRegion",
        "virtualInterfaceOwnerAccount", "attachmentState", "attachmentType",
    },
    "AssociatedGateway": {"id", "type", "ownerAccount", "region"},
    "Location": {
        "locationCode", "locationName", "region", "availablePortSpeeds",
        "availableProviders", "availableMacSecPortSpeeds",
    },
    "MacSecKey": {"secretARN", "ckn", "state"},
    "RouterType": {
        "vendor", "platform", "software", "xsltTemplateName", "xsltTemplateNameForMacSec",
        "routerTypeIdentifier",
    },
    "Tag": {"key", "value"},
    "ResourceTag": {"resourceArn", "tags"},
    "VirtualInterfaceTestHistory": {
        "testId", "virtualInterfaceId", "bgpPeers", "status", "ownerAccount",
        "testDurationInMinutes", "startTime",
    },
    "ResiliencyGroup": {
        "resiliencyGroupId", "resiliencyGroupArn", "resiliencyGroupName",
        "resiliencyGroupType", "ownerAccount", "state",
    },
    "Route": {"cidr", "routeDirection", "addressFamily", "asPath", "communities"},
}

#: Errors of the front end, which the model does not name (protocol.md 3.3).
COMMON_ERRORS = {
    "UnknownOperationException", "SerializationException", "ValidationException",
    "MissingAuthenticationTokenException", "IncompleteSignatureException",
    "UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException",
    "AccessDeniedException", "ThrottlingException", "RequestEntityTooLargeException",
    "ServiceUnavailableException",
}
MODELLED_ERRORS = {
    "DirectConnectClientException", "DirectConnectServerException",
    "DuplicateTagKeysException", "TooManyTagsException", "LimitExceededException",
}

REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class WrongAnswer(AssertionError):
    """An answer that the API model does not allow."""


def check(http_response, operation_model):
    """Judges one answer; raises WrongAnswer with every problem in it."""
    problems = list(_problems(http_response, operation_model))
    if problems:
        text = http_response.content.decode(errors="replace")
        listed = "\n  ".join(problems)
        raise WrongAnswer(f"{operation_model.name}:\n  {listed}\nin {text}")


def _problems(response, operation):
    headers = {name.lower(): value for name, value in response.headers.items()}
    if headers.get("content-type") != "application/x-amz-json-1.1":
        yield f"content type {headers.get('content-type')!r}"
    if not REQUEST_ID.fullmatch(headers.get("x-amzn-requestid", "")):
        yield f"request id {headers.get('x-amzn-requestid')!r}"
    if "date" not in headers:
        yield "no Date header: SDKs correct their clock by it"
    try:
        body = json.loads(response.content)
    except ValueError as error:
        yield f"the body is not JSON: {error}"
        return
    if not isinstance(body, dict):
        yield "the body is not an object"
    elif response.status_code == 200:
        yield from _success(body, operation)
    else:
        yield from _failure(body, response.status_code)


def _success(body, operation):
    shape = operation.output_shape
    if shape is None:
        if body != {}:
            yield f"a void operation answers {{}}, not {body}"
        return
    yield from _value(body, shape, shape.name)
    if body.get("nextToken") == "":
        yield "nextToken is empty: the last page leaves it out"
    # Top-level lists of list operations are present when empty (protocol.md 2).
    if operation.name.startswith(("Describe", "List")):
        for name, member in shape.members.items():
            if member.type_name == "list" and name not in body:
                yield f"{name} is absent: an empty list is []"


def _failure(body, status):
    kind = body.get("__type")
    if kind in MODELLED_ERRORS and status != 400:
        yield f"{kind} with status {status}, not 400"
    if kind not in MODELLED_ERRORS | COMMON_ERRORS:
        yield f"unexpected error type {kind!r} with status {status}"
    if kind != "UnknownOperationException" and not isinstance(body.get("message"), str):
        yield f"{kind} without a message"
    extra = set(body) - {"__type", "message"}
    if extra:
        yield f"{kind} with more members: {sorted(extra)}"


def _value(value, shape, path):
    check_type = _TYPES[shape.type_name]
    yield from check_type(value, shape, path)


def _structure(value, shape, path):
    if not isinstance(value, dict):
        yield f"{path}: {type(value).__name__} for a structure"
        return
    for name in sorted(set(value) - set(shape.members)):
        yield f"{path}: unknown member {name}"
    missing = (set(shape.required_members) | ALWAYS.get(shape.name, set())) - set(value)
    for name in sorted(missing & set(shape.members)):
        yield f"{path}: {name} is missing"
    for name, member in shape.members.items():
        if name in value:
            yield from _value(value[name], member, f"{path}.{name}")


def _list(value, shape, path):
    if not isinstance(value, list):
        yield f"{path}: {type(value).__name__} for a list"
        return
    for n, item in enumerate(value):
        yield from _value(item, shape.member, f"{path}[{n}]")


def _string(value, shape, path):
    if not isinstance(value, str):
        yield f"{path}: {value!r} for a string"
        return
    limits = shape.metadata
    if limits.get("enum") and value not in limits["enum"]:
        yield f"{path}: {value!r} is none of {limits['enum']}"
    if "min" in limits and len(value) < limits["min"]:
        yield f"{path}: {value!r} is shorter than {limits['min']}"
    if "max" in limits and len(value) > limits["max"]:
        yield f"{path}: {value!r} is longer than {limits['max']}"


def _integer(value, shape, path):
    if isinstance(value, bool) or not isinstance(value, int):
        yield f"{path}: {value!r} for an integer"
        return
    bits = 31 if shape.type_name == "integer" else 63
    if not -(2**bits) <= value < 2**bits:
        yield f"{path}: {value} does not fit {shape.type_name}"


def _boolean(value, _, path):
    if not isinstance(value, bool):
        yield f"{path}: {value!r} for a boolean"


def _timestamp(value, _, path):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        yield f"{path}: {value!r} for a timestamp"


def _blob(value, _, path):
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError) as error:
        yield f"{path}: not base64: {error}"


_TYPES = {
    "structure": _structure,
    "list": _list,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}
