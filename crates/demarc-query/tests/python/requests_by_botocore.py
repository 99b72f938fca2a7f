"""Writes tests/fixtures/requests.txt: requests as botocore serialises them, one a line:
service, operation, form body, separated by tabs. Run it after adding a row; needs botocore.

    python crates/demarc-query/tests/python/requests_by_botocore.py
"""

import pathlib
import urllib.parse

import botocore.serialize
import botocore.session

TAGS = [{"Key": "Name", "Value": "a b&c"}, {"Key": "env", "Value": ""}]


def specification(kind):
    return [{"ResourceType": kind, "Tags": TAGS}]


FILTERS = [{"Name": "vpc-id", "Values": ["vpc-1", "vpc-2"]}, {"Name": "tag:Name", "Values": ["x*"]}]

ROWS = [
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "default",
                          "AmazonProvidedIpv6CidrBlock": True, "TagSpecifications": specification("vpc")}),
    ("ec2", "DescribeVpcs", {"VpcIds": ["vpc-1", "vpc-2"], "Filters": FILTERS, "MaxResults": 5,
                             "NextToken": "t"}),
    ("ec2", "DescribeVpcAttribute", {"VpcId": "vpc-1", "Attribute": "enableDnsSupport"}),
    ("ec2", "ModifyVpcAttribute", {"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": True}}),
    ("ec2", "DeleteVpc", {"VpcId": "vpc-1", "DryRun": True}),
    ("ec2", "AssociateVpcCidrBlock", {"VpcId": "vpc-1", "CidrBlock": "10.1.0.0/16"}),
    ("ec2", "DisassociateVpcCidrBlock", {"AssociationId": "vpc-cidr-assoc-1"}),
    ("ec2", "DescribeNetworkAcls", {"NetworkAclIds": ["acl-1"], "Filters": FILTERS}),
    ("ec2", "DescribeRouteTables", {"RouteTableIds": ["rtb-1"], "Filters": FILTERS}),
    ("ec2", "DescribeSecurityGroups", {"GroupIds": ["sg-1"], "GroupNames": ["default"],
                                       "Filters": FILTERS}),
    ("ec2", "CreateVpnGateway", {"Type": "ipsec.1", "AmazonSideAsn": 4200000000,
                                 "AvailabilityZone": "us-east-1a",
                                 "TagSpecifications": specification("vpn-gateway")}),
    ("ec2", "DescribeVpnGateways", {"VpnGatewayIds": ["vgw-1"], "Filters": FILTERS}),
    ("ec2", "AttachVpnGateway", {"VpcId": "vpc-1", "VpnGatewayId": "vgw-1"}),
    ("ec2", "DetachVpnGateway", {"VpcId": "vpc-1", "VpnGatewayId": "vgw-1"}),
    ("ec2", "DeleteVpnGateway", {"VpnGatewayId": "vgw-1"}),
    ("ec2", "CreateTransitGateway", {
        "Description": "d",
        "Options": {"AmazonSideAsn": 64513, "AutoAcceptSharedAttachments": "enable",
                    "DefaultRouteTableAssociation": "disable", "DefaultRouteTablePropagation": "disable",
                    "VpnEcmpSupport": "enable", "DnsSupport": "enable",
                    "SecurityGroupReferencingSupport": "disable", "MulticastSupport": "disable",
                    "TransitGatewayCidrBlocks": ["10.9.0.0/24"]},
        "TagSpecifications": specification("transit-gateway")}),
    ("ec2", "DescribeTransitGateways", {"TransitGatewayIds": ["tgw-1"], "Filters": FILTERS}),
    ("ec2", "ModifyTransitGateway", {
        "TransitGatewayId": "tgw-1", "Description": "",
        "Options": {"AddTransitGatewayCidrBlocks": ["10.9.1.0/24"],
                    "RemoveTransitGatewayCidrBlocks": ["10.9.0.0/24"], "DnsSupport": "disable",
                    "AssociationDefaultRouteTableId": "tgw-rtb-1",
                    "PropagationDefaultRouteTableId": "tgw-rtb-2"}}),
    ("ec2", "DeleteTransitGateway", {"TransitGatewayId": "tgw-1"}),
    ("ec2", "DescribeTransitGatewayAttachments", {"TransitGatewayAttachmentIds": ["tgw-attach-1"],
                                                  "Filters": FILTERS}),
    ("ec2", "DescribeTransitGatewayRouteTables", {"TransitGatewayRouteTableIds": ["tgw-rtb-1"],
                                                  "Filters": FILTERS}),
    ("ec2", "SearchTransitGatewayRoutes", {"TransitGatewayRouteTableId": "tgw-rtb-1", "Filters": FILTERS,
                                           "MaxResults": 10}),
    ("ec2", "CreateTags", {"Resources": ["vpc-1", "vgw-1"], "Tags": TAGS}),
    ("ec2", "DeleteTags", {"Resources": ["vpc-1"], "Tags": [{"Key": "Name"}, {"Key": "env", "Value": ""}]}),
    ("ec2", "DescribeTags", {"Filters": FILTERS, "MaxResults": 5}),
    ("ec2", "DescribeRegions", {"RegionNames": ["us-east-1"], "AllRegions": True}),
    ("ec2", "DescribeAvailabilityZones", {"ZoneNames": ["us-east-1a"], "ZoneIds": ["use1-az1"]}),
    ("sts", "GetCallerIdentity", {}),
    ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "me",
                           "DurationSeconds": 900, "Policy": "{}"}),
    ("iam", "GetUser", {"UserName": "alice"}),
    ("iam", "ListRoles", {"PathPrefix": "/", "MaxItems": 10}),
]


def main():
    session = botocore.session.get_session()
    lines = []
    for service, operation, parameters in ROWS:
        model = session.get_service_model(service)
        serializer = botocore.serialize.create_serializer(model.metadata["protocol"])
        request = serializer.serialize_to_request(parameters, model.operation_model(operation))
        lines.append("\t".join([service, operation, urllib.parse.urlencode(request["body"])]))
    target = pathlib.Path(__file__).parent.parent / "fixtures" / "requests.txt"
    target.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} requests in {target}")


if __name__ == "__main__":
    main()
