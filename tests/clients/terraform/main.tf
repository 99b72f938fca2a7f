# Everything that Terraform can say about Direct Connect, in one apply: the
# networks it attaches to, ports, gateways, interfaces, and what passes between
# two accounts.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

variable "endpoint" {
  type        = string
  description = "URL of the server under test."
}

variable "owner" {
  type        = string
  description = "Account that owns the ports: 12 digits, also its access key."
}

variable "customer" {
  type        = string
  description = "Account that accepts what the owner hosts."
}

variable "interconnect" {
  type        = string
  description = "Id of an available interconnect of the owner (Terraform cannot make one)."
}

variable "suffix" {
  type        = string
  default     = "one"
  description = "Part of names and tags: a second value makes an update in place."
}

variable "mtu" {
  type    = number
  default = 1500
}

provider "aws" {
  region                  = "us-east-1"
  access_key              = var.owner
  secret_key              = "any-secret"
  skip_metadata_api_check = true
  max_retries             = 1

  endpoints {
    directconnect  = var.endpoint
    ec2            = var.endpoint
    iam            = var.endpoint
    secretsmanager = var.endpoint
    sts            = var.endpoint
  }
}

provider "aws" {
  alias                   = "customer"
  region                  = "us-east-1"
  access_key              = var.customer
  secret_key              = "any-secret"
  skip_metadata_api_check = true
  max_retries             = 1

  endpoints {
    directconnect  = var.endpoint
    ec2            = var.endpoint
    iam            = var.endpoint
    secretsmanager = var.endpoint
    sts            = var.endpoint
  }
}

data "aws_caller_identity" "owner" {}

data "aws_caller_identity" "customer" {
  provider = aws.customer
}

data "aws_dx_locations" "all" {}

data "aws_dx_location" "each" {
  for_each      = data.aws_dx_locations.all.location_codes
  location_code = each.key
}

locals {
  tags = { suffix = var.suffix }

  locations = {
    for speed in ["1G", "10G"] : speed => sort([
      for code, location in data.aws_dx_location.each : code
      if contains(location.available_port_speeds, speed)
      && (speed == "1G" || contains(location.available_macsec_port_speeds, speed))
    ])[0]
  }
}

# ----- networks -----

resource "aws_vpc" "main" {
  cidr_block = "10.255.255.0/28"
  tags       = local.tags
}

resource "aws_vpn_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = local.tags
}

resource "aws_ec2_transit_gateway" "main" {
  amazon_side_asn = 64700
  tags            = local.tags
}

# ----- ports -----

resource "aws_dx_connection" "main" {
  name      = "terraform main"
  bandwidth = "1Gbps"
  location  = local.locations["1G"]
  tags      = local.tags
}

resource "aws_dx_connection" "macsec" {
  name           = "terraform macsec"
  bandwidth      = "10Gbps"
  location       = local.locations["10G"]
  request_macsec = true
  tags           = local.tags
}

resource "aws_dx_macsec_key_association" "main" {
  connection_id = aws_dx_connection.macsec.id
  ckn           = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  cak           = "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
}

resource "aws_dx_lag" "main" {
  name                  = "terraform lag ${var.suffix}"
  connections_bandwidth = "1Gbps"
  location              = local.locations["1G"]
  force_destroy         = true
  tags                  = local.tags
}

resource "aws_dx_connection" "member" {
  name      = "terraform member"
  bandwidth = "1Gbps"
  location  = local.locations["1G"]
}

resource "aws_dx_connection_association" "member" {
  connection_id = aws_dx_connection.member.id
  lag_id        = aws_dx_lag.main.id
}

# A port takes its time to come up; here, a moment.
resource "terraform_data" "ready" {
  input = aws_dx_connection.main.id

  provisioner "local-exec" {
    command = "sleep 10"
  }
}

locals {
  connection_id = terraform_data.ready.output
}

# ----- gateways -----

resource "aws_dx_gateway" "private" {
  name            = "terraform private ${var.suffix}"
  amazon_side_asn = "64600"
}

resource "aws_dx_gateway" "transit" {
  name            = "terraform transit"
  amazon_side_asn = "64601"
}

resource "aws_dx_gateway_association" "private" {
  dx_gateway_id         = aws_dx_gateway.private.id
  associated_gateway_id = aws_vpn_gateway.main.id
}

resource "aws_dx_gateway_association" "transit" {
  dx_gateway_id         = aws_dx_gateway.transit.id
  associated_gateway_id = aws_ec2_transit_gateway.main.id
  allowed_prefixes      = var.suffix == "one" ? ["10.1.0.0/16"] : ["10.1.0.0/16", "10.2.0.0/16"]
}

# ----- interfaces of one account -----

resource "aws_dx_private_virtual_interface" "main" {
  connection_id    = local.connection_id
  dx_gateway_id    = aws_dx_gateway.private.id
  name             = "terraform private"
  vlan             = 101
  address_family   = "ipv4"
  bgp_asn          = 65010
  mtu              = var.mtu
  sitelink_enabled = true
  tags             = local.tags
}

resource "aws_dx_private_virtual_interface" "vpn_gateway" {
  connection_id  = local.connection_id
  vpn_gateway_id = aws_vpn_gateway.main.id
  name           = "terraform private on a vpn gateway"
  vlan           = 102
  address_family = "ipv4"
  bgp_asn        = 65010
}

resource "aws_dx_bgp_peer" "main" {
  virtual_interface_id = aws_dx_private_virtual_interface.main.id
  address_family       = "ipv6"
  bgp_asn              = 65010
}

resource "aws_dx_transit_virtual_interface" "main" {
  connection_id  = local.connection_id
  dx_gateway_id  = aws_dx_gateway.transit.id
  name           = "terraform transit"
  vlan           = 103
  address_family = "ipv4"
  bgp_asn        = 65010
  mtu            = 8500
  tags           = local.tags
}

resource "aws_dx_public_virtual_interface" "main" {
  connection_id         = local.connection_id
  name                  = "terraform public"
  vlan                  = 104
  address_family        = "ipv4"
  bgp_asn               = 65010
  customer_address      = "175.45.176.1/30"
  amazon_address        = "175.45.176.2/30"
  route_filter_prefixes = ["175.45.176.0/22", "210.52.109.0/24"]
  tags                  = local.tags
}

# ----- between two accounts -----

resource "aws_dx_gateway" "customer" {
  provider        = aws.customer
  name            = "terraform customer"
  amazon_side_asn = "64602"
}

resource "aws_dx_gateway" "customer_transit" {
  provider        = aws.customer
  name            = "terraform customer transit"
  amazon_side_asn = "64603"
}

resource "aws_dx_hosted_private_virtual_interface" "main" {
  connection_id    = local.connection_id
  owner_account_id = data.aws_caller_identity.customer.account_id
  name             = "terraform hosted private"
  vlan             = 201
  address_family   = "ipv4"
  bgp_asn          = 65020

  # The customer's gateway goes last.
  depends_on = [aws_dx_gateway.customer]
}

resource "aws_dx_hosted_private_virtual_interface_accepter" "main" {
  provider             = aws.customer
  virtual_interface_id = aws_dx_hosted_private_virtual_interface.main.id
  dx_gateway_id        = aws_dx_gateway.customer.id
  tags                 = local.tags
}

resource "aws_dx_hosted_public_virtual_interface" "main" {
  connection_id         = local.connection_id
  owner_account_id      = data.aws_caller_identity.customer.account_id
  name                  = "terraform hosted public"
  vlan                  = 202
  address_family        = "ipv4"
  bgp_asn               = 65020
  customer_address      = "175.45.176.5/30"
  amazon_address        = "175.45.176.6/30"
  route_filter_prefixes = ["175.45.176.0/22"]
}

resource "aws_dx_hosted_public_virtual_interface_accepter" "main" {
  provider             = aws.customer
  virtual_interface_id = aws_dx_hosted_public_virtual_interface.main.id
  tags                 = local.tags
}

resource "aws_dx_hosted_transit_virtual_interface" "main" {
  connection_id    = local.connection_id
  owner_account_id = data.aws_caller_identity.customer.account_id
  name             = "terraform hosted transit"
  vlan             = 203
  address_family   = "ipv4"
  bgp_asn          = 65020

  depends_on = [aws_dx_gateway.customer_transit]
}

resource "aws_dx_hosted_transit_virtual_interface_accepter" "main" {
  provider             = aws.customer
  virtual_interface_id = aws_dx_hosted_transit_virtual_interface.main.id
  dx_gateway_id        = aws_dx_gateway.customer_transit.id
  tags                 = local.tags
}

resource "aws_dx_hosted_connection" "main" {
  connection_id    = var.interconnect
  owner_account_id = data.aws_caller_identity.customer.account_id
  name             = "terraform hosted connection"
  bandwidth        = "100Mbps"
  vlan             = 301
}

resource "aws_dx_connection_confirmation" "main" {
  provider      = aws.customer
  connection_id = aws_dx_hosted_connection.main.id
}

resource "aws_vpc" "customer" {
  provider   = aws.customer
  cidr_block = "10.254.254.0/28"
}

resource "aws_vpn_gateway" "customer" {
  provider = aws.customer
  vpc_id   = aws_vpc.customer.id
}

# The owner's gateway is the target: the customer proposes, the owner accepts.
resource "aws_dx_gateway_association_proposal" "main" {
  provider                    = aws.customer
  dx_gateway_id               = aws_dx_gateway.private.id
  dx_gateway_owner_account_id = aws_dx_gateway.private.owner_account_id
  associated_gateway_id       = aws_vpn_gateway.customer.id
}

resource "aws_dx_gateway_association" "proposed" {
  proposal_id                         = aws_dx_gateway_association_proposal.main.id
  dx_gateway_id                       = aws_dx_gateway.private.id
  associated_gateway_owner_account_id = data.aws_caller_identity.customer.account_id
}

# ----- read back -----

data "aws_dx_connection" "main" {
  name       = aws_dx_connection.main.name
  depends_on = [aws_dx_connection.main]
}

data "aws_dx_gateway" "transit" {
  name       = aws_dx_gateway.transit.name
  depends_on = [aws_dx_gateway.transit]
}

data "aws_dx_router_configuration" "main" {
  virtual_interface_id   = aws_dx_private_virtual_interface.main.id
  router_type_identifier = "CiscoSystemsInc-2900SeriesRouters-IOS124"
}

output "seen" {
  value = {
    accounts          = [data.aws_caller_identity.owner.account_id, data.aws_caller_identity.customer.account_id]
    connection        = data.aws_dx_connection.main.id
    connection_arn    = aws_dx_connection.main.arn
    gateway           = data.aws_dx_gateway.transit.id
    gateway_arn       = aws_dx_gateway.private.arn
    vif_arn           = aws_dx_private_virtual_interface.main.arn
    amazon_side_asn   = aws_dx_private_virtual_interface.main.amazon_side_asn
    mtu               = aws_dx_private_virtual_interface.main.mtu
    jumbo             = aws_dx_private_virtual_interface.main.jumbo_frame_capable
    default_prefixes  = aws_dx_gateway_association.private.allowed_prefixes
    transit_prefixes  = aws_dx_gateway_association.transit.allowed_prefixes
    proposed_prefixes = aws_dx_gateway_association_proposal.main.allowed_prefixes
    lag_members_kept  = aws_dx_connection_association.member.lag_id
    macsec_ckn        = aws_dx_macsec_key_association.main.ckn
    hosted_vlan       = aws_dx_hosted_connection.main.vlan
    router            = data.aws_dx_router_configuration.main.router[0].platform
    router_text       = strcontains(data.aws_dx_router_configuration.main.customer_router_config, "encapsulation dot1Q 101")
  }
}
